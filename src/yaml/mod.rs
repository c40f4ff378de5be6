//! YAML text to places-keeping [`Node`]s, and Nodes to any `Deserialize`. Must not know states.

mod fast_path;
mod json;
mod key;
mod node;
mod parse;
mod read;
mod scalar;
mod syntax_hints;
mod values;
mod write;

pub use json::from_json;
pub use node::{Node, Scalar, Shape};
pub use parse::parse;
pub use read::{fields_of, required_of};
pub use scalar::Meaning;
pub use values::{Mode, ModeOrKeep, OneOrMany, Pairs, Seconds};
pub use write::{Style, float, write, write_double};

#[cfg(test)]
mod tests;
