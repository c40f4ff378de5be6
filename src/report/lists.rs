//! Answers that are lists: what hosts keep and remember.

use std::fmt::Write as _;

use super::Style;
use super::terminal::{DIM, GREEN, RED, YELLOW, time};
use crate::event::{Deployed, Health, Process, Release, Status};

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
        let commit: String = deployed.commit.iter().flat_map(|commit| commit.chars()).take(COMMIT).collect();
        let dirty = if deployed.dirty { style.paint(YELLOW, " and changes") } else { String::new() };
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

/// The site in one line, and a line for each process.
pub fn status(status: &Status, style: Style) -> String {
    let mut parts = Vec::new();
    if let Some(release) = &status.release {
        let commit: String = release.commit.iter().flat_map(|commit| commit.chars()).take(COMMIT).collect();
        parts.push(format!("{} {commit}", release.name).trim_end().to_owned());
    }
    match &status.health {
        Some(Health::Answers) => parts.push(style.paint(GREEN, "answers")),
        Some(Health::Fails(why)) => parts.push(style.paint(RED, why)),
        None => {}
    }
    match &status.converged {
        Some(run) if run.failed > 0 => {
            parts.push(style.paint(RED, &format!("last run {} failed at {}", shown(&run.at), run.failed)));
        }
        Some(run) => parts.push(format!("last run {}", shown(&run.at))),
        None => parts.push(style.paint(YELLOW, "never provisioned")),
    }
    if status.maintenance {
        parts.push(style.paint(YELLOW, "maintenance page on"));
    }
    if status.draining {
        parts.push(style.paint(YELLOW, "out of the balancer"));
    }
    if status.reboot {
        parts.push(style.paint(YELLOW, "restart of the host is due"));
    }
    if let Some(locked) = &status.locked {
        parts.push(style.paint(YELLOW, &format!("locked by {locked}")));
    }
    let mut text = format!("{}\n", parts.join("  "));
    let width = status.processes.iter().map(|process| process.name.chars().count()).max().unwrap_or(0);
    for process in &status.processes {
        let _infallible = writeln!(text, "  {}", line(process, width, style));
    }
    text
}

fn line(process: &Process, width: usize, style: Style) -> String {
    let color = if process.runs() { GREEN } else { RED };
    let state = style.paint(color, &format!("{:<9}", process.state));
    let mut line = format!("{:<width$}  {state}", process.name);
    if let Some(pid) = process.pid {
        let _infallible = write!(line, "  pid {pid:<8}");
    }
    if let Some(memory) = process.memory {
        let _infallible = write!(line, "{:>6} MB", memory >> 20);
    }
    if let Some(seconds) = process.seconds {
        let _infallible = write!(line, "  {}", style.paint(DIM, &format!("for {}", age(seconds))));
    }
    line
}

/// The two largest units: `3 d 4 h`, `2 min 5 s`.
fn age(seconds: u64) -> String {
    let units = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, length) in units {
        if rest >= length || (unit == "s" && parts.is_empty()) {
            parts.push(format!("{} {unit}", rest / length));
            rest %= length;
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

fn shown(at: &str) -> String {
    at.trim_end_matches('Z').replace('T', " ")
}

fn or_else(text: String, nothing: &str) -> String {
    if text.is_empty() { nothing.to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn an_age_has_two_units() {
        assert_eq!(age(0), "0 s");
        assert_eq!(age(125), "2 min 5 s");
        assert_eq!(age(3 * 86_400 + 4 * 3600 + 59), "3 d 4 h");
    }
}
