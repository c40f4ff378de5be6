//! Reactions at the end of a run.

use std::time::Instant;

use super::Walk;
use super::attempt::{StateOutcome, applying};
use crate::compile::Requisite;
use crate::converge::perform;
use crate::event::{Event, Outcome};

impl Walk<'_> {
    /// `listen`: reactions at the end of the run, in order, each once.
    pub(super) fn listeners(&mut self, tell: &mut dyn FnMut(Event)) {
        let states = &self.run.compiled.states;
        for (at, low) in states.iter().enumerate() {
            let Some(targets) = low.requisites.get(&Requisite::Listen) else { continue };
            let heard = self.context.is_pending(at)
                || targets.iter().any(|target| self.done(*target).is_some_and(|done| done.changes));
            let ran = self.done(at).is_some_and(|done| {
                !matches!(done.outcome, Outcome::Failed | Outcome::Blocked | Outcome::Skipped)
            });
            let failed =
                self.done(at).is_none_or(|done| matches!(done.outcome, Outcome::Failed | Outcome::Blocked));
            if !ran && !failed {
                self.context.settle(at, tell);
            }
            if !heard || !ran || !low.state.reacts() || self.stopped_by.is_some() {
                continue;
            }
            let started = Instant::now();
            let ended = match self.context.reaction(low) {
                Ok(plan) if plan.is_empty() => {
                    self.context.settle(at, tell);
                    continue;
                }
                Ok(plan) if self.run.plan => self.context.predict(low, plan),
                Ok(plan) => {
                    tell(applying(at, low));
                    match perform::perform(&plan, self.run.facts) {
                        Ok(_) => StateOutcome::new(Outcome::Changed, plan),
                        Err(fault) => {
                            StateOutcome { fault: Some(fault), ..StateOutcome::new(Outcome::Failed, plan) }
                        }
                    }
                }
                Err(fault) => self.unclear(at, low, fault),
            };
            if ended.outcome == Outcome::Changed {
                self.context.settle(at, tell);
            }
            self.tell(at, low, ended, started.elapsed(), tell);
        }
    }
}
