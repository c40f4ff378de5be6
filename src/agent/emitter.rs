//! Emits the events of a run: masks secrets, appends to the host's log, passes on.

use std::fs::File;
use std::io::{BufWriter, Write};

use super::old_secrets::{self, Marked};
use crate::diagnostic::Problems;
use crate::event::{Event, Outcome, StateResult};
use crate::plan::Mask;

pub struct Emitter<'a> {
    mask: Mask,
    /// The files that held secrets when they were written.
    marked: Marked,
    log: Option<BufWriter<File>>,
    tell: &'a mut dyn FnMut(Event),
}

impl<'a> Emitter<'a> {
    pub fn new(mask: Mask, marked: Marked, log: Option<File>, tell: &'a mut dyn FnMut(Event)) -> Self {
        Self { mask, marked, log: log.map(BufWriter::new), tell }
    }

    /// Hides secrets, writes the log and tells.
    pub fn event(&mut self, mut event: Event) {
        if let Event::State(state) = &mut event {
            self.replaced(state);
        }
        if !self.mask.is_empty() {
            let mut names = Vec::new();
            event.each_id(&mut |name| names.push(std::mem::take(name)));
            event.each_text(&mut |text| self.mask.hide_in(text));
            let mut names = names.into_iter();
            event.each_id(&mut |name| {
                *name = names.next().unwrap_or_default();
                self.mask.hide_in_name(name);
            });
        }
        if let Some(log) = &mut self.log {
            // The state that meets a full disk reports it; the log must not stop the run.
            let unchanged = matches!(&event, Event::State(state) if state.outcome == Outcome::Unchanged);
            if !unchanged && serde_json::to_writer(&mut *log, &event).is_ok() {
                let _full = log.write_all(b"\n").and_then(|()| log.flush());
            }
        }
        (self.tell)(event);
    }

    /// Tells problems; whether one of them is an error.
    pub fn problems(&mut self, problems: Problems) -> bool {
        let fatal = problems.fatal();
        for problem in problems {
            self.event(Event::Problem { problem });
        }
        fatal
    }

    /// Hides what a secret of today took the place of: most likely that of yesterday.
    fn replaced(&mut self, state: &mut StateResult) {
        let mut secret = false;
        for change in &mut state.changes {
            let (holds, learned) = old_secrets::hide(change, &self.mask, self.marked.has(&state.name));
            secret |= holds;
            self.mask.learn(learned);
        }
        if secret && state.outcome == Outcome::Changed {
            self.marked.add(&state.name);
        }
    }

    /// What is to be remembered for later runs.
    pub fn marked(&self) -> &Marked {
        &self.marked
    }
}
