//! Hints for common mistakes in YAML, in words that do not assume knowledge of the standard.
//! Must not know the parser.

use std::sync::Arc;

use super::Node;
use crate::diagnostic::Diagnostic;
use crate::source::{Place, Source};

/// What kind of thing the parser stumbled over.
pub enum Slip {
    Tab,
    Character(char),
    OpenQuote,
    AfterQuote,
    OpenBracket(char),
    WrongBracket(char, char),
    StrayBracket,
    NoColon,
    SecondColon,
    MisplacedColon,
    Indentation,
    UnknownAnchor,
    Escape,
    TooDeep,
    Directive,
    Other(String),
}

const TEMPLATE: &str = "a template expression stands here unrendered; quote it, or check the file's first \
                        line (`#!jinja|yaml`) and that the braces are closed";

/// What is wrong at a place where the parser stopped. `within` is where the list or map that is being
/// read began.
pub fn explain(source: &Arc<Source>, place: &Place, slip: &Slip, within: Option<&Place>) -> Diagnostic {
    let line = source.line(place.line);
    if let Some(tab) = indenting_tab(line) {
        return Diagnostic::error("a tab stands in the indentation")
            .at(&Place { column: tab, width: 1, ..place.clone() })
            .help("YAML is indented with spaces: replace the tab by two spaces");
    }
    if let Some(column) = column_of(line, "{{").or_else(|| column_of(line, "{%")) {
        return unrendered(&Place { column, width: 2, ..place.clone() });
    }
    match slip {
        Slip::Tab => Diagnostic::error("a tab stands where only spaces may")
            .at(place)
            .help("YAML is indented with spaces: replace the tab by two spaces"),
        Slip::Character(found) => Diagnostic::error(format!("a value cannot begin with `{found}`"))
            .at(place)
            .help("put the value in quotes"),
        Slip::OpenQuote => Diagnostic::error("the quote that opens here is not closed")
            .at(&opening_quote(source, place).unwrap_or_else(|| place.clone()))
            .help("close it, or escape a quote within: `''` in single quotes, `\\\"` in double quotes"),
        Slip::AfterQuote => Diagnostic::error("text follows after the closing quote")
            .at(place)
            .help("put the whole value in quotes, or none of it; a quote within is written `''` or `\\\"`"),
        Slip::OpenBracket(open) => {
            let close = if *open == '[' { ']' } else { '}' };
            let problem = Diagnostic::error(format!("`{open}` is not closed, or a comma is missing"))
                .at(place)
                .label(format!("`,` or `{close}` should stand here"));
            within.map_or(problem.clone(), |within| problem.also(within, "opened here"))
        }
        Slip::WrongBracket(open, close) => {
            Diagnostic::error(format!("`{open}` is closed by `{close}`")).at(place)
        }
        Slip::StrayBracket => Diagnostic::error("a bracket closes that was never opened")
            .at(place)
            .help("put the value in quotes if the bracket belongs to it"),
        Slip::NoColon => no_colon(source, line, place),
        Slip::MisplacedColon => {
            match within.map(|within| (within, rest_of(source.line(within.line), within.column))) {
                Some((within, text)) if text.starts_with(['[', '{']) => {
                    let open = if text.starts_with('[') { '[' } else { '{' };
                    Diagnostic::error(format!("`{open}` is not closed, or a comma is missing"))
                        .at(within)
                        .also(place, "this `:` does not belong here")
                }
                _ => second_colon(source, line, place),
            }
        }
        Slip::SecondColon => second_colon(source, line, place),
        Slip::Indentation => indentation(source, line, place, within),
        Slip::UnknownAnchor => {
            let name = rest_of(line, place.column);
            let name = name.split([' ', ',', ']', '}']).next().unwrap_or_default();
            let width = u32::try_from(name.chars().count()).unwrap_or(1).max(1);
            Diagnostic::error(format!("`{name}` names an anchor that does not stand before it"))
                .at(&Place { width, ..place.clone() })
                .help("if this is no alias but text that begins with `*`, put it in quotes")
        }
        Slip::Escape => Diagnostic::error("double quotes do not know this escape")
            .at(place)
            .help("write `\\\\` for a backslash, or use single quotes, which know no escapes"),
        Slip::TooDeep => Diagnostic::error("too many lists and maps within one another").at(place),
        Slip::Directive => Diagnostic::error("a line cannot begin with `%` here")
            .at(place)
            .help("put the value in quotes; if this is a template tag, `{%` must open it"),
        Slip::Other(words) => Diagnostic::error(format!("this is no YAML: {words}")).at(place),
    }
}

/// A list or map used as a key: nearly always an expression that was not rendered.
pub fn collection_as_key(node: &Node, source: &Arc<Source>) -> Diagnostic {
    let before = node.place.column.saturating_sub(1);
    if before > 0 && rest_of(source.line(node.place.line), before).starts_with("{{") {
        return unrendered(&Place { column: before, width: 2, ..node.place.clone() });
    }
    Diagnostic::error(format!("{} cannot be the key of a map", node.described()))
        .at(&node.place)
        .help("put the key in quotes if the bracket belongs to it")
}

fn unrendered(place: &Place) -> Diagnostic {
    Diagnostic::error("this is no YAML: a template expression was left in the text").at(place).help(TEMPLATE)
}

/// Where the quote opens that a place lies in: the last one above that its line does not close.
fn opening_quote(source: &Arc<Source>, place: &Place) -> Option<Place> {
    for number in (1..=place.line).rev().take(200) {
        let line = source.line(number);
        let mut open: Option<(char, u32)> = None;
        let mut before = ' ';
        for (column, letter) in (1..).zip(line.chars()) {
            match open {
                None if matches!(letter, '\'' | '"') && matches!(before, ' ' | '[' | '{' | ',') => {
                    open = Some((letter, column));
                }
                Some((quote, _)) if letter == quote && before != '\\' => open = None,
                _ => {}
            }
            before = letter;
        }
        if let Some((_, column)) = open {
            return Some(Place::new(source, number, column, 1));
        }
    }
    None
}

/// `key:value`, where the space after the colon is missing.
fn no_space(source: &Arc<Source>, number: u32) -> Option<Diagnostic> {
    let line = source.line(number);
    let text = line.trim();
    let text = text.strip_prefix("- ").unwrap_or(text).trim_start();
    let (key, value) = text.split_once(':')?;
    let word =
        !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || "_-.".contains(letter));
    if !word || value.is_empty() || value.starts_with([' ', '/']) || text.contains(": ") {
        return None;
    }
    let colon = width_of(line) - width_of(line.trim_start()) + width_of(line.trim())
        - width_of(text.trim_end())
        + width_of(key)
        + 1;
    Some(
        Diagnostic::error(format!("a space is missing after `{key}:`"))
            .at(&Place::new(source, number, colon, 1))
            .help(format!("write `{key}: {value}`")),
    )
}

fn no_colon(source: &Arc<Source>, line: &str, place: &Place) -> Diagnostic {
    let text = line.trim();
    let whole = Place { column: first_column(line), width: width_of(text), ..place.clone() };
    if let Some(problem) = no_space(source, place.line) {
        return problem;
    }
    if let Some(item) = text.strip_prefix('-')
        && !item.starts_with(['-', ' '])
        && !item.is_empty()
    {
        return Diagnostic::error("a space is missing after the `-` of a list item")
            .at(&Place { width: 1, ..whole })
            .help(format!("write `- {item}`"));
    }
    Diagnostic::error("a key without `:` stands among the keys of a map")
        .at(&whole)
        .help(format!("write `{text}:`, or indent the line as the value of the key above"))
}

fn second_colon(source: &Arc<Source>, line: &str, place: &Place) -> Diagnostic {
    // A value with a second `: `, or a key indented deeper than the key above, which already has a value.
    if line.trim().find(": ").is_some_and(|first| {
        let colon = first_column(line) + u32::try_from(first).unwrap_or(0);
        place.column > colon
    }) {
        return Diagnostic::error("a second `:` stands in this value")
            .at(place)
            .help("put the value in quotes");
    }
    let above = (1..place.line)
        .rev()
        .map(|number| (number, source.line(number)))
        .find(|(_, text)| !text.trim().is_empty());
    if let Some((number, text)) = above {
        if let Some(problem) = no_space(source, number) {
            return problem;
        }
        let bare = !text.contains(':') && !text.trim().starts_with(['#', '"', '\'', '[', '{']);
        if bare && first_column(text) == first_column(line) && !text.trim().starts_with("- ") {
            return no_colon(source, text, &Place { line: number, ..place.clone() });
        }
    }
    let problem = Diagnostic::error("a key stands where none can be").at(&Place {
        column: first_column(line),
        width: width_of(line.trim()),
        ..place.clone()
    });
    match above {
        Some((number, text)) if first_column(text) < first_column(line) => problem
            .also(
                &Place {
                    line: number,
                    column: first_column(text),
                    width: width_of(text.trim()),
                    source: Arc::clone(source),
                },
                "this already has a value",
            )
            .help("indent both lines alike, or end the line above with `:`"),
        _ => problem.help("check the indentation of this line and the one above"),
    }
}

fn indentation(source: &Arc<Source>, line: &str, place: &Place, within: Option<&Place>) -> Diagnostic {
    let text = line.trim();
    let whole = Place { column: first_column(line), width: width_of(text), ..place.clone() };
    if text.starts_with(['"', '\''])
        || source.line(place.line.saturating_sub(1)).trim().ends_with(['"', '\''])
    {
        let problem = Diagnostic::error("this line does not fit what stands before it").at(&whole);
        return problem.help("check that every quote is closed, and the indentation");
    }
    let what = if text.starts_with("- ") || text == "-" { "list item" } else { "key" };
    let problem =
        Diagnostic::error(format!("the indentation of this {what} fits nothing above it")).at(&whole);
    let problem = match within {
        Some(within) if within.line != place.line => {
            let column = within.column.saturating_sub(1);
            problem.also(within, format!("what began here is indented by {column}"))
        }
        _ => problem,
    };
    problem.help("items of one list and keys of one map stand in the same column")
}

/// The column of a tab before the first other character of a line.
fn indenting_tab(line: &str) -> Option<u32> {
    let blanks: String = line.chars().take_while(|letter| matches!(letter, ' ' | '\t')).collect();
    blanks.find('\t').and_then(|at| u32::try_from(at + 1).ok())
}

fn column_of(line: &str, part: &str) -> Option<u32> {
    let at = line.find(part)?;
    Some(width_of(line.get(..at)?) + 1)
}

fn rest_of(line: &str, column: u32) -> String {
    line.chars().skip(column.saturating_sub(1) as usize).collect()
}

fn first_column(line: &str) -> u32 {
    width_of(line) - width_of(line.trim_start()) + 1
}

fn width_of(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}
