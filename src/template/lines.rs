//! The way back from a rendered text to the lines of its template. Must not know what the text means.
//!
//! The template is rendered once more with a private-use character before the text of each line; where that
//! character comes out, the line came out. It is only believed if the text is otherwise the same.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::tags::{Piece, inner, pieces};
use super::{Data, Templates};
use crate::source::{Origin, Place, Source};

/// Stamps are U+F0000 plus the line's number.
const FIRST: u32 = 0xF_0000;
const MOST: u32 = 0xFFFD;

/// Where a rendered text came from; looked up when the first place in it is shown.
pub struct Rendering {
    pub templates: Arc<Templates>,
    pub source: Arc<Source>,
    pub path: String,
    pub variables: Data,
    pub lines: OnceLock<Lines>,
}

impl Origin for Rendering {
    fn place(&self, made: &Place) -> Place {
        let lines = self.lines.get_or_init(|| self.find(&made.source.text));
        let line = lines.template_line(made.line, made.column);
        let rendered = made.source.line(made.line);
        let (column, width) = columns(self.source.line(line), rendered, made.column, made.width);
        Place::new(&self.source, line, column, width)
    }
}

impl Rendering {
    fn find(&self, rendered: &str) -> Lines {
        for macros in [true, false] {
            let stamped = stamp(&self.source.text, macros)
                .and_then(|text| self.templates.text(&self.source, &text, &self.path, &self.variables).ok())
                .and_then(|text| Lines::read(&text, rendered));
            if let Some(lines) = stamped {
                return lines;
            }
        }
        Lines::alike(&self.source.text, rendered)
    }
}

/// For each rendered line, from which column on it stems from which template line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lines(Vec<Vec<(u32, u32)>>);

impl Lines {
    /// From a text with stamps, if it is otherwise the rendered one.
    fn read(stamped: &str, rendered: &str) -> Option<Self> {
        let mut lines = vec![Vec::new()];
        let mut plain = String::with_capacity(rendered.len());
        let mut column = 1;
        for letter in stamped.chars() {
            let code = u32::from(letter);
            if (FIRST..=FIRST + MOST).contains(&code) {
                if let Some(line) = lines.last_mut() {
                    line.push((column, code - FIRST));
                }
                continue;
            }
            plain.push(letter);
            column += 1;
            if letter == '\n' {
                lines.push(Vec::new());
                column = 1;
            }
        }
        (plain == rendered).then_some(Self(lines))
    }

    /// By comparing the texts, where stamps change what the template does.
    fn alike(template: &str, rendered: &str) -> Self {
        let mut lines = Vec::new();
        let mut near = 1;
        for change in similar::TextDiff::from_lines(template, rendered).iter_all_changes() {
            match (change.old_index(), change.new_index()) {
                (Some(old), Some(_)) => {
                    let line = u32::try_from(old + 1).unwrap_or(u32::MAX);
                    lines.push(vec![(1, line)]);
                    near = line;
                }
                // Lines that are no more come before those that took their place.
                (Some(old), None) => near = u32::try_from(old + 1).unwrap_or(u32::MAX),
                (None, _) => lines.push(vec![(1, near)]),
            }
        }
        Self(lines)
    }

    fn template_line(&self, line: u32, column: u32) -> u32 {
        let line = usize::try_from(line).unwrap_or(usize::MAX).min(self.0.len());
        let own = line.checked_sub(1).and_then(|index| self.0.get(index));
        let before = own.and_then(|parts| parts.iter().rev().find(|(from, _)| *from <= column));
        if let Some((_, found)) = before {
            return *found;
        }
        let above = self.0.iter().take(line.saturating_sub(1)).rev().find_map(|parts| parts.last());
        above.or_else(|| own.and_then(|parts| parts.first())).map_or(1, |(_, found)| *found)
    }
}

/// The template with a stamp before the first text of each line; none if it has such characters itself.
fn stamp(text: &str, macros: bool) -> Option<String> {
    let foreign = text.chars().any(|letter| (FIRST..=FIRST + MOST).contains(&u32::from(letter)));
    if foreign || text.lines().count() > MOST as usize {
        return None;
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut stamps = Stamps { line: 1, last: 0, within: 0, macros };
    for piece in pieces(text) {
        let range = piece.range();
        let part = text.get(range).unwrap_or_default();
        match piece {
            Piece::Text(_) => {
                for segment in part.split_inclusive('\n') {
                    let blank = segment.len() - segment.trim_start().len();
                    out.push_str(segment.get(..blank).unwrap_or_default());
                    if blank < segment.len() {
                        stamps.put(&mut out);
                    }
                    out.push_str(segment.get(blank..).unwrap_or_default());
                    if segment.ends_with('\n') {
                        stamps.line += 1;
                    }
                }
                continue;
            }
            Piece::Output(_) | Piece::Comment(_) => {
                // A stamp would keep the tag from taking the white space before it.
                if !part.get(2..).unwrap_or_default().starts_with('-') {
                    stamps.put(&mut out);
                }
            }
            Piece::Tag(_) => {
                let (word, after) = inner(part);
                if !part.get(2..).unwrap_or_default().starts_with('-') && !word.starts_with("end") {
                    stamps.put(&mut out);
                }
                stamps.enter(word, part.get(after..).unwrap_or_default());
            }
        }
        out.push_str(part);
        stamps.line += u32::try_from(part.matches('\n').count()).unwrap_or(0);
    }
    Some(out)
}

struct Stamps {
    line: u32,
    last: u32,
    /// Blocks whose text becomes a value: a stamp in it would be seen by the template.
    within: u32,
    macros: bool,
}

impl Stamps {
    fn put(&mut self, out: &mut String) {
        if self.within == 0 && self.last != self.line {
            self.last = self.line;
            out.extend(char::from_u32(FIRST + self.line));
        }
    }

    fn enter(&mut self, word: &str, rest: &str) {
        let capturing = match word {
            "load_yaml" | "load_json" | "load_text" | "call" | "filter" => true,
            "set" => !rest.contains('='),
            "macro" => !self.macros,
            _ => false,
        };
        if capturing {
            self.within += 1;
        }
        if matches!(word, "endload" | "endcall" | "endfilter" | "endset")
            || (word == "endmacro" && !self.macros)
        {
            self.within = self.within.saturating_sub(1);
        }
    }
}

/// The column and width in the template line that best show what stands in the rendered one.
fn columns(template: &str, rendered: &str, column: u32, width: u32) -> (u32, u32) {
    let template_letters: Vec<char> = template.chars().collect();
    let rendered_letters: Vec<char> = rendered.chars().collect();
    let start = (column.saturating_sub(1)) as usize;
    let end = (start + width as usize).min(rendered_letters.len());
    let same = template_letters.iter().zip(&rendered_letters).take_while(|(a, b)| a == b).count();
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    if end <= same {
        return (column, width.max(1));
    }
    let outputs = outputs(template);
    let within = |at: usize| outputs.iter().find(|range| range.contains(&at));
    let shown = |range: &Range<usize>| (narrow(range.start + 1), narrow(range.len()));
    let wanted = rendered_letters.get(start..end).unwrap_or_default();
    if !wanted.is_empty() {
        let found = |from: usize| {
            (from..template_letters.len())
                .find(|at| template_letters.get(*at..*at + wanted.len()) == Some(wanted))
        };
        if let Some(at) = found(same.min(start)).or_else(|| found(0)) {
            return within(at).map_or_else(|| (narrow(at + 1), narrow(wanted.len())), shown);
        }
    }
    // The expression that the text came from: the one that begins where the lines begin to differ, or after.
    if let Some(range) = outputs.iter().find(|range| range.end > same) {
        return shown(range);
    }
    let trimmed = template.trim();
    let indent = template.chars().take_while(|letter| letter.is_whitespace()).count();
    (narrow(indent + 1), narrow(trimmed.chars().count().max(1)))
}

/// Where expressions stand in a line, in characters.
fn outputs(line: &str) -> Vec<Range<usize>> {
    let characters = |offset: usize| line.get(..offset).unwrap_or_default().chars().count();
    pieces(line)
        .into_iter()
        .filter(|piece| matches!(piece, Piece::Output(_)))
        .map(|piece| characters(piece.range().start)..characters(piece.range().end))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_again() {
        let cases = [
            ("  - mode: 0888", "  - mode: 0888", 11, 4, (11, 4)),
            ("  - mode: {{ mode }}", "  - mode: 0888", 11, 4, (11, 10)),
            ("  - {{ key }}: abc", "  - name: abc", 11, 3, (16, 3)),
            ("{% if x %}  - a: b{% endif %}", "  - a: b", 8, 1, (18, 1)),
            ("    {{ macro() }}", "b: c", 1, 1, (5, 13)),
            ("  {%- for x in y %}", "z", 1, 1, (3, 17)),
        ];
        for (template, rendered, column, width, expected) in cases {
            assert_eq!(columns(template, rendered, column, width), expected, "{template}");
        }
    }
}
