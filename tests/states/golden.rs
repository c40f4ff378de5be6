//! The expected texts of a case, and their rewriting in the file.

use std::collections::BTreeMap;

use provision::yaml::Node;

/// The fields of a case that hold what is expected.
const GOLDEN: &[&str] = &["plan", "fails", "react", "owns", "wants"];

/// What a case expects, by field.
pub fn expected(case: &Node) -> BTreeMap<&'static str, String> {
    let text = |node: &Node| node.text().unwrap_or_default().trim_end().to_owned();
    GOLDEN.iter().filter_map(|field| Some((*field, text(case.get(field)?)))).collect()
}

pub fn difference(expected: &BTreeMap<&str, String>, found: &BTreeMap<&str, String>) -> String {
    let whole = |fields: &BTreeMap<&str, String>| -> String {
        fields.iter().map(|(field, text)| format!("{field}:\n{text}\n")).collect()
    };
    let (expected, found) = (whole(expected), whole(found));
    similar::TextDiff::from_lines(&expected, &found)
        .unified_diff()
        .context_radius(20)
        .header("expected", "found")
        .to_string()
}

/// A stretch of lines (counted from 0, the end not included) and what stands there instead.
pub struct Edit {
    from: usize,
    to: usize,
    lines: Vec<String>,
}

/// What to change in the file for one case, which starts at a line (from 1) and ends before another.
pub fn edits(case: &Node, text: &str, end: Option<u32>, found: &BTreeMap<&'static str, String>) -> Vec<Edit> {
    let index = |number: u32| usize::try_from(number).unwrap().saturating_sub(1);
    let lines: Vec<&str> = text.lines().collect();
    let mut end = end.map_or(lines.len(), index);
    while end > 0 && (lines[end - 1].trim().is_empty() || lines[end - 1].starts_with('#')) {
        end -= 1;
    }
    let fields = case.map().unwrap_or_default();
    let starts: Vec<usize> = fields.iter().map(|(key, _)| index(key.place.line)).collect();
    let indent = fields.first().map_or(2, |(key, _)| index(key.place.column));
    let mut edits = Vec::new();
    for field in GOLDEN {
        let lines = found.get(field).map(|text| written(field, text, indent)).unwrap_or_default();
        match fields.iter().position(|(key, _)| key.text() == Some(field)) {
            Some(position) => {
                let to = starts.get(position + 1).copied().unwrap_or(end);
                edits.push(Edit { from: starts[position], to, lines });
            }
            None if !lines.is_empty() => edits.push(Edit { from: end, to: end, lines }),
            None => {}
        }
    }
    edits
}

fn written(field: &str, text: &str, indent: usize) -> Vec<String> {
    let margin = " ".repeat(indent);
    if text == "nothing" {
        return vec![format!("{margin}{field}: nothing")];
    }
    let mut lines = vec![format!("{margin}{field}: |")];
    lines.extend(text.lines().map(|line| format!("{margin}  {line}").trim_end().to_owned()));
    lines
}

pub fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // From the end of the file on, so that lines keep their numbers.
    edits.sort_by_key(|edit| (edit.from, edit.to));
    for edit in edits.into_iter().rev() {
        lines.splice(edit.from..edit.to, edit.lines);
    }
    lines.join("\n") + "\n"
}
