//! Filters that make numbers of texts and back. Must not know units other than bytes.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, Value};

use super::super::python::str;
use super::keywords::by_place;

pub fn add(environment: &mut Environment<'_>) {
    environment.add_filter("to_num", to_num);
    environment.add_filter("str_to_num", to_num);
    environment.add_filter("human_to_bytes", human_to_bytes);
    environment.add_filter("int", int);
    environment.add_filter("float", float);
    by_place(environment, "filesizeformat", &["binary"], filesizeformat);
}

/// Jinja's `int`: what is no number is the default, which is 0.
fn int(value: Value, default: Option<Value>, base: Option<u32>, named: Kwargs) -> Result<Value, Error> {
    let default = default.or(named.get("default")?).unwrap_or_else(|| Value::from(0));
    let base = base.or(named.get("base")?).unwrap_or(10);
    named.assert_all_used()?;
    if value.is_integer() {
        return Ok(value);
    }
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
            let digits = match base {
                16 => text.trim_start_matches("0x"),
                8 => text.trim_start_matches("0o"),
                2 => text.trim_start_matches("0b"),
                3..=36 => text.as_str(),
                _ => return Ok(default),
            };
            match i64::from_str_radix(digits, base) {
                Ok(number) => Value::from(number),
                Err(_) if base == 10 => text.parse().map(float).unwrap_or_default(),
                Err(_) => Value::UNDEFINED,
            }
        }
    };
    Ok(if found.is_undefined() { default } else { found })
}

fn float(value: Value, default: Option<f64>, named: Kwargs) -> Result<f64, Error> {
    let default = default.or(named.get("default")?).unwrap_or(0.0);
    named.assert_all_used()?;
    let number = if value.is_number() { f64::try_from(value).ok() } else { str(&value).trim().parse().ok() };
    Ok(number.unwrap_or(default))
}

/// `1.5 MB`, or `1.4 MiB` where it is binary.
fn filesizeformat(value: Value, binary: Option<bool>) -> Result<String, Error> {
    let bytes = f64::try_from(value)?;
    let (base, infix) = if binary.unwrap_or(false) { (1024.0, "i") } else { (1000.0, "") };
    if bytes < base {
        return Ok(if bytes == 1.0 { "1 Byte".to_owned() } else { format!("{bytes:.0} Bytes") });
    }
    let mut size = bytes / base;
    for prefix in ["k", "M", "G", "T", "P", "E", "Z"] {
        if size < base {
            let prefix = if infix.is_empty() { prefix.to_owned() } else { prefix.to_uppercase() };
            return Ok(format!("{size:.1} {prefix}{infix}B"));
        }
        size /= base;
    }
    Ok(format!("{size:.1} Y{infix}B"))
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

/// `1.5G` or `2 KiB` in bytes; 0 where it is neither, as in Salt.
fn human_to_bytes(text: String) -> i64 {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let Ok(number) = number.parse::<f64>() else { return 0 };
    let unit = unit.trim().to_uppercase();
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
    let bytes = (number * 1024_f64.powi(power)) as i64;
    bytes
}
