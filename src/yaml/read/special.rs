//! Names by which types ask for more than serde's model offers, and the Node that is read as itself.

use std::cell::RefCell;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor};

use crate::source::{Place, Source};
use crate::yaml::{Node, from_json};

/// The newtype name under which a [`Node`] is handed over whole.
pub const NODE: &str = "$provision::Node";
/// The newtype name under which a single value reads as a list of one, and nothing as an empty list.
pub const ONE_OR_MANY: &str = "$provision::OneOrMany";
/// The newtype name under which Salt's lists of names and single-key maps, and maps, read as a list of pairs.
pub const PAIRS: &str = "$provision::Pairs";

thread_local! {
    /// A Node on its way through serde, which cannot carry it.
    static HANDED: RefCell<Option<Node>> = const { RefCell::new(None) };
}

pub fn hand_over(node: &Node) {
    HANDED.with(|slot| *slot.borrow_mut() = Some(node.clone()));
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;

        impl<'de> Visitor<'de> for Whole {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            /// From our own reader.
            fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
                HANDED.with(|slot| slot.borrow_mut().take()).ok_or_else(|| E::custom("no value was given"))
            }

            /// From any other format: without places.
            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)
                    .map_err(|error| D::Error::custom(error.to_string()))?;
                Ok(from_json(&value, &Place::start(&Source::new("", ""))))
            }
        }

        deserializer.deserialize_newtype_struct(NODE, Whole)
    }
}
