//! What keys of maps are: when two are the same, and which merges. Must not know how they are read.

use super::{Meaning, Node, Shape};

/// What makes two keys the same: their meaning, so that `yes` and `true` are one key, `1` and `'1'` two.
#[derive(PartialEq, Eq, Hash)]
pub enum Identity<'a> {
    Text(&'a str),
    Null,
    Bool(bool),
    Integer(i128),
    /// The bits of the number.
    Float(u64),
}

/// A key's identity; the shape of a list or map does not count, as they are refused as keys.
pub fn identity(key: &Node) -> Identity<'_> {
    match key.meaning() {
        Some(Meaning::Text(text)) => Identity::Text(text),
        Some(Meaning::Bool(value)) => Identity::Bool(value),
        Some(Meaning::Integer(value)) => Identity::Integer(value),
        Some(Meaning::Float(value)) => Identity::Float(value.to_bits()),
        // Lists and maps are refused as keys.
        Some(Meaning::Null) | None => Identity::Null,
    }
}

/// Whether a key is YAML's merge key, `<<`.
pub fn is_merge(key: &Node) -> bool {
    matches!(&key.shape, Shape::Scalar(scalar) if !scalar.quoted && &*scalar.text == "<<")
}
