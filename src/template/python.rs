//! Values as Python prints them, since that is what Jinja2 puts into files. Must not know Salt.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::budget::{MOST_TEXT, Scale};
use super::own::{is_ours, is_plain_map};
use crate::yaml;

/// Lists and maps within one another; deeper ones hold themselves or were built to do harm.
pub const DEEPEST: usize = 100;

/// `str(value)`. A text that is longer than a value may be is cut off behind that, and refused for its length
/// where it is used.
pub fn str(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => repr(value),
    }
}

/// `str(value)` where it goes into a text: what is undefined must not get there, not even in a list.
pub fn python_text(value: &Value) -> Result<String, Error> {
    if holds_undefined(value, 0, &mut Scale::default()) {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    Ok(str(value))
}

fn holds_undefined(value: &Value, depth: usize, scale: &mut Scale) -> bool {
    if depth > DEEPEST || value.as_object().is_none() {
        return depth > 0 && value.is_undefined();
    }
    // What is too large will be refused for that.
    if scale.put(value).is_err() {
        return false;
    }
    match value.kind() {
        ValueKind::Seq => {
            value.try_iter().is_ok_and(|mut items| items.any(|item| holds_undefined(&item, depth + 1, scale)))
        }
        ValueKind::Map if is_ours(value) || is_plain_map(value) => {
            entries(value).iter().any(|(_, item)| holds_undefined(item, depth + 1, scale))
        }
        _ => false,
    }
}

/// `repr(value)`, as long as [`str()`] may be.
pub fn repr(value: &Value) -> String {
    let mut out = String::new();
    show(&mut out, value, 0, false);
    out
}

pub fn list(items: &[Value]) -> String {
    let mut out = String::new();
    show_list(&mut out, items, ["[", "]"], 0);
    out
}

pub fn map(entries: &[(Value, Value)]) -> String {
    let mut out = String::new();
    show_map(&mut out, entries, 0);
    out
}

fn show_list(out: &mut String, items: &[Value], [open, close]: [&str; 2], depth: usize) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        show(out, item, depth + 1, false);
        if out.len() > MOST_TEXT {
            return;
        }
    }
    out.push_str(close);
}

fn show_map(out: &mut String, entries: &[(Value, Value)], depth: usize) {
    out.push('{');
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        show(out, key, depth + 1, false);
        out.push_str(": ");
        show(out, value, depth + 1, true);
        if out.len() > MOST_TEXT {
            return;
        }
    }
    out.push('}');
}

fn show(out: &mut String, value: &Value, depth: usize, in_map: bool) {
    if depth > DEEPEST {
        out.push_str("...");
        return;
    }
    match value.kind() {
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            // Salt prints maps so that YAML reads them back, and Python's escapes mean nothing there.
            if in_map && text.contains(['\n', '\r', '\t']) {
                yaml::write_double(out, text);
            } else {
                out.push_str(&quoted(text));
            }
        }
        ValueKind::Number if !value.is_integer() => {
            out.push_str(&f64::try_from(value.clone()).map_or_else(|_| value.to_string(), float));
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map(|items| items.take(MOST_TEXT / 3).collect());
            let items: Vec<Value> = items.unwrap_or_default();
            let brackets = match (value.is_tuple(), items.len()) {
                (true, 1) => ["(", ",)"],
                (true, _) => ["(", ")"],
                (false, _) => ["[", "]"],
            };
            show_list(out, &items, brackets, depth);
        }
        // Namespaces, modules and loops are maps with a face of their own.
        ValueKind::Map if is_ours(value) || is_plain_map(value) => show_map(out, &entries(value), depth),
        ValueKind::Bytes => out.push_str(&format!("{value:?}")),
        _ => out.push_str(&value.to_string()),
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
    json(value, 0, &mut Scale::default())
}

fn json(value: &Value, depth: usize, scale: &mut Scale) -> Result<serde_json::Value, Error> {
    use serde_json::Value as Json;
    if depth > DEEPEST {
        return Err(too_deep());
    }
    scale.put(value)?;
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
            let items = value.try_iter()?.map(|item| json(&item, depth + 1, scale));
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
                object.insert(key, json(&item, depth + 1, scale)?);
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
