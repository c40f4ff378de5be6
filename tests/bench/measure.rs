//! What the benchmark measures with: it writes workloads, times programs against each other, and takes their
//! peak memory. It starts what it is told to and knows nothing of it.
//!
//!     measure tree WORKLOAD FOLDER TARGET        writes the workload's tree, prints how many states
//!     measure language KIND STATES FOLDER        writes a tree for the compiler alone (language.rs)
//!     measure times RUNS -- COMMAND … -- COMMAND …   median milliseconds of each, taken in turn
//!     measure memory -- COMMAND …                peak kilobytes
//!     measure watch COMM ROOT_PID                peak kilobytes of programs of that name in a container, until
//!                                                standard input ends

mod language;
mod tree;
mod workload;

use std::error::Error;
use std::fs;
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use workload::Workload;

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut out = std::io::stdout();
    match words.as_slice() {
        ["tree", name, folder, target] => {
            let workload = Workload::find(name)?;
            workload.write(Path::new(folder), target)?;
            writeln!(out, "{}", workload.states())?;
            Ok(())
        }
        ["language", kind, states, folder] => Ok(language::write(kind, states.parse()?, Path::new(folder))?),
        ["times", runs, commands @ ..] => {
            for median in times(runs.parse()?, commands)? {
                writeln!(out, "{:.3}", median.as_secs_f64() * 1000.0)?;
            }
            Ok(())
        }
        ["memory", "--", command @ ..] => {
            run(command)?;
            writeln!(out, "{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss())?;
            Ok(())
        }
        ["watch", comm, root] => {
            writeln!(out, "{}", watch(comm, root)?)?;
            Ok(())
        }
        _ => Err("measure tree|language|times|memory|watch …; see tests/bench/measure.rs".into()),
    }
}

/// Each command's median; they take turns, so that what disturbs the machine disturbs them all.
fn times(runs: usize, words: &[&str]) -> Done<Vec<Duration>> {
    let commands: Vec<&[&str]> =
        words.split(|word| *word == "--").filter(|command| !command.is_empty()).collect();
    let mut taken = vec![Vec::new(); commands.len()];
    // The first turn warms the caches.
    for turn in 0..=runs {
        for (command, taken) in commands.iter().zip(&mut taken) {
            let time = run(command)?;
            if turn > 0 {
                taken.push(time);
            }
        }
    }
    Ok(taken.iter_mut().map(|times| median(times)).collect())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Runs a command with its output going to a pipe that is read.
fn run(command: &[&str]) -> Done<Duration> {
    let [program, arguments @ ..] = command else { return Err("there is no command".into()) };
    let started = Instant::now();
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
    let time = started.elapsed();
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?} failed: {}\n{text}{errors}", output.status).into());
    }
    Ok(time)
}

/// The peak of all processes of a name in the container that stands below this process. The
/// kernel keeps each process's peak; what is missed is what grows in its last milliseconds.
fn watch(comm: &str, root: &str) -> Done<u64> {
    static ENDED: AtomicBool = AtomicBool::new(false);
    let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/pid"));
    let outside = namespace("self")?;
    let mut process = root.to_owned();
    let container = loop {
        let namespace = namespace(&process)?;
        if namespace != outside {
            break namespace;
        }
        let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
        process =
            children.split_whitespace().next().ok_or("no container runs below this process")?.to_owned();
    };
    std::thread::spawn(|| {
        let _end = std::io::stdin().read_to_end(&mut Vec::new());
        ENDED.store(true, Ordering::Relaxed);
    });
    let mut peak = 0;
    while !ENDED.load(Ordering::Relaxed) {
        for entry in fs::read_dir("/proc")?.flatten() {
            let process = entry.path();
            let is_one = fs::read_to_string(process.join("comm")).is_ok_and(|text| text.trim_end() == comm)
                && fs::read_link(process.join("ns/pid")).is_ok_and(|namespace| namespace == container);
            if is_one && let Ok(status) = fs::read_to_string(process.join("status")) {
                let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
                let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
                peak = peak.max(kilobytes.unwrap_or(0));
            }
        }
        // A sampling rate, not a condition that is waited for.
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(peak)
}
