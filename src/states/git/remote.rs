//! What a remote has: one `git ls-remote` for the names that matter.

use std::collections::BTreeMap;
use std::time::Duration;

use super::is_hash;
use super::transport::Transport;
use crate::facts::Facts;
use crate::fault::{Context as _, Fault, Result};

/// A revision as the remote knows it.
#[derive(Debug, PartialEq, Eq)]
pub struct DesiredRevision {
    /// The commit; the start of its name where the user wrote only that.
    pub hash: String,
    /// The branch that the revision is.
    pub branch: Option<String>,
}

/// Finds a branch, a tag, `HEAD` or a commit.
pub fn resolve(facts: &Facts, transport: &Transport, rev: &str) -> Result<DesiredRevision> {
    if rev.starts_with('-') {
        return Err(Fault::new(format!("`{rev}` is no revision")));
    }
    let names = [format!("refs/heads/{rev}"), format!("refs/tags/{rev}^{{}}"), format!("refs/tags/{rev}")];
    let mut words = vec!["ls-remote", "--symref", "--", &transport.url, "HEAD"];
    words.extend(names.iter().map(String::as_str));
    let text = ask(facts, transport, &words)?;
    let refs = hashes(&text);
    let [branch, peeled, tag] = &names;
    if rev == "HEAD" {
        let symbolic =
            |line: &str| Some(line.strip_prefix("ref: refs/heads/")?.split('\t').next()?.to_owned());
        let branch = text.lines().find_map(symbolic);
        let hash = refs.get("HEAD").ok_or_else(|| Fault::new(format!("`{}` is empty", transport.url)))?;
        return Ok(DesiredRevision { hash: (*hash).to_owned(), branch });
    }
    if let Some(hash) = refs.get(branch.as_str()) {
        return Ok(DesiredRevision { hash: (*hash).to_owned(), branch: Some(rev.to_owned()) });
    }
    // An annotated tag is an object of its own; `^{}` is the commit that it is of.
    if let Some(hash) = refs.get(peeled.as_str()).or_else(|| refs.get(tag.as_str())) {
        return Ok(DesiredRevision { hash: (*hash).to_owned(), branch: None });
    }
    if is_hash(rev) {
        return Ok(DesiredRevision { hash: rev.to_lowercase(), branch: None });
    }
    Err(Fault::new(format!("`{}` has no branch, tag or commit `{rev}`", transport.url)))
}

/// All branches and tags of a remote.
pub fn all(facts: &Facts, transport: &Transport) -> Result<BTreeMap<String, String>> {
    let text = ask(facts, transport, &["ls-remote", "--heads", "--tags", "--refs", "--", &transport.url])?;
    Ok(hashes(&text).into_iter().map(|(name, hash)| (name.to_owned(), hash.to_owned())).collect())
}

fn hashes(text: &str) -> BTreeMap<&str, &str> {
    let pair = |line: &'_ str| line.find('\t').is_some() && !line.starts_with("ref: ");
    text.lines()
        .filter(|line| pair(line))
        .filter_map(|line| line.split_once('\t'))
        .map(|(hash, name)| (name, hash))
        .collect()
}

fn ask(facts: &Facts, transport: &Transport, words: &[&str]) -> Result<String> {
    let command = transport.git(words.iter().copied()).timeout(Duration::from_secs(120));
    let output = facts.host().ask(&command).context(format!("could not ask `{}`", transport.url))?;
    if output.success() {
        return Ok(output.text());
    }
    let errors = output.errors();
    let fault = Fault::new(format!("`{}` does not answer", transport.url));
    let fault = if errors.contains("Host key verification failed") {
        fault.help("its host key is not known: add it with `ssh_known_hosts.present`")
    } else if errors.contains("Permission denied") || errors.contains("could not read Username") {
        fault.help("give an `identity` (a deploy key) or `https_user` and `https_pass`")
    } else {
        fault
    };
    Err(fault.output(errors))
}
