//! How much memory a process takes, with all that it started.

use std::collections::BTreeMap;
use std::path::Path;

use crate::facts::Facts;

/// Of each process: who started it, and its resident memory in bytes.
pub struct Memory(BTreeMap<u32, (u32, u64)>);

impl Memory {
    /// From `/proc/PID/status` (proc_pid_status(5)).
    pub fn read(facts: &Facts) -> Self {
        let names = facts.host().list(Path::new("/proc")).ok().flatten().unwrap_or_default();
        let processes = names.iter().filter_map(|name| {
            let pid = name.parse().ok()?;
            let status = facts.host().read(&Path::new("/proc").join(name).join("status")).ok()??;
            let status = String::from_utf8_lossy(&status);
            let number = |key: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(key))?;
                line.split_whitespace().next()?.parse::<u64>().ok()
            };
            let parent = u32::try_from(number("PPid:")?).ok()?;
            Some((pid, (parent, number("VmRSS:").unwrap_or(0) << 10)))
        });
        Self(processes.collect())
    }

    /// Of a process and its descendants; `None` where it is not there.
    pub fn of(&self, pid: u32) -> Option<u64> {
        let mut sum = self.0.get(&pid)?.1;
        let mut family = vec![pid];
        while let Some(parent) = family.pop() {
            for (child, (_, memory)) in self.0.iter().filter(|(_, (of, _))| *of == parent) {
                sum += memory;
                family.push(*child);
            }
        }
        Some(sum)
    }
}
