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
pub fn tell(
    error: &Error,
    sources: &Sources,
    source: &Arc<Source>,
    variables: &Data,
    callable: &[&str],
) -> Diagnostic {
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
    } else if let Some(expression) = undefined(error, &place) {
        undefined_problem(&expression, &place, variables, callable)
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
fn undefined(error: &Error, place: &Place) -> Option<String> {
    let Some(detail) = error.detail() else {
        // A macro's argument that was not given has no name here, but stands at the place.
        let written = written(place);
        let name = written.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        return (error.kind() == ErrorKind::UndefinedError && name && !written.is_empty()).then_some(written);
    };
    let at = detail.find("` is undefined")?;
    let before = detail.get(..at)?;
    before.rfind('`').and_then(|open| before.get(open + 1..)).map(str::to_owned)
}

fn undefined_problem(expression: &str, place: &Place, variables: &Data, callable: &[&str]) -> Diagnostic {
    let path = path(expression);
    if let [root, name @ ..] = path.as_slice()
        && root == "salt"
        && !name.is_empty()
    {
        let name = name.join(".");
        let place = narrowed(place, expression, path.last());
        let problem = Diagnostic::error(format!("templates cannot call `{name}`")).at(&place);
        return match nearest(&name, callable.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help("only functions that look at the host and change nothing can be called"),
        };
    }
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
                let advice = match found {
                    Data::Scalar(_) => format!("`{walked}` is no map"),
                    Data::List(items) if key.parse::<i64>().is_ok() => match items.len() {
                        1 => format!("`{walked}` has 1 item"),
                        many => format!("`{walked}` has {many} items"),
                    },
                    Data::List(_) => format!("`{walked}` is a list"),
                    Data::Map(_) => format!("`{walked}` has no `{key}`; {}", known_keys(key, found)),
                };
                return problem.help(advice);
            }
        }
    }
    problem
}

fn known_keys(key: &str, map: &Data) -> String {
    let known = names(map);
    if let Some(near) = nearest(key, known.iter().map(String::as_str)) {
        return format!("did you mean `{near}`?");
    }
    let listed: Vec<String> = known.iter().take(8).map(|name| format!("`{name}`")).collect();
    match known.len() {
        0 => "it is empty".to_owned(),
        1..=8 => format!("known are {}", listed.join(", ")),
        _ => format!("known are {}, …", listed.join(", ")),
    }
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
    let written = written(place);
    if written.is_empty() { expression.to_owned() } else { written }
}

/// What stands at a place.
fn written(place: &Place) -> String {
    let line = place.source.line(place.line).chars();
    let part: String =
        line.skip(place.column.saturating_sub(1) as usize).take(place.width as usize).collect();
    part.trim().to_owned()
}

/// The place of the expression within what the engine points at, where it can be found there.
fn narrowed(place: &Place, expression: &str, last: Option<&String>) -> Place {
    let line: Vec<char> = place.source.line(place.line).chars().collect();
    let from = place.column.saturating_sub(1) as usize;
    let until = (from + place.width as usize).min(line.len());
    // The engine points at the last part of a chain, or at a larger whole.
    let find = |wanted: &str, back: usize| {
        let wanted: Vec<char> = wanted.chars().collect();
        let back = from.saturating_sub(back.min(wanted.len()));
        let at = (back..until)
            .find(|at| line.get(*at..*at + wanted.len()) == Some(&wanted[..]) && at + wanted.len() > from)?;
        Some((at, wanted.len()))
    };
    let found = find(expression, usize::MAX).or_else(|| last.and_then(|last| find(last, 0)));
    let Some((at, width)) = found else { return place.clone() };
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place { column: narrow(at + 1), width: narrow(width.max(1)), ..place.clone() }
}

/// What a template's text has wrong; the engine's own words where ours would say no more.
fn syntax(detail: &str) -> Diagnostic {
    /// What can begin a tag.
    const TAGS: [&str; 19] = [
        "if",
        "for",
        "set",
        "macro",
        "call",
        "filter",
        "block",
        "raw",
        "load_yaml",
        "load_json",
        "load_text",
        "with",
        "elif",
        "else",
        "include",
        "import",
        "from",
        "do",
        "extends",
    ];
    let told = |text: String| Diagnostic::error(format!("template syntax: {text}"));
    if let Some(word) = detail.strip_prefix("unknown statement ") {
        if matches!(word, "else" | "elif") {
            return told(format!("`{word}` belongs to no `if` that is open here"))
                .help("it stands between `{% if %}` and its `{% endif %}`");
        }
        return match word.strip_prefix("end") {
            Some(tag) => told(format!("`{word}` closes no `{tag}` that is open here"))
                .help("the tag that was opened last is closed first"),
            None => match nearest(word, TAGS) {
                Some(near) => {
                    told(format!("there is no tag `{word}`")).help(format!("did you mean `{near}`?"))
                }
                None => told(format!("there is no tag `{word}`")),
            },
        };
    }
    match detail {
        "unexpected end of input, expected end of variable block" => {
            told("the file ends within a `{{`".to_owned()).help("close it with `}}`")
        }
        "unexpected end of input, expected end of block" => {
            told("the file ends within a tag or its body".to_owned())
                .help("close it: `%}` ends a tag, `{% endif %}`, `{% endfor %}` … its body")
        }
        _ => told(detail.to_owned()),
    }
}

fn other(error: &Error, variables: &Data) -> Diagnostic {
    let detail = error.detail().unwrap_or_default().replace("__own", "set").replace("__done", "do");
    let named = || detail.split(' ').nth(1).unwrap_or_default().to_owned();
    match error.kind() {
        ErrorKind::SyntaxError | ErrorKind::BadEscape => syntax(&detail),
        ErrorKind::MissingArgument if detail.is_empty() => Diagnostic::error("an argument is missing here")
            .help("a filter gets its arguments in parentheses, as in `|replace('a', 'b')`"),
        ErrorKind::UnknownFilter => {
            let name = named();
            let problem = Diagnostic::error(format!("there is no filter `{name}`"));
            match nearest(&name, super::filters::NAMES.iter().copied()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            }
        }
        ErrorKind::UnknownTest => {
            let name = named();
            let problem = Diagnostic::error(format!("there is no test `{name}`"));
            match nearest(&name, super::filters::TESTS.iter().copied()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            }
        }
        ErrorKind::UnknownMethod => match detail.split_once(" has no method named ") {
            Some((kind, method)) => Diagnostic::error(format!("a {kind} has no method `{method}`")),
            None => Diagnostic::error(detail),
        },
        ErrorKind::TooManyArguments if detail.is_empty() => {
            Diagnostic::error("more arguments are given than the macro takes")
        }
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
            let name = detail.split(['"', '\'']).nth(1).unwrap_or(&detail).to_owned();
            Diagnostic::error(format!("there is no template `{name}`")).help(
                "the path is relative to the file root, or begins with `./` and is relative to this file",
            )
        }
        ErrorKind::OutOfFuel => Diagnostic::error("the template takes too long: does a loop never end?"),
        ErrorKind::WriteFailure => Diagnostic::error("the template puts out more than it may"),
        ErrorKind::UndefinedError => Diagnostic::error("an undefined value is used here"),
        _ if detail == "recursion limit exceeded" => {
            Diagnostic::error("templates include or call one another without end")
        }
        _ if detail.starts_with("tried to use + operator") && detail.contains("string") => {
            Diagnostic::error(detail).help("`~` joins values of any kind as text")
        }
        _ if detail.is_empty() => Diagnostic::error(error.kind().to_string()),
        _ => Diagnostic::error(detail),
    }
}
