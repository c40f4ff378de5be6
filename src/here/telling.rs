//! The way of an event out of a run: masked, logged, told.

use std::fs::File;
use std::io::{BufWriter, Write};

use crate::diagnostic::Problems;
use crate::event::{Event, Outcome};
use crate::plan::Mask;

pub struct Telling<'a> {
    mask: &'a Mask,
    log: Option<BufWriter<File>>,
    tell: &'a mut dyn FnMut(Event),
}

impl<'a> Telling<'a> {
    pub fn new(mask: &'a Mask, log: Option<File>, tell: &'a mut dyn FnMut(Event)) -> Self {
        Self { mask, log: log.map(BufWriter::new), tell }
    }

    /// Hides secrets, writes the log and tells.
    pub fn event(&mut self, mut event: Event) {
        if !self.mask.is_empty() {
            event.each_text(&mut |text| self.mask.hide_in(text));
        }
        if let Some(log) = &mut self.log {
            // A full disk is told by the state that meets it; the log must not stop the run.
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
}
