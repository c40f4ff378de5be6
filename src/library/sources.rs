//! The files that states name as their `source`: whether they are there, and whether those that are
//! templates can be rendered. Looks only at the project, before anything is done.

use std::collections::BTreeSet;

use serde_json::Map;

use super::{ProjectLibrary, path_of};
use crate::compile::{Compiled, Low};
use crate::diagnostic::{Diagnostic, Problems, Severity, nearest};
use crate::states::{Library as _, RenderRequest};
use crate::yaml::Node;

/// All that is wrong with the sources of compiled states. A template is tried once, for the first state that
/// it is for.
pub(super) fn check(library: &ProjectLibrary, compiled: &Compiled, lenient: bool) -> Problems {
    let mut problems = Problems::default();
    let mut tried = BTreeSet::new();
    for low in &compiled.states {
        let Some(source) = low.arguments.get("source") else { continue };
        let candidates: Vec<(&Node, &str)> = source
            .list()
            .unwrap_or(std::slice::from_ref(source))
            .iter()
            .filter_map(|item| Some((item, path_of(item.text()?)?)))
            .collect();
        let Some((node, wanted)) = candidates.first().copied() else { continue };
        let others = source.list().is_some_and(|items| items.len() > candidates.len());
        let there = candidates.iter().find(|(_, path)| is_there(library, low, path));
        match there {
            None if !others => problems.push(missing(library, low, node, wanted)),
            Some((node, path)) if is_template(low) && tried.insert((*path).to_owned()) => {
                problems.extend(try_template(library, low, node, path));
            }
            _ => {}
        }
    }
    if lenient {
        problems.0.iter_mut().for_each(|problem| problem.severity = Severity::Warning);
    }
    problems
}

fn is_folder(low: &Low) -> bool {
    low.function.name == "file.recurse"
}

fn is_there(library: &ProjectLibrary, low: &Low, path: &str) -> bool {
    let tree = library.files.tree();
    if is_folder(low) { tree.files(path).is_ok_and(|files| files.is_some()) } else { tree.has(path) }
}

fn is_template(low: &Low) -> bool {
    !is_folder(low) && low.arguments.get("template").and_then(Node::text) == Some("jinja")
}

fn missing(library: &ProjectLibrary, low: &Low, node: &Node, path: &str) -> Diagnostic {
    let tree = library.files.tree();
    let kind = if is_folder(low) { "folder" } else { "file" };
    let problem =
        Diagnostic::error(format!("there is no {kind} `salt://{path}`")).at(&node.place).state(&low.id);
    let known = tree.files("").ok().flatten().unwrap_or_default();
    match nearest(path, known.iter().map(String::as_str)).filter(|_| !is_folder(low)) {
        Some(near) => problem.help(format!("did you mean `salt://{near}`?")),
        None => problem.help(format!("it would be `{}`", tree.shown(path))),
    }
}

fn try_template(library: &ProjectLibrary, low: &Low, node: &Node, path: &str) -> Option<Diagnostic> {
    let name = format!("salt://{path}");
    let bytes = library.read(&name).ok().flatten()?;
    // What is no text is the state's to refuse.
    let text = std::str::from_utf8(&bytes).ok()?;
    let mut variables = Map::new();
    for key in ["defaults", "context"] {
        if let Some(serde_json::Value::Object(map)) = low.arguments.get(key).map(Node::to_json) {
            variables.extend(map);
        }
    }
    let request = RenderRequest { name: &name, text, source: &name, sls: &low.sls, variables: &variables };
    let problem = library.rendered(&request).err()?;
    Some(problem.also(&node.place, "the template is used here").state(&low.id))
}
