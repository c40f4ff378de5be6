//! Data for templates: shared between renderings, never changed by one. Must not know templates' text.

use std::sync::Arc;

use minijinja::{Error, Value};

use super::map::Entries;
use super::own::Visit;
use super::python::{DEEPEST, too_deep};
use super::{List, Map};
use crate::yaml::{Meaning, Node, Shape};

/// The name of a variable, as the engine holds it: short ones are copied without being allocated.
pub type Key = Value;

/// A value that many renderings read. Each sees it through [`Data::thaw`] and may change what it sees.
#[derive(Clone, Debug)]
pub enum Data {
    Scalar(Value),
    List(Arc<Vec<Data>>),
    Map(Arc<Entries<Data>>),
}

impl Data {
    pub fn none() -> Self {
        Self::Scalar(Value::from(()))
    }

    pub fn from_serialize(value: &impl serde::Serialize) -> Self {
        serde_json::to_value(value).map_or_else(|_| Self::none(), Self::from)
    }

    pub fn map<K: Into<Value>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(Arc::new(entries.into_iter().map(|(key, value)| (key.into(), value)).collect()))
    }

    /// The value under a key of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.get(&Value::from(key)),
            _ => None,
        }
    }

    /// Visits the value and all within it.
    pub fn walk(&self, depth: usize, visit: Visit<'_>) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(too_deep());
        }
        match self {
            Self::Scalar(value) => visit(value),
            Self::List(items) => {
                visit(&Value::from(()))?;
                items.iter().try_for_each(|item| item.walk(depth + 1, visit))
            }
            Self::Map(entries) => {
                visit(&Value::from(()))?;
                entries.iter().try_for_each(|(key, value)| {
                    visit(key)?;
                    value.walk(depth + 1, visit)
                })
            }
        }
    }

    /// The value as one rendering sees it. Nothing is copied before it is changed.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::List(items) => Value::from_object(List::shared(Arc::clone(items))),
            Self::Map(entries) => Value::from_object(Map::shared(Arc::clone(entries))),
        }
    }
}

impl From<serde_json::Value> for Data {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Self::none(),
            Json::Bool(value) => Self::Scalar(value.into()),
            Json::Number(number) => Self::Scalar(match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => value.into(),
                (_, Some(value)) => value.into(),
                _ => number.as_f64().unwrap_or_default().into(),
            }),
            Json::String(text) => Self::Scalar(text.into()),
            Json::Array(items) => Self::List(Arc::new(items.into_iter().map(Self::from).collect())),
            Json::Object(entries) => {
                Self::map(entries.into_iter().map(|(key, value)| (key, Self::from(value))))
            }
        }
    }
}

impl From<&serde_json::Value> for Data {
    fn from(value: &serde_json::Value) -> Self {
        Self::from(value.clone())
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Scalar(text.into())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Scalar(text.into())
    }
}

impl From<bool> for Data {
    fn from(value: bool) -> Self {
        Self::Scalar(value.into())
    }
}

impl From<&Node> for Data {
    fn from(node: &Node) -> Self {
        match &node.shape {
            Shape::List(items) => Self::List(Arc::new(items.iter().map(Self::from).collect())),
            Shape::Map(entries) => Self::map(entries.iter().map(|(key, value)| (scalar(key), value.into()))),
            Shape::Scalar(_) => Self::Scalar(scalar(node)),
        }
    }
}

fn scalar(node: &Node) -> Value {
    match node.meaning() {
        None | Some(Meaning::Null) => Value::from(()),
        Some(Meaning::Bool(value)) => value.into(),
        Some(Meaning::Integer(value)) => {
            i64::try_from(value).map_or_else(|_| Value::from(value), Value::from)
        }
        Some(Meaning::Float(value)) => value.into(),
        Some(Meaning::Text(text)) => text.into(),
    }
}
