//! The processes that answer for the site: renewed while they go on answering, started where they do not run.

use std::path::Path;
use std::time::Duration;

use crate::exit::Exit;
use crate::facts::Facts;
use crate::fault::{Context as _, Fault, Result};
use crate::host::{Action, Command};

use super::Settings;

/// Longer than `provision renew` waits.
const LIMIT: Duration = Duration::from_secs(120);
/// So much of what the program wrote is shown where it does not come up.
const LINES: usize = 15;

/// Puts processes with the current release in the place of those that run; no request is refused. Where
/// none run, they are started.
pub fn renew(settings: &Settings, facts: &Facts) -> Result<()> {
    let program = program(settings);
    heard(settings, facts, || {
        supervisor(facts, &["reread"])?;
        let updated = supervisor(facts, &["update"])?;
        if updated.lines().any(|line| line.starts_with(&format!("{program}:"))) {
            return Ok(());
        }
        let renew = Command::new(["/usr/local/bin/provision", "renew", &settings.project]).timeout(LIMIT);
        let answer = facts.host().ask(&renew)?;
        if answer.success() {
            return Ok(());
        }
        if answer.code == i32::from(Exit::Unreachable.code()) {
            return supervisor(facts, &["restart", &program])
                .map(|_| ())
                .context("could not restart the application");
        }
        let errors = answer.errors();
        let why = errors.lines().next().unwrap_or_default();
        Err(Fault::new(why.strip_prefix("error: ").unwrap_or(why)))
    })
    .map(|_| ())
}

/// Ends what runs, where there is nothing to put in its place.
pub fn stop(settings: &Settings, facts: &Facts) {
    let _not_running = supervisor(facts, &["stop", &program(settings)]);
}

/// What the program wrote meanwhile stands with the fault, if there is one.
pub fn heard(settings: &Settings, facts: &Facts, act: impl FnOnce() -> Result<()>) -> Result<String> {
    let log = settings.root.join("shared/log/gunicorn.log");
    let before = length(facts, &log);
    act().map(|()| String::new()).map_err(|fault| match written(facts, &log, before) {
        Some(output) if fault.output.is_none() => Fault { output: Some(output), ..fault },
        _ => fault,
    })
}

fn program(settings: &Settings) -> String {
    format!("{}-web", settings.project)
}

fn supervisor(facts: &Facts, words: &[&str]) -> Result<String> {
    let command = Command::new(["supervisorctl"].iter().chain(words).copied()).timeout(LIMIT);
    let done = facts.host().perform(&Action::Run(command))?;
    Ok(done.output.map(|output| output.text()).unwrap_or_default())
}

fn length(facts: &Facts, log: &Path) -> usize {
    facts.host().read(log).ok().flatten().map_or(0, |bytes| bytes.len())
}

/// The end of what was written to a log since it was that long.
fn written(facts: &Facts, log: &Path, before: usize) -> Option<String> {
    let bytes = facts.host().read(log).ok().flatten()?;
    // Shorter: it was begun anew.
    let new = bytes.get(before..).unwrap_or(&bytes);
    let text = String::from_utf8_lossy(new);
    let lines: Vec<&str> = text.lines().collect();
    let end = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
    (!end.is_empty()).then(|| end.join("\n"))
}
