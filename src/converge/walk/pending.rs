//! Marks the states that must react to a change as pending before the change is made, and clears them when they have
//! reacted, so that an interrupted run leaves a note for the next one.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use sha2::{Digest, Sha256};

use super::attempt::RunContext;
use crate::compile::{Low, Requisite};
use crate::event::{Event, Outcome};
use crate::fault::Result;

const HEARD: [Requisite; 5] =
    [Requisite::Watch, Requisite::WatchAny, Requisite::Onchanges, Requisite::OnchangesAny, Requisite::Listen];

/// For each state, those that do something because it has changed.
pub fn dependents(states: &[Low]) -> BTreeMap<usize, Vec<usize>> {
    let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, low) in states.iter().enumerate() {
        for kind in HEARD {
            let onchanges = matches!(kind, Requisite::Onchanges | Requisite::OnchangesAny);
            if !onchanges && !low.state.reacts() {
                continue;
            }
            for target in low.requisites.get(&kind).into_iter().flatten() {
                found.entry(*target).or_default().push(at);
            }
        }
    }
    found
}

/// The same state in another run. A digest, since a name may hold what nobody may see.
fn key(low: &Low) -> String {
    let text = format!("{}\0{}\0{}", low.function.name, low.id, low.name);
    Sha256::digest(text).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

impl RunContext<'_> {
    /// Whether an earlier run made a change that this state has not reacted to.
    pub(super) fn is_pending(&self, at: usize) -> bool {
        let Some(pending) = &self.run.pending else { return false };
        let Some(low) = self.run.compiled.states.get(at) else { return false };
        pending.lock().unwrap_or_else(PoisonError::into_inner).has(&key(low))
    }

    /// Called before a state makes its change.
    pub(super) fn mark_pending(&self, at: usize) -> Result<()> {
        let (Some(pending), Some(dependents)) = (&self.run.pending, self.dependents.get(&at)) else {
            return Ok(());
        };
        let states = dependents.iter().filter_map(|at| self.run.compiled.states.get(*at));
        pending.lock().unwrap_or_else(PoisonError::into_inner).add(states.map(key))
    }

    /// Called when a state has ended: unless it failed, it owes nothing any more.
    pub(super) fn paid(&self, at: usize, low: &Low, outcome: Outcome, tell: &mut dyn FnMut(Event)) {
        let failed = matches!(outcome, Outcome::Failed | Outcome::Blocked);
        // Listeners react at the end.
        if !failed && !low.requisites.contains_key(&Requisite::Listen) {
            self.settle(at, tell);
        }
    }

    pub(super) fn settle(&self, at: usize, tell: &mut dyn FnMut(Event)) {
        let (Some(pending), false) = (&self.run.pending, self.run.plan) else { return };
        let Some(low) = self.run.compiled.states.get(at) else { return };
        let settled = pending.lock().unwrap_or_else(PoisonError::into_inner).settle(&key(low));
        if let Err(fault) = settled {
            tell(Event::Note { message: fault.message });
        }
    }
}
