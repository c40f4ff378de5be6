//! Nodes to JSON values, which know no places, and back. Must not know states.

use serde_json::{Map, Number, Value};

use super::{Meaning, Node, Scalar, Shape};
use crate::source::Place;

impl Node {
    /// The value with its scalars resolved. Keys are as written; numbers too large for JSON are strings.
    pub fn to_json(&self) -> Value {
        match &self.shape {
            Shape::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Shape::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.text().unwrap_or_default().to_owned(), value.to_json()))
                    .collect(),
            ),
            Shape::Scalar(scalar) => match scalar.meaning() {
                Meaning::Null => Value::Null,
                Meaning::Bool(value) => Value::Bool(value),
                Meaning::Integer(value) => Number::from_i128(value)
                    .map_or_else(|| Value::String(scalar.text.to_string()), Value::Number),
                Meaning::Float(value) => Number::from_f64(value)
                    .map_or_else(|| Value::String(scalar.text.to_string()), Value::Number),
                Meaning::Text(text) => Value::String(text.to_owned()),
            },
        }
    }
}

/// A value that nobody wrote as YAML, at the place that it came from.
pub fn from_json(value: &Value, place: &Place) -> Node {
    let scalar = |text: String, quoted: bool| Shape::Scalar(Scalar { text: text.into(), quoted });
    let shape = match value {
        Value::Null => scalar(String::new(), false),
        Value::Bool(value) => scalar(value.to_string(), false),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            // YAML 1.1 wants a point in a float, and a sign in its exponent.
            Some(float) => scalar(super::write::float(float), false),
            None => scalar(number.to_string(), false),
        },
        Value::String(text) => scalar(text.clone(), true),
        Value::Array(items) => Shape::List(items.iter().map(|item| from_json(item, place)).collect()),
        Value::Object(entries) => Shape::Map(pairs(entries, place).into()),
    };
    Node { place: place.clone(), shape }
}

fn pairs(entries: &Map<String, Value>, place: &Place) -> Vec<(Node, Node)> {
    entries.iter().map(|(key, value)| (Node::string(place, key.as_str()), from_json(value, place))).collect()
}
