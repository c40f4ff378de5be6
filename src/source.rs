//! Files as the user wrote them, and places in them. Knows nothing of YAML, templates or states.

use std::fmt;
use std::sync::Arc;

/// A text that somebody wrote, with the name under which people know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as shown to people: relative to the project (`pillar/staging/env.sls`), or
    /// `base:nginx/init.sls` for a file of the base tree.
    pub name: String,
    pub text: String,
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }

    /// The text of a line (counted from 1) without its line break; empty past the end.
    pub fn line(&self, line: u32) -> &str {
        let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        self.text.lines().nth(index).unwrap_or("")
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
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.name, self.line, self.column)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
