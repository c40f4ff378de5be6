//! `provision ENV deploy`.

use crate::cli::{DeployArguments, RunOptions};
use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::order::{Code, DeployOrder, Task};
use crate::remote::What;

use super::session::{Outgoing, Session};

pub fn run(environment: &str, options: &RunOptions, arguments: &DeployArguments) -> Result<Exit> {
    let Some(mut session) = Session::prepare(environment, options)? else { return Ok(Exit::Project) };
    session.keep_roles(&["web"])?;
    run_in(&session, arguments)
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
    let deploy = DeployOrder { code, lock: arguments.lock.clone(), unlock: arguments.unlock };
    let outgoing = Outgoing { task: Task::Deploy(deploy), sls: Vec::new(), plan: false, archive, notes };
    Ok(session.run(outgoing).exit)
}
