//! Filters between values and YAML or JSON text. Must not know what the values mean.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, State, Value};

use super::super::budget;
use super::super::python::{float, str, to_json};
use super::super::{Data, List, Map};
use super::{making, wrong};
use crate::source::Source;
use crate::yaml;

/// So many texts that were read are kept: the same file is imported again and again.
const KEPT: usize = 1000;
const KEPT_BYTES: usize = 8 << 20;

pub fn add(environment: &mut Environment<'_>) {
    making(environment, "yaml", to_yaml);
    making(environment, "yaml_encode", yaml_encode);
    making(environment, "yaml_dquote", yaml_dquote);
    making(environment, "yaml_squote", yaml_squote);
    making(environment, "dict_to_sls_yaml_params", dict_to_sls_yaml_params);
    making(environment, "json", json);
    making(environment, "tojson", tojson);
    making(environment, "pprint", |value: Value| super::super::python::repr(&value));
    making(environment, "python", |value: Value| super::super::python::repr(&value));
    let read: Mutex<Read> = Mutex::default();
    environment.add_filter("load_yaml", move |state: &mut State, text: Value| {
        let text = str(&text);
        if let Some(data) = read.lock().unwrap_or_else(PoisonError::into_inner).data.get(&text) {
            return Ok(data.to_value());
        }
        readable(state, &text)?;
        let data = load_yaml(&text)?;
        let value = data.to_value();
        read.lock().unwrap_or_else(PoisonError::into_inner).keep(text, data);
        Ok::<Value, Error>(value)
    });
    environment.add_filter("load_json", load_json);
    making(environment, "load_text", |text: Value| str(&text));
}

/// Texts that were read as YAML, with what they say.
#[derive(Default)]
struct Read {
    data: HashMap<String, Data>,
    bytes: usize,
}

impl Read {
    fn keep(&mut self, text: String, data: Data) {
        self.bytes += text.len();
        if self.data.len() >= KEPT || self.bytes > KEPT_BYTES {
            self.data.clear();
            self.bytes = text.len();
        }
        self.data.insert(text, data);
    }
}

/// Whether a text can be read as data; it is counted for what that takes.
fn readable(state: &mut State, text: &str) -> Result<(), Error> {
    /// Each byte may become a value of its own.
    const EACH: usize = 8;
    if text.len() > budget::MOST_READ {
        let message = format!(
            "this text is longer than {} MB, which is the most that is read as data",
            budget::MOST_READ >> 20
        );
        return Err(wrong(message));
    }
    budget::charge(state, text.len() * EACH)
}

fn load_yaml(text: &str) -> Result<Data, Error> {
    let source = Source::new("", text);
    match yaml::parse(&source) {
        Ok(Some(node)) => Ok(Data::from(&node)),
        Ok(None) => Ok(Data::none()),
        Err(problems) => {
            let problem = problems.into_iter().next();
            let message = problem.map_or_else(String::new, |problem| {
                let line = problem.place.map_or(1, |place| place.line);
                format!("{} (line {line} of the text read as YAML)", problem.message)
            });
            Err(wrong(message))
        }
    }
}

fn load_json(state: &mut State, text: Value) -> Result<Value, Error> {
    let text = str(&text);
    readable(state, &text)?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| wrong(format!("this is no JSON: {error}")))?;
    Ok(Data::from(value).to_value())
}

fn written(value: &Value, flow: bool) -> Result<String, Error> {
    let style = yaml::Style { flow, sort_keys: true, ..yaml::Style::default() };
    Ok(yaml::write(&to_json(value)?, &style).trim().to_owned())
}

fn to_yaml(value: Value, flow_style: Option<bool>, named: Kwargs) -> Result<String, Error> {
    let flow = match flow_style {
        Some(flow) => flow,
        None => named.get::<Option<bool>>("flow_style")?.unwrap_or(true),
    };
    named.assert_all_used()?;
    written(&value, flow)
}

fn dict_to_sls_yaml_params(value: Value, flow_style: Option<bool>) -> Result<String, Error> {
    let entries = super::super::python::entries(&value).into_iter();
    let single =
        entries.map(|(key, value)| Value::from_object(Map::new([(key, value)].into_iter().collect())));
    written(&Value::from_object(List::new(single.collect())), flow_style.unwrap_or(false))
}

fn yaml_encode(value: Value) -> Result<String, Error> {
    match to_json(&value)? {
        serde_json::Value::String(text) => Ok(double(&text)),
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            Err(wrong("`yaml_encode` takes a single value, no list or map"))
        }
        other => Ok(yaml::write(&other, &yaml::Style::default()).trim().to_owned()),
    }
}

/// In double quotes and ASCII, as PyYAML writes where nobody allowed it more.
fn double(text: &str) -> String {
    let mut quoted = String::new();
    yaml::write_double(&mut quoted, text);
    let mut out = String::new();
    for letter in quoted.chars() {
        match u32::from(letter) {
            0..=0x7f => out.push(letter),
            code @ ..=0xff => out.push_str(&format!("\\x{code:02X}")),
            code @ ..=0xffff => out.push_str(&format!("\\u{code:04X}")),
            code => out.push_str(&format!("\\U{code:08X}")),
        }
    }
    out
}

fn yaml_dquote(value: Value) -> String {
    double(&str(&value))
}

fn yaml_squote(value: Value) -> String {
    format!("'{}'", str(&value).replace('\'', "''"))
}

fn json(
    value: Value,
    sort_keys: Option<bool>,
    indent: Option<usize>,
    named: Kwargs,
) -> Result<String, Error> {
    let sort = match sort_keys {
        Some(sort) => sort,
        None => named.get::<Option<bool>>("sort_keys")?.unwrap_or(true),
    };
    let indent = match indent {
        Some(indent) => Some(indent),
        None => named.get("indent")?,
    };
    named.assert_all_used()?;
    let mut out = String::new();
    dump(&mut out, &to_json(&value)?, &Dump { sort, indent, ascii: false }, 0);
    Ok(out)
}

fn tojson(value: Value, indent: Option<usize>, named: Kwargs) -> Result<String, Error> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => named.get("indent")?,
    };
    let sort = named.get::<Option<bool>>("sort_keys")?.unwrap_or(false);
    let ascii = named.get::<Option<bool>>("ensure_ascii")?.unwrap_or(true);
    named.assert_all_used()?;
    let mut out = String::new();
    dump(&mut out, &to_json(&value)?, &Dump { sort, indent, ascii }, 0);
    Ok(out.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027"))
}

/// How Python's `json.dumps` is asked to write.
struct Dump {
    sort: bool,
    indent: Option<usize>,
    ascii: bool,
}

fn dump(out: &mut String, value: &serde_json::Value, how: &Dump, depth: usize) {
    use serde_json::Value as Json;
    let line = |out: &mut String, depth: usize| {
        if let Some(indent) = how.indent {
            out.push('\n');
            out.push_str(&" ".repeat(indent.min(40) * depth));
        }
    };
    // It is refused for its length where it is used.
    if out.len() > budget::MOST_TEXT {
        return;
    }
    let comma = |out: &mut String| out.push_str(if how.indent.is_some() { "," } else { ", " });
    match value {
        Json::String(text) => dump_text(out, text, how.ascii),
        Json::Number(number) if number.is_f64() => out.push_str(&float(number.as_f64().unwrap_or_default())),
        Json::Array(items) if !items.is_empty() => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    comma(out);
                }
                line(out, depth + 1);
                dump(out, item, how, depth + 1);
            }
            line(out, depth);
            out.push(']');
        }
        Json::Object(entries) if !entries.is_empty() => {
            let mut entries: Vec<_> = entries.iter().collect();
            if how.sort {
                entries.sort_by_key(|(key, _)| *key);
            }
            out.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    comma(out);
                }
                line(out, depth + 1);
                dump_text(out, key, how.ascii);
                out.push_str(": ");
                dump(out, item, how, depth + 1);
            }
            line(out, depth);
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn dump_text(out: &mut String, text: &str, ascii: bool) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ if ascii && !letter.is_ascii() => {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}
