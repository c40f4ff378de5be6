//! A value of a YAML file that still knows where it stood and how it was written.

use std::sync::Arc;

use super::Meaning;
use crate::source::Place;

/// A value with its place. Scalars keep their written text, so `0644` and `1.10` stay what was written
/// until somebody asks for a mode, a version or a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub place: Place,
    pub shape: Shape,
}

/// What is in a node is shared by all copies, of which a compile makes many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    Scalar(Scalar),
    List(Arc<[Node]>),
    /// In the order written; keys are unique (the parser refuses duplicates).
    Map(Arc<[(Node, Node)]>),
}

/// A scalar as written: without quotes and with escapes resolved, but not yet typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    pub text: Arc<str>,
    /// Quoted or a block scalar or tagged `!!str`: always a string.
    pub quoted: bool,
}

impl Node {
    pub fn list(&self) -> Option<&[Self]> {
        match &self.shape {
            Shape::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn map(&self) -> Option<&[(Self, Self)]> {
        match &self.shape {
            Shape::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under a key of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.map()?.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// The written text of a scalar, whatever its type.
    pub fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// What a scalar means; `None` for lists and maps.
    pub fn meaning(&self) -> Option<Meaning<'_>> {
        match &self.shape {
            Shape::Scalar(scalar) => Some(scalar.meaning()),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        self.meaning() == Some(Meaning::Null)
    }

    /// A string that stands where something else does, for names that are made up.
    pub fn string(place: &Place, text: impl Into<Arc<str>>) -> Self {
        Self { place: place.clone(), shape: Shape::Scalar(Scalar::string(text)) }
    }

    /// The value as people call it: `a list`, `the number `3``.
    pub fn described(&self) -> String {
        match &self.shape {
            Shape::List(items) if items.is_empty() => "an empty list".to_owned(),
            Shape::List(_) => "a list".to_owned(),
            Shape::Map(entries) if entries.is_empty() => "an empty map".to_owned(),
            Shape::Map(_) => "a map".to_owned(),
            Shape::Scalar(scalar) => {
                let kind = match scalar.meaning() {
                    Meaning::Null => return "nothing".to_owned(),
                    Meaning::Bool(_) => "the boolean",
                    Meaning::Integer(_) | Meaning::Float(_) => "the number",
                    Meaning::Text("") => return "an empty string".to_owned(),
                    Meaning::Text(_) => "the string",
                };
                let mut shown: String = scalar.text.chars().take(40).collect();
                if shown.len() < scalar.text.len() {
                    shown.push('…');
                }
                format!("{kind} `{}`", shown.replace('\n', "⏎"))
            }
        }
    }
}
