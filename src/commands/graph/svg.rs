//! The graph drawn without another program: a column for each step that must come later, arrows to the right.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Arrow;

/// Pixels; the letters are of one width, so that boxes fit without measuring fonts.
const LETTER: usize = 7;
const LINE: usize = 16;
const HEIGHT: usize = 2 * LINE + 10;
const GAP: usize = 14;
const BETWEEN: usize = 70;
const MARGIN: usize = 20;
/// Longer names are cut short.
const LONGEST: usize = 40;

/// A state's box: what stands in it, and where it is.
struct Drawn {
    lines: [String; 2],
    column: usize,
    row: usize,
}

/// Draws states, given as two lines each in order of execution, and the arrows between them.
pub fn draw(states: &[[&str; 2]], arrows: &[Arrow]) -> String {
    let drawn = placed(states, arrows);
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    for state in &drawn {
        let letters = state.lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
        let widest = widths.entry(state.column).or_default();
        *widest = (letters * LETTER + 16).max(*widest);
    }
    let mut lefts = vec![MARGIN];
    for width in widths.values() {
        lefts.push(lefts.last().copied().unwrap_or_default() + width + BETWEEN);
    }
    let place = |state: &Drawn| {
        let left = lefts.get(state.column).copied().unwrap_or_default();
        let width = widths.get(&state.column).copied().unwrap_or_default();
        (left, MARGIN + state.row * (HEIGHT + GAP), width)
    };
    let rows = drawn.iter().map(|state| state.row + 1).max().unwrap_or_default();
    let (width, height) = (lefts.last().copied().unwrap_or_default(), 2 * MARGIN + rows * (HEIGHT + GAP));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"11\">\n\
         <defs><marker id=\"head\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" fill=\"#555\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for Arrow { from, to, word } in arrows {
        let (Some(from), Some(to)) = (drawn.get(*from), drawn.get(*to)) else { continue };
        let ((left, top, width), (right, end, _)) = (place(from), place(to));
        let (x, y, end) = (left + width, top + HEIGHT / 2, end + HEIGHT / 2);
        let bend = BETWEEN / 2;
        let dashed = if word.is_none() { " stroke-dasharray=\"4 3\"" } else { "" };
        let title = word.map(|word| format!("<title>{word}</title>")).unwrap_or_default();
        let _infallible = writeln!(
            out,
            "<path d=\"M{x},{y} C{},{y} {},{end} {right},{end}\" fill=\"none\" stroke=\"#555\" marker-end=\"url(#head)\"{dashed}>{title}</path>",
            x + bend,
            right.saturating_sub(bend),
        );
        if let Some(word) = word.filter(|word| *word != "require") {
            let (x, y) = (usize::midpoint(x, right), usize::midpoint(y, end).saturating_sub(3));
            let _infallible =
                writeln!(out, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" fill=\"#a33\">{word}</text>");
        }
    }
    for state in &drawn {
        let (left, top, width) = place(state);
        let [function, id] = state.lines.each_ref().map(|line| escaped(line));
        let (x, first, second) = (left + 8, top + LINE, top + 2 * LINE);
        let _infallible = writeln!(
            out,
            "<g><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{HEIGHT}\" rx=\"4\" fill=\"#f4f6fa\" stroke=\"#456\"/><text x=\"{x}\" y=\"{first}\" fill=\"#456\">{function}</text><text x=\"{x}\" y=\"{second}\">{id}</text></g>"
        );
    }
    out.push_str("</svg>\n");
    out
}

/// A state stands one column right of the last that it waits for, and in the first free row near those.
fn placed(states: &[[&str; 2]], arrows: &[Arrow]) -> Vec<Drawn> {
    let mut drawn: Vec<Drawn> = Vec::new();
    let mut taken = BTreeSet::new();
    let mut waits: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for arrow in arrows {
        waits.entry(arrow.to).or_default().push(arrow.from);
    }
    for (number, lines) in states.iter().enumerate() {
        // Arrows come from states that are earlier in the order, except `listen` and `prereq`.
        let from = waits.get(&number).into_iter().flatten();
        let before: Vec<&Drawn> = from.filter_map(|from| drawn.get(*from)).collect();
        let column = before.iter().map(|state| state.column + 1).max().unwrap_or_default();
        let near = before.iter().map(|state| state.row).min().unwrap_or_default();
        let mut row = near;
        while !taken.insert((column, row)) {
            row += 1;
        }
        drawn.push(Drawn { lines: lines.map(short), column, row });
    }
    drawn
}

fn short(text: &str) -> String {
    let line: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_stands_right_of_those_that_it_waits_for() {
        let states = [["pkg.installed", "a"], ["file.managed", "<b> & c"], ["test.nop", "alone"]];
        let arrows = [Arrow { from: 0, to: 1, word: Some("watch") }];
        let drawn = placed(&states, &arrows);
        let places: Vec<_> = drawn.iter().map(|state| (state.column, state.row)).collect();
        assert_eq!(places, [(0, 0), (1, 0), (0, 1)]);
        let text = draw(&states, &arrows);
        assert!(text.contains("&lt;b&gt; &amp; c") && text.contains(">watch</text>"), "{text}");
        assert_eq!(text.matches("<rect").count(), 4);
    }

    #[test]
    fn long_names_are_cut_short() {
        assert_eq!(short(&"x".repeat(41)).chars().count(), LONGEST);
        assert_eq!(short("a\nb"), "a b");
    }
}
