//! `provision ENV deploy`.

use crate::cli::{DeployArguments, RunOptions};
use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::order::{Code, DeployOrder, Operation, Task};
use crate::remote::What;

use super::closed::{Interrupted, closed};
use super::session::{APPLICATION, Outgoing, Session};

pub fn run(environment: &str, options: &RunOptions, arguments: &DeployArguments) -> Result<Exit> {
    let Some(session) = Session::prepare(environment, options)? else { return Ok(Exit::Project) };
    if session.site().promote_only {
        return Err(Fault::new(format!(
            "`{environment}` takes only what runs elsewhere: `promote_only` in its pillar"
        ))
        .help(format!(
            "deploy to another environment, try it there, then: provision promote OTHER {environment}"
        )));
    }
    if let Some(reason) = &arguments.lock {
        let locked = session.operate(&[], Operation::Lock { reason: reason.clone() }, None);
        if locked != Exit::Converged {
            return Ok(locked);
        }
    }
    let deployed =
        if arguments.full { behind_a_page(&session, arguments)? } else { run_in(&session, arguments)? };
    if arguments.unlock && deployed == Exit::Converged {
        return Ok(session.operate(&[], Operation::Unlock { force: false }, None));
    }
    Ok(deployed)
}

fn behind_a_page(session: &Session, arguments: &DeployArguments) -> Result<Exit> {
    let mut deployed = Ok(Exit::Converged);
    let exit = closed(session, Interrupted::Opens, || {
        deployed = run_in(session, arguments);
        *deployed.as_ref().unwrap_or(&Exit::Project)
    });
    deployed.map(|_| exit)
}

/// Deploys to the hosts of a session.
pub fn run_in(session: &Session, arguments: &DeployArguments) -> Result<Exit> {
    session.some_have(APPLICATION)?;
    let repo = session.site().repo.clone();
    let what = match &arguments.reference {
        _ if arguments.working_tree => What::WorkingTree,
        Some(reference) => What::Commit(reference),
        None => What::Head,
    };
    let reference =
        arguments.reference.clone().or_else(|| session.site().branch.as_ref().map(|branch| branch.0.clone()));
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
    let deploy = DeployOrder { code, elsewhere: false, promoted: None, new_data: None };
    let mut pace = arguments.pace.clone();
    pace.parallel |= arguments.full;
    let pace = Some(pace);
    let outgoing =
        Outgoing { archive, notes, pace, roles: APPLICATION, ..Outgoing::of(Task::Deploy(deploy)) };
    Ok(session.run(outgoing).exit)
}
