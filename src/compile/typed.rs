//! Chunks as typed states: the function's row, its arguments read, the global ones taken out.

use std::sync::Arc;

use super::chunk::Chunk;
use super::findings::Findings;
use super::global::{self, Position};
use super::{Check, requisite, salt};
use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::states::{FUNCTIONS, Row, State};
use crate::yaml::Node;

/// A state that was understood.
pub struct Typed {
    pub function: &'static Row,
    pub state: Arc<dyn State>,
    pub check: Check,
    pub position: Position,
}

/// Reads a chunk; `None` if it is not understood, and the problems say why.
pub fn read(chunk: &Chunk, findings: &mut Findings) -> Option<Typed> {
    let title = chunk.title();
    let Some(function) = crate::states::find(&title) else {
        findings.strict(unknown_function(chunk, &title));
        return None;
    };
    let own = (function.arguments)();
    let (check, position) = global::check(&chunk.id.text, &chunk.arguments, own, findings);
    let node = chunk.node(|key| belongs(chunk, key, function, own, findings));
    match (function.read)(&node) {
        Ok(state) => Some(Typed { function, state, check, position }),
        Err(problems) => {
            for problem in problems {
                findings.strict(problem.state(&chunk.id.text));
            }
            None
        }
    }
}

/// Where a state stands in the order though it was not understood.
pub fn position(chunk: &Chunk) -> Position {
    global::check(&chunk.id.text, &chunk.arguments, &[], &mut Findings::default()).1
}

/// Whether an argument is for the function to read.
fn belongs(chunk: &Chunk, key: &Node, function: &Row, own: &[&'static str], findings: &mut Findings) -> bool {
    let Some(word) = key.text() else { return false };
    if word == "name" || own.contains(&word) || function.later.contains(&word) {
        return true;
    }
    if global::is_global(word) {
        return false;
    }
    // A function that names no arguments takes whatever is given, but for slips of the pen.
    let slip = || {
        // Most words begin unlike any requisite, and comparing them all would be a good part of a compile.
        let alike = requisite::keywords().filter(|known| known.chars().next() == word.chars().next());
        nearest(word, alike).is_some()
    };
    if own.is_empty() && !slip() && !global::LATER.contains(&word) {
        return true;
    }
    let problem = if global::LATER.contains(&word) {
        Diagnostic::error(format!("`{word}` is not supported yet"))
    } else {
        let problem = Diagnostic::error(format!("`{}` has no argument `{word}`", function.name));
        match nearest(word, own.iter().copied().chain(global::names())) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("it has {}", listed(own))),
        }
    };
    findings.strict(problem.at(&key.place).state(&chunk.id.text));
    false
}

fn listed(own: &[&str]) -> String {
    let mut own: Vec<String> = own.iter().map(|name| format!("`{name}`")).collect();
    own.sort();
    own.join(", ")
}

fn unknown_function(chunk: &Chunk, title: &str) -> Diagnostic {
    let (module, function) = (&*chunk.module, &*chunk.function);
    let problem = match salt::knows(module, function) {
        Some(true) => Diagnostic::error(format!("`{title}` is a function of Salt that is not supported yet")),
        _ => {
            let known = FUNCTIONS.iter().map(|row| row.name);
            let in_module: Vec<&str> =
                known.clone().filter(|name| name.split('.').next() == Some(module)).collect();
            let problem = if in_module.is_empty() && salt::knows(module, function).is_none() {
                Diagnostic::error(format!("there is no state module `{module}`"))
            } else {
                Diagnostic::error(format!("the state module `{module}` has no function `{function}`"))
            };
            match (nearest(title, known), in_module.as_slice()) {
                (Some(near), _) => problem.help(format!("did you mean `{near}`?")),
                (None, []) => problem,
                (None, some) => problem.help(format!("it has {}", listed(some))),
            }
        }
    };
    debug_assert_eq!(problem.severity, Severity::Error);
    problem.at(&chunk.place).state(&chunk.id.text)
}
