//! How deep a template's own text may nest: the engine reads it by recursion and would run out of stack.
//! Must not know what the parts mean.

use std::ops::Range;

use super::tags::{Kind, Token, inner};

/// Bytes of a template.
const LARGEST: usize = 4 << 20;
/// Brackets within one another.
const BRACKETS: usize = 40;
/// Parts of an expression that the engine holds within one another: of a chain, each holds the one before.
const PARTS: usize = 250;
/// Blocks within one another.
const BLOCKS: usize = 60;
/// Branches of the blocks that are open at one place.
const BRANCHES: usize = 250;
/// Arguments of a macro.
const ARGUMENTS: usize = 500;

/// Why a template cannot be read, and where.
#[derive(Debug)]
pub struct Excess {
    pub at: Range<usize>,
    pub message: String,
    pub help: &'static str,
}

impl Excess {
    fn new(at: Range<usize>, most: usize, what: &str, help: &'static str) -> Self {
        Self { at, message: format!("more than {most} {what}"), help }
    }
}

/// A text that is more than a template may be.
pub fn text(text: &str) -> Result<(), Excess> {
    let tags = || ["{{", "{%", "{#"].iter().any(|tag| text.contains(tag));
    if text.len() <= LARGEST || !tags() {
        return Ok(());
    }
    let message = format!("the template is larger than {} MB", LARGEST >> 20);
    Err(Excess { at: 0..1, message, help: "keep large data in a file that is no template" })
}

/// Another thing than a name behind the `as` of an import, of which the engine would panic.
pub fn import_name(word: &str, words: &[Token<'_>]) -> Result<(), Excess> {
    if !matches!(word, "import" | "import_yaml" | "import_json" | "import_text") {
        return Ok(());
    }
    let marker = words.iter().position(|word| word.kind == Kind::Name && word.text == "as");
    let Some((at, name)) = marker.and_then(|marker| Some((words.get(marker)?, words.get(marker + 1..)?)))
    else {
        return Ok(());
    };
    let texts: Vec<&str> = name.iter().skip(1).map(|word| word.text).collect();
    let is_name = name.first().is_some_and(|first| first.kind == Kind::Name);
    if is_name && matches!(texts.as_slice(), [] | ["with" | "without", "context"]) {
        return Ok(());
    }
    Err(Excess {
        at: at.start..at.end(),
        message: format!("`{word} … as` takes one name and nothing else"),
        help: "write it as in `{% import 'shop/map.jinja' as shop with context %}`",
    })
}

/// How many parts stand within one another where an item of a list, an argument or the whole is being read.
/// What binds closer begins anew at what binds less: `a.b == c or d.e == f` is two deep, and two within.
#[derive(Default)]
struct Chain {
    /// `or`, `and`, `not`, `if`.
    choices: usize,
    /// `==`, `+`, `~` and their like, and signs before an operand.
    operators: usize,
    /// Attributes, calls, filters, tests.
    hung: usize,
}

impl Chain {
    fn take(&mut self, token: &Token<'_>) {
        match (token.kind, token.text) {
            (Kind::Name, "or" | "and" | "not" | "if" | "else") => {
                *self = Self { choices: self.choices + 1, ..Self::default() };
            }
            (Kind::Name, "is") | (Kind::Sign, "." | "|" | "(" | "[" | "{") => self.hung += 1,
            (Kind::Name, "in") | (Kind::Sign, _) => {
                self.operators += 1;
                self.hung = 0;
            }
            _ => {}
        }
    }

    fn length(&self) -> usize {
        self.choices + self.operators + self.hung
    }
}

/// An expression or the inside of a tag that nests deeper than it may.
pub fn expression(tokens: &[Token<'_>]) -> Result<(), Excess> {
    let mut open: Vec<Chain> = vec![Chain::default()];
    let mut before = 0;
    for token in tokens {
        let at = token.start..token.end();
        if let Some(chain) = open.last_mut() {
            match (token.kind, token.text) {
                (Kind::Sign, "," | ":" | ")" | "]" | "}") => {}
                _ => chain.take(token),
            }
            if before + chain.length() > PARTS {
                let help = "set a part of it as a variable before: `{% set … %}`";
                return Err(Excess::new(at, PARTS, "parts of an expression within one another", help));
            }
        }
        match (token.kind, token.text) {
            (Kind::Sign, "(" | "[" | "{") => {
                before += open.last().map_or(0, Chain::length);
                open.push(Chain::default());
                if open.len() > BRACKETS + 1 {
                    let help = "set what stands within as a variable before: `{% set … %}`";
                    return Err(Excess::new(at, BRACKETS, "brackets within one another", help));
                }
            }
            (Kind::Sign, ")" | "]" | "}") if open.len() > 1 => {
                open.pop();
                before -= open.last().map_or(0, Chain::length);
            }
            (Kind::Sign, "," | ":") => {
                if let Some(chain) = open.last_mut() {
                    *chain = Chain::default();
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The blocks that are open at a place of a template, each with the number of its branches.
#[derive(Default)]
pub struct Blocks(Vec<usize>);

impl Blocks {
    /// A tag, with the words after its first.
    pub fn tag(&mut self, tag: &str, at: Range<usize>, words: &[Token<'_>]) -> Result<(), Excess> {
        let word = inner(tag).0;
        let opens = match word {
            "set" => !words.iter().any(|word| word.text == "="),
            "if" | "for" | "with" | "macro" | "call" | "filter" | "block" | "autoescape" | "load_yaml"
            | "load_json" | "load_text" => true,
            _ => false,
        };
        if opens {
            self.0.push(1);
            if self.0.len() > BLOCKS {
                let help = "make a macro of what stands within, or a file to include";
                return Err(Excess::new(at, BLOCKS, "blocks within one another", help));
            }
        } else if word.starts_with("end") && word != "endraw" {
            self.0.pop();
        } else if matches!(word, "elif" | "else") {
            if let Some(last) = self.0.last_mut() {
                *last += 1;
            }
            if self.0.iter().sum::<usize>() > BRANCHES {
                let help = "look the answer up in a map instead of asking for each";
                return Err(Excess::new(at, BRANCHES, "branches at one place", help));
            }
        }
        if word == "macro" && words.iter().filter(|word| word.text == ",").count() >= ARGUMENTS {
            return Err(Excess::new(at, ARGUMENTS, "arguments of a macro", "give them as one map"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tags::tokens;
    use super::*;

    fn deep(text: &str) -> bool {
        expression(&tokens(text, 0..text.len())).is_err()
    }

    #[test]
    fn what_nests_is_counted_and_what_stands_side_by_side_is_not() {
        let times = |part: &str, count: usize| part.repeat(count);
        for (text, expected) in [
            (format!("1{}", times(" + 1", 200)), false),
            (format!("1{}", times(" + 1", 300)), true),
            (format!("x{}", times("|f", 300)), true),
            (format!("x{}", times(".a", 300)), true),
            (format!("x{}", times("()", 300)), true),
            (format!("x{}", times(" is y", 300)), true),
            (format!("{}1", times("-", 300)), true),
            (format!("{}1", times("not ", 300)), true),
            (format!("1{}", times(" if x else 1", 300)), true),
            (format!("{}1{}", times("(", 30), times(")", 30)), false),
            (format!("{}1{}", times("(", 50), times(")", 50)), true),
            (format!("{}1{}", times("(1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + ", 35), times(")", 35)), true),
            (format!("[{}]", times("a.b ~ c, ", 10_000)), false),
            (format!("{{{}}}", times("'a': [1, 2, {'x': y.z}], ", 10_000)), false),
            (format!("f({})", times("a=1 + 1, ", 1000)), false),
            (format!("x.y.z == 1{}", times(" or x.y.z == 1 and not a.b", 60)), false),
        ] {
            assert_eq!(deep(&text), expected, "{}", text.get(..40).unwrap_or(&text));
        }
    }
}
