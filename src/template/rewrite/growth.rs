//! Parts of expressions and blocks that make much of little, written so that what they make is counted.
//! Must not count.

use super::super::tags::{Kind, Token, inner};
use super::{Edit, closing, operand};

/// Slices of texts in one tag that need no counting: each is at most as long as what it was taken from.
const SLICES: usize = 8;
/// Plain text in a block that needs no counting however often it is put out.
const PLAIN: usize = 32;

/// `a * b` becomes `a|__times(b)`: text and lists can be multiplied, too.
pub fn products(words: &[Token<'_>], edits: &mut Vec<Edit>) {
    // The operator before, for each open bracket.
    let mut operators: Vec<&str> = vec![""];
    let mut operand_before = false;
    let mut before = None;
    for (index, word) in words.iter().enumerate() {
        let depth = operators.len();
        let Some(operator) = operators.last_mut() else { return };
        match (word.kind, word.text) {
            (Kind::Sign, "(" | "[" | "{") => operators.push(""),
            (Kind::Sign, ")" | "]" | "}") if depth > 1 => drop(operators.pop()),
            (Kind::Sign, "*") if operand_before => {
                let Some(mut end) = operand(words, index + 1) else { continue };
                let mut next = words.partition_point(|other| other.start < end);
                while words.get(next).is_some_and(|other| other.text == "**")
                    && let Some(further) = operand(words, next + 1)
                {
                    end = further;
                    next = words.partition_point(|other| other.start < end);
                }
                // Behind a division only numbers make sense, and the whole of it is what is multiplied.
                if matches!(*operator, "/" | "//" | "%" | "**") {
                    edits.push(Edit::insert(end, "|__number"));
                } else {
                    edits.push(Edit { at: word.start, length: 1, text: "|__times(".to_owned() });
                    edits.push(Edit::insert(end, ")"));
                    *operator = "*";
                }
            }
            (Kind::Sign, "." | "|") => {}
            // Behind a text it fills that in.
            (Kind::Sign, "%") if before == Some(Kind::Text) => {}
            (Kind::Sign, sign) => *operator = sign,
            (Kind::Name, "and" | "or" | "not" | "in" | "if" | "else") => *operator = "",
            _ => {}
        }
        operand_before = ends_operand(word);
        before = Some(word.kind);
    }
}

/// Whether a word may be the last of an operand.
fn ends_operand(word: &Token<'_>) -> bool {
    match word.kind {
        Kind::Name => !matches!(word.text, "and" | "or" | "not" | "in" | "if" | "else" | "is"),
        Kind::Text | Kind::Number => true,
        Kind::Sign => matches!(word.text, ")" | "]" | "}"),
    }
}

/// `a ~ b` becomes `a|__held ~ b|__held`, and `a + b` where neither is a number as written.
pub fn sums(words: &[Token<'_>], edits: &mut Vec<Edit>) {
    let mut held = 0;
    for (index, word) in words.iter().enumerate() {
        let (true, Some(before), Some(after)) = (
            matches!(word.text, "~" | "+"),
            index.checked_sub(1).and_then(|at| words.get(at)),
            words.get(index + 1),
        ) else {
            continue;
        };
        if word.kind != Kind::Sign || !ends_operand(before) {
            continue;
        }
        if word.text == "+" && (before.kind == Kind::Number || after.kind == Kind::Number) {
            continue;
        }
        let literal = |word: &Token<'_>| matches!(word.kind, Kind::Text | Kind::Number);
        if !literal(before) && before.end() != held {
            edits.push(Edit::insert(word.start, "|__held"));
        }
        if let Some(end) = operand(words, index + 1)
            && !(literal(after) && after.end() == end)
        {
            edits.push(Edit::insert(end, "|__held"));
            held = end;
        }
    }
}

/// `a[b:c]` becomes `__held(a[b:c])` where a tag has many.
pub fn slices(words: &[Token<'_>], edits: &mut Vec<Edit>) {
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        match (word.kind, word.text) {
            (Kind::Sign, "(" | "[" | "{") => open.push((index, false)),
            (Kind::Sign, ":") => {
                if let Some((at, colon)) = open.last_mut() {
                    *colon = words.get(*at).is_some_and(|word| word.text == "[");
                }
            }
            (Kind::Sign, ")" | "]" | "}") => {
                if let Some((at, true)) = open.pop() {
                    found.push((at, word.end()));
                }
            }
            _ => {}
        }
    }
    if found.len() <= SLICES {
        return;
    }
    for (bracket, end) in found {
        if let Some(start) = beginning(words, bracket) {
            edits.push(Edit::insert(start, "__held("));
            edits.push(Edit::insert(end, ")"));
        }
    }
}

/// Where the operand begins that a bracket is hung on.
fn beginning(words: &[Token<'_>], bracket: usize) -> Option<usize> {
    let mut at = bracket.checked_sub(1)?;
    loop {
        let word = words.get(at)?;
        if word.kind == Kind::Sign && matches!(word.text, ")" | "]" | "}") {
            let open = (0..at).rev().find(|open| {
                words.get(*open).is_some_and(|word| matches!(word.text, "(" | "[" | "{"))
                    && closing(words, *open) == Some(at)
            })?;
            match open.checked_sub(1).and_then(|before| words.get(before)) {
                // What the bracket is hung on itself.
                Some(before) if ends_operand(before) => at = open - 1,
                _ => return words.get(open).map(|word| word.start),
            }
        } else if at > 1 && words.get(at - 1).is_some_and(|before| before.text == ".") {
            at -= 2;
        } else {
            return Some(word.start);
        }
    }
}

/// A block whose body may be put out many times, and the plain text in it.
struct Body {
    word: &'static str,
    /// Where its first tag closes.
    close: usize,
    plain: usize,
}

/// The blocks of a template that may be put out many times.
#[derive(Default)]
pub struct Bodies {
    open: Vec<Body>,
    /// Plain text in none of them.
    outside: usize,
}

impl Bodies {
    pub fn text(&mut self, length: usize) {
        match self.open.last_mut() {
            Some(body) => body.plain += length,
            None => self.outside += length,
        }
    }

    /// A tag: `tag` is its text, and it closes at an offset.
    pub fn tag(&mut self, tag: &str, close: usize, edits: &mut Vec<Edit>) {
        let word = inner(tag).0;
        if let Some(word) = ["for", "macro", "call"].into_iter().find(|known| *known == word) {
            self.open.push(Body { word, close, plain: 0 });
        } else if self.open.last().is_some_and(|body| word.strip_prefix("end") == Some(body.word))
            && let Some(Body { close, plain, .. }) = self.open.pop()
            && plain >= PLAIN
        {
            // It goes before the signs that close the block's first tag.
            edits.push(Edit::insert(close, format!(" %}}{{% do __turn({plain}) ")));
        }
    }

    /// What stands outside of all blocks, where the template is one that others include.
    pub fn whole(&self, edits: &mut Vec<Edit>) {
        if self.outside >= PLAIN {
            edits.push(Edit::insert(0, format!("{{% do __turn({}) %}}", self.outside)));
        }
    }
}
