//! Whose this host is, read and written where it stands. The operator's side asked before it sent anything; here the
//! host itself has the last word.

use std::path::Path;

use serde_json::Value;

use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::home;
use crate::order::Order;
use crate::owner::{FOLDER, Owner, PATH, Standing};

/// What is written of the owner, or follows from the folders of projects that were here before owners were.
pub fn owner(project: &str, facts: &Facts) -> Result<Option<Owner>> {
    let host = facts.host();
    if let Some(bytes) = host.read(Path::new(PATH))? {
        return Ok(Some(Owner::read(&String::from_utf8_lossy(&bytes))));
    }
    let environment = |name: &str| -> Result<Option<String>> {
        let Some(bytes) = host.read(&crate::process_env::path(name))? else { return Ok(None) };
        let values: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(Some(values.get("ENVIRONMENT").and_then(Value::as_str).unwrap_or_default().to_owned()))
    };
    let names = host.list(Path::new(FOLDER))?.unwrap_or_default();
    let ours = names.iter().filter(|name| *name == project);
    for name in ours.chain(&names) {
        if let Some(environment) = environment(name)? {
            return Ok(Some(Owner { project: name.clone(), environment, ..Owner::default() }));
        }
    }
    Ok(None)
}

/// What is found here, for this order.
///
/// # Errors
/// The host is somebody else's, and the order minds that.
pub fn standing(order: &Order, facts: &Facts) -> Result<Standing> {
    let claim = order.claim();
    let standing = claim.standing(owner(&order.project, facts)?.as_ref(), &machine(facts)?);
    match standing.refusal(&claim, order.task.manners(order.plan), order.take_over) {
        Some(fault) => Err(fault),
        None => Ok(standing),
    }
}

/// Makes the host the order's.
pub fn take(order: &Order, facts: &Facts) -> Result<()> {
    let (before, machine) = (owner(&order.project, facts)?, machine(facts)?);
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let owner = order.claim().owner(&machine, now, before.as_ref());
    if before.as_ref() == Some(&owner) && facts.host().stat(Path::new(PATH))?.is_some() {
        return Ok(());
    }
    let mut line = serde_json::to_vec(&owner).map_err(|error| Fault::new(error.to_string()))?;
    line.push(b'\n');
    home::note(Path::new(PATH), &line)
}

fn machine(facts: &Facts) -> Result<String> {
    let bytes = facts.host().read(Path::new("/etc/machine-id"))?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}
