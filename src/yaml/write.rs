//! Values to YAML text, as PyYAML writes it, but without breaking long lines. Must not know states.

use serde_json::Value;

use super::Meaning;
use super::scalar::resolve;

/// How a value is written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub indent: usize,
    pub sort_keys: bool,
    /// `{a: [1, 2]}` in one line.
    pub flow: bool,
    /// Whether the items of a list stand deeper than its key.
    pub indent_lists: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { indent: 2, sort_keys: false, flow: false, indent_lists: false }
    }
}

/// The value as a YAML document with a line break at its end.
pub fn write(value: &Value, style: &Style) -> String {
    let mut out = String::new();
    if style.flow {
        write_flow(&mut out, value, style);
    } else {
        write_block(&mut out, value, style, 0, Where::Root);
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// What stands before a value in block style.
#[derive(Clone, Copy, PartialEq)]
enum Where {
    Root,
    /// After `key:`, without a space yet.
    Value,
    /// After `-` and a space.
    Item,
}

fn write_block(out: &mut String, value: &Value, style: &Style, depth: usize, place: Where) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let depth =
                if place == Where::Value && style.indent_lists { depth + style.indent } else { depth };
            for (index, item) in items.iter().enumerate() {
                begin_line(
                    out,
                    depth,
                    index == 0 && place == Where::Item,
                    place == Where::Root && index == 0,
                );
                out.push('-');
                out.push_str(&" ".repeat(style.indent.saturating_sub(1).max(1)));
                write_block(out, item, style, depth + style.indent.max(2), Where::Item);
            }
        }
        Value::Object(entries) if !entries.is_empty() => {
            for (index, (key, value)) in ordered(entries, style).into_iter().enumerate() {
                begin_line(
                    out,
                    depth,
                    index == 0 && place == Where::Item,
                    place == Where::Root && index == 0,
                );
                write_key(out, key);
                let inner = match value {
                    Value::Array(_) if !style.indent_lists => depth,
                    Value::Array(_) => depth,
                    _ => depth + style.indent,
                };
                write_block(out, value, style, inner, Where::Value);
            }
        }
        _ => {
            if place == Where::Value {
                out.push(' ');
            }
            match value {
                Value::String(text) if text.contains('\n') && literal(text) => {
                    write_literal(out, text, depth.max(style.indent));
                }
                _ => write_flow(out, value, style),
            }
        }
    }
}

fn begin_line(out: &mut String, depth: usize, in_item: bool, first: bool) {
    if in_item || first {
        return;
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(&" ".repeat(depth));
}

fn ordered<'a>(entries: &'a serde_json::Map<String, Value>, style: &Style) -> Vec<(&'a String, &'a Value)> {
    let mut entries: Vec<_> = entries.iter().collect();
    if style.sort_keys {
        entries.sort_by_key(|(key, _)| *key);
    }
    entries
}

fn write_key(out: &mut String, key: &str) {
    write_text(out, key);
    out.push(':');
}

fn write_flow(out: &mut String, value: &Value, style: &Style) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(value) => out.push_str(&float(value)),
            None => out.push_str(&number.to_string()),
        },
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_flow(out, item, style);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            out.push('{');
            for (index, (key, value)) in ordered(entries, style).into_iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_key(out, key);
                out.push(' ');
                write_flow(out, value, style);
            }
            out.push('}');
        }
    }
}

/// A float with the point and the signed exponent that YAML 1.1 asks for.
pub fn float(value: f64) -> String {
    let text = if value != 0.0 && (value.abs() < 1e-4 || value.abs() >= 1e16) {
        format!("{value:e}")
    } else {
        format!("{value:?}")
    };
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}{point}e{sign}{digits:0>2}")
}

fn write_text(out: &mut String, text: &str) {
    if plain(text) {
        out.push_str(text);
    } else if text.chars().any(|letter| letter.is_control() || matches!(letter, '\u{85}' | '\u{feff}')) {
        write_double(out, text);
    } else {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    }
}

/// Whether a text can stand without quotes, everywhere.
fn plain(text: &str) -> bool {
    // What other readers take for something else, `=` and `<<` and dates, is quoted too.
    let ambiguous = text == "=" || text == "<<" || date(text);
    let marker = text.starts_with(['-', '?', ':']) && text.chars().nth(1).is_none_or(|next| next == ' ');
    let opening = [' ', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`'];
    let foreign = |letter: char| {
        letter.is_control()
            || matches!(letter, ',' | '[' | ']' | '{' | '}' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
    };
    let special = marker
        || text.starts_with(opening)
        || text.starts_with("---")
        || text.starts_with("...")
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
        || text.contains(foreign);
    !ambiguous && !special && matches!(resolve(text), Meaning::Text(_))
}

fn date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 8
        && bytes.iter().take(4).all(u8::is_ascii_digit)
        && bytes.get(4) == Some(&b'-')
        && bytes.iter().all(|byte| byte.is_ascii_digit() || b"-:. tTzZ+".contains(byte))
}

/// A text in double quotes, with escapes.
pub fn write_double(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            '\u{feff}' => out.push_str("\\uFEFF"),
            other if other.is_control() => out.push_str(&format!("\\x{:02X}", u32::from(other))),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Whether a text of several lines can stand as a `|` block.
fn literal(text: &str) -> bool {
    !text.starts_with([' ', '\n', '\t'])
        && !text.chars().any(|letter| {
            (letter.is_control() && !matches!(letter, '\n' | '\t'))
                || matches!(letter, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
        })
}

fn write_literal(out: &mut String, text: &str, depth: usize) {
    out.push('|');
    let body = text.trim_end_matches('\n');
    match text.len() - body.len() {
        0 => out.push('-'),
        1 => {}
        _ => out.push('+'),
    }
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&" ".repeat(depth));
            out.push_str(line);
        }
    }
    if text.ends_with('\n') {
        out.push('\n');
    }
}
