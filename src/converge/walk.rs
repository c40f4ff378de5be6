//! One pass over the states in execution order, and the listeners at its end.

mod attempt;
mod listen;
mod parallel;
mod pending;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::Scope;
use std::time::{Duration, Instant};

use self::attempt::{RunContext, StateOutcome, StateRun};
use self::parallel::{Arrived, ParallelStates};
use super::ahead::{self, Ahead, Stop};
use super::decide::{Decision, Done, decide};
use super::look::look;
use super::{Converge, guard, perform, progress};
use crate::compile::{Low, Requisite};
use crate::event::{Event, Outcome, StateResult, Summary};
use crate::fault::{Fault, Result};
use crate::plan::Plan;

pub struct Walk<'a> {
    run: &'a Converge<'a>,
    context: Arc<RunContext<'a>>,
    done: Vec<Option<Done>>,
    /// Plans that were performed early, together with another state's packages.
    early: BTreeMap<usize, Plan>,
    /// For each state, those that named it in `prereq` and run before it.
    prereq_of: BTreeMap<usize, Vec<usize>>,
    beside: ParallelStates,
    /// Something has changed or would change.
    touched: bool,
    /// Answers from before are of no use: something has been touched, or may be just now.
    stale: bool,
    summary: Summary,
    stopped_by: Option<usize>,
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
            context: Arc::new(RunContext::new(run)),
            done: vec![None; run.compiled.states.len()],
            early: BTreeMap::new(),
            prereq_of,
            beside: ParallelStates::default(),
            touched: false,
            stale: false,
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
                check.onlyif.is_empty()
                    && check.unless.is_empty()
                    && low.requisites.keys().all(can_check_early)
            })
        };
        let check = |at: usize| states.get(at).map_or_else(|| Ok(Plan::default()), |low| look(run, low));
        std::thread::scope(|scope| {
            let mut ahead = ahead::start(scope, states.len(), &stop, &wanted, &check);
            for (at, low) in states.iter().enumerate() {
                let answer = match &mut ahead {
                    Some(ahead) if wanted(at) => ahead.take(at),
                    _ => None,
                };
                self.await_needed(at, low, tell);
                self.state(scope, at, low, answer.filter(|_| !self.stale), tell);
                if self.stale {
                    stop.now();
                    ahead = None::<Ahead>;
                }
            }
            while let Some(arrived) = self.beside.wait(|_| true, tell) {
                self.arrive(arrived, tell);
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

    /// Takes in the states that were applied beside the others: all that have ended, and those that this one
    /// must know of.
    fn await_needed(&mut self, at: usize, low: &Low, tell: &mut dyn FnMut(Event)) {
        while let Some(arrived) = self.beside.ended(tell) {
            self.arrive(arrived, tell);
        }
        let prereq_of = self.prereq_of.get(&at).cloned().unwrap_or_default();
        let needed = |other: usize| {
            prereq_of.contains(&other)
                || low.implied.contains(&other)
                || low.requisites.values().flatten().any(|target| *target == other)
        };
        while let Some(arrived) = self.beside.wait(needed, tell) {
            self.arrive(arrived, tell);
        }
    }

    fn arrive(&mut self, arrived: Arrived, tell: &mut dyn FnMut(Event)) {
        let Some(low) = self.run.compiled.states.get(arrived.at) else { return };
        let ended = arrived.ended.unwrap_or_else(StateOutcome::failed);
        self.end(arrived.at, low, ended, arrived.duration, tell);
    }

    fn state<'scope, 'env: 'scope>(
        &mut self,
        scope: &'scope Scope<'scope, 'env>,
        at: usize,
        low: &'a Low,
        answer: Option<Result<Plan>>,
        tell: &mut dyn FnMut(Event),
    ) where
        'a: 'env,
    {
        let started = Instant::now();
        let ended = match self.may_run(at, low) {
            Err(ended) => *ended,
            Ok(watched) => {
                let quiet = !watched
                    && answer.as_ref().is_some_and(|answer| answer.as_ref().is_ok_and(Plan::is_empty));
                let turn = StateRun { at, low, watched, early: self.early.remove(&at), answer };
                if low.check.parallel && !self.run.plan && !quiet && turn.early.is_none() {
                    self.stale = true;
                    self.beside.start(scope, Arc::clone(&self.context), turn);
                    return;
                }
                let context = Arc::clone(&self.context);
                let mut together =
                    |plan: &Plan, tell: &mut dyn FnMut(Event)| self.with_others(at, plan, tell);
                match context.attempts(turn, &mut together, tell) {
                    Ok(ended) => ended,
                    Err(fault) => self.unclear(at, low, fault),
                }
            }
        };
        self.end(at, low, ended, started.elapsed(), tell);
    }

    fn end(
        &mut self,
        at: usize,
        low: &Low,
        ended: StateOutcome,
        duration: Duration,
        tell: &mut dyn FnMut(Event),
    ) {
        if ended.outcome == Outcome::Failed && low.check.failhard && self.stopped_by.is_none() {
            self.stopped_by = Some(at);
        }
        self.context.paid(at, low, ended.outcome, tell);
        self.touched |=
            ended.acted || matches!(ended.outcome, Outcome::Changed | Outcome::WouldChange | Outcome::Failed);
        self.stale |= self.touched;
        if matches!(ended.outcome, Outcome::Unchanged | Outcome::Changed | Outcome::WouldChange)
            && let Some((anew, variables)) = low.state.environment()
        {
            self.run.facts.host().set_environment(anew, &variables);
        }
        if let Some(slot) = self.done.get_mut(at) {
            *slot = Some(Done::new(ended.outcome));
        }
        self.tell(at, low, ended, duration, tell);
    }

    /// Whether the state's turn has come, and whether what it watches has changed; else what becomes of it.
    fn may_run(&self, at: usize, low: &Low) -> std::result::Result<bool, Box<StateOutcome>> {
        if let Some(by) = self.stopped_by {
            let why = format!("not run: {} failed, and it says `failhard`", self.context.title(by));
            return Err(Box::new(StateOutcome::because(Outcome::Blocked, why)));
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
            return Err(Box::new(self.blocked(&broken)));
        }
        let pending = self.context.is_pending(at);
        let watched = match decide(&low.requisites, pending, |at| self.done(at)) {
            Decision::Run { watched } => watched,
            Decision::Skip(why) => return Err(Box::new(StateOutcome::because(Outcome::Skipped, why))),
            Decision::Block(by) => return Err(Box::new(self.blocked(&by))),
        };
        match self.prereq_met(low) {
            Ok(true) => {}
            Ok(false) => {
                let why = "nothing that it is a `prereq` of would change";
                return Err(Box::new(StateOutcome::because(Outcome::Unchanged, why)));
            }
            Err(fault) => {
                return Err(Box::new(self.unclear(at, low, fault.context("could not look at its `prereq`"))));
            }
        }
        match guard::forbids(&low.check, self.run) {
            Ok(None) => Ok(watched),
            Ok(Some(why)) => Err(Box::new(StateOutcome::because(Outcome::Skipped, why))),
            Err(fault) => Err(Box::new(self.unclear(at, low, fault))),
        }
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
        if chosen.keys().any(|at| self.context.mark_pending(*at).is_err()) {
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

    /// A state that could not be looked at has failed; in a dry run it may only be waiting for what earlier
    /// states would bring.
    fn unclear(&self, at: usize, low: &Low, fault: Fault) -> StateOutcome {
        if self.run.plan
            && let Some(needed) = self.pending(at)
        {
            self.run.facts.expect(low.state.owns());
            return StateOutcome::because(
                Outcome::WouldChange,
                format!("depends on {needed} ({})", fault.message),
            );
        }
        StateOutcome::failed(fault)
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
                    return Some(self.context.title(target));
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

    fn blocked(&self, by: &[usize]) -> StateOutcome {
        let names: Vec<String> = by.iter().map(|at| self.context.title(*at)).collect();
        StateOutcome::because(Outcome::Blocked, format!("requisite failed: {}", names.join(", ")))
    }

    fn done(&self, at: usize) -> Option<Done> {
        self.done.get(at).copied().flatten()
    }

    fn tell(
        &mut self,
        at: usize,
        low: &Low,
        ended: StateOutcome,
        duration: Duration,
        tell: &mut dyn FnMut(Event),
    ) {
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
fn can_check_early(kind: &Requisite) -> bool {
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
