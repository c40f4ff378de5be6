//! `provision ENV deploy`.

use crate::cli::{DeployArguments, RunOptions};
use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::order::{Code, DeployOrder, Operation, Task};
use crate::remote::What;

use super::session::{APPLICATION, Outgoing, Session};

pub fn run(environment: &str, options: &RunOptions, arguments: &DeployArguments) -> Result<Exit> {
    let Some(mut session) = Session::prepare(environment, options)? else { return Ok(Exit::Project) };
    if session.pillar("promote_only").and_then(serde_json::Value::as_bool) == Some(true) {
        return Err(Fault::new(format!(
            "`{environment}` takes only what runs elsewhere: `promote_only` in its pillar"
        ))
        .help(format!(
            "deploy to another environment, try it there, then: provision promote OTHER {environment}"
        )));
    }
    if !arguments.full {
        session.keep_roles(APPLICATION)?;
        return run_in(&session, arguments);
    }
    let page = |on| {
        let task = Task::Operate(Operation::Maintenance { on });
        session.run(Outgoing { roles: &["web", "balancer"], ..Outgoing::of(task) }).exit
    };
    let begun = page(true);
    let deployed = if begun == Exit::Converged { run_in(&session, arguments) } else { Ok(begun) };
    let ended = page(false);
    Ok(deployed?.worst(ended))
}

/// Deploys to the hosts of a session.
pub fn run_in(session: &Session, arguments: &DeployArguments) -> Result<Exit> {
    let text = |key: &str| session.pillar(key).and_then(|value| value.as_str().map(str::to_owned));
    let repo = text("repo").unwrap_or_else(|| ".".to_owned());
    let what = match &arguments.reference {
        _ if arguments.working_tree => What::WorkingTree,
        Some(reference) => What::Commit(reference),
        None => What::Head,
    };
    let reference = arguments.reference.clone().or_else(|| text("branch"));
    let (code, packed) = if crate::deploy::is_url(&repo) {
        if arguments.working_tree {
            return Err(Fault::new(format!("`repo` is `{repo}`: there is no working tree to deploy"))
                .help("leave --working-tree out, or make `repo` a folder below the project's root"));
        }
        crate::deploy::refuse_password(&repo)?;
        (Code::Git { url: repo, reference: reference.unwrap_or_else(|| "HEAD".to_owned()) }, None)
    } else {
        let packed = crate::remote::pack(&session.project.root, &repo, what)?;
        (Code::Checkout(packed.checkout.clone()), Some(packed))
    };
    let notes = packed.as_ref().map(|packed| packed.notes.clone()).unwrap_or_default();
    let archive = packed.as_ref().map(|packed| packed.file.clone());
    let deploy = DeployOrder {
        code,
        elsewhere: false,
        promoted: None,
        lock: arguments.lock.clone(),
        unlock: arguments.unlock,
    };
    let mut pace = arguments.pace.clone();
    pace.parallel |= arguments.full;
    let pace = Some(pace);
    let outgoing =
        Outgoing { archive, notes, pace, roles: APPLICATION, ..Outgoing::of(Task::Deploy(deploy)) };
    Ok(session.run(outgoing).exit)
}
