//! Modules of a tree that are written in Python: no Python runs here, so they are named where they are missed.

use crate::diagnostic::{Diagnostic, Problems};
use crate::tree::Tree;

/// Says of a module that is not there that the tree has it, but in Python.
pub(super) fn advise(tree: &Tree, problem: Diagnostic) -> Diagnostic {
    let named = |before: &str| problem.message.strip_prefix(before)?.split('`').next();
    let path = if let Some(module) = named("there is no state module `") {
        format!("_states/{module}.py")
    } else if let Some((module, _)) = named("templates cannot call `").and_then(|name| name.split_once('.')) {
        format!("_modules/{module}.py")
    } else {
        return problem;
    };
    if !tree.has(&path) {
        return problem;
    }
    let shown = tree.shown(&path);
    problem.help(format!(
        "`{shown}` is Python, which is not run here: say the same with states such as file and cmd, or with pillar"
    ))
}

/// What the tree would know of the host by Python.
pub(super) fn grains(tree: &Tree) -> Problems {
    let files = tree.files("_grains").ok().flatten().unwrap_or_default();
    let scripts = files.iter().filter(|file| file.ends_with(".py"));
    let told = scripts.map(|file| {
        let shown = tree.shown(&format!("_grains/{file}"));
        Diagnostic::warning(format!("`{shown}` is Python, which is not run here: its grains are not known"))
            .help("write a program into `facts.d/` that prints the same as JSON, or put it into pillar")
    });
    Problems(told.collect())
}
