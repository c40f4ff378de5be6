//! Where the code of a release comes from.

use std::path::Path;

use crate::facts::Facts;
use crate::fault::{Context as _, Fault, Result};
use crate::host::{Action, Command};
use crate::order::Code;

use super::Settings;

/// Whether `repo` is something that git fetches, rather than a folder of the project.
pub fn is_url(repo: &str) -> bool {
    let scp_like = || {
        let (before, _) = repo.split_once(':')?;
        Some(!before.is_empty() && !before.contains('/'))
    };
    repo.contains("://") || scp_like().unwrap_or(false)
}

/// Puts the code into a folder that is there and empty. Gives the commit, for the log.
pub fn unpack(code: &Code, into: &Path, settings: &Settings, facts: &Facts) -> Result<String> {
    match code {
        Code::Checkout(checkout) => {
            untar(&checkout.archive, into, facts)?;
            Ok(checkout.commit.clone().unwrap_or_else(|| "not under version control".to_owned()))
        }
        Code::Git { url, reference } => fetch(url, reference, into, settings, facts),
    }
}

fn untar(archive: &Path, into: &Path, facts: &Facts) -> Result<()> {
    let command = Command::new([
        "tar",
        "-x",
        "--no-same-owner",
        "--no-same-permissions",
        "-f",
        &text(archive)?,
        "-C",
        &text(into)?,
    ]);
    facts.host().perform(&Action::Run(command)).context("could not unpack the code")?;
    Ok(())
}

/// Fetches into the host's bare cache, so that only what is new is transferred, and unpacks one commit.
fn fetch(url: &str, reference: &str, into: &Path, settings: &Settings, facts: &Facts) -> Result<String> {
    let cache = settings.root.join("repo.git");
    let repository = text(&cache)?;
    let git = |argv: &[&str]| {
        Command::new(["git", "-C", &repository].iter().chain(argv).copied())
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
            .env("GIT_ALLOW_PROTOCOL", "https:http:ssh:git:file")
            .env("HOME", "/root")
    };
    let run = |command: Command| facts.host().perform(&Action::Run(command));
    if facts.host().which("git")?.is_none() {
        return Err(
            Fault::new("there is no git on the host").help("add `git` to `packages` in pillar/project.sls")
        );
    }
    if facts.host().stat(&cache)?.is_none() {
        run(Command::new(["git", "init", "--quiet", "--bare", "--", &repository]))?;
    }
    run(git(&[
        "fetch",
        "--quiet",
        "--prune",
        "--force",
        "--",
        url,
        "+refs/heads/*:refs/heads/*",
        "+refs/tags/*:refs/tags/*",
    ]))
    .context(format!("could not fetch `{url}`"))
    .map_err(|fault| {
        fault.help("the host needs a deploy key for private code; or deploy from your own checkout")
    })?;
    let wanted = format!("{reference}^{{commit}}");
    let answer =
        facts.host().ask(&git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted]))?;
    let commit = answer.text().trim().to_owned();
    if !answer.success() || commit.is_empty() {
        return Err(Fault::new(format!("`{url}` has no branch, tag or commit `{reference}`"))
            .help("push it first, or name another with --ref"));
    }
    let archive = into.with_extension("tar");
    let packed = run(git(&["archive", "--format=tar", "-o", &text(&archive)?, &commit]))
        .and_then(|_| untar(&archive, into, facts));
    let _best_effort = facts.host().perform(&Action::Remove { path: archive });
    packed?;
    Ok(commit)
}

pub(super) fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| Fault::new(format!("`{}` is not UTF-8", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_told_from_a_folder() {
        for url in ["https://example.com/shop.git", "git@example.com:shop.git", "ssh://git@example.com/shop"]
        {
            assert!(is_url(url), "{url}");
        }
        for folder in [".", "app", "./a:b/c", "tests/example-app"] {
            assert!(!is_url(folder), "{folder}");
        }
    }
}
