//! What only apt can tell: candidates and the versions there are. Asked, never told.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::{Command, Output};

fn ask(facts: &Facts, command: &Command) -> Result<Output> {
    let output = facts.host().ask(command)?;
    if output.success() {
        return Ok(output);
    }
    let program = command.argv.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(" ");
    Err(Fault::new(format!("`{program}` failed with exit code {}", output.code)).output(output.errors()))
}

/// The newest version that apt would install of each package, by the lists as they are; a name that apt
/// does not know, or has no candidate for, is not in the answer.
pub fn candidates(facts: &Facts, names: &[&str]) -> Result<BTreeMap<String, String>> {
    let mut candidates = BTreeMap::new();
    if names.is_empty() {
        return Ok(candidates);
    }
    let argv = ["apt-cache", "policy", "--"].into_iter().chain(names.iter().copied());
    let output = ask(facts, &Command::new(argv).timeout(Duration::from_secs(120)))?;
    let mut name = "";
    let text = output.text();
    for line in text.lines() {
        if !line.starts_with(' ') {
            name = line.trim_end_matches(':');
        } else if let Some(version) = line.trim_start().strip_prefix("Candidate: ")
            && version != "(none)"
        {
            candidates.insert(name.to_owned(), version.to_owned());
        }
    }
    Ok(candidates)
}

/// The versions of a package that the lists hold, newest first.
pub fn versions(facts: &Facts, name: &str) -> Result<Vec<String>> {
    let command = Command::new(["apt-cache", "madison", "--", name]).timeout(Duration::from_secs(120));
    let output = ask(facts, &command)?;
    let version = |line: &str| line.split('|').nth(1).map(|version| version.trim().to_owned());
    Ok(output.text().lines().filter_map(version).collect())
}

/// What upgrading everything would change: name, version there, version to come.
pub fn upgrades(facts: &Facts, dist: bool) -> Result<Vec<(String, Option<String>, String)>> {
    let verb = if dist { "dist-upgrade" } else { "upgrade" };
    let command = Command::new(["apt-get", "--simulate", "-qq", verb]).timeout(Duration::from_secs(300));
    Ok(ask(facts, &command)?.text().lines().filter_map(upgrade).collect())
}

/// `Inst libc6 [2.36-9] (2.36-9+deb12u4 Debian:12.4/stable [amd64])`
fn upgrade(line: &str) -> Option<(String, Option<String>, String)> {
    let mut words = line.strip_prefix("Inst ")?.split_whitespace();
    let name = words.next()?.to_owned();
    let next = words.next()?;
    let old = next.strip_prefix('[').map(|old| old.trim_end_matches(']').to_owned());
    let new = if old.is_some() { words.next()? } else { next };
    Some((name, old, new.trim_start_matches('(').to_owned()))
}

/// Has apt read its lists again if they are older than this many seconds. That is looking: nothing of the
/// host changes but what apt knows of the archives. Under Salt a dry run does so too.
pub fn refresh(facts: &Facts, older_than: u64) -> Result<()> {
    let lists = facts.host().stat(Path::new("/var/lib/apt/lists"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let age =
        |modified: i64| u64::try_from(modified).map_or(u64::MAX, |modified| now.saturating_sub(modified));
    if lists.is_some_and(|stat| age(stat.modified) <= older_than) {
        return Ok(());
    }
    let command = Command::new(["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "update"]);
    ask(facts, &command.timeout(Duration::from_secs(600))).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::upgrade;

    #[test]
    fn upgrades_are_read_from_a_simulation() {
        let text = |name: &str, old: Option<&str>, new: &str| {
            Some((name.to_owned(), old.map(str::to_owned), new.to_owned()))
        };
        assert_eq!(
            upgrade("Inst libc6 [2.36-9] (2.36-9+deb12u4 Debian:12.4/stable [amd64]) []"),
            text("libc6", Some("2.36-9"), "2.36-9+deb12u4")
        );
        assert_eq!(
            upgrade("Inst linux-image-6.1.0-18-amd64 (6.1.76-1 Debian:12.5/stable [amd64])"),
            text("linux-image-6.1.0-18-amd64", None, "6.1.76-1")
        );
        assert_eq!(upgrade("Conf libc6 (2.36-9+deb12u4 Debian:12.4/stable [amd64])"), None);
    }
}
