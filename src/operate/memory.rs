//! How much memory a process takes, with all that it started.

use std::collections::BTreeMap;
use std::path::Path;

use crate::facts::Facts;

/// Of each process: who started it.
pub struct Memory<'a> {
    parents: BTreeMap<u32, u32>,
    facts: &'a Facts,
}

impl<'a> Memory<'a> {
    /// From `/proc/PID/status` (proc_pid_status(5)).
    pub fn read(facts: &'a Facts) -> Self {
        let names = facts.host().list(Path::new("/proc")).ok().flatten().unwrap_or_default();
        let processes = names.iter().filter_map(|name| {
            let pid = name.parse().ok()?;
            let status = facts.host().read(&Path::new("/proc").join(name).join("status")).ok()??;
            let status = String::from_utf8_lossy(&status);
            Some((pid, u32::try_from(number(&status, "PPid:")?).ok()?))
        });
        Self { parents: processes.collect(), facts }
    }

    /// Of a process and its descendants; `None` where it is not there.
    pub fn of(&self, pid: u32) -> Option<u64> {
        self.parents.get(&pid)?;
        let mut sum = 0;
        let mut family = vec![pid];
        while let Some(member) = family.pop() {
            sum += self.own(member);
            family.extend(
                self.parents.iter().filter(|(_, parent)| **parent == member).map(|(child, _)| *child),
            );
        }
        Some(sum)
    }

    /// Its proportional share, where pages that several processes share are counted once (proc_pid_smaps(5)).
    fn own(&self, pid: u32) -> u64 {
        let read = |name: &str| {
            let bytes =
                self.facts.host().read(&Path::new("/proc").join(pid.to_string()).join(name)).ok()??;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        let share = read("smaps_rollup").and_then(|text| number(&text, "Pss:"));
        share.or_else(|| number(&read("status")?, "VmRSS:")).unwrap_or(0) << 10
    }
}

/// The number behind a key at the beginning of a line.
fn number(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse().ok()
}
