//! What a state found to do: changes for people, each with the action that makes it. Performs nothing.

mod diff;
mod mask;

pub use diff::diff;
pub use mask::{MASKED, Mask, is_weak};

use crate::host::{Action, Makes};

/// The difference between what is and what shall be. Empty: nothing to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// What is worth saying besides the changes: why there is nothing to do, what could not be known.
    pub notes: Vec<String>,
}

/// One change and the action that makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub change: Change,
    pub action: Action,
    /// What is provision's own once this was done.
    pub makes: Option<Makes>,
}

/// What people read of a step: `mode: 0644 → 0600`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// Lower case and short: `mode`, `content`, `package nginx`, `created`.
    pub what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// A unified diff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

impl Change {
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    #[must_use]
    pub fn from(mut self, from: impl Into<String>) -> Self {
        self.from = Some(from.into());
        self
    }

    #[must_use]
    pub fn to(mut self, to: impl Into<String>) -> Self {
        self.to = Some(to.into());
        self
    }

    #[must_use]
    pub fn diff(mut self, diff: impl Into<String>) -> Self {
        self.diff = Some(diff.into());
        self
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)?;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, ": {from} → {to}"),
            (None, Some(to)) => write!(f, ": {to}"),
            (Some(from), None) => write!(f, ": {from} → nothing"),
            (None, None) => Ok(()),
        }
    }
}

impl Plan {
    /// Nothing to do, and why.
    pub fn nothing(why: impl Into<String>) -> Self {
        Self { steps: Vec::new(), notes: vec![why.into()] }
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub fn push(&mut self, change: Change, action: Action) {
        self.steps.push(Step { change, action, makes: None });
    }

    /// As [`Plan::push`], for a step that makes something that may be taken away again only by whom made it.
    pub fn make(&mut self, change: Change, action: Action, makes: Makes) {
        self.steps.push(Step { change, action, makes: Some(makes) });
    }

    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Appends another plan's steps and notes.
    pub fn join(&mut self, other: Self) {
        self.steps.extend(other.steps);
        self.notes.extend(other.notes);
    }
}
