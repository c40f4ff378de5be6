//! How a host does: its release, whether the site answers, what runs since when with how much memory.

use std::path::Path;
use std::time::Duration;

use crate::event::{Converged, Event, Health, Process, Release, Status};
use crate::facts::Facts;
use crate::fault::Result;
use crate::host::Command;
use crate::host::home::Home;

use super::memory::Memory;
use super::{SERVICES, hold, meant, programs, upgrade};

/// What the caller knows of the site on a host.
#[derive(Default)]
pub struct Site {
    pub release: Option<Release>,
    pub health: Option<Health>,
    pub draining: bool,
}

/// The site, and what is known of a host beside it.
pub fn status(project: &str, names: &[String], site: Site, facts: &Facts) -> Result<Status> {
    let host = facts.host();
    let memory = Memory::read(facts);
    let mut processes = Vec::new();
    for line in programs(project, facts)? {
        processes.extend(program(&line, &memory));
    }
    processes.extend(services(&memory, facts)?);
    processes.retain(|process| meant(project, &process.name, names));
    Ok(Status {
        release: site.release,
        health: site.health,
        converged: converged(project, facts)?,
        locked: hold::shown(facts)?,
        maintenance: host.stat(&super::switches::page(project))?.is_some(),
        draining: site.draining,
        reboot: upgrade::restart_is_due(facts)?,
        boot: upgrade::boot(facts)?,
        processes,
    })
}

/// From `shop-web   RUNNING   pid 123, uptime 1 day, 0:01:02`.
fn program(line: &str, memory: &Memory<'_>) -> Option<Process> {
    let mut words = line.split_whitespace();
    let (name, state) = (words.next()?, words.next()?);
    let pid = line.split_once(" pid ").and_then(|(_, rest)| rest.split(',').next()?.trim().parse().ok());
    Some(Process {
        name: name.to_owned(),
        state: state.to_lowercase(),
        pid,
        seconds: line.split_once(" uptime ").and_then(|(_, uptime)| seconds(uptime)),
        memory: pid.and_then(|pid| memory.of(pid)),
    })
}

/// `0:01:02`, `1 day, 0:01:02`, `3 days, 0:01:02`.
fn seconds(uptime: &str) -> Option<u64> {
    let (days, clock) = match uptime.split_once(',') {
        Some((days, clock)) => (days.split_whitespace().next()?.parse::<u64>().ok()?, clock),
        None => (0, uptime),
    };
    let mut of_day = 0;
    for part in clock.trim().split(':') {
        of_day = of_day * 60 + part.parse::<u64>().ok()?;
    }
    Some(days * 86_400 + of_day)
}

/// Those that the host has, as systemd tells them.
fn services(memory: &Memory<'_>, facts: &Facts) -> Result<Vec<Process>> {
    let properties = "--property=Id,LoadState,ActiveState,MainPID,ActiveEnterTimestampMonotonic";
    let mut argv = vec!["systemctl", "show", properties];
    argv.extend(SERVICES);
    let answer = facts.host().ask(&Command::new(argv))?.text();
    let up = facts.host().read(Path::new("/proc/uptime"))?.unwrap_or_default();
    let up = String::from_utf8_lossy(&up).split_whitespace().next().and_then(|up| up.parse().ok());
    let up = up.and_then(|up| Duration::try_from_secs_f64(up).ok()).unwrap_or_default();
    Ok(answer.split("\n\n").filter_map(|unit| service(unit, up, memory)).collect())
}

fn service(unit: &str, up: Duration, memory: &Memory<'_>) -> Option<Process> {
    let value = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    if value("LoadState") != Some("loaded") {
        return None;
    }
    let state = value("ActiveState")?;
    let pid = value("MainPID").and_then(|pid| pid.parse().ok()).filter(|pid| *pid != 0);
    let since = value("ActiveEnterTimestampMonotonic").and_then(|since| since.parse().ok());
    let since = since.map(Duration::from_micros).filter(|_| state == "active");
    Some(Process {
        name: value("Id")?.trim_end_matches(".service").to_owned(),
        state: state.to_owned(),
        pid,
        seconds: since.map(|since| up.saturating_sub(since).as_secs()),
        memory: pid.and_then(|pid| memory.of(pid)),
    })
}

/// The end of the last run that converged the host, from its log; deploys leave logs of their own there.
fn converged(project: &str, facts: &Facts) -> Result<Option<Converged>> {
    let folder = Home::folder(project).join("runs");
    for name in facts.host().list(&folder)?.unwrap_or_default().iter().rev() {
        let log = facts.host().read(&folder.join(name))?.unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let events = log.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok());
        let (mut began, mut deploys, mut end) = (false, false, None);
        for event in events {
            match event {
                Event::Started { .. } => began = true,
                Event::State(state) => deploys |= state.function == "deploy",
                Event::Finished { summary } => end = Some(summary),
                _ => {}
            }
        }
        if let Some(summary) = end.filter(|_| began && !deploys) {
            let at = at(name).unwrap_or_default();
            return Ok(Some(Converged { at, changed: summary.changed, failed: summary.failed }));
        }
    }
    Ok(None)
}

/// The time in a log's name: `20261121T103000.123456Z.jsonl`.
fn at(name: &str) -> Option<String> {
    let part = |from: usize, to: usize| name.get(from..to);
    Some(format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(9, 11)?,
        part(11, 13)?,
        part(13, 15)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supervisor_and_logs_are_read() {
        assert_eq!(seconds("0:01:02"), Some(62));
        assert_eq!(seconds("3 days, 1:00:00"), Some(3 * 86_400 + 3600));
        assert_eq!(seconds("never"), None);
        assert_eq!(at("20261121T103000.123456Z.jsonl").as_deref(), Some("2026-11-21T10:30:00Z"));
        assert_eq!(at("x"), None);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(meant("shop", "shop-web", &names(&["web"])) && meant("shop", "shop-web", &[]));
        assert!(meant("shop", "postgresql@15-main", &names(&["db-master"])));
        assert!(meant("shop", "shop-web-8001", &names(&["web"])));
        assert!(!meant("shop", "shop-web-8001", &names(&["web-8002"])));
        assert!(meant("shop", "postgresql@15-main", &names(&["postgresql"])));
        assert!(!meant("shop", "shop-worker", &names(&["web", "shop"])));
    }
}
