//! States that say `parallel: true`: each is applied by a thread of its own while the walk goes on, until
//! somebody needs to know what became of it (Salt: "Requisites and Other Global State Arguments").

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Scope;
use std::time::{Duration, Instant};

use super::attempt::{RunContext, StateOutcome, StateRun};
use crate::converge::look::guarded;
use crate::event::Event;
use crate::fault::Result;

/// A state that has been applied beside the others.
pub struct Arrived {
    pub at: usize,
    pub ended: Result<StateOutcome>,
    pub duration: Duration,
}

enum Message {
    Said(Event),
    Arrived(Arrived),
}

pub struct ParallelStates {
    send: Sender<Message>,
    incoming: Receiver<Message>,
    /// Those under way, and whether their end has been read but not handed out.
    running: BTreeMap<usize, Option<Arrived>>,
}

impl Default for ParallelStates {
    fn default() -> Self {
        let (send, incoming) = channel();
        Self { send, incoming, running: BTreeMap::new() }
    }
}

impl ParallelStates {
    pub fn start<'scope, 'env: 'scope, 'run: 'env>(
        &mut self,
        scope: &'scope Scope<'scope, 'env>,
        context: Arc<RunContext<'run>>,
        turn: StateRun<'run>,
    ) {
        let send = self.send.clone();
        let at = turn.at;
        self.running.insert(at, None);
        scope.spawn(move || {
            let started = Instant::now();
            // Nobody listens any more only if the walk itself has ended with a bug.
            let mut tell = |event| drop(send.send(Message::Said(event)));
            let ended = guarded(|| context.attempts(turn, &mut |_, _| false, &mut tell));
            drop(send.send(Message::Arrived(Arrived { at, ended, duration: started.elapsed() })));
        });
    }

    /// Waits for one of these that is under way; `None` when none of them is.
    pub fn wait(
        &mut self,
        mut needed: impl FnMut(usize) -> bool,
        tell: &mut dyn FnMut(Event),
    ) -> Option<Arrived> {
        loop {
            let at = self.running.keys().copied().find(|at| needed(*at))?;
            if let Some(arrived) = self.running.get_mut(&at).and_then(Option::take) {
                self.running.remove(&at);
                return Some(arrived);
            }
            let message = self.incoming.recv().ok()?;
            self.take(message, tell);
        }
    }

    /// One that has ended meanwhile, and what the others had to say.
    pub fn ended(&mut self, tell: &mut dyn FnMut(Event)) -> Option<Arrived> {
        while let Ok(message) = self.incoming.try_recv() {
            self.take(message, tell);
        }
        let (at, _) = self.running.iter().find(|(_, arrived)| arrived.is_some())?;
        let at = *at;
        self.running.remove(&at).flatten()
    }

    fn take(&mut self, message: Message, tell: &mut dyn FnMut(Event)) {
        match message {
            Message::Said(event) => tell(event),
            Message::Arrived(arrived) => {
                self.running.insert(arrived.at, Some(arrived));
            }
        }
    }
}
