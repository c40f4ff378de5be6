//! Typed values from Nodes: a serde deserializer that keeps places in its errors.

use serde::de::DeserializeOwned;

use super::Node;
use crate::diagnostic::Diagnostic;

impl Node {
    /// Reads a typed value. All unknown keys and wrong types of the outermost struct are reported, each at
    /// its place; `later` are keys that are known but not supported yet.
    pub fn read<T: DeserializeOwned>(&self, _later: &[&str]) -> Result<T, Vec<Diagnostic>> {
        Err(vec![Diagnostic::error("values are not read yet").at(&self.place)])
    }
}

/// The field names of a struct that is read by serde.
pub fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    &[]
}
