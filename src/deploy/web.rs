//! The processes that answer for the site: renewed while they go on answering, started where they do not run.

use std::path::{Path, PathBuf};
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

/// Puts processes with the current release in the place of those that run; no request is refused, and workers
/// finish what they have begun. Where none run, they are started.
pub fn renew(settings: &Settings, facts: &Facts) -> Result<()> {
    heard(settings, facts, || {
        supervisor(facts, &["reread"])?;
        let updated = supervisor(facts, &["update"])?;
        for program in programs(settings, facts)? {
            if updated.lines().any(|line| line.starts_with(&format!("{program}:"))) {
                continue;
            }
            if is_web(settings, &program) {
                renew_program(settings, &program, facts)?;
            } else {
                supervisor(facts, &["restart", &program])
                    .context(format!("could not restart `{program}`"))?;
            }
        }
        Ok(())
    })
    .map(|_| ())
}

/// One web program.
pub fn renew_program(settings: &Settings, program: &str, facts: &Facts) -> Result<()> {
    // The sockets lie in a folder of the project's user, who may lead root elsewhere.
    let renew = Command::new(["/usr/local/bin/provision", "renew", &settings.project]);
    let mut renew = renew.user(&settings.project).timeout(LIMIT);
    if let Some(port) = program.strip_prefix(&format!("{}-web-", settings.project)) {
        renew.argv.extend(["--port".to_owned(), port.to_owned()]);
    }
    let answer = facts.host().ask(&renew)?;
    if answer.success() {
        return Ok(());
    }
    if answer.code == i32::from(Exit::Unreachable.code()) {
        return supervisor(facts, &["restart", program])
            .map(|_| ())
            .context("could not restart the application");
    }
    let errors = answer.errors();
    let why = errors.lines().next().unwrap_or_default();
    Err(Fault::new(why.strip_prefix("error: ").unwrap_or(why)))
}

/// Where Supervisor's programs are set up.
const PROGRAMS: &str = "/etc/supervisor/conf.d";

/// The project's programs that are set up here, those that answer for the site first.
fn programs(settings: &Settings, facts: &Facts) -> Result<Vec<String>> {
    let names = facts.host().list(Path::new(PROGRAMS))?.unwrap_or_default();
    let own = names.iter().filter_map(|name| name.strip_suffix(".conf"));
    let own = own.filter(|name| name.starts_with(&format!("{}-", settings.project))).map(str::to_owned);
    let (web, others): (Vec<String>, Vec<String>) = own.partition(|name| is_web(settings, name));
    Ok(web.into_iter().chain(others).collect())
}

/// Whether this host answers for the site, and does not only work for it.
pub fn is_here(settings: &Settings, facts: &Facts) -> Result<bool> {
    Ok(programs(settings, facts)?.first().is_some_and(|first| is_web(settings, first)))
}

/// A balancer tries a host again after the 2 s of its `fail_timeout` (states/nginx/files/balancer.conf), which Nginx
/// counts in whole seconds of its clock and has to have passed (`now - checked > fail_timeout` in
/// ngx_http_upstream_round_robin.c): up to 3 s. One more is for the try itself; if the next host left sooner,
/// visitors would be without any.
const TRIED_AGAIN: Duration = Duration::from_secs(4);

/// While this is there, Nginx sends what can be asked twice back to the balancer, which asks another host. A
/// restart of the host takes it away.
fn draining(settings: &Settings) -> PathBuf {
    Path::new("/run").join(&settings.project).join("draining")
}

/// Whether balancers send visitors elsewhere.
pub fn is_draining(settings: &Settings, facts: &Facts) -> Result<bool> {
    Ok(facts.host().stat(&draining(settings))?.is_some())
}

/// Has balancers send visitors elsewhere.
pub fn leave(settings: &Settings, facts: &Facts) -> Result<()> {
    let path = draining(settings);
    facts.host().perform(&Action::Touch { path, accessed: None, modified: None })?;
    Ok(())
}

/// Has balancers send visitors here again, and waits until they do.
pub fn come_back(settings: &Settings, facts: &Facts) -> Result<()> {
    facts.host().perform(&Action::Remove { path: draining(settings) })?;
    std::thread::sleep(TRIED_AGAIN);
    Ok(())
}

/// Ends what runs, where there is nothing to put in its place.
pub fn stop(settings: &Settings, facts: &Facts) {
    for program in programs(settings, facts).unwrap_or_default() {
        let _not_running = supervisor(facts, &["stop", &program]);
    }
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

/// Whether a program of Supervisor's answers for the site: `shop-web`, or one for each port, `shop-web-8001`.
pub fn is_web(settings: &Settings, program: &str) -> bool {
    program.strip_prefix(&format!("{}-web", settings.project)).is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('-').is_some_and(|port| port.parse::<u16>().is_ok())
    })
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
    let end = told(&String::from_utf8_lossy(new));
    (!end.is_empty()).then_some(end)
}

/// What says most: the end of the first traceback, as those after it only follow from it; else the end.
fn told(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if let Some(at) = lines.iter().position(|line| line.starts_with("Traceback (most recent call last)")) {
        lines.drain(..at);
        // Gunicorn's own lines begin with the time, as in `[2026-11-29 10:00:00 +0000] [12] [INFO] …`.
        let length = lines.iter().position(|line| line.starts_with('[')).unwrap_or(lines.len());
        lines.truncate(length);
    }
    lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn the_cause_is_told_and_not_what_followed() {
        let trace = "Traceback (most recent call last):\n  File \"a.py\"\n";
        let log =
            format!("[1] [INFO] up\n{trace}RuntimeError: cause\n[1] [INFO] exiting\n{trace}HaltServer\n");
        assert_eq!(told(&log), format!("{trace}RuntimeError: cause"));
        assert_eq!(told("[1] one\n[1] two\n"), "[1] one\n[1] two");
    }
}
