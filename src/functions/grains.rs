//! `grains.*`.

use serde_json::{Map, Value, json};

use super::Row;
use super::call::{Call, plain};
use crate::fault::Result;
use crate::merge::{Strategy, merge};
use crate::target::find;

pub const FUNCTIONS: &[Row] = &[
    ("grains.equals", equals),
    ("grains.fetch", get),
    ("grains.filter_by", filter_by),
    ("grains.get", get),
    ("grains.has_value", has_value),
    ("grains.item", item),
    ("grains.items", items),
    ("grains.ls", ls),
];

fn get(call: &Call<'_>) -> Result<Value> {
    let key = call.text(0, "key")?;
    let otherwise = call.given(1, "default").cloned().unwrap_or_else(|| json!(""));
    let delimiter = call.text_or(2, "delimiter", ":")?;
    call.given(3, "ordered");
    let key = if delimiter == ":" { key } else { key.replace(&delimiter, ":") };
    Ok(find(&call.catalog.surroundings().grains, &key).cloned().unwrap_or(otherwise))
}

fn items(call: &Call<'_>) -> Result<Value> {
    call.given(0, "sanitize");
    Ok(Value::Object((*call.catalog.surroundings().grains).clone()))
}

fn item(call: &Call<'_>) -> Result<Value> {
    let otherwise = json!("");
    let mut found = Map::new();
    for name in call.all() {
        let name = name.as_str().unwrap_or_default();
        let value = find(&call.catalog.surroundings().grains, name).unwrap_or(&otherwise);
        found.insert(name.to_owned(), value.clone());
    }
    Ok(Value::Object(found))
}

fn ls(call: &Call<'_>) -> Result<Value> {
    call.all();
    Ok(call.catalog.surroundings().grains.keys().map(String::as_str).collect())
}

fn has_value(call: &Call<'_>) -> Result<Value> {
    let key = call.text(0, "key")?;
    let value = find(&call.catalog.surroundings().grains, &key);
    Ok(json!(value.is_some_and(|value| !is_nothing(value))))
}

fn equals(call: &Call<'_>) -> Result<Value> {
    let key = call.text(0, "key")?;
    let wanted = call.text(1, "value")?;
    let value = find(&call.catalog.surroundings().grains, &key);
    Ok(json!(value.and_then(plain).is_some_and(|text| text == wanted)))
}

/// What Python takes for false.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

fn filter_by(call: &Call<'_>) -> Result<Value> {
    filtered(call, &call.catalog.surroundings().grains, "grain", Some("os_family"))
}

/// Chooses an entry of a map by a value of the host, lays it over a base, and something more over it.
pub fn filtered(
    call: &Call<'_>,
    data: &Map<String, Value>,
    what: &'static str,
    usual: Option<&str>,
) -> Result<Value> {
    let lookup = call.map(0, "lookup_dict")?;
    let key = match usual {
        Some(usual) => call.text_or(1, what, usual)?,
        None => call.text(1, what)?,
    };
    let more = call.maybe_map(2, "merge")?;
    let otherwise = call.text_or(3, "default", "default")?;
    let base = call.text_or(4, "base", "")?;
    let values = match find(data, &key) {
        Some(Value::Array(values)) => values.clone(),
        Some(value) => vec![value.clone()],
        None => Vec::new(),
    };
    let chosen = values.iter().filter_map(plain).find_map(|value| {
        lookup.iter().find(|(pattern, entry)| !entry.is_null() && crate::glob::fits(pattern, &value))
    });
    let mut chosen = chosen.map(|(_, entry)| entry).or_else(|| lookup.get(&otherwise)).cloned();
    if let Some(lower) = lookup.get(&base).filter(|_| !base.is_empty()) {
        chosen = Some(over(call, lower.clone(), chosen.unwrap_or(Value::Null))?);
    }
    match more {
        Some(more) => over(call, chosen.unwrap_or(Value::Null), Value::Object(more.clone())),
        None => Ok(chosen.unwrap_or(Value::Null)),
    }
}

fn over(call: &Call<'_>, lower: Value, upper: Value) -> Result<Value> {
    match (lower, upper) {
        (Value::Null, value) | (value, Value::Null) => Ok(value),
        (Value::Object(mut lower), Value::Object(upper)) => {
            merge(&mut lower, upper, Strategy::Recurse, false);
            Ok(Value::Object(lower))
        }
        _ => Err(call.fault("what is to be merged must be maps")),
    }
}
