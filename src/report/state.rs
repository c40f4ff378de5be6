//! What is shown of one state: how it went, what changed, why it failed.

use std::fmt::Write as _;
use std::time::Duration;

use super::Style;
use super::sanitize::{self, indented};
use super::terminal::{BOLD, CYAN, DEPLOY, DIM, GREEN, NOTIFICATION, RED, YELLOW, time};
use crate::event::{Outcome, StateResult};

/// Lines of a new file that are shown in a run; a plan shows all.
const NEW_LINES: usize = 12;

/// Its line, its changes, and what went wrong. A plan shows all of a new file.
pub fn text(state: &StateResult, plan: bool, style: Style) -> String {
    let (mark, color) = match state.outcome {
        Outcome::Changed if state.function == DEPLOY => ("done", GREEN),
        Outcome::Unchanged if state.function == NOTIFICATION => ("note", YELLOW),
        Outcome::Unchanged => ("ok", DIM),
        Outcome::Skipped => ("skipped", DIM),
        Outcome::Changed => ("changed", GREEN),
        Outcome::WouldChange => ("would change", YELLOW),
        Outcome::Failed => ("failed", RED),
        Outcome::Blocked => ("not run", RED),
    };
    let width = if state.outcome == Outcome::WouldChange { 12 } else { 7 };
    let what = subject(&state.function, &state.id, &state.name);
    let mut text = format!(
        "{}  {} {what}",
        style.paint(color, &format!("{mark:<width$}")),
        style.paint(BOLD, &state.function)
    );
    if state.duration >= Duration::from_millis(1) {
        let _infallible = write!(text, "  {}", style.paint(DIM, &time(state.duration)));
    }
    text.push('\n');
    for change in &state.changes {
        let mut shown = change.clone();
        let diff = shown.diff.take();
        let _infallible = writeln!(text, "    {}", indented(&shown.to_string(), "      "));
        let lines: Vec<&str> = diff.iter().flat_map(|diff| diff.lines()).collect();
        let shown = if plan || style.verbose { lines.len() } else { worth_showing(&lines) };
        for line in lines.iter().copied().take(shown) {
            let painted = match line.chars().next() {
                Some('+') => style.paint(GREEN, line),
                Some('-') => style.paint(RED, line),
                Some('@') => style.paint(CYAN, line),
                _ => line.to_owned(),
            };
            let _infallible = writeln!(text, "      {painted}");
        }
        if shown < lines.len() {
            let more = format!("… {} more lines (-v shows them)", lines.len() - shown);
            let _infallible = writeln!(text, "      {}", style.paint(DIM, &more));
        }
    }
    if let Some(comment) = &state.comment {
        let failed = matches!(state.outcome, Outcome::Failed | Outcome::Blocked);
        let comment = style.paint(if failed { RED } else { DIM }, &indented(comment, "    "));
        let _infallible = writeln!(text, "    {comment}");
    }
    for line in state.output.iter().flat_map(|output| output.lines()) {
        let _infallible = writeln!(text, "    {} {line}", style.paint(DIM, "|"));
    }
    if let Some(help) = &state.help {
        let help = indented(help, "          ");
        let _infallible = writeln!(text, "    {} {help}", style.paint(BOLD, "help:"));
    }
    if let Some(place) = &state.place {
        let _infallible =
            writeln!(text, "    {} {}:{}:{}", style.paint(DIM, "at"), place.file, place.line, place.column);
    }
    text
}

/// How many lines of a diff are shown: all, but of a long new file only the beginning.
fn worth_showing(diff: &[&str]) -> usize {
    let new = diff.iter().all(|line| line.starts_with(['+', '@']));
    if new && diff.len() > NEW_LINES + 4 { NEW_LINES } else { diff.len() }
}

/// What a state is about, in one line: its ID, and its name where that says more.
pub fn subject(function: &str, id: &str, name: &str) -> String {
    let first = name.lines().next().unwrap_or("");
    let mut short: String = first.chars().take(100).collect();
    if short != name {
        short.push('…');
    }
    if id == name || function.is_empty() {
        return short;
    }
    let mut id = id.to_owned();
    sanitize::name(&mut id);
    format!("{id} ({short})")
}
