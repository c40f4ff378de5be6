//! Files as the user wrote them, and places in them. Knows nothing of YAML, templates or states.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// A text that somebody wrote, with the name under which people know it.
pub struct Source {
    /// The path as shown to people: relative to the project (`pillar/staging/env.sls`), or
    /// `base:nginx/init.sls` for a file of the base tree.
    pub name: String,
    pub text: String,
    /// Where the text comes from, if nobody wrote it: then its places are shown there.
    origin: Option<Box<dyn Origin>>,
    /// Where lines begin; found when the first is asked for.
    starts: OnceLock<Vec<usize>>,
}

/// The text that a text was made from, such as a template that was rendered.
pub trait Origin: Send + Sync {
    /// The place in what somebody wrote that a place in the made text comes from.
    fn place(&self, made: &Place) -> Place;
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into(), origin: None, starts: OnceLock::new() })
    }

    /// A text that was made from another: its places are looked up there when they are shown.
    pub fn made(name: impl Into<String>, text: impl Into<String>, origin: Box<dyn Origin>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into(), origin: Some(origin), starts: OnceLock::new() })
    }

    /// The text of a line (counted from 1) without its line break; empty past the end.
    pub fn line(&self, line: u32) -> &str {
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let starts = self.starts.get_or_init(|| {
            let breaks = self.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(breaks).collect()
        });
        let Some(start) = starts.get(index) else { return "" };
        self.text.get(*start..).and_then(|rest| rest.lines().next()).unwrap_or("")
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

impl Eq for Source {}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.name)
    }
}

/// A stretch of one line in a source. Lines and columns count from 1, columns and width in characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    pub source: Arc<Source>,
    pub line: u32,
    pub column: u32,
    pub width: u32,
}

impl Place {
    pub fn new(source: &Arc<Source>, line: u32, column: u32, width: u32) -> Self {
        Self { source: Arc::clone(source), line, column, width }
    }

    /// The first character of a file: for problems of the file as a whole.
    pub fn start(source: &Arc<Source>) -> Self {
        Self::new(source, 1, 1, 1)
    }

    /// The place in what somebody wrote: in the template, where this is a place in a rendered text.
    #[must_use]
    pub fn written(&self) -> Self {
        self.source.origin.as_ref().map_or_else(|| self.clone(), |origin| origin.place(self))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = self.written();
        write!(f, "{}:{}:{}", written.source.name, written.line, written.column)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.name, self.line, self.column)
    }
}
