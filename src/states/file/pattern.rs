//! Regular expressions as Python writes them, and `re.sub`'s replacements. Must not know files.

use fancy_regex::{Captures, Regex, RegexBuilder};

use crate::fault::{Fault, Result};

/// Python's flags that change what a pattern matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub ignore_case: bool,
    pub multiline: bool,
    pub dot_all: bool,
    pub verbose: bool,
}

impl Flags {
    /// Salt's default for files: `^` and `$` match at each line.
    pub const LINES: Self = Self { ignore_case: false, multiline: true, dot_all: false, verbose: false };

    /// A number, as in Python's `re` module.
    pub fn from_number(number: u32) -> Self {
        Self {
            ignore_case: number & 2 != 0,
            multiline: number & 8 != 0,
            dot_all: number & 16 != 0,
            verbose: number & 64 != 0,
        }
    }

    /// Adds a flag by its name; false where there is no such flag.
    pub fn add(&mut self, name: &str) -> bool {
        match name.to_ascii_uppercase().as_str() {
            "IGNORECASE" | "I" => self.ignore_case = true,
            "MULTILINE" | "M" => self.multiline = true,
            "DOTALL" | "S" => self.dot_all = true,
            "VERBOSE" | "X" => self.verbose = true,
            // How bytes are read, and Python's own debugging.
            "LOCALE" | "L" | "UNICODE" | "U" | "ASCII" | "A" | "DEBUG" => {}
            _ => return false,
        }
        true
    }
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    text: String,
}

impl Pattern {
    pub fn new(text: &str, flags: Flags) -> Result<Self> {
        let wrong = |why: String| Fault::new(format!("the pattern `{text}` is not valid: {why}"));
        let translated = translate(text, flags).map_err(wrong)?;
        let regex = RegexBuilder::new(&translated).build().map_err(|error| wrong(error.to_string()))?;
        Ok(Self { regex, text: text.to_owned() })
    }

    /// Matches only at the start of a text, as `re.match` does.
    pub fn at_start(text: &str, flags: Flags) -> Result<Self> {
        Self::new(&format!(r"\A(?:{text})"), flags)
    }

    fn tired(&self, error: &fancy_regex::Error) -> Fault {
        Fault::new(format!("the pattern `{}` could not be matched: {error}", self.text))
            .help("write a simpler pattern")
    }

    pub fn is_in(&self, text: &str) -> Result<bool> {
        self.regex.is_match(text).map_err(|error| self.tired(&error))
    }

    /// Whether the groups that a replacement names are in the pattern.
    pub fn fits(&self, replacement: &Replacement) -> Result<()> {
        for piece in &replacement.0 {
            let missing = match piece {
                Piece::Text(_) => None,
                Piece::Group(number) => (*number >= self.regex.captures_len()).then(|| number.to_string()),
                Piece::Named(name) => {
                    (!self.regex.capture_names().flatten().any(|known| known == name)).then(|| name.clone())
                }
            };
            if let Some(group) = missing {
                return Err(Fault::new(format!(
                    "the replacement names the group `{group}`, which the pattern `{}` has not",
                    self.text
                )));
            }
        }
        Ok(())
    }

    /// `re.sub`: every match (at most `count` of them, 0 for all) replaced; `None`: there is none.
    pub fn replace(&self, text: &str, replacement: &Replacement, count: usize) -> Result<Option<String>> {
        let mut result = String::new();
        let mut done = 0;
        let mut copied = 0;
        let mut from = 0;
        while count == 0 || done < count {
            let found = self.regex.captures_from_pos(text, from).map_err(|error| self.tired(&error))?;
            let Some(captures) = found else { break };
            let Some(whole) = captures.get(0) else { break };
            result.push_str(text.get(copied..whole.start()).unwrap_or_default());
            replacement.expand(&captures, &mut result);
            done += 1;
            copied = whole.end();
            from = whole.end();
            if whole.start() == whole.end() {
                match text.get(from..).and_then(|rest| rest.chars().next()) {
                    Some(next) => from += next.len_utf8(),
                    None => break,
                }
            }
        }
        if done == 0 {
            return Ok(None);
        }
        result.push_str(text.get(copied..).unwrap_or_default());
        Ok(Some(result))
    }
}

/// A text that matches only itself.
pub fn escape(text: &str) -> String {
    fancy_regex::escape(text).into_owned()
}

/// What comes instead of a match.
#[derive(Clone, Debug)]
pub struct Replacement(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Group(usize),
    Named(String),
}

impl Replacement {
    pub fn literal(text: &str) -> Self {
        Self(vec![Piece::Text(text.to_owned())])
    }

    /// Python's template: `\1`, `\g<name>`, `\n`.
    pub fn template(text: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Fault::new(format!("the replacement `{text}` is not valid: {what}"))
                .help("write `\\\\` for a backslash, or `backslash_literal: True`")
        };
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            if char != '\\' {
                plain.push(char);
                continue;
            }
            let piece = match chars.next() {
                None => return Err(wrong("it ends with a single backslash")),
                Some('g') => {
                    if chars.next() != Some('<') {
                        return Err(wrong("`\\g` must be followed by `<`"));
                    }
                    let name: String = chars.by_ref().take_while(|char| *char != '>').collect();
                    if name.is_empty() {
                        return Err(wrong("`\\g<>` names no group"));
                    }
                    name.parse().map_or(Piece::Named(name), Piece::Group)
                }
                Some('0') => {
                    plain.push('\0');
                    continue;
                }
                Some(digit @ '1'..='9') => {
                    let mut number = digit.to_digit(10).unwrap_or(0);
                    if let Some(second) = chars.peek().and_then(|next| next.to_digit(10)) {
                        number = number * 10 + second;
                        chars.next();
                    }
                    Piece::Group(number as usize)
                }
                Some(letter) if letter.is_ascii_alphabetic() => {
                    plain.push(control(letter).ok_or_else(|| wrong(&format!("`\\{letter}` means nothing")))?);
                    continue;
                }
                Some('\\') => {
                    plain.push('\\');
                    continue;
                }
                // As in Python, other escapes stay as they are.
                Some(other) => {
                    plain.push('\\');
                    plain.push(other);
                    continue;
                }
            };
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(piece);
        }
        pieces.push(Piece::Text(plain));
        Ok(Self(pieces))
    }

    fn expand(&self, captures: &Captures<'_, str>, into: &mut String) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => into.push_str(text),
                Piece::Group(number) => {
                    into.push_str(captures.get(*number).map_or("", |group| group.as_str()));
                }
                Piece::Named(name) => into.push_str(captures.name(name).map_or("", |group| group.as_str())),
            }
        }
    }
}

fn control(letter: char) -> Option<char> {
    Some(match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        _ => return None,
    })
}

/// Python's spelling in ours: what differs is braces and brackets that mean themselves, `$`, `\Z`,
/// octal escapes, and which escapes are none.
fn translate(text: &str, flags: Flags) -> Result<String, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_python() {
        let plain = Flags::default();
        let cases: &[(&str, Flags, &str, bool)] = &[
            (r"server {", Flags::LINES, "server {", true),
            (r"a{2,}b", plain, "aab", true),
            (r"a{,2}b", plain, "b", true),
            (r"a{x}", plain, "a{x}", true),
            (r"${HOME}", Flags::LINES, "x", false),
            (r"end$", plain, "the end\n", true),
            (r"end$", plain, "end\nmore", false),
            (r"end$", Flags::LINES, "end\nmore", true),
            (r"(?m)^b$", plain, "a\nb\n", true),
            (r"end\Z", plain, "end\n", false),
            (r"^(?!#)x", Flags::LINES, "#x\nx", true),
            (r"(\w)\1", plain, "hello", true),
            (r"(?P<q>['\x22]).*(?P=q)", plain, "say \"x\"", true),
            (r"[[]x[]]", plain, "[x]", true),
            (r"[a&&b]", plain, "&", true),
            (r"\/etc\/\<x\>", plain, "/etc/<x>", true),
            (r"a\ b", plain, "a b", true),
            (r"[\w.-]+@", plain, "a-b.c@", true),
            (r"(?#note)x", plain, "x", true),
            (r"\101", plain, "A", true),
            (r"(?i)ABC", plain, "abc", true),
        ];
        for (pattern, flags, text, expected) in cases {
            let found = Pattern::new(pattern, *flags).unwrap().is_in(text).unwrap();
            assert_eq!(found, *expected, "{pattern} in {text:?}");
        }
        for wrong in [r"\q", "[a", "(", "*", "\\"] {
            assert!(Pattern::new(wrong, plain).is_err(), "{wrong}");
        }
    }

    #[test]
    fn replacing_follows_re_sub() {
        // Recorded from Python 3.11: re.sub(pattern, template, text, count).
        let cases: &[(&str, &str, usize, &str, &str)] = &[
            ("x*", "-", 0, "abxd", "-a-b--d-"),
            ("a", "b", 2, "aaa", "bba"),
            (r"(\w+)=(\w+)", r"\2=\g<1>0", 0, "k=v", "v=k0"),
            (r"(?P<k>\w)", r"<\g<k>>", 0, "ab", "<a><b>"),
            ("a", r"x\ny$1\.", 0, "a", "x\ny$1\\."),
            (r"(a)|b", r"[\1]", 0, "ab", "[a][]"),
        ];
        for (pattern, template, count, text, expected) in cases {
            let pattern = Pattern::new(pattern, Flags::default()).unwrap();
            let template = Replacement::template(template).unwrap();
            let found = pattern.replace(text, &template, *count).unwrap();
            assert_eq!(found.as_deref(), Some(*expected));
        }
        assert!(Replacement::template(r"\q").is_err());
        assert!(Replacement::template("x\\").is_err());
    }
}
