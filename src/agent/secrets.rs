//! What the application's environment on the host is against what the project's files say now.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compile::Compiled;
use crate::event::Event;
use crate::exit::Exit;
use crate::facts::Facts;
use crate::fault::{Fault, Result};

/// Compares names and values, and gives names, and the exit code that says whether there are any.
pub fn compare(project: &str, compiled: &Compiled, facts: &Facts) -> Result<(Event, Exit)> {
    let path = crate::process_env::path(project);
    let shown = path.display().to_string();
    let state = compiled.states.iter().find(|state| state.name == shown).ok_or_else(|| {
        Fault::new(format!("no state makes `{shown}`"))
            .help("the application has no environment on this host")
    })?;
    let arguments = state.arguments.to_json();
    let read = |value: Option<&Value>| -> BTreeMap<String, String> {
        let map = value.and_then(Value::as_object);
        map.into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
    };
    let ours = read(arguments.get("dataset"));
    let there = facts.host().read(&path)?.unwrap_or_default();
    let there = read(serde_json::from_slice(&there).ok().as_ref());
    let names = |keep: &dyn Fn(&String, &String) -> bool, of: &BTreeMap<String, String>| -> Vec<String> {
        of.iter().filter(|(name, value)| keep(name, value)).map(|(name, _)| name.clone()).collect()
    };
    let missing = names(&|name, _| !there.contains_key(name), &ours);
    let changed = names(&|name, value| there.get(name).is_some_and(|other| other != value), &ours);
    let surplus = names(&|name, _| !ours.contains_key(name), &there);
    let exit = if ours == there { Exit::Converged } else { Exit::WouldChange };
    Ok((Event::Secrets { missing, changed, surplus }, exit))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
