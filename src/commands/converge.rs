//! `provision ENV` and `provision ENV plan`; with --local and folders, a bare tree on this machine.

use crate::agent;
use crate::cli::{BareCommand, RunOptions};
use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::order::{Order, Task};

use super::session::{Outgoing, Session};
use super::{check, take_over};

/// What the top file says, or these state files instead.
pub fn run(environment: &str, options: &RunOptions, sls: &[String], plan: bool) -> Result<Exit> {
    let Some(session) = Session::prepare(environment, options)? else { return Ok(Exit::Project) };
    if options.take_over
        && !options.local
        && let Some(exit) = take_over::confirmed(&session, options.yes)?
    {
        return Ok(exit);
    }
    let sls = sls.to_vec();
    Ok(session.run(Outgoing { sls, plan, ..Outgoing::of(Task::Converge) }).exit)
}

/// Applies a tree without a project to this machine; no SLS: those of its top file.
pub fn bare(command: BareCommand) -> Result<Exit> {
    let BareCommand { options, words: mut sls } = command;
    if !options.local {
        return Err(Fault::new("--file-root is for this machine only").help("add --local, or leave it out"));
    }
    let plan = sls.last().is_some_and(|word| word == "plan");
    if plan {
        sls.pop();
    }
    let mut report = super::report(&options)?;
    let order = Order {
        protocol: crate::event::PROTOCOL,
        environment: "base".to_owned(),
        id: options.id.clone().unwrap_or_default(),
        plan,
        only: options.only.clone(),
        sls,
        lenient: options.lenient,
        grains: options.grains.as_deref().map(check::recorded).transpose()?.unwrap_or_default(),
        ..Order::default()
    };
    let files = agent::Files::bare(&options.file_root, &options.pillar_root);
    Ok(super::locally(&order, &files, report.as_mut()))
}
