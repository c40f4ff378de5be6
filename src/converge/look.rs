//! Asks a state what it would do. Performs nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Converge;
use crate::compile::{Low, Requisite};
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::Context;

pub fn context<'a>(run: &'a Converge<'_>, low: &'a Low) -> Context<'a> {
    let required = low.requisites.get(&Requisite::Require).into_iter().flatten();
    let required = required.filter_map(|at| run.compiled.states.get(*at)).map(|low| low.state.as_ref());
    Context {
        facts: run.facts,
        library: run.library,
        sls: &low.sls,
        id: &low.id,
        required: required.collect(),
    }
}

pub fn look(run: &Converge<'_>, low: &Low) -> Result<Plan> {
    let context = context(run, low);
    guarded(|| low.state.check(&context))
}

/// A panic in a state is that state's failure, not the run's.
pub fn guarded<T>(look: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("unknown");
        Err(Fault::new(format!("this is a bug in provision: {message}")).help("please report it"))
    })
}
