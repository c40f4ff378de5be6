//! The conditions that keep a state from running: `onlyif`, `unless`, `creates`. Only looks.

use std::time::Duration;

use serde_json::Value;

use super::Converge;
use crate::compile::{Check, Guard};
use crate::facts::Facts;
use crate::fault::{Context as _, Result};
use crate::host::{Command, Output};

/// A guard that says nothing of time must not hang a run.
const LONGEST: Duration = Duration::from_secs(300);

/// Why the state is not to run, or nothing.
pub fn forbids(check: &Check, run: &Converge<'_>) -> Result<Option<String>> {
    for path in &check.creates {
        if run.facts.host().stat(path).context(format!("creates `{}`", path.display()))?.is_none() {
            return commands(check, run);
        }
    }
    if check.creates.is_empty() {
        return commands(check, run);
    }
    let paths: Vec<String> = check.creates.iter().map(|path| format!("`{}`", path.display())).collect();
    Ok(Some(format!("{} {} there already", paths.join(", "), if paths.len() == 1 { "is" } else { "are" })))
}

fn commands(check: &Check, run: &Converge<'_>) -> Result<Option<String>> {
    for guard in &check.onlyif {
        if !holds(guard, check, run, "onlyif")? {
            return Ok(Some("`onlyif` condition is false".to_owned()));
        }
    }
    if check.unless.is_empty() {
        return Ok(None);
    }
    for guard in &check.unless {
        if !holds(guard, check, run, "unless")? {
            return Ok(None);
        }
    }
    Ok(Some("`unless` condition is true".to_owned()))
}

fn holds(guard: &Guard, check: &Check, run: &Converge<'_>, kind: &str) -> Result<bool> {
    match guard {
        Guard::Constant(value) => Ok(*value),
        Guard::Command(line) => Ok(shell(line, check, run.facts).context(kind)?.success()),
        Guard::Function { name, arguments } => {
            let mut arguments = arguments.clone();
            let wanted = arguments.remove("get_return");
            let answer = run.library.ask(name, &arguments).context(format!("{kind}: `fun: {name}`"))?;
            let wanted = wanted.as_ref().and_then(Value::as_str);
            Ok(is_true(wanted.map_or(Some(&answer), |path| find(&answer, path))))
        }
    }
}

/// The part of an answer that `get_return: a:b` asks for.
fn find<'a>(answer: &'a Value, path: &str) -> Option<&'a Value> {
    path.split(':').try_fold(answer, |at, word| match at {
        Value::Array(items) => items.get(word.parse::<usize>().ok()?),
        other => other.get(word),
    })
}

/// Python's truth of an answer; what is not there is false.
fn is_true(answer: Option<&Value>) -> bool {
    match answer {
        None | Some(Value::Null) => false,
        Some(Value::Bool(value)) => *value,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(entries)) => !entries.is_empty(),
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
