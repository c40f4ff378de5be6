//! Lists and maps in brackets that end on the line on which they begin.

use super::{Reader, word};
use crate::yaml::key::{identity, is_merge};
use crate::yaml::parse::DEEPEST;
use crate::yaml::{Node, Scalar, Shape};

/// The list or map at a column of the reader's line, and its width.
pub fn read(reader: &Reader<'_>, column: usize) -> Option<(Node, usize)> {
    let mut flow = Flow { reader, line: reader.line(), at: column, depth: reader.depth };
    let node = flow.node()?;
    Some((node, flow.at - column))
}

struct Flow<'a> {
    reader: &'a Reader<'a>,
    line: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Flow<'a> {
    fn rest(&self) -> &'a str {
        self.line.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self) {
        self.at += super::spaces(self.rest());
    }

    /// Goes past a character if it is there.
    fn take(&mut self, character: char) -> bool {
        self.skip();
        let there = self.rest().starts_with(character);
        self.at += usize::from(there);
        there
    }

    fn node(&mut self) -> Option<Node> {
        match self.rest().bytes().next()? {
            b'[' => self.list(),
            b'{' => self.map(),
            _ => self.scalar(),
        }
    }

    fn list(&mut self) -> Option<Node> {
        let (place, mut items) = (self.begin()?, Vec::new());
        while !self.take(']') {
            self.skip();
            items.push(self.node()?);
            self.separator(']')?;
        }
        self.depth -= 1;
        Some(Node { place, shape: Shape::List(items.into()) })
    }

    fn map(&mut self) -> Option<Node> {
        let (place, mut entries) = (self.begin()?, Vec::<(Node, Node)>::new());
        while !self.take('}') {
            self.skip();
            let key = self.scalar()?;
            let colon = self.rest().starts_with(": ");
            if !colon || is_merge(&key) || entries.iter().any(|(other, _)| identity(other) == identity(&key))
            {
                return None;
            }
            self.at += 2;
            self.skip();
            entries.push((key, self.node()?));
            self.separator('}')?;
        }
        self.depth -= 1;
        Some(Node { place, shape: Shape::Map(entries.into()) })
    }

    fn begin(&mut self) -> Option<crate::source::Place> {
        self.depth += 1;
        let place = self.reader.place(self.at, 1)?;
        self.at += 1;
        (self.depth < DEEPEST).then_some(place)
    }

    /// A comma, or the end, which is left to be read.
    fn separator(&mut self, end: char) -> Option<()> {
        (self.take(',') || self.rest().starts_with(end)).then_some(())
    }

    fn scalar(&mut self) -> Option<Node> {
        let column = self.at;
        let (scalar, width) = word::quoted(self.rest()).or_else(|| self.plain())?;
        self.at += width;
        self.reader.scalar(scalar, column, width)
    }

    /// Letters, digits and a few signs that mean nothing anywhere: everything else is for the general parser.
    fn plain(&self) -> Option<(Scalar, usize)> {
        let rest = self.rest();
        let simple = |byte: u8| byte.is_ascii_alphanumeric() || b"_./+@=-".contains(&byte);
        let width = rest.bytes().take_while(|byte| simple(*byte)).count();
        let text = rest
            .get(..width)
            .filter(|text| text.bytes().next().is_some_and(|byte| byte != b'@' && byte != b'-'))?;
        let after = rest.get(width..)?;
        (after.trim_start_matches(' ').starts_with([',', ']', '}']) || after.starts_with(": "))
            .then(|| (word::plain(text), width))
    }
}
