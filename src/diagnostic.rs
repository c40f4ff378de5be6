//! A problem in the user's files: what is wrong, where, and what to do. Must not know YAML or states.

mod render;

use serde::{Deserialize, Serialize};

pub use render::render;

use crate::source::Place;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// A place that can travel: carries the text of its line, so that it can be shown where the file is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub width: u32,
    pub text: String,
}

impl From<&Place> for Excerpt {
    fn from(place: &Place) -> Self {
        let place = place.written();
        Self {
            file: place.source.name.clone(),
            line: place.line,
            column: place.column,
            width: place.width,
            text: place.source.line(place.line).to_owned(),
        }
    }
}

/// A second place that matters to a problem, such as the first of two definitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Also {
    pub place: Excerpt,
    pub label: String,
}

/// One problem. The message is lower case, without period, names in backticks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    pub severity: Severity,
    pub message: String,
    /// Stands beside the caret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Excerpt>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Also>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The ID of the state concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

impl Diagnostic {
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            label: None,
            place: None,
            also: Vec::new(),
            help: None,
            state: None,
        }
    }

    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    #[must_use]
    pub fn at(mut self, place: &Place) -> Self {
        self.place = Some(place.into());
        self
    }

    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    #[must_use]
    pub fn also(mut self, place: &Place, label: impl Into<String>) -> Self {
        self.also.push(Also { place: place.into(), label: label.into() });
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Calls with every text, those of the lines shown too.
    pub fn each_text(&mut self, call: &mut dyn FnMut(&mut String)) {
        call(&mut self.message);
        [&mut self.label, &mut self.help, &mut self.state].into_iter().flatten().for_each(&mut *call);
        self.place.iter_mut().for_each(|place| call(&mut place.text));
        for also in &mut self.also {
            call(&mut also.place.text);
            call(&mut also.label);
        }
    }

    /// Calls with every place.
    pub fn each_place(&mut self, call: &mut dyn FnMut(&mut Excerpt)) {
        self.place.iter_mut().for_each(&mut *call);
        self.also.iter_mut().for_each(|also| call(&mut also.place));
    }

    #[must_use]
    pub fn state(mut self, id: impl AsRef<str>) -> Self {
        self.state = Some(id.as_ref().to_owned());
        self
    }
}

/// All problems of a pass, in the order found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problems(pub Vec<Diagnostic>);

impl Problems {
    pub fn push(&mut self, problem: Diagnostic) {
        self.0.push(problem);
    }

    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(other);
    }

    /// Whether one of them is an error; warnings alone let a run go on.
    pub fn fatal(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Diagnostic> for Problems {
    fn from(problem: Diagnostic) -> Self {
        Self(vec![problem])
    }
}

impl IntoIterator for Problems {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The nearest of the known names to what was typed, if it is near enough to be meant.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = typed.chars().count();
    known
        .into_iter()
        .filter_map(|name| {
            let other = name.chars().count();
            let most = 1 + length.max(other) / 4;
            // What differs more in length differs more in its letters, and nobody misspells what is that long.
            if length.abs_diff(other) > most || length.max(other) > LONGEST {
                return None;
            }
            Some((distance(typed, name), name)).filter(|(distance, _)| *distance <= most)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Letters of the longest word for which a likely one is looked for.
const LONGEST: usize = 200;

/// Levenshtein's distance with adjacent letters swapped counted as one slip.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX / 2);
            let mut best =
                (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = last;
        last = row;
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_a_stranger_is_not() {
        let known = ["require", "watch", "onchanges", "managed"];
        assert_eq!(nearest("requires", known), Some("require"));
        assert_eq!(nearest("mangaed", known), Some("managed"));
        assert_eq!(nearest("zebra", known), None);
    }
}
