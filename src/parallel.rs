//! The same work on many things, on all processors. Knows nothing of the work.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many times each thread goes for more: threads that get the light things take more of them.
const TURNS: usize = 8;

/// What the work makes of each thing, in their order. A thread of its own must pay: it gets `least` things
/// or there is none.
pub fn map<T: Sync, R: Send>(things: &[T], least: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = processors.min(things.len() / least.max(1));
    if threads < 2 {
        return things.iter().map(work).collect();
    }
    let stride = (things.len() / (threads * TURNS)).max(1);
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let start = next.fetch_add(stride, Ordering::Relaxed);
            let Some(mine) =
                things.get(start..(start + stride).min(things.len())).filter(|mine| !mine.is_empty())
            else {
                return done;
            };
            done.push((start, mine.iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let mut parts = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mut parts = take();
        for other in others {
            match other.join() {
                Ok(done) => parts.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        parts
    });
    parts.sort_by_key(|(start, _)| *start);
    parts.into_iter().flat_map(|(_, done)| done).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn order_is_kept() {
        for count in [0, 1, 7, 1000] {
            let things: Vec<usize> = (0..count).collect();
            assert_eq!(super::map(&things, 1, |thing| thing + 1), (1..=count).collect::<Vec<_>>());
        }
    }
}
