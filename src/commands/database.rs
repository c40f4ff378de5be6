//! `provision ENV db`: the database as a whole, out of an environment and into another.

use std::path::{Path, PathBuf};

use crate::cli::{DbTask, RunOptions};
use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::operate::Database;
use crate::order::{Operation, Task, Verb};
use crate::private;

use super::closed::{Interrupted, closed};
use super::session::{APPLICATION, Outgoing, Session};

/// The environment whose data is not to be replaced by mistake.
pub const PRODUCTION: &str = "production";
/// Where the database is.
pub const MASTER: &[&str] = &["db-master"];

pub fn run(environment: &str, options: &RunOptions, task: &DbTask) -> Result<Exit> {
    if options.local {
        return Err(Fault::new("the database is a host's").help("leave --local out"));
    }
    if let DbTask::Load { i_know: false, .. }
    | DbTask::Copy { i_know: false, .. }
    | DbTask::Undo { i_know: false, .. } = task
        && environment == PRODUCTION
    {
        return Err(Fault::new("the data of production would be replaced")
            .help("add --i-know if that is what you want; what is there is kept, for `db undo`"));
    }
    let Some(session) = Session::prepare(environment, options)? else { return Ok(Exit::Project) };
    match task {
        DbTask::Dump { file } => {
            let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
            let default = || PathBuf::from(format!("{}-{environment}-{now}.dump", session.project_name()));
            let file = file.clone().unwrap_or_else(default);
            let exit = dump(&session, &file)?;
            if exit == Exit::Converged && !options.json {
                super::say(&format!("saved in {}", file.display()));
            }
            Ok(exit)
        }
        DbTask::Load { file, .. } => load(&session, file),
        DbTask::Copy { from, .. } => {
            let Some(source) = Session::prepare(from, options)? else { return Ok(Exit::Project) };
            let folder = private::folder()?;
            let file = folder.path().join("copy.dump");
            match dump(&source, &file)? {
                Exit::Converged => load(&session, &file),
                exit => Ok(exit),
            }
        }
        DbTask::Undo { media, .. } => Ok(closed(&session, Interrupted::StaysClosed, || {
            let undone = session.operate(MASTER, Operation::Undo, None);
            let media = if *media {
                session.operate(APPLICATION, Operation::UndoMedia, None)
            } else {
                Exit::Converged
            };
            undone.worst(media).worst(restart(&session))
        })),
    }
}

/// Into a new file that only we can read; gone again if it does not come whole.
pub fn dump(session: &Session, file: &Path) -> Result<Exit> {
    let into = private::create(file)?;
    let database = Database::read(&session.project_name(), session.all_pillar());
    let argv = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", "pg_dump"];
    let options = ["--format=custom", "--no-owner", "--no-privileges", "--"];
    let argv: Vec<String> =
        argv.iter().chain(&options).map(|word| (*word).to_owned()).chain([database.name]).collect();
    let exit = session.download("db-master", &argv, into)?;
    if exit != Exit::Converged {
        let _partly = std::fs::remove_file(file);
    }
    Ok(exit)
}

fn load(session: &Session, file: &Path) -> Result<Exit> {
    if !file.is_file() {
        return Err(
            Fault::new(format!("there is no file `{}`", file.display())).help("make one with `db dump`")
        );
    }
    Ok(closed(session, Interrupted::StaysClosed, || {
        let loaded = restore(session, Some(file));
        if loaded != Exit::Converged {
            return loaded.worst(restart(session));
        }
        let prepared = prepare(session);
        let returned = match prepared {
            Exit::Converged => Exit::Converged,
            _ => session.operate(MASTER, Operation::Undo, None),
        };
        prepared.worst(returned).worst(restart(session))
    }))
}

/// Puts what a dump holds, or nothing, in the place of the database.
pub fn restore(session: &Session, dump: Option<&Path>) -> Exit {
    // The host learns where the file is there when it has arrived.
    session.operate(MASTER, Operation::Restore { archive: None }, dump)
}

/// What the application wants done with data that comes from elsewhere, on one host.
fn prepare(session: &Session) -> Exit {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut commands = vec![words(&["python", "manage.py", "migrate", "--noinput"])];
    for line in scrub(session) {
        commands.push(words(&["/bin/sh", "-c", &line]));
    }
    for argv in commands {
        let task = Task::Operate(Operation::Exec { argv });
        let outgoing = Outgoing { roles: APPLICATION, first: true, ..Outgoing::of(task) };
        let exit = session.run(outgoing).exit;
        if exit != Exit::Converged {
            return exit;
        }
    }
    Exit::Converged
}

/// What data from elsewhere is to go through before anybody sees it, as shell commands. Production's own data
/// comes back as it is.
pub fn scrub(session: &Session) -> Vec<String> {
    if session.environment() == PRODUCTION {
        return Vec::new();
    }
    session.site().db.scrub.clone()
}

/// The application's programs, whose connections were ended.
pub fn restart(session: &Session) -> Exit {
    session.operate(APPLICATION, Operation::Control { verb: Verb::Restart, names: Vec::new() }, None)
}
