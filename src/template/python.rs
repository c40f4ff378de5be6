//! Values as Python prints them, since that is what Jinja2 puts into files. Must not know Salt.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::own::{is_ours, is_plain_map};
use crate::yaml;

/// Lists and maps within one another; deeper ones hold themselves or were built to do harm.
pub const DEEPEST: usize = 100;

/// `str(value)`.
pub fn str(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => shown(value, 0, false),
    }
}

/// `str(value)` where it goes into a text: what is undefined must not get there, not even in a list.
pub fn put_out(value: &Value) -> Result<String, Error> {
    if holds_undefined(value, 0) {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    Ok(str(value))
}

fn holds_undefined(value: &Value, depth: usize) -> bool {
    if depth > DEEPEST || value.as_object().is_none() {
        return depth > 0 && value.is_undefined();
    }
    match value.kind() {
        ValueKind::Seq => {
            value.try_iter().is_ok_and(|mut items| items.any(|item| holds_undefined(&item, depth + 1)))
        }
        ValueKind::Map if is_ours(value) || is_plain_map(value) => {
            entries(value).iter().any(|(_, item)| holds_undefined(item, depth + 1))
        }
        _ => false,
    }
}

/// `repr(value)`.
pub fn repr(value: &Value) -> String {
    shown(value, 0, false)
}

pub fn list(items: &[Value], depth: usize) -> String {
    let items: Vec<String> = items.iter().map(|item| shown(item, depth + 1, false)).collect();
    format!("[{}]", items.join(", "))
}

pub fn map(entries: &[(Value, Value)], depth: usize) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|(key, value)| format!("{}: {}", shown(key, depth + 1, false), shown(value, depth + 1, true)))
        .collect();
    format!("{{{}}}", entries.join(", "))
}

fn shown(value: &Value, depth: usize, in_map: bool) -> String {
    if depth > DEEPEST {
        return "...".to_owned();
    }
    match value.kind() {
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            // Salt prints maps so that YAML reads them back, and Python's escapes mean nothing there.
            if in_map && text.contains(['\n', '\r', '\t']) {
                let mut out = String::new();
                yaml::write_double(&mut out, text);
                return out;
            }
            quoted(text)
        }
        ValueKind::Number if !value.is_integer() => {
            f64::try_from(value.clone()).map_or_else(|_| value.to_string(), float)
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items: Vec<Value> = value.try_iter().map(Iterator::collect).unwrap_or_default();
            if value.is_tuple() {
                let shown: Vec<String> = items.iter().map(|item| shown(item, depth + 1, false)).collect();
                return match shown.as_slice() {
                    [one] => format!("({one},)"),
                    _ => format!("({})", shown.join(", ")),
                };
            }
            list(&items, depth)
        }
        ValueKind::Map => {
            // Namespaces, modules and loops are maps with a face of their own.
            if !is_ours(value) && !is_plain_map(value) {
                return value.to_string();
            }
            map(&entries(value), depth)
        }
        ValueKind::Bytes => format!("{value:?}"),
        _ => value.to_string(),
    }
}

/// The entries of any map.
pub fn entries(value: &Value) -> Vec<(Value, Value)> {
    let Ok(keys) = value.try_iter() else { return Vec::new() };
    keys.map(|key| {
        let item = value.get_item(&key).unwrap_or_default();
        (key, item)
    })
    .collect()
}

/// A string in the quotes that Python would choose.
pub fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if letter == quote => {
                out.push('\\');
                out.push(quote);
            }
            '\0'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}' => {
                out.push_str(&format!("\\x{:02x}", u32::from(letter)));
            }
            _ => out.push(letter),
        }
    }
    out.push(quote);
    out
}

/// `repr` of a float: the shortest digits, with an exponent where Python has one.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    yaml::float(value).replace(".0e", "e")
}

/// The value as JSON, which knows neither tuples nor keys that are no strings.
pub fn to_json(value: &Value) -> Result<serde_json::Value, Error> {
    json(value, 0)
}

fn json(value: &Value, depth: usize) -> Result<serde_json::Value, Error> {
    use serde_json::Value as Json;
    if depth > DEEPEST {
        return Err(too_deep());
    }
    Ok(match value.kind() {
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Json::Null,
        ValueKind::Bool => Json::Bool(value.is_true()),
        ValueKind::String => Json::String(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::Number => {
            let whole = value.is_integer().then(|| i128::try_from(value.clone()).ok()).flatten();
            match whole {
                Some(whole) => serde_json::Number::from_i128(whole).map(Json::Number),
                None => {
                    f64::try_from(value.clone()).ok().and_then(serde_json::Number::from_f64).map(Json::Number)
                }
            }
            .unwrap_or_else(|| Json::String(str(value)))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter()?.map(|item| json(&item, depth + 1));
            Json::Array(items.collect::<Result<_, _>>()?)
        }
        ValueKind::Map => {
            let mut object = serde_json::Map::new();
            for (key, item) in entries(value) {
                let key = match key.kind() {
                    ValueKind::Bool => if key.is_true() { "true" } else { "false" }.to_owned(),
                    ValueKind::None => "null".to_owned(),
                    _ => str(&key),
                };
                object.insert(key, json(&item, depth + 1)?);
            }
            Json::Object(object)
        }
        _ => Json::String(value.to_string()),
    })
}

pub fn too_deep() -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("more than {DEEPEST} lists and maps within one another, or one that holds itself"),
    )
}
