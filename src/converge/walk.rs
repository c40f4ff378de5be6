//! One pass over the states in execution order, and the listeners at its end.

mod listen;
mod owe;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::ahead::{self, Ahead, Stop};
use super::decide::{Decision, Done, decide};
use super::look::{context, guarded, look};
use super::{Converge, guard, perform, progress, retry};
use crate::compile::{Low, Requisite};
use crate::event::{Event, Outcome, StateResult, Summary};
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::Verdict;

pub struct Walk<'a> {
    run: &'a Converge<'a>,
    done: Vec<Option<Done>>,
    /// Plans that were performed early, together with another state's packages.
    early: BTreeMap<usize, Plan>,
    /// For each state, those that named it in `prereq` and run before it.
    prereq_of: BTreeMap<usize, Vec<usize>>,
    /// Something has changed or would change: answers from before are of no use.
    touched: bool,
    /// For each state, those that react when it has changed.
    dependents: BTreeMap<usize, Vec<usize>>,
    summary: Summary,
    stopped_by: Option<usize>,
}

/// What became of one state, before it is told.
struct Ended {
    outcome: Outcome,
    plan: Plan,
    fault: Option<Fault>,
}

impl Ended {
    fn new(outcome: Outcome, plan: Plan) -> Self {
        Self { outcome, plan, fault: None }
    }

    fn because(outcome: Outcome, why: impl Into<String>) -> Self {
        Self::new(outcome, Plan::nothing(why))
    }

    fn failed(fault: Fault) -> Self {
        Self { outcome: Outcome::Failed, plan: Plan::default(), fault: Some(fault) }
    }
}

impl<'a> Walk<'a> {
    pub fn new(run: &'a Converge<'a>) -> Self {
        let mut prereq_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, low) in run.compiled.states.iter().enumerate() {
            for target in low.requisites.get(&Requisite::Prereq).into_iter().flatten() {
                prereq_of.entry(*target).or_default().push(at);
            }
        }
        Self {
            run,
            done: vec![None; run.compiled.states.len()],
            early: BTreeMap::new(),
            prereq_of,
            touched: false,
            dependents: owe::dependents(&run.compiled.states),
            summary: Summary::default(),
            stopped_by: None,
        }
    }

    pub fn run(mut self, tell: &mut dyn FnMut(Event)) -> Summary {
        let started = Instant::now();
        let run = self.run;
        let states = &run.compiled.states;
        let stop = Stop::default();
        let wanted = |at: usize| {
            states.get(at).is_some_and(|low| {
                let check = &low.check;
                check.onlyif.is_empty() && check.unless.is_empty() && low.requisites.keys().all(calm)
            })
        };
        let check = |at: usize| states.get(at).map_or_else(|| Ok(Plan::default()), |low| look(run, low));
        std::thread::scope(|scope| {
            let mut ahead = ahead::start(scope, states.len(), &stop, &wanted, &check);
            for (at, low) in states.iter().enumerate() {
                let answer = match &mut ahead {
                    Some(ahead) if !self.touched && wanted(at) => ahead.take(at),
                    _ => None,
                };
                self.state(at, low, answer, tell);
                if self.touched {
                    stop.now();
                    ahead = None::<Ahead>;
                }
            }
            stop.now();
        });
        self.listeners(tell);
        if self.touched
            && !run.plan
            && let Err(fault) = run.facts.host().settle()
        {
            tell(Event::Note { message: format!("what was written may not be on the disk yet: {fault}") });
        }
        self.summary.duration = started.elapsed();
        self.summary
    }

    fn state(&mut self, at: usize, low: &Low, answer: Option<Result<Plan>>, tell: &mut dyn FnMut(Event)) {
        let started = Instant::now();
        let ended = self.outcome(at, low, answer, tell);
        if ended.outcome == Outcome::Failed && low.check.failhard && self.stopped_by.is_none() {
            self.stopped_by = Some(at);
        }
        self.paid(at, low, ended.outcome, tell);
        self.touched |= matches!(ended.outcome, Outcome::Changed | Outcome::WouldChange | Outcome::Failed);
        if let Some(slot) = self.done.get_mut(at) {
            *slot = Some(Done::new(ended.outcome));
        }
        self.tell(at, low, ended, started.elapsed(), tell);
    }

    fn outcome(
        &mut self,
        at: usize,
        low: &Low,
        mut answer: Option<Result<Plan>>,
        tell: &mut dyn FnMut(Event),
    ) -> Ended {
        if let Some(by) = self.stopped_by {
            return Ended::because(
                Outcome::Blocked,
                format!("not run: {} failed, and it says `failhard`", self.title(by)),
            );
        }
        let broken: Vec<usize> = self
            .prereq_of
            .get(&at)
            .into_iter()
            .flatten()
            .copied()
            .filter(|by| self.done(*by).is_some_and(|done| done.outcome == Outcome::Failed))
            .collect();
        if !broken.is_empty() {
            return self.blocked(&broken);
        }
        let owed = self.owes(at);
        let watched = match decide(&low.requisites, owed, |at| self.done(at)) {
            Decision::Run { watched } => watched,
            Decision::Skip(why) => return Ended::because(Outcome::Skipped, why),
            Decision::Block(by) => return self.blocked(&by),
        };
        match self.prereq_met(low) {
            Ok(true) => {}
            Ok(false) => {
                return Ended::because(Outcome::Unchanged, "nothing that it is a `prereq` of would change");
            }
            Err(fault) => return self.unclear(at, low, fault.context("could not look at its `prereq`")),
        }
        match guard::forbids(&low.check, self.run) {
            Ok(None) => {}
            Ok(Some(why)) => return Ended::because(Outcome::Skipped, why),
            Err(fault) => return self.unclear(at, low, fault),
        }
        let mut attempt = 1;
        loop {
            let ended = self.attempt(at, low, watched, answer.take(), tell);
            let retry = low.check.retry.as_ref().filter(|_| !self.run.plan);
            if !retry::again(retry, attempt, ended.outcome != Outcome::Failed) {
                return ended;
            }
            attempt += 1;
            if let Some(retry) = retry {
                let attempts = retry.attempts;
                tell(Event::Progress {
                    message: format!("{}: attempt {attempt} of {attempts}", self.title(at)),
                });
                std::thread::sleep(retry::pause(retry));
            }
        }
    }

    fn attempt(
        &mut self,
        at: usize,
        low: &Low,
        watched: bool,
        answer: Option<Result<Plan>>,
        tell: &mut dyn FnMut(Event),
    ) -> Ended {
        let early = self.early.remove(&at);
        let looked = match (&early, answer) {
            (Some(plan), _) => Ok(plan.clone()),
            (None, Some(answer)) => answer,
            (None, None) => look(self.run, low),
        };
        let plan = match looked {
            Ok(plan) => plan,
            Err(fault) => return self.unclear(at, low, fault),
        };
        let reacting = plan.is_empty() && watched && low.state.reacts();
        let plan = if reacting {
            match self.reaction(low) {
                Ok(reaction) if reaction.is_empty() => plan,
                Ok(mut reaction) => {
                    if self.owes(at) {
                        reaction.note("owed since an earlier run changed what it watches");
                    }
                    reaction
                }
                Err(fault) => return self.unclear(at, low, fault),
            }
        } else {
            plan
        };
        if plan.is_empty() {
            return match self.check_commands(low) {
                Ok(()) => Ended::new(Outcome::Unchanged, plan),
                Err(fault) => Ended { fault: Some(fault), ..Ended::new(Outcome::Failed, plan) },
            };
        }
        if self.run.plan {
            return self.predict(low, plan);
        }
        if early.is_none() {
            tell(applying(at, low));
        }
        match self.act(at, low, plan.clone(), early.is_some(), reacting, tell) {
            Ok(Verdict::Changed) => Ended::new(Outcome::Changed, plan),
            Ok(Verdict::Unchanged(comment)) => Ended::because(Outcome::Unchanged, comment),
            Err(fault) => Ended { fault: Some(fault), ..Ended::new(Outcome::Failed, plan) },
        }
    }

    /// Performs a plan and looks again: what is left to do then means that the state failed.
    fn act(
        &mut self,
        at: usize,
        low: &Low,
        plan: Plan,
        performed: bool,
        reacting: bool,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Verdict> {
        let mut verdict = Verdict::Changed;
        if !performed {
            // Whatever becomes of it, and however it is told: answers from before are of no use.
            self.touched = true;
            self.owe(at)?;
        }
        if !performed && !self.with_others(at, &plan, tell) {
            let outputs = progress::perform(&plan, self.run.facts, tell)?;
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

    /// Installs this plan's packages in one transaction with those of later states that could run now.
    /// False if there are none, or if that failed: then each state is tried by itself, so that the failure
    /// is told where it belongs.
    fn with_others(&mut self, at: usize, plan: &Plan, tell: &mut dyn FnMut(Event)) -> bool {
        if !perform::only_installs(plan) {
            return false;
        }
        let states = &self.run.compiled.states;
        let mut chosen: BTreeMap<usize, Plan> = BTreeMap::new();
        for (later, low) in states.iter().enumerate().skip(at + 1) {
            if !low.state.merges() || !low.check.is_plain() || self.prereq_of.contains_key(&later) {
                continue;
            }
            let ready = |target: &usize| {
                *target == at
                    || chosen.contains_key(target)
                    || self
                        .done(*target)
                        .is_some_and(|done| !matches!(done.outcome, Outcome::Failed | Outcome::Blocked))
            };
            let only_require = low
                .requisites
                .iter()
                .all(|(kind, targets)| *kind == Requisite::Require && targets.iter().all(ready));
            if !only_require || !low.implied.iter().all(ready) {
                continue;
            }
            if let Ok(other) = look(self.run, low)
                && perform::only_installs(&other)
                && perform::recommends(&other) == perform::recommends(plan)
            {
                chosen.insert(later, other);
            }
        }
        if chosen.is_empty() {
            return false;
        }
        if chosen.keys().any(|at| self.owe(*at).is_err()) {
            return false;
        }
        let mut all = plan.clone();
        for other in chosen.values() {
            all.steps.extend(other.steps.iter().cloned());
        }
        tell(Event::Progress {
            message: format!(
                "installing {} packages of {} states at once",
                all.steps.len(),
                chosen.len() + 1
            ),
        });
        if progress::perform(&all, self.run.facts, tell).is_err() {
            return false;
        }
        self.early.append(&mut chosen);
        true
    }

    /// A dry run: what the plan would do is done on the overlay, and what the state owns counts as there.
    fn predict(&self, low: &Low, plan: Plan) -> Ended {
        match perform::perform(&plan, self.run.facts) {
            Ok(_) => {
                self.run.facts.expect(low.state.owns());
                Ended::new(Outcome::WouldChange, plan)
            }
            Err(fault) => Ended { fault: Some(fault), ..Ended::new(Outcome::Failed, plan) },
        }
    }

    /// A state that could not be looked at has failed; in a dry run it may only be waiting for what earlier
    /// states would bring.
    fn unclear(&self, at: usize, low: &Low, fault: Fault) -> Ended {
        if self.run.plan
            && let Some(needed) = self.pending(at)
        {
            self.run.facts.expect(low.state.owns());
            return Ended::because(Outcome::WouldChange, format!("depends on {needed} ({})", fault.message));
        }
        Ended::failed(fault)
    }

    /// In a dry run: the nearest state that this one depends on and that would change, else any before it.
    fn pending(&self, at: usize) -> Option<String> {
        let states = &self.run.compiled.states;
        let would = |at: usize| self.done(at).is_some_and(|done| done.changes);
        let mut seen = vec![false; states.len()];
        let mut queue = std::collections::VecDeque::from([at]);
        while let Some(next) = queue.pop_front() {
            let Some(low) = states.get(next) else { continue };
            for target in low.requisites.values().flatten().chain(&low.implied).copied() {
                if would(target) {
                    return Some(self.title(target));
                }
                if let Some(slot @ false) = seen.get_mut(target) {
                    *slot = true;
                    queue.push_back(target);
                }
            }
        }
        (0..at).rev().find(|before| would(*before)).map(|_| "what earlier states would change".to_owned())
    }

    fn prereq_met(&self, low: &Low) -> Result<bool> {
        let Some(targets) = low.requisites.get(&Requisite::Prereq) else { return Ok(true) };
        for target in targets {
            let Some(target) = self.run.compiled.states.get(*target) else { continue };
            // It may itself wait for what would change.
            if guard::forbids(&target.check, self.run)?.is_none()
                && self.prereq_met(target)?
                && !look(self.run, target)?.is_empty()
            {
                return Ok(true);
            }
        }
        Ok(false)
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

    fn reaction(&self, low: &Low) -> Result<Plan> {
        let context = context(self.run, low);
        guarded(|| low.state.react(&context))
    }

    fn blocked(&self, by: &[usize]) -> Ended {
        let names: Vec<String> = by.iter().map(|at| self.title(*at)).collect();
        Ended::because(Outcome::Blocked, format!("requisite failed: {}", names.join(", ")))
    }

    fn done(&self, at: usize) -> Option<Done> {
        self.done.get(at).copied().flatten()
    }

    fn title(&self, at: usize) -> String {
        self.run.compiled.states.get(at).map_or_else(String::new, |low| {
            let function = low.function.name;
            if low.name == low.id {
                format!("`{function}` {}", low.id)
            } else {
                format!("`{function}` {} ({})", low.id, low.name)
            }
        })
    }

    fn tell(&mut self, at: usize, low: &Low, ended: Ended, duration: Duration, tell: &mut dyn FnMut(Event)) {
        let count = match ended.outcome {
            Outcome::Unchanged => &mut self.summary.unchanged,
            Outcome::Changed => &mut self.summary.changed,
            Outcome::WouldChange => &mut self.summary.would_change,
            Outcome::Failed | Outcome::Blocked => &mut self.summary.failed,
            Outcome::Skipped => &mut self.summary.skipped,
        };
        *count += 1;
        let failed = matches!(ended.outcome, Outcome::Failed | Outcome::Blocked);
        let mut comments = ended.plan.notes;
        let (help, output) = match ended.fault {
            Some(fault) => {
                comments.insert(0, fault.message);
                (fault.help, fault.output)
            }
            None => (None, None),
        };
        tell(Event::State(StateResult {
            number: at,
            id: low.id.clone(),
            function: low.function.name.to_owned(),
            name: low.name.clone(),
            sls: low.sls.clone(),
            outcome: ended.outcome,
            changes: ended.plan.steps.into_iter().map(|step| step.change).collect(),
            comment: (!comments.is_empty()).then(|| comments.join("; ")),
            help,
            output,
            place: failed.then(|| (&low.place).into()),
            duration,
        }));
    }
}

/// Requisites that leave a state's check as it is: it may be made ahead.
fn calm(kind: &Requisite) -> bool {
    !matches!(
        kind,
        Requisite::Prereq
            | Requisite::Onfail
            | Requisite::OnfailAny
            | Requisite::OnfailAll
            | Requisite::Onchanges
            | Requisite::OnchangesAny
    )
}

fn applying(at: usize, low: &Low) -> Event {
    Event::Applying {
        number: at,
        id: low.id.clone(),
        function: low.function.name.to_owned(),
        name: low.name.clone(),
    }
}
