//! One JSON object per line: the event with the name of its host.

use std::io::Write;

use super::Report;
use crate::event::Event;

pub struct Json {
    out: Box<dyn Write + Send>,
}

#[derive(serde::Serialize)]
struct Line<'a> {
    host: &'a str,
    #[serde(flatten)]
    event: &'a Event,
}

impl Json {
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out }
    }
}

impl Report for Json {
    fn host(&mut self, _name: &str) {}

    fn event(&mut self, host: &str, event: &Event) {
        // A reader that has gone away is no reason to stop converging.
        if let Ok(line) = serde_json::to_string(&Line { host, event }) {
            let _gone = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
        }
    }

    fn finish(&mut self) {}
}
