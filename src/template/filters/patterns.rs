//! Filters and tests by regular expressions, with Python's groups. Must not know what they are used for.

use minijinja::value::{Kwargs, Rest, Tuple, ValueOrKwargs};
use minijinja::{Environment, Error, Value};
use regex::{Regex, RegexBuilder};

use super::super::budget;
use super::{making, wrong};

pub fn add(environment: &mut Environment<'_>) {
    making(environment, "regex_escape", |text: String| regex::escape(&text));
    making(environment, "regex_search", |text: String, pattern: String, flags: Rest<ValueOrKwargs>| {
        groups(&text, &compile(&pattern, &flags)?)
    });
    making(environment, "regex_match", |text: String, pattern: String, flags: Rest<ValueOrKwargs>| {
        groups(&text, &compile(&format!(r"\A(?:{pattern})"), &flags)?)
    });
    making(
        environment,
        "regex_replace",
        |text: String, pattern: String, by: String, flags: Rest<ValueOrKwargs>| {
            let by = replacement(&by);
            let pattern = compile(&pattern, &flags)?;
            let mut out = String::new();
            let mut at = 0;
            let references = by.matches("${").count();
            for found in pattern.captures_iter(&text) {
                let Some(all) = found.get(0) else { continue };
                out.push_str(text.get(at..all.start()).unwrap_or_default());
                budget::text(references.saturating_mul(all.len()))?;
                found.expand(&by, &mut out);
                at = all.end();
                budget::text(out.len())?;
            }
            out.push_str(text.get(at..).unwrap_or_default());
            Ok::<String, Error>(out)
        },
    );
    environment.add_test("match", |text: String, pattern: String, flags: Rest<ValueOrKwargs>| {
        Ok::<bool, Error>(compile(&format!(r"\A(?:{pattern})"), &flags)?.is_match(&text))
    });
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
