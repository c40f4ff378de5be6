//! Checks that run ahead of the walk in parallel. They only look; one is used only if nothing has changed
//! since it was made.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::fault::Result;
use crate::plan::Plan;

/// Fewer states are checked faster one after another than threads are started.
const WORTH_IT: usize = 64;
/// A thread takes so many states at a time.
const STRIDE: usize = 16;

/// Answers in order of position, each at most once.
pub struct Ahead {
    answers: Vec<Option<Result<Plan>>>,
    incoming: mpsc::Receiver<Vec<(usize, Result<Plan>)>>,
}

/// Set to let the threads end early: something has changed, so their answers are of no use.
#[derive(Default)]
pub struct Stop(AtomicBool);

impl Stop {
    pub fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Starts threads that check the wanted positions of `0..count`, or nothing if that would not pay.
pub fn start<'scope, 'env: 'scope>(
    scope: &'scope std::thread::Scope<'scope, 'env>,
    count: usize,
    stop: &'env Stop,
    wanted: &'env (dyn Fn(usize) -> bool + Sync),
    check: &'env (dyn Fn(usize) -> Result<Plan> + Sync),
) -> Option<Ahead> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    if count < WORTH_IT || threads < 2 {
        return None;
    }
    let (send, incoming) = mpsc::channel();
    let next = std::sync::Arc::new(AtomicUsize::new(0));
    for _ in 0..threads {
        let send = send.clone();
        let next = std::sync::Arc::clone(&next);
        scope.spawn(move || {
            while !stop.is_set() {
                let first = next.fetch_add(STRIDE, Ordering::Relaxed);
                if first >= count {
                    break;
                }
                let range = first..(first + STRIDE).min(count);
                let answers = range.filter(|at| wanted(*at)).map(|at| (at, check(at))).collect();
                if send.send(answers).is_err() {
                    break;
                }
            }
        });
    }
    Some(Ahead { answers: (0..count).map(|_| None).collect(), incoming })
}

impl Ahead {
    /// Waits for the answer of a position that was wanted; `None` if the threads have ended without it.
    pub fn take(&mut self, at: usize) -> Option<Result<Plan>> {
        loop {
            if let Some(answer) = self.answers.get_mut(at).and_then(Option::take) {
                return Some(answer);
            }
            for (position, answer) in self.incoming.recv().ok()? {
                if let Some(slot) = self.answers.get_mut(position) {
                    *slot = Some(answer);
                }
            }
        }
    }
}
