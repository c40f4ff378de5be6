//! How the hosts of an environment do, as one table, and what runs on them as another.

use super::Style;
use super::lists::{short, shown};
use super::terminal::{BOLD, GREEN, RED, YELLOW};
use crate::event::{Health, Process, Status};

/// A field of a table and its colour.
struct Cell {
    text: String,
    color: Option<&'static str>,
}

impl Cell {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), color: None }
    }

    fn painted(color: &'static str, text: impl Into<String>) -> Self {
        Self { text: text.into(), color: Some(color) }
    }
}

/// Both tables, with the hosts in this order. `now` is compared with the time that a release has in its name.
pub fn tables(hosts: &[(&str, &Status)], now: jiff::Timestamp, style: Style) -> String {
    let site = |(name, status): &(&str, &Status)| site(name, status, now);
    let mut text = table(
        &["HOST", "RELEASE", "COMMIT", "AGE", "SITE", "LAST RUN", ""],
        hosts.iter().map(site).collect(),
        style,
    );
    let processes = hosts
        .iter()
        .flat_map(|(name, status)| status.processes.iter().map(|process| line(name, process)))
        .collect::<Vec<_>>();
    if !processes.is_empty() {
        text.push('\n');
        text.push_str(&table(&["HOST", "PROGRAM", "STATE", "PID", "MEMORY", "FOR"], processes, style));
    }
    text
}

fn site(name: &str, status: &Status, now: jiff::Timestamp) -> Vec<Cell> {
    let release = status.release.as_ref();
    let commit = release.and_then(|release| release.commit.as_deref()).unwrap_or("-");
    let since =
        release.and_then(|release| made(&release.name)).map(|made| now.duration_since(made).as_secs());
    let since = since.and_then(|seconds| u64::try_from(seconds).ok()).map_or_else(|| "-".to_owned(), age);
    let run = match &status.converged {
        Some(run) if run.failed > 0 => {
            Cell::painted(RED, format!("{}, {} failed", shown(&run.at), run.failed))
        }
        Some(run) => Cell::plain(shown(&run.at)),
        None => Cell::painted(YELLOW, "never"),
    };
    let mut notes = Vec::new();
    for (so, note) in [
        (status.maintenance, "maintenance page on"),
        (status.draining, "out of the balancer"),
        (status.reboot, "restart of the host is due"),
    ] {
        notes.extend(so.then(|| note.to_owned()));
    }
    notes.extend(status.locked.as_ref().map(|locked| format!("locked by {locked}")));
    vec![
        Cell::painted(BOLD, name),
        Cell::plain(release.map_or("-", |release| release.name.as_str())),
        Cell::plain(short(commit)),
        Cell::plain(since),
        match &status.health {
            Some(Health::Answers) => Cell::painted(GREEN, "answers"),
            Some(Health::Fails(why)) => Cell::painted(RED, why.as_str()),
            None => Cell::plain("-"),
        },
        run,
        Cell::painted(YELLOW, notes.join(", ")),
    ]
}

fn line(host: &str, process: &Process) -> Vec<Cell> {
    let or = |text: Option<String>| Cell::plain(text.unwrap_or_else(|| "-".to_owned()));
    vec![
        Cell::painted(BOLD, host),
        Cell::plain(process.name.as_str()),
        Cell::painted(if process.runs() { GREEN } else { RED }, process.state.as_str()),
        or(process.pid.map(|pid| pid.to_string())),
        or(process.memory.map(|bytes| format!("{} MB", bytes >> 20))),
        or(process.seconds.map(age)),
    ]
}

/// Lines whose fields stand one below the other.
fn table(head: &[&str], rows: Vec<Vec<Cell>>, style: Style) -> String {
    let head: Vec<Cell> = head.iter().map(|name| Cell::painted(super::terminal::DIM, *name)).collect();
    let rows: Vec<Vec<Cell>> = std::iter::once(head).chain(rows).collect();
    let mut widths = Vec::new();
    for row in &rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.text.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut blank = 0;
        for (cell, width) in row.iter().zip(&widths) {
            if !cell.text.is_empty() {
                text.push_str(&" ".repeat(blank));
                text.push_str(
                    &cell.color.map_or_else(|| cell.text.clone(), |color| style.paint(color, &cell.text)),
                );
                blank = 0;
            }
            blank += width + 2 - cell.text.chars().count();
        }
        text.push('\n');
    }
    text
}

/// The time in a release's name, as in `20261121T103000Z`.
fn made(name: &str) -> Option<jiff::Timestamp> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", name.get(..16)?).ok()?;
    time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Converged, Release};

    #[test]
    fn an_age_has_two_units() {
        assert_eq!(age(0), "0 s");
        assert_eq!(age(125), "2 min 5 s");
        assert_eq!(age(3 * 86_400 + 4 * 3600 + 59), "3 d 4 h");
    }

    #[test]
    fn hosts_stand_one_below_the_other() {
        let web = Status {
            release: Some(Release {
                name: "20261129T100000Z".to_owned(),
                commit: Some("0123456789abcdef".to_owned()),
                current: true,
            }),
            health: Some(Health::Answers),
            converged: Some(Converged { at: "2026-11-29T09:00:00Z".to_owned(), changed: 1, failed: 0 }),
            reboot: true,
            processes: vec![Process {
                name: "shop-web".to_owned(),
                state: "running".to_owned(),
                pid: Some(812),
                seconds: Some(60),
                memory: Some(70 << 20),
            }],
            ..Status::default()
        };
        let now = "2026-11-29T12:05:00Z".parse().unwrap();
        let text = tables(&[("web1", &web), ("db", &Status::default())], now, Style::default());
        assert_eq!(
            text,
            "HOST  RELEASE           COMMIT        AGE        SITE     LAST RUN\n\
             web1  20261129T100000Z  0123456789ab  2 h 5 min  answers  2026-11-29 09:00:00  restart of the host is due\n\
             db    -                 -             -          -        never\n\
             \n\
             HOST  PROGRAM   STATE    PID  MEMORY  FOR\n\
             web1  shop-web  running  812  70 MB   1 min\n"
        );
    }
}
