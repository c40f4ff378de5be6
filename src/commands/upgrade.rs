//! `provision ENV upgrade`: the system's packages, host after host, each back before the next is begun.

use std::time::{Duration, Instant};

use crate::cli::{RunOptions, UpgradeArguments};
use crate::event::{Event, Health, Status};
use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::order::{Operation, Task};

use super::session::{Outgoing, Session, Shown};

/// So long a host may take to come back with its site.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_secs(2);

pub fn run(environment: &str, options: &RunOptions, arguments: &UpgradeArguments) -> Result<Exit> {
    if options.local {
        return Err(Fault::new("upgrade is for hosts").help("leave --local out"));
    }
    let Some(session) = Session::prepare(environment, options)? else { return Ok(Exit::Project) };
    let mut names = session.names().into_iter();
    while let Some(name) = names.next() {
        let exit = one(&session, &name, arguments, options.json);
        if exit != Exit::Converged {
            let left: Vec<String> = names.collect();
            if !left.is_empty() {
                super::complain(&Fault::new(format!(
                    "left as they were, since `{name}` failed: {}",
                    left.join(", ")
                )));
            }
            return Ok(exit);
        }
    }
    Ok(Exit::Converged)
}

fn one(session: &Session, name: &str, arguments: &UpgradeArguments, json: bool) -> Exit {
    let ask = |operation, shown| {
        let host = Some(name.to_owned());
        session.hear(Outgoing { host, ..Outgoing::of(Task::Operate(operation)) }, shown)
    };
    let status = || status(ask(Operation::Status { names: Vec::new() }, Shown::Nothing).1);
    let exit = ask(Operation::Upgrade, Shown::All).0;
    if exit != Exit::Converged || arguments.no_reboot {
        return exit;
    }
    let Some(before) = status() else { return Exit::Unreachable };
    if !before.reboot {
        return Exit::Converged;
    }
    let exit = ask(Operation::Reboot, Shown::All).0;
    if exit != Exit::Converged {
        return exit;
    }
    let started = Instant::now();
    let worked = !matches!(before.health, Some(Health::Fails(_)));
    let mut last = "it cannot be reached".to_owned();
    while started.elapsed() < PATIENCE {
        std::thread::sleep(PAUSE);
        match status() {
            Some(now) if now.boot == before.boot => {}
            Some(Status { health: Some(Health::Fails(why)), .. }) if worked => last = why,
            Some(_) => {
                if !json {
                    super::say(&format!("{name} is back after {} s", started.elapsed().as_secs()));
                }
                return Exit::Converged;
            }
            None => {}
        }
    }
    super::complain(&Fault::new(format!(
        "`{name}` did not come back within {} s: {last}",
        PATIENCE.as_secs()
    )));
    Exit::Unreachable
}

fn status(events: Vec<Event>) -> Option<Status> {
    events.into_iter().find_map(|event| match event {
        Event::Status { status } => Some(status),
        _ => None,
    })
}
