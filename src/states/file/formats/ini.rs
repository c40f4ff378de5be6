//! Sections of `key = value` lines, as Python's configparser has them. Must not know files.

use serde_json::{Map, Value};

use super::{Options, flag, float, unknown_option};
use crate::fault::{Fault, Result};

pub fn write(data: &Value, options: &Options) -> Result<String> {
    let mut bare_keys = false;
    for (name, value) in options {
        match name.as_str() {
            "allow_no_value" => bare_keys = flag(name, value)?,
            _ => return Err(unknown_option("configparser", name, "`allow_no_value`")),
        }
    }
    let sections = data.as_object().ok_or_else(|| {
        Fault::new("dataset: configparser needs a map of sections").help("write `section: {key: value}`")
    })?;
    let mut out = String::new();
    for first in [true, false] {
        for (name, keys) in sections.iter().filter(|(name, _)| (*name == "DEFAULT") == first) {
            let keys = keys.as_object().ok_or_else(|| {
                Fault::new(format!("dataset: the section `{name}` must be a map"))
                    .help("write `section: {key: value}`")
            })?;
            section(&mut out, name, keys, bare_keys)?;
        }
    }
    out.push('\n');
    Ok(out)
}

fn section(out: &mut String, name: &str, keys: &Map<String, Value>, bare_keys: bool) -> Result<()> {
    out.push_str(&format!("[{name}]\n"));
    for (key, value) in keys {
        let key = key.to_lowercase();
        match text(value) {
            Some(value) => out.push_str(&format!("{key} = {}\n", value.replace('\n', "\n\t"))),
            None if value.is_null() && bare_keys => out.push_str(&format!("{key}\n")),
            None => {
                return Err(Fault::new(format!("dataset: the value of `{key}` in `{name}` must be a text")));
            }
        }
    }
    out.push('\n');
    Ok(())
}

/// A value as Python prints it.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(if *value { "True" } else { "False" }.to_owned()),
        Value::Number(number) => {
            Some(number.as_f64().filter(|_| number.is_f64()).map_or_else(|| number.to_string(), float))
        }
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

pub fn read(source: &str) -> Result<Value> {
    let mut sections: Map<String, Value> = Map::new();
    let mut section: Option<String> = None;
    let mut key: Option<String> = None;
    for line in source.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next())
            && !line.starts_with([' ', '\t'])
        {
            sections.entry(name).or_insert_with(|| Value::Object(Map::new()));
            (section, key) = (Some(name.to_owned()), None);
            continue;
        }
        let keys = section.as_ref().and_then(|name| sections.get_mut(name)).and_then(Value::as_object_mut);
        let Some(keys) = keys else {
            return Err(Fault::new(format!(
                "not valid for configparser: `{trimmed}` stands before any section"
            )));
        };
        if line.starts_with([' ', '\t'])
            && let Some(Value::String(value)) = key.as_ref().and_then(|key| keys.get_mut(key))
        {
            value.push('\n');
            value.push_str(trimmed);
            continue;
        }
        let (name, value) = match trimmed.split_once(['=', ':']) {
            Some((name, value)) => (name.trim(), Value::from(value.trim())),
            None => (trimmed, Value::Null),
        };
        let name = name.to_lowercase();
        keys.insert(name.clone(), value);
        key = Some(name);
    }
    Ok(Value::Object(sections))
}
