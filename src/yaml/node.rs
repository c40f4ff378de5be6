//! A value of a YAML file that still knows where it stood and how it was written.

use crate::source::Place;

/// A value with its place. Scalars keep their written text, so `0644` and `1.10` stay what was written
/// until somebody asks for a mode, a version or a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub place: Place,
    pub shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    Scalar(Scalar),
    List(Vec<Node>),
    /// In the order written; keys are unique (the parser refuses duplicates).
    Map(Vec<(Node, Node)>),
}

/// A scalar as written: without quotes and with escapes resolved, but not yet typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    pub text: String,
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
}
