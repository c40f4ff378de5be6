//! Filters on strings. Must not know YAML.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use minijinja::value::{Kwargs, Rest, Tuple, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, Value};
use regex::{Regex, RegexBuilder};

use super::super::python::{self, str};
use super::wrong;

pub fn add(environment: &mut Environment<'_>) {
    environment.add_filter("__format", format);
    environment.add_filter("to_bool", to_bool);
    environment.add_filter("quote", quote);
    environment.add_filter("regex_escape", |text: String| regex::escape(&text));
    environment.add_filter("regex_search", |text: String, pattern: String, flags: Rest<ValueOrKwargs>| {
        groups(&text, &compile(&pattern, &flags)?)
    });
    environment.add_filter("regex_match", |text: String, pattern: String, flags: Rest<ValueOrKwargs>| {
        groups(&text, &compile(&format!(r"\A(?:{pattern})"), &flags)?)
    });
    environment.add_filter(
        "regex_replace",
        |text: String, pattern: String, by: String, flags: Rest<ValueOrKwargs>| {
            let by = replacement(&by);
            Ok::<String, Error>(compile(&pattern, &flags)?.replace_all(&text, by.as_str()).into_owned())
        },
    );
    environment.add_test("match", |text: String, pattern: String, flags: Rest<ValueOrKwargs>| {
        Ok::<bool, Error>(compile(&format!(r"\A(?:{pattern})"), &flags)?.is_match(&text))
    });
    environment.add_filter("contains_whitespace", |text: String| text.contains(char::is_whitespace));
    environment.add_filter("is_hex", |text: String| {
        let digits = text.trim_start_matches('-');
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_hexdigit())
    });
    environment.add_filter("to_num", to_num);
    environment.add_filter("str_to_num", to_num);
    environment.add_filter("to_bytes", |text: Value| str(&text));
    environment.add_filter("to_snake_case", to_snake_case);
    environment.add_filter("to_camelcase", to_camelcase);
    environment.add_filter("human_to_bytes", human_to_bytes);
    environment.add_filter("path_join", path_join);
    environment.add_filter("strftime", strftime);
    environment.add_filter("date_format", strftime);
    environment.add_filter("indent", indent);
    environment.add_filter("int", int);
    environment.add_filter("float", |value: Value, default: Option<f64>| {
        let number =
            if value.is_number() { f64::try_from(value).ok() } else { str(&value).trim().parse().ok() };
        number.or(default).unwrap_or(0.0)
    });
    environment.add_filter("wordcount", |text: String| text.split_whitespace().count());
    environment.add_filter("truncate", truncate);
    environment.add_filter("wordwrap", wordwrap);
    environment.add_filter("center", |text: Value, width: Option<usize>| {
        let text = str(&text);
        let missing = width.unwrap_or(80).min(10_000).saturating_sub(text.chars().count());
        let left = missing / 2 + (missing & width.unwrap_or(80) & 1);
        format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left))
    });
    environment.add_filter("urlencode", |value: Value| urlencode(&value));
    environment.add_filter("striptags", |text: Value| striptags(&str(&text)));
    environment.add_filter("string", |value: Value| str(&value));
}

/// Jinja's `int`: what is no number is the default, which is 0.
fn int(value: Value, default: Option<Value>, base: Option<u32>) -> Value {
    if value.is_integer() {
        return value;
    }
    let default = default.unwrap_or_else(|| Value::from(0));
    let float = |number: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "Python cuts the fraction off, too")]
        let whole = number as i64;
        if number.is_finite() { Value::from(whole) } else { Value::UNDEFINED }
    };
    let found = match value.kind() {
        ValueKind::Bool => Value::from(i64::from(value.is_true())),
        ValueKind::Number => f64::try_from(value).map(float).unwrap_or_default(),
        _ => {
            let text = str(&value);
            let text = text.trim().replace('_', "");
            let base = base.unwrap_or(10);
            let digits = match base {
                16 => text.trim_start_matches("0x"),
                8 => text.trim_start_matches("0o"),
                2 => text.trim_start_matches("0b"),
                3..=36 => text.as_str(),
                _ => return default,
            };
            match i64::from_str_radix(digits, base) {
                Ok(number) => Value::from(number),
                Err(_) if base == 10 => text.parse().map(float).unwrap_or_default(),
                Err(_) => Value::UNDEFINED,
            }
        }
    };
    if found.is_undefined() { default } else { found }
}

/// `'…' % value`, where the value is a tuple of several or a single one.
fn format(text: &Value, values: &Value) -> Result<Value, Error> {
    python::put_out(values)?;
    let Some(format) = text.as_str() else { return Err(wrong("only a string can be formatted with `%`")) };
    let args: Vec<Value> =
        if values.is_tuple() { values.try_iter()?.collect() } else { vec![values.clone()] };
    minijinja::formatting::format(minijinja::formatting::FormatStyle::Printf, format, &args).map(Value::from)
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

/// Flags are `ignorecase` and `multiline`, by place or by name.
fn compile(pattern: &str, flags: &Rest<ValueOrKwargs>) -> Result<Regex, Error> {
    let mut set = [false, false];
    for (index, flag) in flags.iter().enumerate() {
        if flag.is_kwargs() {
            let named = Kwargs::try_from(flag.clone().into_value())?;
            for (slot, name) in set.iter_mut().zip(["ignorecase", "multiline"]) {
                *slot |= named.get::<Option<bool>>(name)?.unwrap_or(false);
            }
            named.assert_all_used()?;
        } else if let Some(slot) = set.get_mut(index) {
            *slot = flag.is_true();
        }
    }
    let [ignorecase, multiline] = set;
    // Python's `\Z` is `\z` here.
    RegexBuilder::new(&pattern.replace(r"\Z", r"\z"))
        .case_insensitive(ignorecase)
        .multi_line(multiline)
        .build()
        .map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            wrong(format!("`{pattern}` is no regular expression: {reason}"))
        })
}

/// The groups of a match as a tuple, or all of it where there are none.
fn groups(text: &str, pattern: &Regex) -> Result<Value, Error> {
    let Some(found) = pattern.captures(text) else { return Ok(Value::from(())) };
    let value = |group: Option<regex::Match<'_>>| {
        group.map_or_else(|| Value::from(()), |group| group.as_str().into())
    };
    let groups: Vec<Value> =
        if found.len() == 1 { vec![value(found.get(0))] } else { found.iter().skip(1).map(value).collect() };
    Ok(Value::from(Tuple::from(groups)))
}

/// Python's `\1` and `\g<name>` as ours.
fn replacement(by: &str) -> String {
    let mut out = String::new();
    let mut letters = by.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '$' => out.push_str("$$"),
            '\\' => match letters.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    let mut group = digit.to_string();
                    while let Some(next) = letters.next_if(char::is_ascii_digit) {
                        group.push(next);
                    }
                    out.push_str(&format!("${{{group}}}"));
                }
                Some('g') if letters.peek() == Some(&'<') => {
                    let name: String = letters.by_ref().skip(1).take_while(|letter| *letter != '>').collect();
                    out.push_str(&format!("${{{name}}}"));
                }
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            other => out.push(other),
        }
    }
    out
}

fn to_num(value: Value) -> Value {
    let text = str(&value);
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return number.into();
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => number.into(),
        _ => value,
    }
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

/// `1.5G` or `2 KiB` in bytes; 0 where it is neither, as in Salt.
fn human_to_bytes(text: String) -> i64 {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let Ok(number) = number.parse::<f64>() else { return 0 };
    let unit = unit.trim().to_uppercase();
    let decimal = unit.len() == 2 && unit.ends_with('B');
    let base: f64 = if decimal { 1000.0 } else { 1024.0 };
    let power = match unit.chars().next() {
        None | Some('B') => 0,
        Some('K') => 1,
        Some('M') => 2,
        Some('G') => 3,
        Some('T') => 4,
        Some('P') => 5,
        _ => return 0,
    };
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let bytes = (number * base.powi(power)) as i64;
    bytes
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

/// A time, as seconds since 1970 or as people write it, in another form.
fn strftime(value: Value, format: Option<String>) -> Result<String, Error> {
    let format = format.unwrap_or_else(|| "%Y-%m-%d".to_owned());
    let time = moment(&value).ok_or_else(|| wrong(format!("`{}` is no time", str(&value))))?;
    strtime::format(&format, &time)
        .map_err(|error| wrong(format!("`{format}` is no format of a time: {error}")))
}

fn moment(value: &Value) -> Option<Zoned> {
    let text = str(value);
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds are wanted")]
        let stamp = Timestamp::from_second(seconds as i64).ok()?;
        return Some(stamp.to_zoned(TimeZone::UTC));
    }
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(stamp.to_zoned(TimeZone::UTC));
    }
    if let Ok(time) = text.parse::<DateTime>() {
        return time.to_zoned(TimeZone::UTC).ok();
    }
    let date =
        ["%Y/%m/%d", "%m/%d/%Y", "%d.%m.%Y"].iter().find_map(|form| Date::strptime(form, text).ok())?;
    date.to_zoned(TimeZone::UTC).ok()
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
    if text.chars().count() <= length + leeway {
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
            while long && word.len() > width {
                let rest = word.split_off(width);
                lines.push(word.into_iter().collect());
                word = rest;
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
