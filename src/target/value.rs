//! `a:b:value` against grains or pillar: Salt's way down through maps and lists.

use serde_json::{Map, Value};

use super::Refusal;

/// The value at `a:b:c`; numbers count into lists.
pub fn find<'a>(data: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    if let Some(value) = data.get(key) {
        return Some(value);
    }
    let mut parts = key.split(':');
    let mut value = data.get(parts.next()?)?;
    for part in parts {
        value = match value {
            Value::Object(map) => map.get(part)?,
            Value::Array(items) => match part.parse::<usize>() {
                Ok(index) => items.get(index)?,
                // The first map of a list that has the key.
                Err(_) => items.iter().find_map(|item| item.get(part))?,
            },
            _ => return None,
        };
    }
    Some(value)
}

/// How a pattern is compared with a value's text.
pub type Compare<'a> = dyn Fn(&str, &str) -> bool + 'a;

/// Shell patterns, without regard to case.
pub fn glob(pattern: &str, text: &str) -> bool {
    crate::glob::fits(&pattern.to_lowercase(), &text.to_lowercase())
}

pub fn exact(pattern: &str, text: &str) -> bool {
    pattern.to_lowercase() == text.to_lowercase()
}

/// Regular expressions, from the beginning and without regard to case.
pub fn regex(target: &str) -> Result<impl Fn(&str, &str) -> bool + use<>, Refusal> {
    let last = target.rsplit_once(':').map_or(target, |(_, pattern)| pattern);
    super::beginning(last)?;
    Ok(|pattern: &str, text: &str| {
        super::beginning(&pattern.to_lowercase()).is_ok_and(|regex| regex.is_match(&text.to_lowercase()))
    })
}

/// Whether `key:pattern` fits; the key may go several levels down and be followed by a key rather than a
/// value.
pub fn fits(data: &Map<String, Value>, target: &str, compare: &Compare<'_>) -> bool {
    let colons = target.match_indices(':').map(|(at, _)| at);
    colons.into_iter().any(|at| {
        let (key, pattern) = target.split_at(at);
        let pattern = pattern.get(1..).unwrap_or_default();
        find(data, key).is_some_and(|value| value_fits(value, pattern, compare))
    })
}

fn value_fits(value: &Value, pattern: &str, compare: &Compare<'_>) -> bool {
    match value {
        Value::Object(map) => {
            pattern == "*"
                || map.contains_key(pattern)
                || fits(map, pattern, compare)
                || any_key(map, pattern, compare)
        }
        Value::Array(items) => items.iter().any(|item| value_fits(item, pattern, compare)),
        Value::String(text) => compare(pattern, text),
        Value::Bool(flag) => compare(pattern, if *flag { "True" } else { "False" }),
        Value::Null => compare(pattern, "None"),
        Value::Number(number) => compare(pattern, &number.to_string()),
    }
}

/// `*:rest`: below any key.
fn any_key(map: &Map<String, Value>, pattern: &str, compare: &Compare<'_>) -> bool {
    pattern.strip_prefix("*:").is_some_and(|rest| map.values().any(|value| value_fits(value, rest, compare)))
}
