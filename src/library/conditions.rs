//! The functions that conditions ask by `fun`, and those that states ask: whether there are such. Looks at
//! nothing else.

use crate::compile::{Compiled, Guard, Low};
use crate::diagnostic::{Diagnostic, Problems, Severity};
use crate::functions::Catalog;

/// Every function asked for that is none of ours.
pub(super) fn check(compiled: &Compiled, lenient: bool) -> Problems {
    let mut problems = Problems::default();
    for low in &compiled.states {
        for guard in low.check.onlyif.iter().chain(&low.check.unless) {
            if let Guard::Function { name, .. } = guard {
                problems.0.extend(unknown(
                    low,
                    &format!("fun: {name}"),
                    name,
                    "write the condition as a command",
                ));
            }
        }
        for name in low.state.asks() {
            let otherwise = "use a state that does it, or `cmd.run`";
            problems.0.extend(unknown(low, name, name, otherwise));
        }
    }
    if lenient {
        problems.0.iter_mut().for_each(|problem| problem.severity = Severity::Warning);
    }
    problems
}

fn unknown(low: &Low, written: &str, name: &str, otherwise: &'static str) -> Option<Diagnostic> {
    let near = Catalog::knows(name).err()?;
    let problem = Diagnostic::error(format!("`{written}` is no function that can be asked here"));
    let problem = problem.at(&low.place).state(&low.id);
    Some(match near {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(otherwise),
    })
}
