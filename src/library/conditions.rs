//! The functions that conditions ask by `fun`: whether there are such. Looks at nothing else.

use crate::compile::{Compiled, Guard};
use crate::diagnostic::{Diagnostic, Problems, Severity};
use crate::functions::Catalog;

/// Every `fun` that is no function of ours.
pub(super) fn check(compiled: &Compiled, lenient: bool) -> Problems {
    let mut problems = Problems::default();
    for low in &compiled.states {
        for guard in low.check.onlyif.iter().chain(&low.check.unless) {
            let Guard::Function { name, .. } = guard else { continue };
            let Err(near) = Catalog::knows(name) else { continue };
            let problem = Diagnostic::error(format!("`fun: {name}` is no function that can be asked here"));
            let problem = problem.at(&low.place).state(&low.id);
            problems.push(match near {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help("write the condition as a command"),
            });
        }
    }
    if lenient {
        problems.0.iter_mut().for_each(|problem| problem.severity = Severity::Warning);
    }
    problems
}
