//! YAML text to [`Node`]s: the only file that knows the YAML parser. Must not know what values mean to anyone.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_yaml::granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, Tag, options};

use super::key::{Identity, identity, is_merge};
use super::syntax_hints::{self, Slip};
use super::{Meaning, Node, Scalar, Shape, fast_path};
use crate::diagnostic::Diagnostic;
use crate::source::{Place, Source};

/// Bytes of a document.
pub const LARGEST: usize = 32 << 20;
/// Lists, maps and scalars of a document.
pub const MOST: usize = 1_000_000;
/// Lists and maps within one another, aliases followed.
pub const DEEPEST: usize = 100;
/// Nodes and bytes of text that aliases may add to a document.
const MOST_COPIED: usize = 500_000;
const MOST_COPIED_TEXT: usize = 32 << 20;

/// The document of a text; `None` if there is nothing in it.
pub fn parse(source: &Arc<Source>) -> Result<Option<Node>, Vec<Diagnostic>> {
    match fast_path::read(source) {
        Some(node) => Ok(Some(node)),
        None => general(source),
    }
}

/// The document of a text whatever is in it.
pub fn general(source: &Arc<Source>) -> Result<Option<Node>, Vec<Diagnostic>> {
    let mut builder = Builder::new(source);
    let result = builder.run();
    let mut problems = builder.problems;
    match result {
        Ok(root) if problems.is_empty() => Ok(root.filter(|node| !node.is_null())),
        Ok(_) => Err(problems),
        Err(problem) => {
            problems.push(*problem);
            Err(problems)
        }
    }
}

/// A collection that is being read.
struct Open {
    place: Place,
    anchor: usize,
    size: Size,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { entries: Vec<(Node, Node)>, key: Option<Node>, merged: Vec<Node> },
}

/// How much of everything a node holds, itself included.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    text: usize,
    height: usize,
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, Size)>,
    copied: Size,
    /// Nodes so far.
    count: usize,
    root: Option<Node>,
    problems: Vec<Diagnostic>,
}

type Step<T = ()> = Result<T, Box<Diagnostic>>;

impl<'a> Builder<'a> {
    fn new(source: &'a Arc<Source>) -> Self {
        Self {
            source,
            open: Vec::new(),
            anchors: HashMap::new(),
            copied: Size::default(),
            count: 0,
            root: None,
            problems: Vec::new(),
        }
    }

    fn run(&mut self) -> Step<Option<Node>> {
        let text = self.source.text.as_str();
        if text.len() > LARGEST {
            return Err(self.problem(
                &Place::start(self.source),
                format!("the file is larger than {} MB", LARGEST >> 20),
            ));
        }
        let limits = options! {
            emit_comments: false,
            flow_nesting_limit: DEEPEST,
            block_nesting_limit: DEEPEST,
        };
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(text, limits) {
            let (event, span) = event.map_err(|error| self.scan_error(&error))?;
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(Box::new(
                            Diagnostic::error("a second document begins here")
                                .at(&self.place(&span))
                                .help("one file is one document: remove this `---` line"),
                        ));
                    }
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let place = self.scalar_place(&span, style);
                    let scalar = Scalar { quoted: style != ScalarStyle::Plain, text: text.into() };
                    let shape = Shape::Scalar(self.tagged_scalar(scalar, tag.as_deref(), &place)?);
                    let size = Size { nodes: 1, text: span_bytes(&span), height: 0 };
                    self.push(Node { place, shape }, anchor, size)?;
                }
                Event::SequenceStart(_, anchor, tag) => {
                    let place = self.place(&span);
                    self.check_tag(tag.as_deref(), &["seq"], &place)?;
                    self.begin(place, anchor, Kind::List(Vec::new()))?;
                }
                Event::MappingStart(_, anchor, tag) => {
                    let place = self.place(&span);
                    self.check_tag(tag.as_deref(), &["map", "omap"], &place)?;
                    let kind = Kind::Map { entries: Vec::new(), key: None, merged: Vec::new() };
                    self.begin(place, anchor, kind)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end()?,
                Event::Alias(anchor) => self.alias(anchor, &span)?,
                _ => {}
            }
        }
        Ok(self.root.take())
    }

    fn begin(&mut self, place: Place, anchor: usize, kind: Kind) -> Step {
        if self.open.len() >= DEEPEST {
            return Err(
                self.problem(&place, format!("more than {DEEPEST} lists and maps within one another"))
            );
        }
        self.open.push(Open { place, anchor, size: Size { nodes: 1, text: 0, height: 1 }, kind });
        Ok(())
    }

    fn end(&mut self) -> Step {
        let Some(Open { mut place, anchor, size, kind }) = self.open.pop() else { return Ok(()) };
        let shape = match kind {
            Kind::List(items) => Shape::List(items.into()),
            Kind::Map { entries, merged, .. } => {
                if let Some((key, _)) = entries.first()
                    && key.place.line == place.line
                    && key.place.column == place.column
                {
                    place.width = key.place.width;
                }
                self.refuse_doubles(&entries);
                let entries = if merged.is_empty() { entries } else { self.merge(entries, merged)? };
                Shape::Map(entries.into())
            }
        };
        self.push(Node { place, shape }, anchor, size)
    }

    fn alias(&mut self, anchor: usize, span: &Span) -> Step {
        let place = self.place(span);
        let Some((node, size)) = self.anchors.get(&anchor) else {
            return Err(self.problem(&place, "the alias stands within what it names"));
        };
        let (node, size) = (node.clone(), *size);
        self.copied.nodes += size.nodes;
        self.copied.text += size.text;
        if self.copied.nodes > MOST_COPIED || self.copied.text > MOST_COPIED_TEXT {
            return Err(self.problem(&place, "the aliases of this document expand to more than it may hold"));
        }
        if self.open.len() + size.height > DEEPEST {
            return Err(
                self.problem(&place, format!("more than {DEEPEST} lists and maps within one another"))
            );
        }
        self.push(node, 0, size)
    }

    /// Puts a finished node where it belongs.
    fn push(&mut self, node: Node, anchor: usize, size: Size) -> Step {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        self.count += 1;
        if self.count > MOST {
            return Err(self.problem(
                &node.place,
                format!("the document holds more than {MOST} lists, maps and values"),
            ));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.size.nodes += size.nodes;
        open.size.text += size.text;
        open.size.height = open.size.height.max(size.height + 1);
        match &mut open.kind {
            Kind::List(items) => items.push(node),
            Kind::Map { entries, key, merged } => match key.take() {
                None if node.text().is_none() => {
                    return Err(Box::new(syntax_hints::collection_as_key(&node, self.source)));
                }
                None => *key = Some(node),
                Some(name) if is_merge(&name) => merged.push(node),
                Some(name) => entries.push((name, node)),
            },
        }
        Ok(())
    }

    /// The entries of maps under `<<` before those written, which win.
    fn merge(&self, entries: Vec<(Node, Node)>, merged: Vec<Node>) -> Step<Vec<(Node, Node)>> {
        let mut maps: Vec<&[(Node, Node)]> = Vec::new();
        for node in &merged {
            match &node.shape {
                Shape::Map(map) => maps.push(map),
                Shape::List(items) => {
                    for item in items.iter() {
                        maps.push(item.map().ok_or_else(|| self.not_mergeable(item))?);
                    }
                }
                Shape::Scalar(_) => return Err(self.not_mergeable(node)),
            }
        }
        // The first of several maps wins; its entries come last, as in Salt.
        let mut known: HashSet<Identity<'_>> = entries.iter().map(|(key, _)| identity(key)).collect();
        let mut wanted: Vec<Vec<bool>> = Vec::new();
        for map in &maps {
            wanted.push(map.iter().map(|(key, _)| known.insert(identity(key))).collect());
        }
        let mut all: Vec<(Node, Node)> = Vec::new();
        for (map, wanted) in maps.into_iter().zip(wanted).rev() {
            all.extend(map.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(entry, _)| entry.clone()));
        }
        all.extend(entries);
        Ok(all)
    }

    fn not_mergeable(&self, node: &Node) -> Box<Diagnostic> {
        self.problem(&node.place, format!("`<<` merges a map or a list of maps, not {}", node.described()))
    }

    fn refuse_doubles(&mut self, entries: &[(Node, Node)]) {
        // Most maps are an argument's single name.
        if entries.len() < 2 {
            return;
        }
        let mut seen: HashMap<Identity<'_>, &Place> = HashMap::with_capacity(entries.len());
        for (key, _) in entries {
            match seen.entry(identity(key)) {
                Entry::Vacant(slot) => {
                    slot.insert(&key.place);
                }
                Entry::Occupied(first) => {
                    let name = key.text().unwrap_or_default();
                    self.problems.push(
                        Diagnostic::error(format!("`{name}` is given twice in one map"))
                            .at(&key.place)
                            .label("given again here")
                            .also(first.get(), "first given here")
                            .help("keep one of the two; where both are lists or maps, join them"),
                    );
                }
            }
        }
    }

    fn check_tag(&self, tag: Option<&Tag>, known: &[&str], place: &Place) -> Step {
        let Some(tag) = tag else { return Ok(()) };
        let suffix = tag.suffix_in_namespace("tag:yaml.org,2002:");
        if tag.original() == "!" || suffix.is_some_and(|suffix| known.contains(&&*suffix)) {
            return Ok(());
        }
        Err(self.problem(place, format!("the tag `{}` is not supported here", tag.original())))
    }

    fn tagged_scalar(&self, scalar: Scalar, tag: Option<&Tag>, place: &Place) -> Step<Scalar> {
        let Some(tag) = tag else { return Ok(scalar) };
        self.check_tag(
            Some(tag),
            &["str", "int", "float", "bool", "null", "timestamp", "python/unicode", "python/str"],
            place,
        )?;
        let plain = Scalar { quoted: false, text: scalar.text.clone() };
        let meaning = plain.meaning();
        let suffix = tag.suffix_in_namespace("tag:yaml.org,2002:").unwrap_or_default();
        let fits = match &*suffix {
            "int" => matches!(meaning, Meaning::Integer(_)),
            "bool" => matches!(meaning, Meaning::Bool(_)),
            "null" => matches!(meaning, Meaning::Null),
            "float" => match meaning {
                Meaning::Integer(number) => {
                    return Ok(Scalar { quoted: false, text: format!("{number}.0").into() });
                }
                other => matches!(other, Meaning::Float(_)),
            },
            _ => return Ok(Scalar { quoted: true, ..scalar }),
        };
        if fits {
            return Ok(plain);
        }
        Err(self.problem(place, format!("`{}` is no {suffix}, as its tag says", scalar.text)))
    }

    fn problem(&self, place: &Place, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(message).at(place))
    }

    fn scalar_place(&self, span: &Span, style: ScalarStyle) -> Place {
        let mut place = self.place(span);
        if style == ScalarStyle::Plain && span.start.index() == span.end.index() {
            place.width = 1;
        }
        place
    }

    fn place(&self, span: &Span) -> Place {
        let line = span.start.line();
        let width = if span.end.line() == line {
            span.end.col().saturating_sub(span.start.col())
        } else {
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            self.source.line(line).trim_end().chars().count().saturating_sub(span.start.col())
        };
        self.place_at(line, span.start.col(), width)
    }

    fn place_at(&self, line: usize, column: usize, width: usize) -> Place {
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place::new(self.source, narrow(line.max(1)), narrow(column + 1), narrow(width.max(1)))
    }

    fn scan_error(&self, error: &ScanError) -> Box<Diagnostic> {
        let place = self.place_at(error.marker().line(), error.marker().col(), 1);
        Box::new(syntax_hints::explain(
            self.source,
            &place,
            &slip(error.kind()),
            self.open.last().map(|o| &o.place),
        ))
    }
}

fn span_bytes(span: &Span) -> usize {
    span.end.index().saturating_sub(span.start.index())
}

/// What kind of slip an error of the parser is; the parser's words are for those who know the standard.
fn slip(kind: &ErrorKind) -> Slip {
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => Slip::Tab,
        ErrorKind::UnexpectedCharacter { character } => Slip::Character(*character),
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => Slip::OpenQuote,
        ErrorKind::InvalidQuotedScalarIndent => Slip::OpenQuote,
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            Slip::AfterQuote
        }
        ErrorKind::UnclosedFlowCollection { open } => Slip::OpenBracket(*open),
        ErrorKind::UnexpectedEofFlowSequence | ErrorKind::ExpectedFlowSequenceSeparator => {
            Slip::OpenBracket('[')
        }
        ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::ExpectedFlowMappingSeparator => Slip::OpenBracket('{'),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => Slip::WrongBracket(*open, *close),
        ErrorKind::MisplacedFlowCollectionEnd => Slip::StrayBracket,
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => Slip::NoColon,
        ErrorKind::InvalidColonPlacement => Slip::MisplacedColon,
        ErrorKind::MappingValueNotAllowed | ErrorKind::MappingKeyNotAllowed => Slip::SecondColon,
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::InvalidIndentation
        | ErrorKind::InvalidBlockScalarIndent
        | ErrorKind::InvalidFlowScalarIndent => Slip::Indentation,
        ErrorKind::UnknownAnchor => Slip::UnknownAnchor,
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape => Slip::Escape,
        ErrorKind::RecursionLimitExceeded => Slip::TooDeep,
        ErrorKind::MissingDirectiveName
        | ErrorKind::InvalidDirectiveName
        | ErrorKind::ExpectedDocumentStart
        | ErrorKind::MissingDocumentEndBeforeDirective => Slip::Directive,
        other => Slip::Other(other.to_string()),
    }
}
