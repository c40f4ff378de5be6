//! The lines of a file while one of them changes (`file.line`). Must not know why.

use super::pattern::{Flags, Pattern};
use super::text::{bare, lines};
use crate::fault::{Fault, Result};

/// The lines of a file while one of them changes.
pub struct Page {
    pub lines: Vec<String>,
    /// How its lines end.
    pub ending: String,
}

impl Page {
    pub fn new(text: &str) -> Self {
        let lines: Vec<String> = lines(text).into_iter().map(str::to_owned).collect();
        let ending = lines.first().filter(|line| line.ends_with("\r\n")).map_or("\n", |_| "\r\n");
        Self { ending: ending.to_owned(), lines }
    }

    pub fn text(&self) -> String {
        self.lines.concat()
    }

    /// The positions of lines that a regular expression matches or that contain the text.
    pub fn found(&self, text: &str, strict: bool) -> Result<Vec<usize>> {
        let pattern = match Pattern::new(text, Flags { dot_all: true, ..Flags::default() }) {
            Ok(pattern) => Some(pattern),
            Err(fault) if strict => return Err(fault),
            // A line that is looked for as it is need not be a regular expression.
            Err(_) => None,
        };
        let mut found = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let matched = match &pattern {
                Some(pattern) => pattern.is_in(line)?,
                None => false,
            };
            if matched || line.contains(text) {
                found.push(at);
            }
        }
        Ok(found)
    }

    /// The one line that an expression means; `None`: no line matches.
    pub fn one(&self, text: Option<&str>, argument: &str) -> Result<Option<usize>> {
        let Some(text) = text else { return Ok(None) };
        match self.found(text, true)?.as_slice() {
            [] => Ok(None),
            [at] => Ok(Some(*at)),
            more => Err(Fault::new(format!("{argument}: {} lines match `{text}`", more.len()))
                .help("write an expression that only one line matches")),
        }
    }

    pub fn indent_of(&self, at: usize) -> &str {
        let line = self.lines.get(at).map_or("", String::as_str);
        let end = line.len() - line.trim_start_matches([' ', '\t']).len();
        line.get(..end).unwrap_or_default()
    }

    /// Whether these lines stand at this position, however they are indented.
    pub fn has_at(&self, at: usize, block: &[String]) -> bool {
        self.lines.get(at..at + block.len()).is_some_and(|lines| {
            lines.iter().zip(block).all(|(line, wanted)| bare(line).trim_start() == bare(wanted).trim_start())
        })
    }

    pub fn has(&self, block: &[String]) -> bool {
        (0..self.lines.len()).any(|at| self.has_at(at, block))
    }

    pub fn insert(&mut self, at: usize, block: Vec<String>) {
        // What stands before must end, and a file whose last line does not end keeps it so.
        let open =
            at > 0 && at == self.lines.len() && self.lines.last().is_some_and(|line| bare(line) == line);
        if open && let Some(last) = self.lines.last_mut() {
            last.push_str(&self.ending);
        }
        let count = block.len();
        for (index, line) in block.into_iter().enumerate() {
            let ending = if open && index + 1 == count { "" } else { self.ending.as_str() };
            self.lines.insert(at + index, format!("{}{ending}", bare(&line)));
        }
    }
}
