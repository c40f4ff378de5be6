//! A fast path for the plain kind of YAML that most state files are written in, read line by line: many times faster than
//! the general parser, which reads everything else and tells what is wrong. It must give exactly what that
//! one gives, or nothing; it must not say anything.

use std::collections::HashSet;
use std::sync::Arc;

use super::key::{identity, is_merge};
use super::parse::{DEEPEST, LARGEST, MOST};
use super::{Node, Scalar, Shape};
use crate::source::{Place, Source};

mod flow;
mod word;

/// Longer lines are for the general parser, which limits the length of keys.
const WIDEST: usize = 1000;

/// The document of a text; `None` if the text has anything in it that is not plain.
pub fn read(source: &Arc<Source>) -> Option<Node> {
    let text = source.text.as_str();
    let plain = |byte: u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
    // Each value takes two bytes or more.
    let large = text.len() > 2 * MOST && text.bytes().filter(|byte| b"\n,".contains(byte)).count() > MOST / 2;
    if large || text.len() > LARGEST || !text.ends_with('\n') || !text.bytes().all(plain) {
        return None;
    }
    let mut reader = Reader {
        source,
        lines: text.lines().collect(),
        at: 0,
        depth: 0,
        items: Vec::new(),
        entries: Vec::new(),
    };
    reader.skip()?;
    let column = reader.indent()?;
    let node = reader.block(column)?;
    reader.rest()?.is_empty().then_some(node)
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    lines: Vec<&'a str>,
    /// The line that is being read, counted from 0.
    at: usize,
    depth: usize,
    /// What lists and maps that are being read hold so far, the innermost last.
    items: Vec<Node>,
    entries: Vec<(Node, Node)>,
}

impl<'a> Reader<'a> {
    /// The line that is being read; empty after the last.
    fn line(&self) -> &'a str {
        self.lines.get(self.at).copied().unwrap_or_default()
    }

    /// What is left to read of the lines: empty at the end.
    fn rest(&self) -> Option<&[&'a str]> {
        self.lines.get(self.at..)
    }

    /// Goes past lines that say nothing.
    fn skip(&mut self) -> Option<()> {
        while let Some(line) = self.lines.get(self.at) {
            if line.len() > WIDEST {
                return None;
            }
            match line.trim_start_matches(' ').bytes().next() {
                None | Some(b'#') => self.at += 1,
                Some(_) => break,
            }
        }
        // Markers of documents and directives.
        let marker = ["---", "...", "%"].iter().any(|marker| self.line().starts_with(marker));
        (!marker).then_some(())
    }

    fn next(&mut self) -> Option<()> {
        self.at += 1;
        self.skip()
    }

    /// The column of the line's first character, counted from 0; `None` after the last line.
    fn indent(&self) -> Option<usize> {
        let line = self.lines.get(self.at)?;
        Some(line.len() - line.trim_start_matches(' ').len())
    }

    fn place(&self, column: usize, width: usize) -> Option<Place> {
        Some(Place::new(
            self.source,
            u32::try_from(self.at + 1).ok()?,
            u32::try_from(column + 1).ok()?,
            u32::try_from(width.max(1)).ok()?,
        ))
    }

    /// The list or map that begins at a column of this line; afterwards the reader stands on what follows.
    fn block(&mut self, column: usize) -> Option<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let node = if is_dash(self.line().get(column..)?) { self.list(column) } else { self.map(column) }?;
        self.depth -= 1;
        Some(node)
    }

    fn list(&mut self, column: usize) -> Option<Node> {
        let place = self.place(column, 1)?;
        let first = self.items.len();
        loop {
            let start = column + 1 + spaces(self.line().get(column + 1..)?);
            let rest = self.line().get(start..)?;
            let item = if ends(rest) {
                self.below(column, self.place(self.line().len(), 1)?, false)?
            } else if is_dash(rest) || word::key(rest).is_some() {
                self.block(start)?
            } else {
                self.value(column, start)?
            };
            self.items.push(item);
            match self.indent() {
                Some(indent) if indent > column => return None,
                Some(indent) if indent == column && is_dash(self.line().get(column..)?) => {}
                _ => break,
            }
        }
        Some(Node { place, shape: Shape::List(self.items.drain(first..).collect()) })
    }

    fn map(&mut self, column: usize) -> Option<Node> {
        let first = self.entries.len();
        let mut place = None;
        loop {
            let line = self.line();
            let (scalar, width) = word::key(line.get(column..)?)?;
            let key = self.scalar(scalar, column, width)?;
            if is_merge(&key) {
                return None;
            }
            place = place.or_else(|| Some(key.place.clone()));
            let colon = column + width;
            let start = colon + 1 + spaces(line.get(colon + 1..)?);
            let value = if ends(line.get(start..)?) {
                self.below(column, self.place(colon, 1)?, true)?
            } else {
                self.value(column, start)?
            };
            self.entries.push((key, value));
            match self.indent() {
                Some(indent) if indent > column => return None,
                Some(indent) if indent == column => {}
                _ => break,
            }
        }
        let entries = self.entries.get(first..)?;
        let mut seen = HashSet::new();
        let unique = entries.len() < 2 || entries.iter().all(|(key, _)| seen.insert(identity(key)));
        // The general parser tells of doubles.
        let shape = unique.then(|| Shape::Map(self.entries.drain(first..).collect()))?;
        Some(Node { place: place?, shape })
    }

    /// What stands below a key or a dash with nothing behind it. A list may stand as far left as its key.
    fn below(&mut self, column: usize, nothing: Place, key: bool) -> Option<Node> {
        self.next()?;
        match self.indent() {
            Some(indent) if indent > column => self.block(indent),
            Some(indent) if indent == column && key && is_dash(self.line().get(column..)?) => {
                let start = column + 1 + spaces(self.line().get(column + 1..)?);
                let rest = self.line().get(start..)?;
                if ends(rest) {
                    return None;
                }
                let literal = rest.starts_with('|');
                let bar = self.place(start, 1)?.column;
                let mut list = self.block(column)?;
                // The general parser has no token for its beginning; a text begins at its bar.
                list.place.column = if literal { bar } else { list.list()?.first()?.place.column };
                Some(list)
            }
            _ => {
                let scalar = Scalar { text: "~".into(), quoted: false };
                Some(Node { place: nothing, shape: Shape::Scalar(scalar) })
            }
        }
    }

    /// A value that begins at a column of this line, within a list or map that stands at `parent`.
    fn value(&mut self, parent: usize, column: usize) -> Option<Node> {
        let rest = self.line().get(column..)?;
        let node = match rest.bytes().next()? {
            b'[' | b'{' => {
                let (node, width) = flow::read(self, column)?;
                closes(rest.get(width..)?).then_some(node)?
            }
            b'|' => return self.literal(parent, column),
            _ => {
                let (scalar, width) = word::value(rest)?;
                self.scalar(scalar, column, width)?
            }
        };
        self.next()?;
        // A line that stands further in would go on with the value.
        if self.indent().is_some_and(|indent| indent > parent) { None } else { Some(node) }
    }

    fn scalar(&self, scalar: Scalar, column: usize, width: usize) -> Option<Node> {
        Some(Node { place: self.place(column, width)?, shape: Shape::Scalar(scalar) })
    }

    /// `|`, `|-` or `|+` and the lines below it.
    fn literal(&mut self, parent: usize, column: usize) -> Option<Node> {
        let header = self.line().get(column..)?;
        self.at += 1;
        let start = self.at;
        let blank = self.rest()?.iter().take_while(|line| spaces(line) == line.len()).count();
        let first: &str = self.rest()?.get(blank).copied()?;
        let indent = spaces(first);
        self.at += blank;
        let place = self.place(indent, first.trim_end().len() - indent)?;
        self.at = start;
        if indent <= parent {
            return None;
        }
        let mut text = String::new();
        while let Some(line) = self.lines.get(self.at) {
            let blank = spaces(line) == line.len();
            if blank && line.len() > indent {
                return None;
            }
            if !blank {
                match spaces(line) {
                    within if within >= indent => text.push_str(line.get(indent..)?),
                    within if within > parent => return None,
                    _ => break,
                }
            }
            text.push('\n');
            self.at += 1;
        }
        let end = text.trim_end_matches('\n').len();
        match header {
            "|" => text.truncate(end + 1),
            "|-" => text.truncate(end),
            "|+" => {}
            _ => return None,
        }
        self.skip()?;
        Some(Node { place, shape: Shape::Scalar(Scalar::string(text)) })
    }
}

/// Whether nothing but a comment stands here, where a space was before it.
fn ends(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('#')
}

/// Whether a value may end before this.
fn closes(rest: &str) -> bool {
    let after = rest.trim_start_matches(' ');
    after.is_empty() || (after.len() < rest.len() && ends(after))
}

fn is_dash(rest: &str) -> bool {
    rest == "-" || rest.starts_with("- ")
}

fn spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests;
