//! Walks the compiled states in order: decides, looks, acts, looks again, and tells what became of each.
//! The only place that performs a state's actions. Must not know ssh or terminals.

mod ahead;
mod decide;
mod guard;
mod look;
mod perform;
mod progress;
mod retry;
mod walk;

pub use decide::{Decision, Done, decide};

use std::sync::Mutex;

use crate::compile::Compiled;
use crate::event::{Event, Summary};
use crate::facts::Facts;
use crate::host::Pending;
use crate::states::Library;

/// What a run needs. In a dry run the facts' host is an overlay, on which actions stay in memory.
pub struct Converge<'a> {
    pub compiled: &'a Compiled,
    pub facts: &'a Facts,
    pub library: &'a dyn Library,
    /// A dry run: states that would change are told, and later states see what they would leave.
    pub plan: bool,
    /// What earlier runs still owe; nothing where there is no place to keep it.
    pub pending: Option<Mutex<Pending>>,
}

impl Converge<'_> {
    /// Runs all states once. Failures are told as events and counted; they do not end the run.
    pub fn run(&self, tell: &mut dyn FnMut(Event)) -> Summary {
        walk::Walk::new(self).run(tell)
    }
}
