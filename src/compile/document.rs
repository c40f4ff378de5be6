//! One state file's YAML as declarations, includes, extends and excludes. Knows no other file.

use std::sync::Arc;

use super::body;
use super::declaration::{Declaration, Name};
use super::findings::Findings;
use crate::diagnostic::Diagnostic;
use crate::yaml::{Meaning, Node};

/// What one state file says.
#[derive(Debug, Default)]
pub struct Document {
    pub includes: Vec<Name>,
    pub declarations: Vec<Declaration>,
    pub extends: Vec<Declaration>,
    pub excludes: Vec<Exclude>,
    /// IDs of which something could not be understood: a reference to them is no problem of its own.
    pub broken: Vec<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exclude {
    Sls(Name),
    Id(Name),
}

/// Reads a whole file. `None`: an empty file.
pub fn read(sls: &Arc<str>, node: Option<&Node>, findings: &mut Findings) -> Document {
    let mut document = Document::default();
    let Some(node) = node.filter(|node| !node.is_null()) else { return document };
    let Some(entries) = node.map() else {
        let problem = format!("`{sls}` must be a map of state IDs; found {}", node.described());
        findings.add(
            Diagnostic::error(problem)
                .at(&node.place)
                .help("a state file reads `ID:` and below it `module.function:` with a list of arguments"),
        );
        return document;
    };
    for (key, value) in entries {
        match key.text().unwrap_or_default() {
            "include" => includes(value, &mut document, findings),
            "exclude" => excludes(value, &mut document, findings),
            "extend" => extends(sls, value, &mut document, findings),
            _ => match id(key, findings) {
                Some(id) => match body::read(sls, &id, value, false, findings) {
                    Some(mut found) => document.declarations.append(&mut found),
                    None => document.broken.push(id.text),
                },
                None => document.broken.push(key.text().unwrap_or_default().into()),
            },
        }
    }
    document
}

/// An ID: a string, or what could be taken as one.
fn id(key: &Node, findings: &mut Findings) -> Option<Name> {
    let Some(text) = key.text() else {
        findings.add(
            Diagnostic::error(format!("an ID must be a string; found {}", key.described())).at(&key.place),
        );
        return None;
    };
    match key.meaning() {
        Some(Meaning::Text("") | Meaning::Null) => {
            findings.add(Diagnostic::error("an ID must not be empty").at(&key.place));
            return None;
        }
        Some(Meaning::Text(_)) => {}
        _ => {
            let problem = format!("an ID must be a string; found {}", key.described());
            findings.strict(
                Diagnostic::error(problem).at(&key.place).help(format!("put it in quotes: `'{text}'`")),
            );
        }
    }
    Some(Name::of(key))
}

fn includes(value: &Node, document: &mut Document, findings: &mut Findings) {
    for item in list("include", value, findings) {
        match (item.text(), item.map()) {
            (Some(name), _) if !item.is_null() => document.includes.push(Name::new(name, &item.place)),
            (_, Some([(environment, name)]))
                if environment.text() == Some("base") && name.text().is_some() =>
            {
                document.includes.push(Name::new(name.text().unwrap_or_default(), &name.place));
            }
            (_, Some([(environment, _)])) => {
                let problem = format!(
                    "environment `{}` does not exist here: there is only `base`",
                    environment.text().unwrap_or_default()
                );
                findings.add(Diagnostic::error(problem).at(&environment.place).help("include by name alone"));
            }
            _ => {
                let problem = format!("`include` takes names of state files; found {}", item.described());
                findings.add(Diagnostic::error(problem).at(&item.place));
            }
        }
    }
}

fn excludes(value: &Node, document: &mut Document, findings: &mut Findings) {
    for item in list("exclude", value, findings) {
        let exclude = match (item.text(), item.map()) {
            (Some(name), _) if !item.is_null() => Some(Exclude::Sls(Name::new(name, &item.place))),
            (_, Some([(kind, name)])) => match (kind.text(), name.text()) {
                (Some("sls"), Some(text)) => Some(Exclude::Sls(Name::new(text, &name.place))),
                (Some("id"), Some(text)) => Some(Exclude::Id(Name::new(text, &name.place))),
                _ => None,
            },
            _ => None,
        };
        match exclude {
            Some(exclude) => document.excludes.push(exclude),
            None => findings.add(
                Diagnostic::error(format!(
                    "`exclude` takes `id: …`, `sls: …` or the name of a state file; found {}",
                    item.described()
                ))
                .at(&item.place),
            ),
        }
    }
}

fn extends(sls: &Arc<str>, value: &Node, document: &mut Document, findings: &mut Findings) {
    let Some(entries) = value.map() else {
        let problem = format!("`extend` must be a map of state IDs; found {}", value.described());
        findings.add(Diagnostic::error(problem).at(&value.place));
        return;
    };
    for (key, value) in entries {
        if let Some(id) = id(key, findings)
            && let Some(mut found) = body::read(sls, &id, value, true, findings)
        {
            document.extends.append(&mut found);
        }
    }
}

/// The items of a list, or the single item where a list should be.
fn list<'a>(what: &str, value: &'a Node, findings: &mut Findings) -> &'a [Node] {
    if let Some(items) = value.list() {
        return items;
    }
    let problem = format!("`{what}` must be a list; found {}", value.described());
    let problem = Diagnostic::error(problem).at(&value.place);
    findings.strict(match value.text().filter(|_| !value.is_null()) {
        Some(text) => problem.help(format!("write `- {text}` below `{what}:`")),
        None => problem.help(format!("take `{what}:` away where there is nothing to name")),
    });
    if value.is_null() { &[] } else { std::slice::from_ref(value) }
}
