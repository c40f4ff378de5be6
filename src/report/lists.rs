//! Answers that are lists: what hosts keep and remember.

use std::fmt::Write as _;

use super::Style;
use super::terminal::{GREEN, RED, YELLOW, time};
use crate::event::{Deployed, Release};

/// So much of a commit tells it from others.
const COMMIT: usize = 12;

/// The newest first.
pub fn releases(releases: &[Release], style: Style) -> String {
    let mut text = String::new();
    for release in releases.iter().rev() {
        let commit: String = release.commit.iter().flat_map(|commit| commit.chars()).take(60).collect();
        let current = if release.current { style.paint(GREEN, "  current") } else { String::new() };
        let _infallible = writeln!(text, "{}  {commit}{current}", release.name);
    }
    or_else(text, "no releases: nothing was deployed yet")
}

/// The newest first.
pub fn history(deploys: &[Deployed], style: Style) -> String {
    let mut text = String::new();
    for deployed in deploys.iter().rev() {
        let end = match &deployed.failed {
            Some(stage) => style.paint(RED, &format!("failed at {stage}")),
            None => style.paint(GREEN, "done"),
        };
        let commit = deployed.commit.as_deref().map_or("-", short);
        let changed = deployed.dirty && deployed.commit.as_deref().is_some_and(is_commit);
        let dirty = if changed { style.paint(YELLOW, " and changes") } else { String::new() };
        let _infallible = writeln!(
            text,
            "{}  {:<8}  {}  {commit}{dirty}  by {}  {end} in {}",
            shown(&deployed.at),
            deployed.task,
            deployed.release.as_deref().unwrap_or("-"),
            deployed.operator,
            time(deployed.duration)
        );
    }
    or_else(text, "nothing was deployed yet")
}

/// A line for each name.
pub fn secrets(missing: &[String], changed: &[String], surplus: &[String], style: Style) -> String {
    let mut text = String::new();
    for (names, what, color) in [
        (missing, "not on the host", YELLOW),
        (changed, "has another value there", YELLOW),
        (surplus, "only on the host", RED),
    ] {
        for name in names {
            let _infallible = writeln!(text, "{name}  {}", style.paint(color, what));
        }
    }
    or_else(text, "the host has what you have")
}

fn is_commit(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What tells a commit from others; of code that is under no version control, what is said instead.
pub(super) fn short(commit: &str) -> &str {
    if is_commit(commit) { commit.get(..COMMIT).unwrap_or(commit) } else { commit }
}

pub(super) fn shown(at: &str) -> String {
    at.trim_end_matches('Z').replace('T', " ")
}

fn or_else(text: String, nothing: &str) -> String {
    if text.is_empty() { nothing.to_owned() } else { text }
}
