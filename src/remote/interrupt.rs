//! Ctrl-C and its like: ends the connections, so that a run unwinds to its end and leaves neither processes
//! nor files behind. Must not end this program by itself, unless it is asked twice.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};

/// The first signal that came; set in the signal handler itself, so before anything that the signal ends.
static CAUGHT: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);
static MASTERS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// From now on, a first signal ends connections; a second one ends this program as it always does.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Whoever lets us ignore a signal (nohup) wants us to go on.
        let ignored = ignored();
        let signals: Vec<i32> = [SIGINT, SIGTERM, SIGHUP]
            .into_iter()
            .filter(|signal| ignored & (1 << (signal - 1)) == 0)
            .collect();
        let again = Arc::new(AtomicBool::new(false));
        for signal in &signals {
            // In this order: the first signal finds `again` unset. Where a handler cannot be set, the signal
            // does what it always did.
            let _default = flag::register_conditional_default(*signal, Arc::clone(&again));
            let _default = flag::register(*signal, Arc::clone(&again));
            if let Ok(number) = usize::try_from(*signal) {
                let _default = flag::register_usize(*signal, Arc::clone(&CAUGHT), number);
            }
        }
        if let Ok(mut signals) = Signals::new(&signals) {
            std::thread::spawn(move || {
                for _ in signals.forever() {
                    let masters = MASTERS.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    for master in masters {
                        let _already_gone = kill(Pid::from_raw(master), Signal::SIGKILL);
                    }
                }
            });
        }
    });
}

/// Whether a signal came that shall end the run.
pub fn interrupted() -> bool {
    CAUGHT.load(Ordering::Relaxed) != 0
}

/// While it lives, the caught signal counts as not come: what has to be put right can still be done. The next one
/// ends this program.
pub struct Suspended(usize);

pub fn suspend() -> Suspended {
    Suspended(CAUGHT.swap(0, Ordering::Relaxed))
}

impl Drop for Suspended {
    fn drop(&mut self) {
        CAUGHT.store(self.0, Ordering::Relaxed);
    }
}

/// Ends this program as the caught signal would have, so that a shell knows; nothing where none came.
pub fn resume() {
    if let Ok(signal @ 1..) = i32::try_from(CAUGHT.load(Ordering::Relaxed)) {
        let _unknown = low_level::emulate_default_handler(signal);
    }
}

/// A process that a signal ends at once. Not longer than it lives: ids are used again.
pub struct Ends(Option<i32>);

impl Ends {
    pub fn process(id: u32) -> Self {
        let id = i32::try_from(id).ok();
        MASTERS.lock().unwrap_or_else(PoisonError::into_inner).extend(id);
        Self(id)
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            MASTERS.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        }
    }
}

/// The signals that this process was started to ignore, as a bit mask.
fn ignored() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?.trim().to_owned();
            u64::from_str_radix(&mask, 16).ok()
        })
        .unwrap_or(0)
}
