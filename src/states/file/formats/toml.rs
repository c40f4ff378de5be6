//! TOML for files. Must not know files.

use serde_json::{Map, Value};

use super::{Options, unknown_option};
use crate::fault::{Fault, Result};

pub fn write(data: &Value, options: &Options) -> Result<String> {
    if let Some((name, _)) = options.first() {
        return Err(unknown_option("toml", name, "none"));
    }
    if !data.is_object() {
        return Err(Fault::new("dataset: TOML needs a map").help("choose another serializer"));
    }
    let text = basic_toml::to_string(&values_first(data)?)
        .map_err(|error| Fault::new(format!("dataset: it cannot be written as TOML: {error}")))?;
    Ok(text)
}

/// In TOML, what stands after a table belongs to it.
fn values_first(value: &Value) -> Result<Value> {
    Ok(match value {
        Value::Null => {
            return Err(Fault::new("dataset: there is no null in TOML").help("leave the key out"));
        }
        Value::Array(items) => Value::Array(items.iter().map(values_first).collect::<Result<_>>()?),
        Value::Object(entries) => {
            let mut ordered = Map::new();
            for tables in [false, true] {
                for (key, value) in entries.iter().filter(|(_, value)| is_table(value) == tables) {
                    ordered.insert(key.clone(), values_first(value)?);
                }
            }
            Value::Object(ordered)
        }
        value => value.clone(),
    })
}

/// Whether a value is written as a table of its own, or several.
fn is_table(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_object),
        _ => false,
    }
}

pub fn read(text: &str) -> Result<Value> {
    basic_toml::from_str(text).map_err(|error| Fault::new(format!("not valid TOML: {error}")))
}
