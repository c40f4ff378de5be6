//! What is told of a deploy while it goes on, and what the host remembers of it.

use std::path::PathBuf;
use std::time::Instant;

use crate::event::{Deployed, Event, Outcome, StateResult, Summary};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::plan::Change;

use super::history;

/// Waits until this host may switch; an error says why it shall not.
pub type Turn<'a> = &'a dyn Fn() -> Result<()>;

/// A stage failed, and that was told.
pub struct Told;

/// Which deploy it was.
pub struct Which<'a> {
    /// `user@machine`.
    pub operator: &'a str,
    /// `deploy`, `promote` or `rollback`.
    pub task: &'a str,
    /// The release holds what no commit does.
    pub dirty: bool,
}

pub struct Journal<'a> {
    turn: Option<Turn<'a>>,
    tell: &'a mut dyn FnMut(Event),
    started: Instant,
    at: String,
    summary: Summary,
    /// The release that it is about, once that is known.
    pub release: Option<PathBuf>,
    pub commit: Option<String>,
    /// The stage that failed first.
    failed: Option<String>,
    /// Why the host stayed as it was, with nothing of its own having failed.
    left: Option<Fault>,
}

impl<'a> Journal<'a> {
    pub fn new(turn: Option<Turn<'a>>, tell: &'a mut dyn FnMut(Event)) -> Self {
        Self {
            turn,
            tell,
            started: Instant::now(),
            at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            summary: Summary::default(),
            release: None,
            commit: None,
            failed: None,
            left: None,
        }
    }

    /// Until it is this host's turn.
    pub fn wait(&mut self) -> Result<(), Told> {
        let Some(turn) = self.turn else { return Ok(()) };
        (self.tell)(Event::Prepared);
        self.left = turn().err();
        if self.left.is_some() { Err(Told) } else { Ok(()) }
    }

    pub fn note(&mut self, message: &str) {
        (self.tell)(Event::Note { message: message.to_owned() });
    }

    /// Does a part of a deploy and tells how it went.
    pub fn stage(&mut self, name: &str, act: impl FnOnce() -> Result<String>) -> Result<(), Told> {
        (self.tell)(Event::Progress { message: name.to_owned() });
        let started = Instant::now();
        let result = act();
        let mut state = StateResult {
            number: self.summary.changed + self.summary.failed,
            id: name.to_owned(),
            function: "deploy".to_owned(),
            name: name.to_owned(),
            sls: String::new(),
            outcome: Outcome::Changed,
            changes: Vec::new(),
            comment: None,
            help: None,
            output: None,
            place: None,
            duration: started.elapsed(),
        };
        match result {
            Ok(said) => {
                self.summary.changed += 1;
                state.changes.extend((!said.is_empty()).then(|| Change::new(said)));
                (self.tell)(Event::State(state));
                Ok(())
            }
            Err(Fault { message, help, output }) => {
                self.summary.failed += 1;
                self.failed.get_or_insert_with(|| name.to_owned());
                (self.tell)(Event::State(StateResult {
                    outcome: Outcome::Failed,
                    comment: Some(message),
                    help,
                    output,
                    ..state
                }));
                Err(Told)
            }
        }
    }

    /// Tells the end, and has the host remember it, unless the host was left as it was.
    pub fn end(mut self, which: &Which<'_>, project: &str, facts: &Facts, well: bool) -> Exit {
        if let Some(why) = self.left {
            (self.tell)(Event::Aborted { message: why.message, help: why.help, code: Exit::Failed.code() });
            return Exit::Failed;
        }
        self.summary.duration = self.started.elapsed();
        if let Some(folder) = &self.release {
            let deployed = Deployed {
                at: self.at,
                operator: which.operator.to_owned(),
                task: which.task.to_owned(),
                release: folder.file_name().map(|name| name.to_string_lossy().into_owned()),
                commit: self.commit,
                dirty: which.dirty,
                failed: self.failed,
                duration: self.summary.duration,
            };
            if let Err(fault) = history::remember(project, &deployed, facts) {
                let message = format!("this will be missing in the history: {}", fault.message);
                (self.tell)(Event::Note { message });
            }
        }
        (self.tell)(Event::Finished { summary: self.summary });
        if well { Exit::Converged } else { Exit::Failed }
    }
}
