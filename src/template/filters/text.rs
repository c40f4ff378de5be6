//! Filters on strings. Must not know YAML.

use std::sync::Arc;

use minijinja::value::{Kwargs, Rest, Tuple, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::super::budget;
use super::super::methods::{formatted, replaced};
use super::super::python::{self, str};
use super::keywords::by_place;
use super::{making, wrong};

pub fn add(environment: &mut Environment<'_>) {
    environment.add_filter("__format", format);
    environment.add_filter("__times", times);
    environment.add_filter("__number", number);
    environment.add_filter("to_bool", to_bool);
    making(environment, "quote", quote);
    environment.add_filter("contains_whitespace", |text: String| text.contains(char::is_whitespace));
    environment.add_filter("is_hex", |text: String| {
        let digits = text.trim_start_matches('-');
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_hexdigit())
    });
    making(environment, "to_bytes", |text: Value| str(&text));
    making(environment, "to_snake_case", to_snake_case);
    making(environment, "to_camelcase", to_camelcase);
    making(environment, "path_join", path_join);
    making(environment, "indent", indent);
    by_place(environment, "replace", &["old", "new", "count"], replace);
    environment.add_filter("wordcount", |text: String| text.split_whitespace().count());
    making(environment, "truncate", truncate);
    making(environment, "wordwrap", wordwrap);
    by_place(environment, "center", &["width"], |text: Value, width: Option<usize>| {
        let text = str(&text);
        let missing = width.unwrap_or(80).min(10_000).saturating_sub(text.chars().count());
        let left = missing / 2 + (missing & width.unwrap_or(80) & 1);
        format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left))
    });
    making(environment, "urlencode", |value: Value| urlencode(&value));
    making(environment, "striptags", |text: Value| striptags(&str(&text)));
    for name in ["e", "escape", "forceescape"] {
        making(environment, name, |text: Value| escape(&str(&text)));
    }
    making(environment, "format", |text: Value, args: Rest<ValueOrKwargs>| {
        let args: Vec<Value> = args.iter().map(|arg| arg.clone().into_value()).collect();
        let text = str(&text);
        formatted(&text, &args)?;
        minijinja::formatting::format(minijinja::formatting::FormatStyle::Printf, &text, &args)
    });
    making(environment, "split", |text: Value, between: Option<Arc<str>>, most: Option<i64>| {
        let count = match (text.as_str(), between.as_deref().filter(|between| !between.is_empty())) {
            (Some(text), Some(between)) => text.matches(between).count(),
            (Some(text), None) => text.len() / 2,
            _ => 0,
        };
        budget::items(count)?;
        minijinja::filters::split(&text, between, most)
    });
    making(environment, "lines", |text: &Value| {
        budget::items(text.as_str().map_or(0, |text| text.matches('\n').count()))?;
        minijinja::filters::lines(text)
    });
    making(environment, "string", |value: Value| str(&value));
}

/// As MarkupSafe does it.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('\'', "&#39;").replace('"', "&#34;")
}

fn replace(text: Value, old: String, new: Value, count: Option<usize>) -> Result<String, Error> {
    let (text, new) = (str(&text), str(&new));
    replaced(&text, &old, new.len())?;
    Ok(match count {
        Some(count) => text.replacen(&old, &new, count),
        None => text.replace(&old, &new),
    })
}

/// `a * b`: numbers, a text so many times, or a list.
fn times(state: &mut State, a: Value, b: Value) -> Result<Value, Error> {
    let many = |value: &Value| value.as_str().is_some() || is_list(value);
    let Some((much, count)) = (if many(&a) { Some((&a, &b)) } else { many(&b).then_some((&b, &a)) }) else {
        return product(&a, &b);
    };
    // Undefined is told by its name.
    python::python_text(&a)?;
    python::python_text(&b)?;
    let Some(count) = count.as_i64().filter(|_| !count.is_undefined()) else { return Err(unfit(&a, &b)) };
    let count = usize::try_from(count).unwrap_or(0);
    let made = match much.as_str() {
        Some(text) => {
            budget::text(text.len().saturating_mul(count))?;
            Value::from(text.repeat(count))
        }
        None => {
            let items = budget::collect(much)?;
            budget::items(items.len().saturating_mul(count))?;
            let all: Vec<Value> = std::iter::repeat_n(items, count).flatten().collect();
            if much.is_tuple() { Value::from(Tuple::from(all)) } else { Value::from(all) }
        }
    };
    budget::made(state, made)
}

fn product(a: &Value, b: &Value) -> Result<Value, Error> {
    if a.is_undefined() || b.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let whole =
        |value: &Value| i128::try_from(value.clone()).ok().filter(|_| value.is_integer() || is_bool(value));
    if let (Some(a), Some(b)) = (whole(a), whole(b)) {
        let product = a.checked_mul(b).ok_or_else(|| wrong(format!("unable to calculate {a} * {b}")))?;
        return Ok(i64::try_from(product).map_or_else(|_| Value::from(product), Value::from));
    }
    let real =
        |value: &Value| (value.is_number() || is_bool(value)).then(|| f64::try_from(value.clone()).ok());
    match (real(a).flatten(), real(b).flatten()) {
        (Some(a), Some(b)) => Ok(Value::from(a * b)),
        _ => Err(unfit(a, b)),
    }
}

fn is_bool(value: &Value) -> bool {
    value.kind() == ValueKind::Bool
}

fn is_list(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

fn unfit(a: &Value, b: &Value) -> Error {
    wrong(format!("tried to use * operator on unsupported types {} and {}", a.kind(), b.kind()))
}

/// What is multiplied behind a division.
fn number(value: &Value) -> Result<Value, Error> {
    if value.as_str().is_some() || is_list(value) {
        return Err(wrong(format!("a {} cannot be multiplied by a quotient", value.kind())));
    }
    Ok(value.clone())
}

/// `'…' % value`, where the value is a tuple of several or a single one.
fn format(state: &mut State, text: &Value, values: &Value) -> Result<Value, Error> {
    python::python_text(values)?;
    let Some(format) = text.as_str() else { return Err(wrong("only a string can be formatted with `%`")) };
    let mut args: Vec<Value> =
        if values.is_tuple() { values.try_iter()?.collect() } else { vec![values.clone()] };
    let format = represented(format, &mut args);
    formatted(&format, &args)?;
    let text = minijinja::formatting::format(minijinja::formatting::FormatStyle::Printf, &format, &args)?;
    budget::made(state, Value::from(text))
}

/// `%r` as `%s` of the value as Python would write it.
fn represented(format: &str, args: &mut [Value]) -> String {
    let mut out = String::new();
    let mut next = 0;
    let mut parts = format.split('%');
    out.push_str(parts.next().unwrap_or_default());
    let mut escaped = false;
    for part in parts {
        out.push('%');
        if std::mem::take(&mut escaped) || part.is_empty() {
            escaped = part.is_empty() && !out.ends_with("%%");
            out.push_str(part);
            continue;
        }
        let end = part.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(part.len());
        let (flags, rest) = part.split_at(end);
        match (rest.strip_prefix('r'), args.get_mut(next)) {
            (Some(rest), Some(arg)) if !flags.contains('(') => {
                *arg = Value::from(python::repr(arg));
                out.push_str(&format!("{flags}s{rest}"));
            }
            _ => out.push_str(part),
        }
        next += 1;
    }
    out
}

fn to_bool(value: Value) -> bool {
    match value.kind() {
        ValueKind::Bool => value.is_true(),
        ValueKind::String => {
            matches!(value.as_str().unwrap_or_default().to_lowercase().as_str(), "yes" | "1" | "true")
        }
        ValueKind::Number => value.as_i64().is_some_and(|number| number > 0),
        ValueKind::Seq | ValueKind::Map => value.len().is_some_and(|length| length > 0),
        _ => false,
    }
}

/// One word for a shell.
fn quote(value: Value) -> String {
    let text = str(&value);
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_@%+=:,./-".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

fn to_snake_case(text: String) -> String {
    let mut out = String::new();
    let letters: Vec<char> = text.chars().collect();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(index + 1);
        let edge = before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit())
            || (before.is_some_and(|before| before.is_uppercase())
                && after.is_some_and(|after| after.is_lowercase()));
        if letter.is_uppercase() && edge {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

fn to_camelcase(text: String, named: Kwargs) -> Result<String, Error> {
    let upper = named.get::<Option<bool>>("uppercamel")?.unwrap_or(false);
    named.assert_all_used()?;
    let mut out = String::new();
    for (index, word) in text.split('_').enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if index > 0 || upper => out.extend(first.to_uppercase()),
            Some(first) => out.push(first),
            None => {}
        }
        out.push_str(letters.as_str());
    }
    Ok(out)
}

fn path_join(first: String, rest: Rest<String>) -> String {
    let mut path = first;
    for part in rest.iter() {
        let part = part.trim_start_matches('/');
        if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    }
    path
}

/// Jinja's `indent`: a width in spaces or a text, without the first line and blank ones unless asked.
fn indent(
    text: Value,
    width: Option<Value>,
    first: Option<bool>,
    blank: Option<bool>,
    named: Kwargs,
) -> Result<String, Error> {
    let width = match width {
        Some(width) => Some(width),
        None => named.get("width")?,
    };
    let flag = |given: Option<bool>, name: &str| -> Result<bool, Error> {
        Ok(match given {
            Some(given) => given,
            None => named.get::<Option<bool>>(name)?.unwrap_or(false),
        })
    };
    let first = flag(first, "first")? || flag(None, "indentfirst")?;
    let blank = flag(blank, "blank")?;
    named.assert_all_used()?;
    let margin = match width {
        None => "    ".to_owned(),
        Some(width) => match width.as_usize() {
            Some(width) => " ".repeat(width.min(1000)),
            None => str(&width),
        },
    };
    let text = str(&text);
    let mut out = String::new();
    budget::text(text.len().saturating_add(text.matches('\n').count().saturating_mul(margin.len())))?;
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if (index > 0 || first) && (blank || !line.is_empty() || (index == 0 && first)) {
            out.push_str(&margin);
        }
        out.push_str(line);
    }
    Ok(out)
}

fn truncate(
    text: String,
    length: Option<usize>,
    killwords: Option<bool>,
    end: Option<String>,
    named: Kwargs,
) -> Result<String, Error> {
    let length = length.or(named.get::<Option<usize>>("length")?).unwrap_or(255);
    let kill = killwords.or(named.get::<Option<bool>>("killwords")?).unwrap_or(false);
    let end = end.or(named.get::<Option<String>>("end")?).unwrap_or_else(|| "...".to_owned());
    let leeway = named.get::<Option<usize>>("leeway")?.unwrap_or(5);
    named.assert_all_used()?;
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(text);
    }
    let kept: String = text.chars().take(length.saturating_sub(end.chars().count())).collect();
    let kept =
        if kill { kept.as_str() } else { kept.rsplit_once(' ').map_or(kept.as_str(), |(kept, _)| kept) };
    Ok(format!("{kept}{end}"))
}

/// Jinja's `wordwrap`: lines of at most so many characters, broken at spaces.
fn wordwrap(text: String, width: Option<usize>, named: Kwargs) -> Result<String, Error> {
    let width = width.or(named.get::<Option<usize>>("width")?).unwrap_or(79).max(1);
    let long = named.get::<Option<bool>>("break_long_words")?.unwrap_or(true);
    let between = named.get::<Option<String>>("wrapstring")?.unwrap_or_else(|| "\n".to_owned());
    let _ = named.get::<Option<bool>>("break_on_hyphens")?;
    named.assert_all_used()?;
    // At worst each letter becomes a line.
    let most = text.matches(['\n', ' ']).count() + text.len() / width;
    budget::items(most)?;
    budget::text(text.len().saturating_add(most.saturating_mul(between.len())))?;
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut count = 0;
        for word in paragraph.split(' ') {
            let mut word: Vec<char> = word.chars().collect();
            if !line.is_empty() && count + 1 + word.len() > width {
                lines.push(std::mem::take(&mut line));
                count = 0;
            }
            if long && word.len() > width {
                let rest = match word.len() % width {
                    0 => width,
                    rest => rest,
                };
                let last = word.split_off(word.len() - rest);
                lines.extend(word.chunks(width).map(|part| part.iter().collect::<String>()));
                word = last;
            }
            if !line.is_empty() {
                line.push(' ');
                count += 1;
            }
            count += word.len();
            line.extend(word);
        }
        lines.push(line);
    }
    Ok(lines.join(&between))
}

/// For an address: a text with its special characters escaped, or a map as a query.
fn urlencode(value: &Value) -> String {
    let escaped = |text: &str, keep: &str| {
        let mut out = String::new();
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    };
    if value.kind() != ValueKind::Map {
        return escaped(&str(value), "_.-~/");
    }
    let pairs = python::entries(value).into_iter();
    let pair = |(key, value): (Value, Value)| {
        let [key, value] = [key, value].map(|part| escaped(&str(&part), "_.-~ ").replace(' ', "+"));
        format!("{key}={value}")
    };
    pairs.map(pair).collect::<Vec<_>>().join("&")
}

fn striptags(text: &str) -> String {
    let mut out = String::new();
    let mut within = false;
    for letter in text.chars() {
        match letter {
            '<' => within = true,
            '>' if within => within = false,
            _ if !within => out.push(letter),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}
