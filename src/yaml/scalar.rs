//! What a scalar means: YAML 1.1 as Salt's loader resolves it. Must not know places.

use std::sync::Arc;

use super::Scalar;

/// A scalar's meaning. The written text stays with the [`Scalar`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning<'a> {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(&'a str),
}

impl Scalar {
    /// A scalar that is a string whatever it looks like.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), quoted: true }
    }

    pub fn meaning(&self) -> Meaning<'_> {
        if self.quoted { Meaning::Text(&self.text) } else { resolve(&self.text) }
    }
}

/// What a plain scalar means.
pub fn resolve(text: &str) -> Meaning<'_> {
    let Some(first) = text.bytes().next() else { return Meaning::Null };
    match first {
        b'~' | b'n' | b'N' if matches!(text, "~" | "null" | "Null" | "NULL") => Meaning::Null,
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => {
            boolean(text).map_or(Meaning::Text(text), Meaning::Bool)
        }
        b'+' | b'-' | b'.' | b'0'..=b'9' => integer(text)
            .map(Meaning::Integer)
            .or_else(|| float(text).map(Meaning::Float))
            .unwrap_or(Meaning::Text(text)),
        _ => Meaning::Text(text),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// YAML 1.1 integers. Salt reads `0644` as 644, so that modes come out as people write them; a sign
/// brings the octal reading back.
fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let signed = digits.len() != text.len();
    let all = |rest: &str, radix: u32| {
        !rest.is_empty() && rest.chars().all(|digit| digit == '_' || digit.is_digit(radix))
    };
    let parse = |rest: &str, radix: u32| {
        let plain: String = rest.chars().filter(|digit| *digit != '_').collect();
        i128::from_str_radix(&plain, radix).ok().map(|value| sign * value)
    };
    if let Some(rest) = digits.strip_prefix("0b") {
        return all(rest, 2).then(|| parse(rest, 2)).flatten();
    }
    if let Some(rest) = digits.strip_prefix("0x") {
        return all(rest, 16).then(|| parse(rest, 16)).flatten();
    }
    if digits == "0" {
        return Some(0);
    }
    if let Some(rest) = digits.strip_prefix('0') {
        if !all(rest, 8) {
            return None;
        }
        return if signed { parse(rest, 8) } else { parse(rest, 10) };
    }
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    if digits.contains(':') {
        return sexagesimal(digits).map(|value| sign * value);
    }
    all(digits, 10).then(|| parse(digits, 10)).flatten()
}

/// `1:30` is 90 in YAML 1.1: whole numbers of base 60, of which all but the first are below 60.
fn sexagesimal(digits: &str) -> Option<i128> {
    let mut value: i128 = 0;
    for (index, part) in digits.split(':').enumerate() {
        let right = part.bytes().all(|byte| byte.is_ascii_digit() || (index == 0 && byte == b'_'));
        if part.is_empty() || !right || (index > 0 && part.len() > 2) {
            return None;
        }
        let part: i128 = part.replace('_', "").parse().ok()?;
        if index > 0 && part > 59 {
            return None;
        }
        value = value.checked_mul(60)?.checked_add(part)?;
    }
    Some(value)
}

/// YAML 1.1 floats have a point, and an exponent has a sign: `1e5` is a string.
fn float(text: &str) -> Option<f64> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1.0, text.get(1..)?),
        b'+' => (1.0, text.get(1..)?),
        _ => (1.0, text),
    };
    let signed = rest.len() != text.len();
    match rest {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if !signed => return Some(f64::NAN),
        _ => {}
    }
    let (whole, fraction) = rest.split_once('.')?;
    let (fraction, exponent) = match fraction.find(['e', 'E']) {
        Some(at) => (fraction.get(..at)?, fraction.get(at + 1..)),
        None => (fraction, None),
    };
    let number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['+', '-'])?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
    }
    if whole.is_empty() {
        // Only without a sign, and with a digit after the point.
        if signed || !fraction.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
    } else if !whole.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    if !number(fraction) {
        return None;
    }
    if whole.contains(':') && exponent.is_none() {
        let minutes = sexagesimal(whole)?;
        let fraction: f64 = format!("0.{}", fraction.replace('_', "")).parse().ok()?;
        #[expect(clippy::cast_precision_loss, reason = "a float was written")]
        return Some(sign * (minutes as f64 + fraction));
    }
    if !number(whole) {
        return None;
    }
    let plain: String = rest.chars().filter(|digit| *digit != '_').collect();
    plain.parse::<f64>().ok().map(|value| sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_salt_takes_them_for() {
        let cases: &[(&str, Meaning<'_>)] = &[
            ("", Meaning::Null),
            ("~", Meaning::Null),
            ("null", Meaning::Null),
            ("Null", Meaning::Null),
            ("nULL", Meaning::Text("nULL")),
            ("none", Meaning::Text("none")),
            ("None", Meaning::Text("None")),
            ("yes", Meaning::Bool(true)),
            ("YES", Meaning::Bool(true)),
            ("yEs", Meaning::Text("yEs")),
            ("y", Meaning::Text("y")),
            ("n", Meaning::Text("n")),
            ("Y", Meaning::Text("Y")),
            ("on", Meaning::Bool(true)),
            ("Off", Meaning::Bool(false)),
            ("true", Meaning::Bool(true)),
            ("False", Meaning::Bool(false)),
            ("truely", Meaning::Text("truely")),
            ("0", Meaning::Integer(0)),
            ("7", Meaning::Integer(7)),
            ("-7", Meaning::Integer(-7)),
            ("+7", Meaning::Integer(7)),
            ("1_000", Meaning::Integer(1000)),
            ("0644", Meaning::Integer(644)),
            ("00", Meaning::Integer(0)),
            ("-0644", Meaning::Integer(-420)),
            ("0888", Meaning::Text("0888")),
            ("0x1F", Meaning::Integer(31)),
            ("0xzz", Meaning::Text("0xzz")),
            ("0b101", Meaning::Integer(5)),
            ("0o644", Meaning::Text("0o644")),
            ("1:30", Meaning::Integer(90)),
            ("1:30:00", Meaning::Integer(5400)),
            ("8080:80", Meaning::Text("8080:80")),
            ("1:", Meaning::Text("1:")),
            ("1.10", Meaning::Float(1.1)),
            ("1.", Meaning::Float(1.0)),
            (".5", Meaning::Float(0.5)),
            ("-.5", Meaning::Text("-.5")),
            ("1e5", Meaning::Text("1e5")),
            ("1.0e5", Meaning::Text("1.0e5")),
            ("1.0e+5", Meaning::Float(100_000.0)),
            (".inf", Meaning::Float(f64::INFINITY)),
            ("-.INF", Meaning::Float(f64::NEG_INFINITY)),
            ("1.2.3", Meaning::Text("1.2.3")),
            ("10.0.0.1", Meaning::Text("10.0.0.1")),
            ("2024-01-31", Meaning::Text("2024-01-31")),
            ("-", Meaning::Text("-")),
            ("+", Meaning::Text("+")),
            (".", Meaning::Text(".")),
            ("..", Meaning::Text("..")),
            ("_1", Meaning::Text("_1")),
            ("1a", Meaning::Text("1a")),
            ("99999999999999999999999999", Meaning::Integer(99_999_999_999_999_999_999_999_999)),
        ];
        for (text, meaning) in cases {
            assert_eq!(resolve(text), *meaning, "{text}");
        }
        assert!(matches!(resolve(".nan"), Meaning::Float(value) if value.is_nan()));
    }
}
