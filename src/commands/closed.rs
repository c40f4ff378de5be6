//! What is done while the site is closed: the maintenance page is up, and nothing of crontabs runs.

use std::time::Duration;

use crate::exit::Exit;
use crate::order::{Operation, Task};
use crate::remote::{interrupted, suspend};

use super::session::{Outgoing, Session, Shown};

/// Where visitors arrive, and where the application's crontabs are.
const SITE: &[&str] = &["web", "balancer", "worker"];

/// A run that goes on by itself is asked so often whether it has ended.
const ASKED_AGAIN: Duration = Duration::from_secs(1);

/// What becomes of the site when somebody interrupts the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// It opens as soon as the hosts have come to an end by themselves.
    Opens,
    /// It stays closed: its data could be anywhere between old and new.
    StaysClosed,
}

/// Closes the site, acts, and opens it again whatever comes.
pub fn closed(session: &Session, interrupt: Interrupted, act: impl FnOnce() -> Exit) -> Exit {
    let begun = page(session, true);
    let done = if begun == Exit::Converged { act() } else { begun };
    if !interrupted() {
        return done.worst(page(session, false));
    }
    let environment = session.environment();
    if interrupt == Interrupted::StaysClosed {
        session.say(&format!(
            "interrupted: the site stays closed. `provision {environment} db undo` returns to the old data, \
             `provision {environment} maintenance off` opens the site"
        ));
        return done;
    }
    session.say("interrupted: the site opens when the hosts are done; once more, and it stays closed");
    let _until_it_is_open = suspend();
    // Locked: what was begun goes on there.
    while session.hear(switched(false), Shown::Nothing).0 == Exit::Locked {
        std::thread::sleep(ASKED_AGAIN);
    }
    done.worst(page(session, false))
}

fn page(session: &Session, on: bool) -> Exit {
    session.run(switched(on)).exit
}

fn switched(on: bool) -> Outgoing {
    let task = Task::Operate(Operation::Maintenance { on, cron: true });
    Outgoing { roles: SITE, ..Outgoing::of(task) }
}
