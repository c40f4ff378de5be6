//! Python's string methods that the engine lacks. Must not know lists and maps.

use minijinja::value::{Tuple, ValueKind, from_args};
use minijinja::{Error, ErrorKind, Value};

/// Those of Python's string methods that the engine lacks.
pub fn of_string(text: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    let pad = |args: &[Value], left: bool, right: bool| -> Result<Value, Error> {
        let (width, fill): (usize, Option<&str>) = from_args(args)?;
        if width > 10_000 {
            return Err(Error::new(ErrorKind::InvalidOperation, "more than 10000 characters wide"));
        }
        let fill = fill.and_then(|fill| fill.chars().next()).unwrap_or(' ');
        let missing = width.saturating_sub(text.chars().count());
        let before = match (left, right) {
            (true, true) => missing / 2 + (missing & width & 1),
            (true, false) => missing,
            _ => 0,
        };
        let fill = |count: usize| std::iter::repeat_n(fill, count).collect::<String>();
        Ok(Value::from(format!("{}{text}{}", fill(before), fill(missing - before))))
    };
    let parts = |before: &str, middle: &str, after: &str| {
        Value::from(Tuple::from([Value::from(before), Value::from(middle), Value::from(after)]))
    };
    match method {
        // Each may make an item of every letter.
        "rsplit" => {
            super::budget::items(text.len() / 2)?;
            rsplit(text, args)
        }
        "encode" | "decode" => Ok(Value::from(text)),
        "casefold" => Ok(Value::from(text.to_lowercase())),
        "swapcase" => Ok(Value::from(
            text.chars()
                .flat_map(|letter| {
                    if letter.is_uppercase() {
                        letter.to_lowercase().collect::<Vec<_>>()
                    } else {
                        letter.to_uppercase().collect()
                    }
                })
                .collect::<String>(),
        )),
        "startswith" | "endswith" if args.len() > 1 => {
            let (wanted, start, end): (Value, i64, Option<i64>) = from_args(args)?;
            let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            let at = |index: i64| if index < 0 { (count + index).max(0) } else { index.min(count) };
            let (start, end) = (at(start), end.map_or(count, at));
            let letters = text.chars().skip(usize::try_from(start).unwrap_or_default());
            let part: String = letters.take(usize::try_from(end - start).unwrap_or_default()).collect();
            let all = match wanted.kind() {
                ValueKind::String => vec![wanted],
                _ => wanted.try_iter()?.collect(),
            };
            let mut all = all.iter().filter_map(Value::as_str);
            Ok(Value::from(match method {
                "startswith" => all.any(|wanted| part.starts_with(wanted)),
                _ => all.any(|wanted| part.ends_with(wanted)),
            }))
        }
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            Ok(Value::from(text.strip_prefix(prefix).unwrap_or(text)))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            Ok(Value::from(text.strip_suffix(suffix).unwrap_or(text)))
        }
        "partition" => {
            let (separator,): (&str,) = from_args(args)?;
            Ok(match text.split_once(separator) {
                Some((before, after)) => parts(before, separator, after),
                None => parts(text, "", ""),
            })
        }
        "rpartition" => {
            let (separator,): (&str,) = from_args(args)?;
            Ok(match text.rsplit_once(separator) {
                Some((before, after)) => parts(before, separator, after),
                None => parts("", "", text),
            })
        }
        "index" | "rindex" => {
            let (part,): (&str,) = from_args(args)?;
            let at = if method == "index" { text.find(part) } else { text.rfind(part) };
            let at = at.ok_or_else(|| {
                Error::new(ErrorKind::InvalidOperation, format!("`{part}` is not in the string"))
            })?;
            Ok(Value::from(text.get(..at).unwrap_or_default().chars().count()))
        }
        "zfill" => {
            let (width,): (usize,) = from_args(args)?;
            let (sign, digits) = match text.strip_prefix(['-', '+']) {
                Some(digits) => (text.get(..1).unwrap_or_default(), digits),
                None => ("", text),
            };
            let missing = width.min(10_000).saturating_sub(text.chars().count());
            Ok(Value::from(format!("{sign}{}{digits}", "0".repeat(missing))))
        }
        "ljust" => pad(args, false, true),
        "rjust" => pad(args, true, false),
        "center" => pad(args, true, true),
        "expandtabs" => {
            let (size,): (Option<usize>,) = from_args(args)?;
            let size = size.unwrap_or(8).min(100);
            super::budget::text(text.len() + text.matches('\t').count().saturating_mul(size))?;
            Ok(Value::from(untabbed(text, size)))
        }
        "isdecimal" => {
            Ok(Value::from(!text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit())))
        }
        "isidentifier" => Ok(Value::from(
            text.starts_with(|first: char| first.is_alphabetic() || first == '_')
                && text.chars().all(|letter| letter.is_alphanumeric() || letter == '_'),
        )),
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn rsplit(text: &str, args: &[Value]) -> Result<Value, Error> {
    let (separator, most): (Option<&str>, Option<i64>) = from_args(args)?;
    let most = most.and_then(|most| usize::try_from(most).ok());
    let mut found: Vec<&str> = match (separator, most) {
        (Some(separator), Some(most)) => text.rsplitn(most + 1, separator).collect(),
        (Some(separator), None) => text.rsplit(separator).collect(),
        (None, Some(most)) => {
            let mut rest = text.trim_end();
            let mut found = Vec::new();
            while found.len() < most
                && let Some((before, after)) = rest.rsplit_once(char::is_whitespace)
            {
                found.push(after);
                rest = before.trim_end();
            }
            if !rest.is_empty() {
                found.push(rest);
            }
            found
        }
        (None, None) => text.split_whitespace().rev().collect(),
    };
    found.reverse();
    Ok(found.into_iter().map(Value::from).collect::<Vec<Value>>().into())
}

/// Tabs become spaces up to the next column that is a multiple of the size.
fn untabbed(text: &str, size: usize) -> String {
    let mut column = 0;
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '\t' if size == 0 => {}
            '\t' => {
                let missing = size - column % size;
                out.extend(std::iter::repeat_n(' ', missing));
                column += missing;
            }
            '\n' | '\r' => {
                out.push(letter);
                column = 0;
            }
            _ => {
                out.push(letter);
                column += 1;
            }
        }
    }
    out
}
