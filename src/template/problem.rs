//! Errors of the template engine, told with place, name and advice. Must not show values: they may be secret.

use std::error::Error as _;

use minijinja::{Error, ErrorKind};

use super::sources::Sources;
use super::{Data, names};
use crate::diagnostic::{Diagnostic, nearest};
use crate::fault::Fault;
use crate::source::{Place, Source};
use std::sync::Arc;

/// What an error of a rendering means for the person who wrote the template.
pub fn tell(error: &Error, sources: &Sources, source: &Arc<Source>, variables: &Data) -> Diagnostic {
    // An error in an included file is wrapped once for every file on the way.
    let mut outer: Vec<Place> = Vec::new();
    let mut error = error;
    while let Some(within) = error.source().and_then(|within| within.downcast_ref::<Error>()) {
        outer.extend(place(error, sources));
        error = within;
    }
    let place = place(error, sources).unwrap_or_else(|| Place::start(source));
    let mut problem = if let Some(fault) = error.source().and_then(|cause| cause.downcast_ref::<Fault>()) {
        let problem = Diagnostic::error(fault.message.clone()).at(&place);
        match &fault.help {
            Some(help) => problem.help(help.clone()),
            None => problem,
        }
    } else if let Some(expression) = undefined(error) {
        undefined_problem(&expression, &place, variables)
    } else {
        other(error, variables).at(&place)
    };
    for outside in outer.iter().rev().filter(|outside| **outside != place) {
        problem = problem.also(outside, "included from here");
    }
    problem
}

fn place(error: &Error, sources: &Sources) -> Option<Place> {
    let found = sources.get(error.name()?)?;
    let text = &found.source.text;
    if let Some(range) = error.range() {
        let start = found.back.original(range.start).min(text.len());
        let end = found.back.original(range.end).min(text.len()).max(start);
        let before = text.get(..start)?;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = u32::try_from(before.matches('\n').count() + 1).ok()?;
        let column = u32::try_from(text.get(line_start..start)?.chars().count() + 1).ok()?;
        let part = text.get(start..end)?.lines().next().unwrap_or_default().trim_end();
        let width = u32::try_from(part.chars().count().max(1)).ok()?;
        return Some(Place::new(&found.source, line, column, width));
    }
    let line = u32::try_from(error.line()?).ok()?;
    let shown = found.source.line(line);
    let indent = shown.len() - shown.trim_start().len();
    let narrow = |number: usize| u32::try_from(number).unwrap_or(1);
    Some(Place::new(&found.source, line, narrow(indent + 1), narrow(shown.trim().chars().count().max(1))))
}

/// The expression that an error found undefined.
fn undefined(error: &Error) -> Option<String> {
    let detail = error.detail()?;
    let at = detail.find("` is undefined")?;
    let before = detail.get(..at)?;
    before.rfind('`').and_then(|open| before.get(open + 1..)).map(str::to_owned)
}

fn undefined_problem(expression: &str, place: &Place, variables: &Data) -> Diagnostic {
    let path = path(expression);
    let shown = shown_expression(expression, place);
    let place = narrowed(place, &shown, path.last());
    let problem = Diagnostic::error(format!("`{shown}` is undefined")).at(&place);
    let Some((root, keys)) = path.split_first() else { return problem };
    if root == "(...)" {
        return problem;
    }
    let Some(mut found) = variables.get(root) else {
        let known = names(variables);
        let near = nearest(root, known.iter().map(String::as_str));
        return match near.filter(|near| near != root) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help("set it, or give it a default: `|default(…)`"),
        };
    };
    let mut walked = root.clone();
    for key in keys {
        match found.get(key) {
            Some(next) => {
                found = next;
                walked = format!("{walked}.{key}");
            }
            None => {
                let known = names(found);
                let near = nearest(key, known.iter().map(String::as_str));
                let advice = match (near, known.as_slice()) {
                    (Some(near), _) => format!("did you mean `{near}`?"),
                    (None, []) => "it is empty".to_owned(),
                    (None, many) => {
                        let listed: Vec<String> =
                            many.iter().take(8).map(|name| format!("`{name}`")).collect();
                        let more = if many.len() > 8 { ", …" } else { "" };
                        format!("known are {}{more}", listed.join(", "))
                    }
                };
                return problem.help(format!("`{walked}` has no `{key}`; {advice}"));
            }
        }
    }
    problem
}

/// `pillar.db['host']` as its parts.
fn path(expression: &str) -> Vec<String> {
    if let Some(rest) = expression.strip_prefix("(...)") {
        let mut parts = vec!["(...)".to_owned()];
        parts.extend(path(rest));
        return parts;
    }
    expression
        .split(['.', '['])
        .map(|part| part.trim_end_matches(']').trim_matches(['\'', '"']).to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// What the engine could not name is shown as it was written.
fn shown_expression(expression: &str, place: &Place) -> String {
    if !expression.contains("...") {
        return expression.to_owned();
    }
    let line = place.source.line(place.line);
    let written: String =
        line.chars().skip(place.column.saturating_sub(1) as usize).take(place.width as usize).collect();
    if written.trim().is_empty() { expression.to_owned() } else { written.trim().to_owned() }
}

/// The place of the expression within what the engine points at, where it can be found there.
fn narrowed(place: &Place, expression: &str, last: Option<&String>) -> Place {
    let line: Vec<char> = place.source.line(place.line).chars().collect();
    let from = place.column.saturating_sub(1) as usize;
    let find = |wanted: &str| {
        let wanted: Vec<char> = wanted.chars().collect();
        let until = (from + place.width as usize).min(line.len());
        let at = (from..until).find(|at| line.get(*at..*at + wanted.len()) == Some(&wanted[..]))?;
        Some((at, wanted.len()))
    };
    let found = find(expression).or_else(|| last.and_then(|last| find(last)));
    let Some((at, width)) = found else { return place.clone() };
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place { column: narrow(at + 1), width: narrow(width.max(1)), ..place.clone() }
}

fn other(error: &Error, variables: &Data) -> Diagnostic {
    let detail = error.detail().unwrap_or_default().replace("__own", "set").replace("__done", "do");
    let named = || detail.split(' ').nth(1).unwrap_or_default().to_owned();
    match error.kind() {
        ErrorKind::SyntaxError | ErrorKind::BadEscape => {
            Diagnostic::error(format!("template syntax: {detail}"))
        }
        ErrorKind::UnknownFilter => {
            let name = named();
            let problem = Diagnostic::error(format!("there is no filter `{name}`"));
            match nearest(&name, super::filters::NAMES.iter().copied()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            }
        }
        ErrorKind::UnknownTest => Diagnostic::error(format!("there is no test `{}`", named())),
        ErrorKind::UnknownFunction => {
            let name = detail.strip_suffix(" is unknown").unwrap_or(&detail);
            let known = names(variables);
            let problem = Diagnostic::error(format!("there is no function `{name}`"));
            match nearest(
                name,
                known.iter().map(String::as_str).chain(["range", "dict", "namespace", "raise"]),
            ) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None if name.contains('.') => problem,
                None => problem.help("functions of modules are called as `salt['module.function'](…)`"),
            }
        }
        ErrorKind::TemplateNotFound => {
            let name = detail.split('"').nth(1).unwrap_or(&detail).to_owned();
            Diagnostic::error(format!("there is no template `{name}`")).help(
                "the path is relative to the file root, or begins with `./` and is relative to this file",
            )
        }
        ErrorKind::OutOfFuel => Diagnostic::error("the template takes too long: does a loop never end?"),
        ErrorKind::WriteFailure => Diagnostic::error("the template puts out more than it may"),
        ErrorKind::UndefinedError => Diagnostic::error("an undefined value is used here"),
        _ if detail.is_empty() => Diagnostic::error(error.kind().to_string()),
        _ => Diagnostic::error(detail),
    }
}
