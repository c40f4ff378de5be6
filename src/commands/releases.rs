//! `provision ENV releases` and `provision ENV rollback`: what hosts keep, and the way back to it.

use crate::cli::{RollbackArguments, RunOptions};
use crate::exit::Exit;
use crate::fault::Result;
use crate::order::Task;

use super::session::{Outgoing, Session};

pub fn list(environment: &str, options: &RunOptions) -> Result<Exit> {
    // It only looks, as a dry run does, and waits for nobody.
    run(environment, options, Task::Releases, true)
}

pub fn rollback(environment: &str, options: &RunOptions, arguments: &RollbackArguments) -> Result<Exit> {
    run(environment, options, Task::Rollback { release: arguments.release.clone() }, false)
}

fn run(environment: &str, options: &RunOptions, task: Task, plan: bool) -> Result<Exit> {
    let Some(mut session) = Session::prepare(environment, options)? else { return Ok(Exit::Project) };
    session.keep_roles(&["web"])?;
    let outgoing = Outgoing { task, sls: Vec::new(), plan, archive: None, notes: Vec::new() };
    Ok(session.run(outgoing).exit)
}
