//! Tasks of everyday operation: `provision ENV status`, `logs`, `exec` and their like.

use crate::cli::{
    ExecArguments, HistoryArguments, LockArguments, LogsArguments, ManageArguments, NamesArguments,
    RunOptions, SecretsTask, ShellArguments, Switch, SwitchArguments, UnlockArguments,
};
use crate::event::Event;
use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::order::{Operation, Task, Verb};

use super::session::{APPLICATION, Outgoing, Session, Shown};

pub fn history(environment: &str, options: &RunOptions, arguments: &HistoryArguments) -> Result<Exit> {
    run(environment, options, APPLICATION, Operation::History { limit: arguments.count })
}

pub fn lock(environment: &str, options: &RunOptions, arguments: &LockArguments) -> Result<Exit> {
    run(environment, options, &[], Operation::Lock { reason: arguments.reason.join(" ") })
}

pub fn unlock(environment: &str, options: &RunOptions, arguments: &UnlockArguments) -> Result<Exit> {
    run(environment, options, &[], Operation::Unlock { force: arguments.force })
}

pub fn status(environment: &str, options: &RunOptions, arguments: &NamesArguments) -> Result<Exit> {
    run(environment, options, &[], Operation::Status { names: arguments.names.clone() })
}

pub fn control(
    environment: &str,
    options: &RunOptions,
    verb: Verb,
    arguments: &NamesArguments,
) -> Result<Exit> {
    let names = arguments.names.clone();
    // A service may be anywhere; programs are where the application is.
    let roles = if names.is_empty() { APPLICATION } else { &[] };
    named(environment, options, roles, &names, Operation::Control { verb, names: names.clone() })
}

/// Asks all hosts; it is an error if a name means nothing on any of them.
fn named(
    environment: &str,
    options: &RunOptions,
    roles: &[&str],
    names: &[String],
    operation: Operation,
) -> Result<Exit> {
    let Some(session) = prepared(environment, options, roles)? else { return Ok(Exit::Project) };
    let (exit, events) = session.hear(Outgoing::of(Task::Operate(operation)), Shown::All);
    let answers = events.iter().filter(|event| matches!(event, Event::Finished { .. })).count();
    let unknown = |name: &&String| {
        let says = |event: &&Event| matches!(event, Event::Unknown { names } if names.contains(name));
        answers > 0 && events.iter().filter(says).count() == answers
    };
    match names.iter().find(unknown) {
        Some(name) if exit == Exit::Converged => {
            let fault =
                Fault::new(format!("there is no program, service or log `{name}` on any of the hosts"));
            super::complain(&fault.help(format!("`provision {environment} status` lists them")));
            Ok(Exit::Failed)
        }
        _ => Ok(exit),
    }
}

pub fn logs(environment: &str, options: &RunOptions, arguments: &LogsArguments) -> Result<Exit> {
    let LogsArguments { follow, lines, names } = arguments.clone();
    let roles = if names.is_empty() { APPLICATION } else { &[] };
    let operation = Operation::Logs { lines, follow, names: names.clone() };
    named(environment, options, roles, &names, operation)
}

pub fn exec(environment: &str, options: &RunOptions, arguments: &ExecArguments) -> Result<Exit> {
    run(environment, options, APPLICATION, Operation::Exec { argv: arguments.command.clone() })
}

/// What manage.py does is about the one database: one host does it.
pub fn manage(environment: &str, options: &RunOptions, arguments: &ManageArguments) -> Result<Exit> {
    let argv = ["python", "manage.py"].map(str::to_owned).into_iter();
    let argv = argv.chain(arguments.arguments.iter().cloned()).collect();
    let Some(session) = prepared(environment, options, APPLICATION)? else { return Ok(Exit::Project) };
    let outgoing = Outgoing { first: true, ..Outgoing::of(Task::Operate(Operation::Exec { argv })) };
    Ok(session.run(outgoing).exit)
}

pub fn shell(environment: &str, options: &RunOptions, arguments: &ShellArguments) -> Result<Exit> {
    let Some(session) = prepared(environment, options, APPLICATION)? else { return Ok(Exit::Project) };
    if options.local || options.json {
        return Err(Fault::new("a shell needs a host and a terminal").help("leave --local and --json out"));
    }
    session.shell(&arguments.command)
}

pub fn maintenance(environment: &str, options: &RunOptions, arguments: &SwitchArguments) -> Result<Exit> {
    let on = arguments.to == Switch::On;
    run(environment, options, &["web", "balancer"], Operation::Maintenance { on, cron: false })
}

pub fn cron(environment: &str, options: &RunOptions, arguments: &SwitchArguments) -> Result<Exit> {
    run(environment, options, &[], Operation::Cron { on: arguments.to == Switch::On })
}

pub fn secrets(environment: &str, options: &RunOptions, task: SecretsTask) -> Result<Exit> {
    let Some(session) = prepared(environment, options, APPLICATION)? else { return Ok(Exit::Project) };
    if matches!(task, SecretsTask::Diff) {
        return Ok(session.run(Outgoing::of(Task::Operate(Operation::Secrets))).exit);
    }
    let apply = |role: &'static [&'static str], sls: &str| {
        session.run(Outgoing { roles: role, sls: vec![sls.to_owned()], ..Outgoing::of(Task::Converge) }).exit
    };
    // The workers' state includes the application's.
    let works = session.site().celery.is_some();
    let workers = if works { apply(&["worker"], "worker") } else { Exit::Converged };
    Ok(workers.worst(apply(&["web"], "app")))
}

fn prepared(environment: &str, options: &RunOptions, roles: &[&str]) -> Result<Option<Session>> {
    let Some(mut session) = Session::prepare(environment, options)? else { return Ok(None) };
    if !roles.is_empty() {
        session.keep_roles(roles)?;
    }
    Ok(Some(session))
}

fn run(environment: &str, options: &RunOptions, roles: &[&str], operation: Operation) -> Result<Exit> {
    let Some(session) = prepared(environment, options, roles)? else { return Ok(Exit::Project) };
    Ok(session.run(Outgoing::of(Task::Operate(operation))).exit)
}
