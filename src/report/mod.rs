//! Shows events: on a terminal, or as JSON lines. Uses only events, diagnostics and exit codes.

mod json;
mod lists;
mod sanitize;
mod state;
mod status;
mod sum;
mod terminal;
#[cfg(test)]
mod tests;

pub use json::Json;
pub use sanitize::{indented, one_line, sanitize};
pub use terminal::{Style, Terminal};

use crate::event::Event;

/// A consumer of the events of one or several hosts.
pub trait Report: Send {
    /// Called for each host before its events, in the order of the command line.
    fn host(&mut self, name: &str);
    fn event(&mut self, host: &str, event: &Event);
    /// The end: prints what is still to be said.
    fn finish(&mut self);
}
