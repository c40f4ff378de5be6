//! JSON as Python's json module writes it. Must not know files.

use serde_json::Value;

use super::{Options, flag, float, unknown_option, width, wrong_option};
use crate::fault::{Fault, Result};

struct Style {
    /// `None`: all in one line.
    indent: Option<String>,
    sort_keys: bool,
    ensure_ascii: bool,
    item: String,
    colon: String,
}

pub fn write(data: &Value, options: &Options) -> Result<String> {
    let mut style = Style {
        indent: Some("  ".to_owned()),
        sort_keys: true,
        ensure_ascii: false,
        item: ",".to_owned(),
        colon: ": ".to_owned(),
    };
    for (name, value) in options {
        match name.as_str() {
            "indent" => {
                style.indent = match value {
                    Value::Null => None,
                    Value::String(text) => Some(text.clone()),
                    value => Some(" ".repeat(width(name, value)?)),
                }
            }
            "sort_keys" => style.sort_keys = flag(name, value)?,
            "ensure_ascii" => style.ensure_ascii = flag(name, value)?,
            "separators" => match value.as_array().map(Vec::as_slice) {
                Some([Value::String(item), Value::String(colon)]) => {
                    (style.item, style.colon) = (item.clone(), colon.clone());
                }
                _ => return Err(wrong_option(name, "a list of two texts")),
            },
            _ => {
                let known = "`indent`, `sort_keys`, `ensure_ascii` and `separators`";
                return Err(unknown_option("json", name, known));
            }
        }
    }
    let mut out = String::new();
    style.value(data, 0, &mut out);
    out.push('\n');
    Ok(out)
}

impl Style {
    fn value(&self, value: &Value, depth: usize, out: &mut String) {
        match value {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
                Some(value) => out.push_str(&float(value)),
                None => out.push_str(&number.to_string()),
            },
            Value::String(text) => self.text(text, out),
            Value::Array(items) => {
                self.many('[', ']', items.iter(), depth, out, |item, out| self.value(item, depth + 1, out));
            }
            Value::Object(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                if self.sort_keys {
                    entries.sort_by_key(|(key, _)| *key);
                }
                self.many('{', '}', entries.into_iter(), depth, out, |(key, value), out| {
                    self.text(key, out);
                    out.push_str(&self.colon);
                    self.value(value, depth + 1, out);
                });
            }
        }
    }

    fn many<T>(
        &self,
        open: char,
        close: char,
        items: impl ExactSizeIterator<Item = T>,
        depth: usize,
        out: &mut String,
        mut write: impl FnMut(T, &mut String),
    ) {
        let empty = items.len() == 0;
        out.push(open);
        for (index, item) in items.enumerate() {
            if index > 0 {
                out.push_str(&self.item);
            }
            self.line(depth + 1, out);
            write(item, out);
        }
        if !empty {
            self.line(depth, out);
        }
        out.push(close);
    }

    fn line(&self, depth: usize, out: &mut String) {
        if let Some(indent) = &self.indent {
            out.push('\n');
            out.push_str(&indent.repeat(depth));
        }
    }

    fn text(&self, text: &str, out: &mut String) {
        let quoted = Value::from(text).to_string();
        if !self.ensure_ascii {
            out.push_str(&quoted);
            return;
        }
        for char in quoted.chars() {
            if char.is_ascii() {
                out.push(char);
            } else {
                let mut units = [0; 2];
                for unit in char.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
}

pub fn read(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| Fault::new(format!("not valid JSON: {error}")))
}
