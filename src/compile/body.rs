//! What stands below one ID: functions with their arguments, in all the ways in which they may be written.

use std::sync::Arc;

use super::declaration::{Declaration, Name};
use super::findings::Findings;
use super::global;
use crate::diagnostic::Diagnostic;
use crate::source::Place;
use crate::yaml::Node;

/// All modules of one ID; `None` if something in it could not be understood.
pub fn read(
    sls: &Arc<str>,
    id: &Name,
    value: &Node,
    extends: bool,
    findings: &mut Findings,
) -> Option<Vec<Declaration>> {
    if let Some(text) = value.text().filter(|_| !extends && !value.is_null()) {
        return short(sls, id, text, &value.place, findings).map(|declaration| vec![declaration]);
    }
    let Some(entries) = value.map() else {
        let problem = if value.is_null() {
            format!("`{}` says nothing", id.text)
        } else {
            format!("below `{}` there must be a map of functions; found {}", id.text, value.described())
        };
        findings.add(
            Diagnostic::error(problem)
                .at(if value.is_null() { &id.place } else { &value.place })
                .state(&id.text)
                .help("write a function below it, such as `pkg.installed: []`"),
        );
        return None;
    };
    let mut found: Vec<Declaration> = Vec::new();
    let mut stray = Vec::new();
    let mut whole = true;
    for (key, value) in entries {
        if let Some(word) = key.text().filter(|word| global::is_global(word)) {
            findings.strict(beside(id, word, &key.place));
            stray.push((key.clone(), value.clone()));
            continue;
        }
        match module(sls, id, key, value, extends, findings) {
            Some(declaration) => {
                if let Some(other) = found.iter().find(|other| other.module.text == declaration.module.text) {
                    findings.add(twice(id, other, &declaration));
                    whole = false;
                } else {
                    found.push(declaration);
                }
            }
            None => whole = false,
        }
    }
    if found.is_empty() && stray.is_empty() && whole && !extends {
        findings.add(Diagnostic::error(format!("`{}` says nothing", id.text)).at(&id.place).state(&id.text));
        whole = false;
    }
    for declaration in &mut found {
        declaration.arguments.extend(stray.iter().cloned());
    }
    whole.then_some(found)
}

fn twice(id: &Name, first: &Declaration, second: &Declaration) -> Diagnostic {
    Diagnostic::error(format!("`{}` has two functions of the module `{}`", id.text, first.module.text))
        .at(&second.module.place)
        .also(&first.module.place, "the first is here")
        .state(&id.text)
        .help("give one of them an ID of its own and say what it is about with `name`")
}

fn beside(id: &Name, word: &str, place: &Place) -> Diagnostic {
    Diagnostic::error(format!("`{word}` stands beside the function rather than among its arguments"))
        .at(place)
        .state(&id.text)
        .help(format!("indent it below the function and begin it with a dash: `- {word}:`"))
}

/// `vim: pkg.installed`.
fn short(
    sls: &Arc<str>,
    id: &Name,
    text: &str,
    place: &Place,
    findings: &mut Findings,
) -> Option<Declaration> {
    let Some((module, function)) = text.split_once('.').filter(|_| !text.contains(char::is_whitespace))
    else {
        findings.add(
            Diagnostic::error(format!("`{text}` is no function"))
                .at(place)
                .state(&id.text)
                .help("a function is written `module.function`, such as `pkg.installed`"),
        );
        return None;
    };
    Some(Declaration {
        sls: Arc::clone(sls),
        id: id.clone(),
        module: Name::new(module, place),
        function: Some(Name::new(function, place)),
        arguments: Vec::new(),
        number: None,
        automatic: None,
    })
}

/// `pkg.installed: [arguments]` or `pkg: [installed, arguments]`.
fn module(
    sls: &Arc<str>,
    id: &Name,
    key: &Node,
    value: &Node,
    extends: bool,
    findings: &mut Findings,
) -> Option<Declaration> {
    let Some(title) = key.text() else {
        let problem = format!("a function is written `module.function`; found {}", key.described());
        findings.add(Diagnostic::error(problem).at(&key.place).state(&id.text));
        return None;
    };
    let (module, function) = match title.split_once('.') {
        Some((module, function)) => (module, Some(Name::new(function, &key.place))),
        None => (title, None),
    };
    let mut declaration = Declaration {
        sls: Arc::clone(sls),
        id: id.clone(),
        module: Name::new(module, &key.place),
        function,
        arguments: Vec::new(),
        number: None,
        automatic: None,
    };
    let mut whole = true;
    if let Some(items) = value.list() {
        for item in items {
            whole &= argument(&mut declaration, item, findings);
        }
    } else {
        findings.strict(not_a_list(id, title, key, value));
        match (value.map(), value.text()) {
            (Some(entries), _) => declaration.arguments.extend(entries.iter().cloned()),
            (_, Some(text)) if !value.is_null() && declaration.function.is_none() => {
                declaration.function = Some(Name::new(text, &value.place));
            }
            _ => {}
        }
    }
    if declaration.function.is_none() && whole && !extends {
        findings.add(
            Diagnostic::error(format!("`{title}` of `{}` names no function", id.text))
                .at(&key.place)
                .state(&id.text)
                .help(format!("write `{title}.FUNCTION:`")),
        );
        whole = false;
    }
    whole.then_some(declaration)
}

fn not_a_list(id: &Name, title: &str, key: &Node, value: &Node) -> Diagnostic {
    let problem = match (value.is_null(), value.map().is_some()) {
        (true, _) => format!("`{title}:` has nothing after its colon"),
        (_, true) => format!("the arguments of `{title}` must be a list; found a map"),
        _ => format!("the arguments of `{title}` must be a list; found {}", value.described()),
    };
    let help = match (value.is_null(), value.map(), value.text()) {
        (true, ..) => format!("write `{title}: []`"),
        (_, Some(_), _) => "begin each argument with a dash: `- name: value`".to_owned(),
        (_, _, Some(text)) if !title.contains('.') => format!("write `{title}.{text}: []`"),
        _ => "write each argument as `- name: value`".to_owned(),
    };
    let place = if value.is_null() { &key.place } else { &value.place };
    Diagnostic::error(problem).at(place).state(&id.text).help(help)
}

/// One item of an argument list; whether it was understood.
fn argument(declaration: &mut Declaration, item: &Node, findings: &mut Findings) -> bool {
    let id = declaration.id.text.clone();
    if let Some([entry]) = item.map() {
        declaration.arguments.push(entry.clone());
        return true;
    }
    if let Some(entries @ [_, second, ..]) = item.map() {
        let word = second.0.text().unwrap_or_default();
        findings.strict(
            Diagnostic::error("several arguments stand behind one dash")
                .at(&second.0.place)
                .state(id)
                .help(format!("begin each with a dash of its own: `- {word}: …`")),
        );
        declaration.arguments.extend(entries.iter().cloned());
        return true;
    }
    let word = item.text().filter(|text| !item.is_null() && !text.contains([' ', ':']));
    if let Some(text) = word
        && declaration.function.is_none()
    {
        declaration.function = Some(Name::new(text, &item.place));
        return true;
    }
    let problem = Diagnostic::error(match (&declaration.function, word) {
        (Some(_), Some(text)) => format!("`{text}` is a second function beside `{}`", declaration.title()),
        _ => format!("an argument is written `name: value`; found {}", item.described()),
    });
    let problem = match item.text().and_then(|text| text.split_once(':')) {
        Some((name, value)) => {
            problem.help(format!("put a space after the colon: `{}: {}`", name.trim(), value.trim()))
        }
        None => problem,
    };
    findings.add(problem.at(&item.place).state(id));
    false
}
