//! Regular expressions as Python writes them, and `re.sub`'s replacements. Must not know files.

use fancy_regex::{Captures, Regex, RegexBuilder};

use super::translate::translate;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pattern_is_too_long_or_too_deep_to_be_refused() {
        let times = |part: &str, count: usize| part.repeat(count);
        for text in [
            times("(", 50_000),
            times("(", 50_000) + &times(")", 50_000),
            times("(?:a", 50_000) + &times(")", 50_000),
            times("(?=a", 50_000) + &times(")", 50_000),
            times("(?<!a", 50_000) + &times(")", 50_000),
            times("(a|", 50_000) + &times(")", 50_000),
            times("[", 50_000),
            times("(?P<a>", 50_000),
        ] {
            let start = text.get(..20).unwrap().to_owned();
            assert!(Pattern::new(&text, Flags::LINES).is_err(), "{start}");
        }
        assert!(Pattern::new(&times("a", 100_000), Flags::LINES).is_ok());
    }

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
