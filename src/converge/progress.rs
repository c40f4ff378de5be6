//! Tells what the package manager is doing while it does it, from dpkg's own log. Decides nothing.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::perform;
use crate::event::Event;
use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::{Action, Host, Output};
use crate::plan::Plan;

const LOG: &str = "/var/log/dpkg.log";
/// A log that was never rotated is not worth reading again and again.
const LARGEST: u64 = 4 << 20;
const EVERY: Duration = Duration::from_millis(300);

/// As [`perform::perform`], with an event whenever dpkg has gone on.
pub fn perform(plan: &Plan, facts: &Facts, tell: &mut dyn FnMut(Event)) -> Result<Vec<Output>> {
    let packages = plan.steps.iter().filter(|step| matches!(step.action, Action::Packages(_))).count();
    if packages == 0 {
        return perform::perform(plan, facts);
    }
    let before = size(facts.host());
    std::thread::scope(|scope| {
        let (send, done) = channel();
        scope.spawn(move || {
            // Nobody waits any more only if this thread's parent has ended.
            let _ended = send.send(perform::perform(plan, facts));
        });
        let mut last = None;
        loop {
            match done.recv_timeout(EVERY) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Fault::new("this is a bug in provision: a thread ended without an answer"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = doing(facts.host(), before);
            if now.is_some() && now != last {
                tell(Event::Progress { message: now.clone().unwrap_or_default() });
                last = now;
            }
        }
    })
}

fn size(host: &dyn Host) -> u64 {
    host.stat(Path::new(LOG)).ok().flatten().map_or(0, |stat| stat.size)
}

/// What dpkg wrote last since the log had this size: `setting up nginx, 12 done`.
fn doing(host: &dyn Host, before: u64) -> Option<String> {
    if size(host) > LARGEST {
        return None;
    }
    let log = host.read(Path::new(LOG)).ok().flatten()?;
    let since = log.get(usize::try_from(before).ok()?..)?;
    read(&String::from_utf8_lossy(since))
}

/// From lines such as `2026-11-21 10:00:00 configure nginx:amd64 1.22.1-9 <none>` (dpkg.log).
fn read(lines: &str) -> Option<String> {
    let mut done = 0;
    let mut doing = None;
    for line in lines.lines() {
        let mut words = line.split_whitespace().skip(2);
        let (Some(verb), Some(second)) = (words.next(), words.next()) else { continue };
        let said = match (verb, second) {
            ("status", "installed") => {
                done += 1;
                continue;
            }
            ("install" | "upgrade", _) => "unpacking",
            ("configure", _) => "setting up",
            ("remove" | "purge", _) => "removing",
            _ => continue,
        };
        let name = second.split(':').next().unwrap_or(second);
        doing = Some(format!("{said} {name}"));
    }
    let doing = doing?;
    Some(if done > 0 { format!("{doing}, {done} done") } else { doing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_is_told_and_finished_packages_counted() {
        let log = "2026-11-21 10:00:00 startup archives unpack\n\
            2026-11-21 10:00:00 install tree:amd64 <none> 2.1.0-1\n\
            2026-11-21 10:00:01 status unpacked tree:amd64 2.1.0-1\n";
        assert_eq!(read(log).as_deref(), Some("unpacking tree"));
        let more = format!(
            "{log}2026-11-21 10:00:02 configure tree:amd64 2.1.0-1 <none>\n\
            2026-11-21 10:00:02 status installed tree:amd64 2.1.0-1\n"
        );
        assert_eq!(read(&more).as_deref(), Some("setting up tree, 1 done"));
        assert_eq!(read("half a li"), None);
    }
}
