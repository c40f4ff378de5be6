//! Tasks of everyday operation: `provision ENV history`, `lock`, `unlock`.

use crate::cli::{HistoryArguments, LockArguments, RunOptions, UnlockArguments};
use crate::exit::Exit;
use crate::fault::Result;
use crate::order::{Operation, Task};

use super::session::{Outgoing, Session};

pub fn history(environment: &str, options: &RunOptions, arguments: &HistoryArguments) -> Result<Exit> {
    run(environment, options, Some("web"), Operation::History { limit: arguments.limit })
}

pub fn lock(environment: &str, options: &RunOptions, arguments: &LockArguments) -> Result<Exit> {
    run(environment, options, None, Operation::Lock { reason: arguments.reason.join(" ") })
}

pub fn unlock(environment: &str, options: &RunOptions, arguments: &UnlockArguments) -> Result<Exit> {
    run(environment, options, None, Operation::Unlock { force: arguments.force })
}

fn run(environment: &str, options: &RunOptions, role: Option<&str>, operation: Operation) -> Result<Exit> {
    let Some(mut session) = Session::prepare(environment, options)? else { return Ok(Exit::Project) };
    if let Some(role) = role {
        session.keep_role(role)?;
    }
    // What only looks waits for nobody, as a dry run.
    let plan = operation.looks();
    let task = Task::Operate(operation);
    Ok(session.run(Outgoing { task, sls: Vec::new(), plan, archive: None, notes: Vec::new() }).exit)
}
