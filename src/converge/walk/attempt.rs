//! Applies one state whose turn has come, again and again if it says `retry`. Knows nothing of what became
//! of the others, so that states may be applied beside each other.

use std::collections::BTreeMap;

use super::pending;
use crate::compile::Low;
use crate::converge::look::{context, guarded, look};
use crate::converge::{Converge, guard, perform, progress, retry};
use crate::event::{Event, Outcome};
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::Verdict;

/// What became of one state, before it is told.
pub struct StateOutcome {
    pub outcome: Outcome,
    pub plan: Plan,
    pub fault: Option<Fault>,
    /// Something was done, whatever is told of it: answers from before are of no use.
    pub acted: bool,
}

impl StateOutcome {
    pub fn new(outcome: Outcome, plan: Plan) -> Self {
        Self { outcome, plan, fault: None, acted: false }
    }

    pub fn because(outcome: Outcome, why: impl Into<String>) -> Self {
        Self::new(outcome, Plan::nothing(why))
    }

    pub fn failed(fault: Fault) -> Self {
        Self::broken(fault, Plan::default())
    }

    /// A failure after this was to be done.
    pub fn broken(fault: Fault, plan: Plan) -> Self {
        Self { fault: Some(fault), ..Self::new(Outcome::Failed, plan) }
    }
}

/// Performs a plan together with those of later states; false if there are none, or if that failed.
pub type Together<'a> = &'a mut dyn FnMut(&Plan, &mut dyn FnMut(Event)) -> bool;

/// A state's turn.
pub struct StateRun<'a> {
    pub at: usize,
    pub low: &'a Low,
    /// What it watches has changed.
    pub watched: bool,
    /// Its plan, already performed together with an earlier state's.
    pub early: Option<Plan>,
    /// What an earlier look at it said.
    pub answer: Option<Result<Plan>>,
}

/// What all states of a run share.
pub struct RunContext<'a> {
    pub run: &'a Converge<'a>,
    /// For each state, those that react when it has changed.
    pub dependents: BTreeMap<usize, Vec<usize>>,
}

impl<'a> RunContext<'a> {
    pub fn new(run: &'a Converge<'a>) -> Self {
        Self { run, dependents: pending::dependents(&run.compiled.states) }
    }

    /// Applies a state as often as it says. An error: it could not be looked at.
    pub fn attempts(
        &self,
        mut turn: StateRun<'_>,
        together: Together<'_>,
        tell: &mut dyn FnMut(Event),
    ) -> Result<StateOutcome> {
        let mut attempt = 1;
        let mut acted = false;
        loop {
            let ended = self.attempt(&mut turn, together, tell);
            acted |= ended.as_ref().is_ok_and(|ended| ended.acted);
            let retry = turn.low.check.retry.as_ref().filter(|_| !self.run.plan);
            let good = ended.as_ref().is_ok_and(|ended| ended.outcome != Outcome::Failed);
            if !retry::again(retry, attempt, good) {
                return ended.map(|ended| StateOutcome { acted, ..ended });
            }
            attempt += 1;
            if let Some(retry) = retry {
                let attempts = retry.attempts;
                tell(Event::Progress {
                    message: format!("{}: attempt {attempt} of {attempts}", self.title(turn.at)),
                });
                std::thread::sleep(retry::pause(retry));
            }
        }
    }

    fn attempt(
        &self,
        turn: &mut StateRun<'_>,
        together: Together<'_>,
        tell: &mut dyn FnMut(Event),
    ) -> Result<StateOutcome> {
        let StateRun { at, low, watched, .. } = *turn;
        let early = turn.early.take();
        let performed = early.is_some();
        let mut plan = match (early, turn.answer.take()) {
            (Some(plan), _) => plan,
            (None, Some(answer)) => answer?,
            (None, None) => look(self.run, low)?,
        };
        let mut reacting = plan.is_empty() && watched && low.state.reacts();
        if reacting {
            let mut reaction = self.reaction(low)?;
            reacting = !reaction.is_empty();
            if reacting {
                if self.is_pending(at) {
                    reaction.note("owed since an earlier run changed what it watches");
                }
                plan = reaction;
            }
        }
        if plan.is_empty() {
            return Ok(match self.check_commands(low) {
                Ok(()) => StateOutcome::new(Outcome::Unchanged, plan),
                Err(fault) => StateOutcome::broken(fault, plan),
            });
        }
        if self.run.plan {
            return Ok(self.predict(low, plan));
        }
        if !performed {
            tell(applying(at, low));
            if let Err(fault) = self.mark_pending(at) {
                return Ok(StateOutcome { acted: true, ..StateOutcome::broken(fault, plan) });
            }
        }
        let verdict = self.act(low, &plan, performed, reacting, together, tell);
        let ended = match verdict {
            Ok(Verdict::Changed) => StateOutcome::new(Outcome::Changed, plan),
            Ok(Verdict::Unchanged(comment)) => StateOutcome::because(Outcome::Unchanged, comment),
            Err(fault) => StateOutcome::broken(fault, plan),
        };
        Ok(StateOutcome { acted: true, ..ended })
    }

    /// Performs a plan and looks again: what is left to do then means that the state failed.
    fn act(
        &self,
        low: &Low,
        plan: &Plan,
        performed: bool,
        reacting: bool,
        together: Together<'_>,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Verdict> {
        let mut verdict = Verdict::Changed;
        if !performed && !together(plan, tell) {
            let outputs = progress::perform(plan, self.run.facts, tell)?;
            verdict = low.state.verdict(&outputs)?;
        }
        if low.state.settles() && !reacting {
            let left = look(self.run, low)
                .map_err(|fault| fault.context("was applied, but could not be looked at again"))?;
            if !left.is_empty() {
                let what: Vec<String> = left.steps.iter().map(|step| step.change.to_string()).collect();
                return Err(Fault::new(format!("did not converge: {} still to do", what.join(", "))));
            }
        }
        self.check_commands(low)?;
        Ok(verdict)
    }

    /// A dry run: what the plan would do is done on the overlay, and what the state owns counts as there.
    pub fn predict(&self, low: &Low, plan: Plan) -> StateOutcome {
        match perform::perform(&plan, self.run.facts) {
            Ok(_) => {
                self.run.facts.expect(low.state.owns());
                StateOutcome::new(Outcome::WouldChange, plan)
            }
            Err(fault) => StateOutcome::broken(fault, plan),
        }
    }

    fn check_commands(&self, low: &Low) -> Result<()> {
        if self.run.plan {
            return Ok(());
        }
        for line in &low.check.check_cmd {
            let output = guard::shell(line, &low.check, self.run.facts)?;
            if !output.success() {
                return Err(Fault::new(format!("`check_cmd` failed with exit code {}", output.code))
                    .output(output.errors()));
            }
        }
        Ok(())
    }

    pub fn reaction(&self, low: &Low) -> Result<Plan> {
        let context = context(self.run, low);
        guarded(|| low.state.react(&context))
    }

    pub fn title(&self, at: usize) -> String {
        self.run.compiled.states.get(at).map_or_else(String::new, |low| {
            let function = low.function.name;
            if low.name == low.id {
                format!("`{function}` {}", low.id)
            } else {
                format!("`{function}` {} ({})", low.id, low.name)
            }
        })
    }
}

pub fn applying(at: usize, low: &Low) -> Event {
    Event::Applying {
        number: at,
        id: low.id.clone(),
        function: low.function.name.to_owned(),
        name: low.name.clone(),
        sls: low.sls.to_string(),
    }
}
