//! Python's regular expressions in the spelling of our engine. Must not match anything itself.

use super::pattern::Flags;

/// Python's spelling in ours: what differs is braces and brackets that mean themselves, `$`, `\Z`,
/// octal escapes, and which escapes are none.
pub fn translate(text: &str, flags: Flags) -> Result<String, String> {
    let mut out = String::new();
    for (on, letter) in
        [(flags.ignore_case, 'i'), (flags.multiline, 'm'), (flags.dot_all, 's'), (flags.verbose, 'x')]
    {
        if on {
            out.push_str(&format!("(?{letter})"));
        }
    }
    let mut multiline = flags.multiline;
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let after = rest.get(char.len_utf8()..).unwrap_or_default();
        rest = match char {
            '\\' => escaped(after, false, &mut out)?,
            '[' => class(after, &mut out)?,
            '{' => braces(after, &mut out),
            '$' if !multiline => {
                out.push_str(r"(?=\n?\z)");
                after
            }
            '(' => group(after, &mut out, &mut multiline)?,
            char => {
                out.push(char);
                after
            }
        };
    }
    Ok(out)
}

/// What follows an opening parenthesis, where that differs.
fn group<'a>(after: &'a str, out: &mut String, multiline: &mut bool) -> Result<&'a str, String> {
    if let Some(comment) = after.strip_prefix("?#") {
        return comment
            .split_once(')')
            .map(|(_, rest)| rest)
            .ok_or_else(|| "a comment has no end".to_owned());
    }
    if let Some(flags) = after.strip_prefix('?')
        && let Some((letters, rest)) = flags.split_once(')')
        && !letters.is_empty()
        && letters.chars().all(|letter| "aiLmsux".contains(letter))
    {
        *multiline |= letters.contains('m');
        let known: String = letters.chars().filter(|letter| "imsx".contains(*letter)).collect();
        if !known.is_empty() {
            out.push_str(&format!("(?{known})"));
        }
        return Ok(rest);
    }
    out.push('(');
    Ok(after)
}

/// A brace that starts no repetition means itself; `{,n}` is `{0,n}`.
fn braces<'a>(after: &'a str, out: &mut String) -> &'a str {
    if let Some((inside, rest)) = after.split_once('}') {
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
        if number(least) && number(most) && !inside.is_empty() {
            let least = if least.is_empty() { "0" } else { least };
            if inside.contains(',') {
                out.push_str(&format!("{{{least},{most}}}"));
            } else {
                out.push_str(&format!("{{{least}}}"));
            }
            return rest;
        }
    }
    out.push_str(r"\{");
    after
}

fn escaped<'a>(after: &'a str, in_class: bool, out: &mut String) -> Result<&'a str, String> {
    let Some(char) = after.chars().next() else { return Err("it ends with a single backslash".to_owned()) };
    let rest = after.get(char.len_utf8()..).unwrap_or_default();
    match char {
        'Z' if !in_class => out.push_str(r"\z"),
        'A' | 'B' if !in_class => out.push_str(&format!("\\{char}")),
        'b' if in_class => out.push_str(r"\x08"),
        'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'b' | 'n' | 't' | 'r' | 'a' | 'f' | 'v' | 'x' | 'u' | 'U' => {
            out.push('\\');
            out.push(char);
        }
        '0'..='9' => {
            let digits = after.bytes().take(3).take_while(u8::is_ascii_digit).count();
            let digits = after.get(..digits).unwrap_or_default();
            let octal = digits.starts_with('0') || digits.len() == 3 || in_class;
            if !octal {
                // Braces keep a digit that follows apart.
                out.push_str(&format!("(?:\\{digits})"));
                return Ok(after.get(digits.len()..).unwrap_or_default());
            }
            let digits: String = digits.chars().take_while(|digit| *digit < '8').collect();
            let code = u32::from_str_radix(&digits, 8).map_err(|_| format!("`\\{char}` means nothing"))?;
            out.push_str(&format!("\\x{{{code:x}}}"));
            return Ok(after.get(digits.len()..).unwrap_or_default());
        }
        letter if letter.is_ascii_alphabetic() => return Err(format!("`\\{letter}` means nothing")),
        // Only what may need an escape keeps it: `\<` would be the start of a word.
        other if r"\.+*?()|[]{}^$#&-~ ".contains(other) => {
            out.push('\\');
            out.push(other);
        }
        other => out.push(other),
    }
    Ok(rest)
}

/// The inside of a character class, where `[`, `&&`, `--` and `~~` are only characters in Python.
fn class<'a>(after: &'a str, out: &mut String) -> Result<&'a str, String> {
    out.push('[');
    let mut rest = after;
    if let Some(negated) = rest.strip_prefix('^') {
        out.push('^');
        rest = negated;
    }
    let mut first = true;
    loop {
        let Some(char) = rest.chars().next() else { return Err("a `[` has no `]`".to_owned()) };
        let next = rest.get(char.len_utf8()..).unwrap_or_default();
        rest = match char {
            ']' if !first => {
                out.push(']');
                return Ok(next);
            }
            '\\' => escaped(next, true, out)?,
            ']' | '[' | '&' | '~' | '^' => {
                out.push('\\');
                out.push(char);
                next
            }
            '-' if next.starts_with('-') => {
                out.push_str(r"-\-");
                next.get(1..).unwrap_or_default()
            }
            char => {
                out.push(char);
                next
            }
        };
        first = false;
    }
}
