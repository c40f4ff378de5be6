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

/// A password in a URL would stand in the list of processes on every host.
pub fn refuse_password(url: &str) -> Result<()> {
    let place = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""));
    let Some((user, server)) = place.rsplit_once('@') else { return Ok(()) };
    let token = ["ghp_", "github_pat_", "glpat-"].iter().any(|sign| user.starts_with(sign));
    if !token && !user.contains(':') {
        return Ok(());
    }
    Err(Fault::new(format!("`repo` in the pillar holds a password for `{server}`"))
        .help("everybody on the host could read it there: use a deploy key (git@…), or deploy from your own checkout"))
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
    let refresh = || {
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
    };
    refresh()
        .or_else(|fault| {
            if !damaged(fault.output.as_deref().unwrap_or_default()) {
                return Err(fault);
            }
            facts.host().perform(&Action::Remove { path: cache.clone() })?;
            refresh()
        })
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

/// Whether git complains about the cache itself: a deploy that was killed, or a power cut, left it so.
fn damaged(errors: &str) -> bool {
    [
        ".lock': File exists",
        "not a git repository",
        "corrupt",
        "bad object",
        "did not send all necessary objects",
    ]
    .iter()
    .any(|sign| errors.contains(sign))
}

pub(super) fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| Fault::new(format!("`{}` is not UTF-8", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_refused_and_not_shown() {
        for url in ["https://ada:hush@example.com/shop.git", "https://ghp_hush@github.com/a/b"] {
            let fault = refuse_password(url).unwrap_err();
            assert!(!format!("{fault:?}").contains("hush"), "{fault}");
        }
        for url in
            ["https://ada@example.com/a:b@c", "git@example.com:shop.git", "ssh://git@example.com:22/shop"]
        {
            assert!(refuse_password(url).is_ok(), "{url}");
        }
    }

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
