//! YAML text to places-keeping [`Node`]s, and Nodes to any `Deserialize`. Must not know states.

mod node;
mod read;

pub use node::{Node, Scalar, Shape};
pub use read::fields_of;
