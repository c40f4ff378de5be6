//! The conditions that keep a state from running: `onlyif`, `unless`, `creates`. Only looks.

use std::time::Duration;

use crate::compile::{Check, Guard};
use crate::facts::Facts;
use crate::fault::{Context as _, Fault, Result};
use crate::host::{Command, Output};

/// A guard that says nothing of time must not hang a run.
const LONGEST: Duration = Duration::from_secs(300);

/// Why the state is not to run, or nothing.
pub fn forbids(check: &Check, facts: &Facts) -> Result<Option<String>> {
    for path in &check.creates {
        if facts.host().stat(path).context(format!("creates `{}`", path.display()))?.is_none() {
            return commands(check, facts);
        }
    }
    if check.creates.is_empty() {
        return commands(check, facts);
    }
    let paths: Vec<String> = check.creates.iter().map(|path| format!("`{}`", path.display())).collect();
    Ok(Some(format!("{} {} there already", paths.join(", "), if paths.len() == 1 { "is" } else { "are" })))
}

fn commands(check: &Check, facts: &Facts) -> Result<Option<String>> {
    for guard in &check.onlyif {
        if !holds(guard, check, facts, "onlyif")? {
            return Ok(Some("`onlyif` condition is false".to_owned()));
        }
    }
    if check.unless.is_empty() {
        return Ok(None);
    }
    for guard in &check.unless {
        if !holds(guard, check, facts, "unless")? {
            return Ok(None);
        }
    }
    Ok(Some("`unless` condition is true".to_owned()))
}

fn holds(guard: &Guard, check: &Check, facts: &Facts, kind: &str) -> Result<bool> {
    match guard {
        Guard::Constant(value) => Ok(*value),
        Guard::Command(line) => Ok(shell(line, check, facts).context(kind)?.success()),
        Guard::Function { name, .. } => {
            Err(Fault::new(format!("{kind}: `fun: {name}` is not supported yet"))
                .help("write the condition as a command"))
        }
    }
}

/// Runs a line that the user wrote in the shell that the state asks for.
pub fn shell(line: &str, check: &Check, facts: &Facts) -> Result<Output> {
    let shell = check.shell.as_deref().unwrap_or("/bin/sh");
    let mut command = Command::new([shell, "-c", line]).timeout(check.timeout.unwrap_or(LONGEST));
    command.user.clone_from(&check.runas);
    command.cwd.clone_from(&check.cwd);
    command.env.clone_from(&check.env);
    command.umask = check.umask;
    facts.host().ask(&command)
}
