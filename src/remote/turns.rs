//! Which host may go on when: no more of them at work than are asked for, no one without the facts of all, and in
//! a rolling task one behind the other.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::event::Event;
use crate::exit::Exit;
use crate::facts::Grains;
use crate::order::Word;

pub struct Turns {
    names: Vec<String>,
    /// One host first, then so many at a time, until one fails. `None`: whoever is ready.
    rolling: Option<usize>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// So many more may be at work.
    free: usize,
    hosts: Vec<Host>,
    facts: BTreeMap<String, Grains>,
    /// The first host that failed, in a rolling task.
    stopped: Option<String>,
}

/// How far a host has come.
#[derive(Clone, Default)]
struct Host {
    has_told: bool,
    is_prepared: bool,
    has_ended: bool,
}

impl Turns {
    pub fn new(names: Vec<String>, at_once: usize, rolling: Option<usize>) -> Self {
        let hosts = vec![Host::default(); names.len()];
        let state = State { free: at_once.max(1), hosts, facts: BTreeMap::new(), stopped: None };
        Self { names, rolling, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Waits until the host may be worked on; to be followed by [`Turns::end`].
    pub fn begin(&self) {
        let mut state = self.wait(self.lock(), |state| state.free > 0);
        state.free -= 1;
    }

    /// The host has come to its end.
    pub fn end(&self, at: usize, exit: Exit) {
        let mut state = self.lock();
        state.free += 1;
        self.ended(&mut state, at, exit);
    }

    /// A host that was never begun with.
    pub fn refuse(&self, at: usize, exit: Exit) {
        self.ended(&mut self.lock(), at, exit);
    }

    /// Who stopped a rolling task.
    pub fn stopped(&self) -> Option<String> {
        self.lock().stopped.clone()
    }

    /// What is said to an event of the host at this place in the list, when the time has come. Others can be worked
    /// on meanwhile.
    pub fn answer(&self, at: usize, event: &Event) -> Option<Word> {
        let mut state = self.lock();
        state.free += 1;
        self.changed.notify_all();
        let (mut state, word) = match event {
            Event::Facts { grains } => {
                state.facts.extend(self.names.get(at).map(|name| (name.clone(), grains.clone())));
                if let Some(host) = state.hosts.get_mut(at) {
                    host.has_told = true;
                }
                let all = |state: &State| state.hosts.iter().all(|host| host.has_told || host.has_ended);
                let state = self.wait(state, all);
                let word = Word::Facts(state.facts.clone());
                (state, Some(word))
            }
            Event::Prepared => {
                if let Some(host) = state.hosts.get_mut(at) {
                    host.is_prepared = true;
                }
                let state = self.wait(state, |state| state.stopped.is_some() || self.is_turn(at, state));
                let word = match &state.stopped {
                    Some(stopped) => Word::Leave(left(stopped)),
                    None => Word::Go,
                };
                (state, Some(word))
            }
            _ => (state, None),
        };
        state = self.wait(state, |state| state.free > 0);
        state.free -= 1;
        word
    }

    /// In a rolling task: all are ready, and those before it have ended.
    fn is_turn(&self, at: usize, state: &State) -> bool {
        let Some(width) = self.rolling else { return true };
        let wave = |at: usize| if at == 0 { 0 } else { 1 + (at - 1) / width.max(1) };
        state
            .hosts
            .iter()
            .enumerate()
            .all(|(other, host)| host.has_ended || (host.is_prepared && wave(other) >= wave(at)))
    }

    fn ended(&self, state: &mut State, at: usize, exit: Exit) {
        if let Some(host) = state.hosts.get_mut(at) {
            host.has_ended = true;
        }
        if self.rolling.is_some() && exit != Exit::Converged && state.stopped.is_none() {
            state.stopped = self.names.get(at).cloned();
        }
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        until: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let waiting = self.changed.wait_while(state, |state| !until(state));
        waiting.unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is said of a host that a rolling task does not come to.
pub fn left(stopped: &str) -> String {
    format!("left as it was, since `{stopped}` failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(rolling: Option<usize>) -> Turns {
        Turns::new(["a", "b", "c", "d"].map(str::to_owned).to_vec(), 1, rolling)
    }

    #[test]
    fn each_gets_the_facts_of_all_that_came() {
        let turns = turns(None);
        let told = std::thread::scope(|scope| {
            let ask = |at: usize| {
                turns.begin();
                let word = turns.answer(at, &Event::Facts { grains: Grains::new() });
                turns.end(at, Exit::Converged);
                word
            };
            let running: Vec<_> = (0..3).map(|at| scope.spawn(move || ask(at))).collect();
            turns.refuse(3, Exit::Unreachable);
            running.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        for word in told {
            let Some(Word::Facts(facts)) = word else { panic!("{word:?}") };
            assert_eq!(facts.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        }
    }

    #[test]
    fn one_goes_first_then_as_many_as_are_asked_for_until_one_fails() {
        let turns = turns(Some(2));
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for at in (0..4).rev() {
                let (turns, order) = (&turns, &order);
                scope.spawn(move || {
                    turns.begin();
                    let word = turns.answer(at, &Event::Prepared);
                    order.lock().unwrap().push((at, word.clone()));
                    let failed = at == 1 || word != Some(Word::Go);
                    turns.end(at, if failed { Exit::Failed } else { Exit::Converged });
                });
            }
        });
        let order = order.into_inner().unwrap();
        assert_eq!(order[0], (0, Some(Word::Go)));
        // The third may have begun together with the second.
        assert!(order.contains(&(1, Some(Word::Go))), "{order:?}");
        assert!(order.contains(&(3, Some(Word::Leave(left("b"))))), "{order:?}");
    }
}
