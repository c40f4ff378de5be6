//! `provision ENV releases` and `provision ENV rollback`: what hosts keep, and the way back to it.

use crate::cli::{RollbackArguments, RunOptions};
use crate::exit::Exit;
use crate::fault::Result;
use crate::order::Task;

use super::session::{APPLICATION, Outgoing, Session};

pub fn list(environment: &str, options: &RunOptions) -> Result<Exit> {
    // It only looks, as a dry run does, and waits for nobody.
    run(environment, options, Outgoing { plan: true, ..Outgoing::of(Task::Releases) })
}

pub fn rollback(environment: &str, options: &RunOptions, arguments: &RollbackArguments) -> Result<Exit> {
    let task = Task::Rollback { release: arguments.release.clone() };
    run(environment, options, Outgoing { pace: Some(arguments.pace.clone()), ..Outgoing::of(task) })
}

fn run(environment: &str, options: &RunOptions, outgoing: Outgoing) -> Result<Exit> {
    let Some(mut session) = Session::prepare(environment, options)? else { return Ok(Exit::Project) };
    session.keep_roles(APPLICATION)?;
    Ok(session.run(outgoing).exit)
}
