//! Programs under Supervisor: asked through its socket or, where that is not possible, in one
//! `supervisorctl status`. Must not know states.

mod socket;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Facts, Unit, lock};
use crate::fault::{Context, Fault, Result};
use crate::host::Command;

/// Which Supervisor to ask, and as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Control {
    pub user: Option<String>,
    pub configuration: Option<String>,
    /// The program itself or a virtual environment that has it.
    pub program: Option<String>,
}

impl Control {
    pub fn command<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Command {
        let mut argv = vec![self.program()];
        if let Some(path) = &self.configuration {
            argv.extend(["-c".to_owned(), path.clone()]);
        }
        argv.extend(words.into_iter().map(str::to_owned));
        // Starting waits until a program has stayed up for its `startsecs`.
        let mut command = Command::new(argv).timeout(Duration::from_secs(300));
        command.user.clone_from(&self.user);
        command
    }

    fn program(&self) -> String {
        match &self.program {
            None => "supervisorctl".to_owned(),
            Some(path) if path.ends_with("supervisorctl") => path.clone(),
            Some(environment) => format!("{}/bin/supervisorctl", environment.trim_end_matches('/')),
        }
    }
}

/// States by program: `RUNNING`, `STOPPED`, `FATAL` …; a program in a group is `group:program`.
pub type Programs = BTreeMap<String, String>;

#[derive(Default)]
pub(super) struct Cache(Mutex<BTreeMap<Control, Arc<Programs>>>);

impl Cache {
    pub(super) fn forget(&self) {
        lock(&self.0).clear();
    }
}

impl Facts {
    /// All programs that Supervisor knows; `None` where a package of this dry run will bring it.
    pub fn supervisor(&self, control: &Control) -> Result<Option<Arc<Programs>>> {
        let mut cache = lock(&self.snapshots.supervisor.0);
        if let Some(programs) = cache.get(control) {
            return Ok(Some(Arc::clone(programs)));
        }
        if self.host().which(&control.program())?.is_none() {
            if self.packages_coming() {
                return Ok(None);
            }
            return Err(Fault::new(format!("`{}` is not installed", control.program()))
                .help("install the package `supervisor` first"));
        }
        let programs = Arc::new(self.programs(control)?);
        cache.insert(control.clone(), Arc::clone(&programs));
        Ok(Some(programs))
    }

    /// Supervisor counts as started before it listens: where its service runs, an answer is waited for.
    fn programs(&self, control: &Control) -> Result<Programs> {
        let started = Instant::now();
        loop {
            if let Some(programs) = socket::ask(self.host(), control)? {
                return Ok(programs);
            }
            let answer = parse(&self.ask_supervisor(control, &["status"])?);
            if answer.is_ok() || started.elapsed() > PATIENCE {
                return answer;
            }
            let runs = |unit: Unit| matches!(unit.active.as_str(), "active" | "activating");
            if !self.unit("supervisor")?.is_some_and(runs) {
                return answer;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What a read-only command of supervisorctl writes. Its exit code tells of programs that are down,
    /// not of the question.
    pub fn ask_supervisor(&self, control: &Control, words: &[&str]) -> Result<String> {
        let command = control.command(words.iter().copied()).timeout(Duration::from_secs(60));
        let output = self.host().ask(&command).context("could not ask Supervisor")?;
        Ok(output.text() + &output.errors())
    }
}

/// How long a Supervisor that has just been started may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

const STATES: [&str; 8] =
    ["STOPPED", "STARTING", "RUNNING", "BACKOFF", "STOPPING", "EXITED", "FATAL", "UNKNOWN"];

fn parse(status: &str) -> Result<Programs> {
    let mut programs = Programs::new();
    for line in status.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some(name), Some(state)) if STATES.contains(&state) => {
                programs.insert(name.to_owned(), state.to_owned());
            }
            // Debian's Python warns on standard error now and then.
            _ if line.contains("Warning:") || line.starts_with(' ') => {}
            _ => {
                return Err(Fault::new("Supervisor does not answer")
                    .output(status)
                    .help("is the service `supervisor` running?"));
            }
        }
    }
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines_are_read_and_anything_else_is_an_error() {
        let status = "app                              RUNNING   pid 12, uptime 0:00:09\n\
                      web:web_0                        FATAL     Exited too quickly (process log may have details)\n";
        let programs = parse(status).unwrap();
        assert_eq!(programs.get("app").map(String::as_str), Some("RUNNING"));
        assert_eq!(programs.get("web:web_0").map(String::as_str), Some("FATAL"));
        assert_eq!(parse("").unwrap().len(), 0);
        assert!(parse("unix:///var/run/supervisor.sock no such file\n").is_err());
    }
}
