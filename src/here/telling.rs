//! The way of an event out of a run: masked, logged, told.

use std::fs::File;
use std::io::{BufWriter, Write};

use crate::diagnostic::{Diagnostic, Excerpt, Problems};
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
            hide(self.mask, &mut event);
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

fn hide(mask: &Mask, event: &mut Event) {
    let text = |text: &mut String| mask.hide_in(text);
    let maybe = |text: &mut Option<String>| {
        if let Some(text) = text {
            mask.hide_in(text);
        }
    };
    match event {
        Event::Started { .. } | Event::Finished { .. } | Event::Facts { .. } => {}
        Event::Problem { problem } => diagnostic(mask, problem),
        Event::Applying { id, name, .. } => {
            text(id);
            text(name);
        }
        Event::State(state) => {
            text(&mut state.id);
            text(&mut state.name);
            for change in &mut state.changes {
                text(&mut change.what);
                maybe(&mut change.from);
                maybe(&mut change.to);
                maybe(&mut change.diff);
            }
            maybe(&mut state.comment);
            maybe(&mut state.help);
            maybe(&mut state.output);
            state.place.iter_mut().for_each(|place| excerpt(mask, place));
        }
        Event::Progress { message } | Event::Note { message } => text(message),
        Event::Aborted { message, help, .. } => {
            text(message);
            maybe(help);
        }
    }
}

fn diagnostic(mask: &Mask, problem: &mut Diagnostic) {
    mask.hide_in(&mut problem.message);
    for text in [&mut problem.label, &mut problem.help, &mut problem.state].into_iter().flatten() {
        mask.hide_in(text);
    }
    problem.place.iter_mut().for_each(|place| excerpt(mask, place));
    for also in &mut problem.also {
        excerpt(mask, &mut also.place);
        mask.hide_in(&mut also.label);
    }
}

fn excerpt(mask: &Mask, place: &mut Excerpt) {
    mask.hide_in(&mut place.text);
}
