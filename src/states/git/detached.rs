//! `git.detached`: a clone with a commit checked out, on no branch.

use std::path::PathBuf;

use serde::Deserialize;

use super::remote::{self, DesiredRevision};
use super::transport::Transport;
use super::{account, is_full_hash, is_hash, look, short, wants};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::Action;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// A clone with a detached HEAD.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detached {
    name: String,
    #[serde(alias = "ref")]
    rev: String,
    target: PathBuf,
    #[serde(default = "origin")]
    remote: String,
    user: Option<String>,
    #[serde(default)]
    force_clone: bool,
    #[serde(default)]
    force_checkout: bool,
    /// Throw changed files away.
    #[serde(default)]
    hard_reset: bool,
    #[serde(default)]
    submodules: bool,
    #[serde(default)]
    identity: OneOrMany<String>,
    https_user: Option<String>,
    https_pass: Option<String>,
}

fn origin() -> String {
    "origin".to_owned()
}

impl State for Detached {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        if self.rev.starts_with('-') || self.name.starts_with('-') {
            return Err(Fault::new(format!("`{} {}` is no place of a revision", self.name, self.rev)));
        }
        let mut plan = Plan::default();
        let account = account(context.facts, self.user.as_ref(), &self.target)?;
        let transport = Transport::new(
            &self.name,
            account,
            &self.identity.0,
            self.https_user.as_ref(),
            self.https_pass.as_ref(),
        )?;
        let inside = |words: &[&str]| Action::Run(transport.inside(&self.target, words.iter().copied()));
        let is = look(context.facts, &self.target, self.force_clone, &mut plan)?;
        let remote_branch = format!("{}/{}", self.remote, self.rev);
        let mut checkout = vec!["checkout", "--detach"];
        if self.force_checkout || self.hard_reset {
            checkout.push("--force");
        }
        let (change, revision) = match &is {
            None => {
                let target = self.target.to_string_lossy();
                let clone =
                    ["clone", "--origin", &self.remote, "--no-checkout", "--", &transport.url, &target];
                plan.push(Change::new("cloned").from(&transport.url), Action::Run(transport.git(clone)));
                // The name of a branch is only known as the remote's before it has been checked out.
                let wanted = match is_hash(&self.rev) || self.rev == "HEAD" {
                    true => self.rev.clone(),
                    false => remote::resolve(context.facts, &transport, &self.rev)
                        .map_or_else(|_| remote_branch.clone(), |wanted| wanted.hash),
                };
                (Change::new("revision").to(short(&wanted)), wanted)
            }
            Some(repository) => {
                let head = repository.head.as_deref().unwrap_or_default();
                let wanted = if is_full_hash(&self.rev) && head.eq_ignore_ascii_case(&self.rev) {
                    DesiredRevision { hash: head.to_owned(), branch: None }
                } else {
                    remote::resolve(context.facts, &transport, &self.rev)?
                };
                if repository.branch.is_none() && !head.is_empty() && head.starts_with(&wanted.hash) {
                    return Ok(plan);
                }
                let url = repository.remote_url(&self.remote);
                if url != Some(transport.url.as_str()) {
                    let verb = if url.is_some() { "set-url" } else { "add" };
                    let change = Change::new(format!("remote {}", self.remote)).to(&transport.url);
                    plan.push(change, inside(&["remote", verb, &self.remote, &transport.url]));
                }
                plan.push(
                    Change::new("fetched").to(&transport.url),
                    inside(&["fetch", "--tags", &self.remote]),
                );
                (Change::new("revision").from(short(head)).to(short(&wanted.hash)), wanted.hash)
            }
        };
        checkout.push(&revision);
        plan.push(change, inside(&checkout));
        if self.submodules {
            plan.push(Change::new("submodules"), inside(&["submodule", "update", "--init", "--recursive"]));
        }
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(self.target.clone())]
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.target.to_string_lossy(), self.user.as_ref(), &self.identity.0)
    }
}

impl Function for Detached {
    const NAME: &'static str = "git.detached";
    const ABOUT: &'static str =
        "The repository is cloned and has the commit, tag or branch checked out, on no branch of its own.";
    const EXAMPLE: &'static str =
        "https://example.com/app.git:\n  git.detached:\n    - target: /srv/app\n    - rev: v1.4\n";
    const LATER: &'static [&'static str] = &["fetch_remote", "password", "output_encoding"];
}
