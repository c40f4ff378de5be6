//! A process that is known by more than a number: its pid and when it started, since pids are used again.
//! It must not start anything.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: u32,
    /// Clock ticks after boot, as in /proc/PID/stat.
    started: u64,
}

impl Process {
    /// The process that now bears this number, if there is one.
    pub fn with_pid(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        read_stat(&stat).map(|started| Self { pid, started })
    }

    pub fn current() -> Option<Self> {
        Self::with_pid(std::process::id())
    }

    /// Every process one of whose arguments is exactly this.
    pub fn with_argument(argument: &OsStr) -> Vec<Self> {
        Self::all_that(|directory| {
            let words = fs::read(directory.join("cmdline")).unwrap_or_default();
            words.split(|byte| *byte == 0).any(|word| word == argument.as_bytes())
        })
    }

    /// Every process that has this directory as its `/`.
    pub fn with_root(root: &Path) -> Vec<Self> {
        let Ok(root) = root.metadata() else { return Vec::new() };
        Self::all_that(|directory| {
            let theirs = directory.join("root").metadata();
            theirs.is_ok_and(|theirs| (theirs.dev(), theirs.ino()) == (root.dev(), root.ino()))
        })
    }

    fn all_that(is_meant: impl Fn(&Path) -> bool) -> Vec<Self> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbered =
            entries.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())));
        numbered.filter(|(_, path)| is_meant(path)).filter_map(|(pid, _)| Self::with_pid(pid)).collect()
    }

    pub fn is_alive(&self) -> bool {
        Self::with_pid(self.pid) == Some(*self)
    }

    /// SIGKILL, then waits until it is gone; false when it is not within the time.
    pub fn kill(&self, patience: Duration) -> bool {
        if self.is_alive() {
            let _ = kill(self.number(), Signal::SIGKILL);
        }
        self.wait(patience)
    }

    pub fn wait(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.is_alive() {
            if Instant::now() > deadline {
                return false;
            }
            sleep(Duration::from_millis(5));
        }
        // Where it was started by this very process, its entry must be collected; else this fails, rightly.
        let _ = waitpid(self.number(), Some(WaitPidFlag::WNOHANG));
        true
    }

    fn number(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.pid).unwrap_or(i32::MAX))
    }
}

/// The start time of a process that is alive: one that has ended but was not collected counts as gone.
fn read_stat(stat: &str) -> Option<u64> {
    // The second field is the program's name in parentheses and may hold anything, so count from its end.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    match *fields.first()? {
        "Z" | "X" => None,
        _ => fields.get(19)?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "14008 (a) b (c)) S 1 14008 14008 0 -1 4194560 10 0 0 0 1 2 3 4 20 0 1 0 290171 9 7";

    #[test]
    fn start_time_is_read_behind_any_name() {
        assert_eq!(read_stat(STAT), Some(290_171));
        assert_eq!(read_stat(&STAT.replace(") S ", ") Z ")), None);
        assert_eq!(read_stat("nonsense"), None);
    }

    #[test]
    fn a_number_used_again_is_another_process() {
        let now = Process::current().unwrap();
        assert!(now.is_alive());
        assert!(!Process { started: now.started + 1, ..now }.is_alive());
    }
}
