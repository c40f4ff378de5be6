//! Where text ends and tags begin in a template. Must not know what the tags mean.

use std::ops::Range;

/// A stretch of a template, as byte offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text that is put out as it stands, also within `raw`.
    Text(Range<usize>),
    /// `{{ … }}`, with its delimiters.
    Output(Range<usize>),
    /// `{% … %}`.
    Tag(Range<usize>),
    /// `{# … #}`.
    Comment(Range<usize>),
}

impl Piece {
    pub fn range(&self) -> Range<usize> {
        match self {
            Self::Text(range) | Self::Output(range) | Self::Tag(range) | Self::Comment(range) => {
                range.clone()
            }
        }
    }
}

/// All of a template's text in pieces. What is not closed reaches to the end; the engine will complain.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut raw = false;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let Some(open) = opening(rest, raw).map(|open| at + open) else { break };
        if open > at {
            pieces.push(Piece::Text(at..open));
        }
        let rest = text.get(open..).unwrap_or_default();
        if rest.starts_with("{#") {
            at = rest.find("#}").map_or(text.len(), |end| open + end + 2);
            pieces.push(Piece::Comment(open..at));
            continue;
        }
        let output = rest.starts_with("{{");
        at = open + end_of_tag(rest, output);
        let tag = text.get(open..at).unwrap_or_default();
        if output {
            pieces.push(Piece::Output(open..at));
        } else {
            match inner(tag).0 {
                "raw" => raw = true,
                "endraw" => raw = false,
                _ => {}
            }
            pieces.push(Piece::Tag(open..at));
        }
    }
    if at < text.len() {
        pieces.push(Piece::Text(at..text.len()));
    }
    pieces
}

fn opening(text: &str, raw: bool) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find('{')?;
        let rest = text.get(at..)?;
        if raw {
            if rest.starts_with("{%") && inner(rest).0.starts_with("endraw") {
                return Some(at);
            }
        } else if rest.starts_with("{{") || rest.starts_with("{%") || rest.starts_with("{#") {
            return Some(at);
        }
        from = at + 1;
    }
}

/// The first word of a tag and where what follows it begins, within the tag.
pub fn inner(tag: &str) -> (&str, usize) {
    let body = tag.get(2..).unwrap_or_default();
    let body = body.strip_prefix(['-', '+']).unwrap_or(body).trim_start();
    let start = tag.len() - body.len();
    let end = body.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(body.len());
    (body.get(..end).unwrap_or_default(), start + end)
}

/// The length of a tag that a text begins with: strings and brackets may hold what would close it.
fn end_of_tag(text: &str, output: bool) -> usize {
    let close = if output { "}}" } else { "%}" };
    let mut depth = 0_usize;
    let mut at = 2;
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        let rest = text.get(at..).unwrap_or_default();
        if depth == 0 && rest.starts_with(close) {
            return at + 2;
        }
        match byte {
            b'\'' | b'"' => at += string(rest),
            b'(' | b'[' | b'{' => {
                depth += 1;
                at += 1;
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            // A bracket that is never closed shall not swallow the rest of the file.
            _ if rest.starts_with("%}") => return at + 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// The length of the string literal that a text begins with.
fn string(text: &str) -> usize {
    let bytes = text.as_bytes();
    let quote = bytes.first();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            _ if Some(byte) == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Name,
    Text,
    Number,
    Sign,
}

/// A word of an expression, with its place in the text.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    pub start: usize,
}

impl Token<'_> {
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The words of an expression that stands in a text.
pub fn tokens(text: &str, range: Range<usize>) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let rest = text.get(at..range.end).unwrap_or_default();
        let Some(first) = rest.chars().next() else { break };
        let run = |keep: fn(char) -> bool| rest.find(|letter| !keep(letter)).unwrap_or(rest.len());
        let (kind, length) = match first {
            _ if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            '\'' | '"' => (Kind::Text, string(rest)),
            _ if first.is_alphabetic() || first == '_' => {
                (Kind::Name, run(|letter| letter.is_alphanumeric() || letter == '_'))
            }
            '0'..='9' => {
                (Kind::Number, run(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.')))
            }
            _ => {
                let double = ["==", "!=", "<=", ">=", "//", "**"].iter().any(|sign| rest.starts_with(sign));
                (Kind::Sign, if double { 2 } else { first.len_utf8() })
            }
        };
        let length = length.max(1).min(rest.len());
        tokens.push(Token { kind, text: rest.get(..length).unwrap_or(rest), start: at });
        at += length;
    }
    tokens
}
