//! `provision doc`: what the state functions do, from the table that the compiler reads, too; and the settings.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::compile::arguments_of_all;
use crate::diagnostic::nearest;
use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::states::{FUNCTIONS, Row, meaning};

use super::settings;

pub fn run(name: Option<&str>, markdown: bool) -> Result<Exit> {
    if let Some(name) = name.filter(|name| name.split('.').next() == Some(settings::NAME)) {
        let text = settings::described(name, markdown)?;
        let _closed = std::io::stdout().lock().write_all(text.as_bytes());
        return Ok(Exit::Converged);
    }
    let rows = chosen(name)?;
    let text = match name {
        _ if markdown => page(&rows),
        None => overview(&rows),
        Some(_) => rows.iter().map(|row| described(row)).collect::<Vec<_>>().join("\n"),
    };
    // Nobody to read it is no mistake.
    let _closed = std::io::stdout().lock().write_all(text.as_bytes());
    Ok(Exit::Converged)
}

/// The functions of a module, or the one of that name, or all.
fn chosen(name: Option<&str>) -> Result<Vec<&'static Row>> {
    let Some(name) = name else { return Ok(FUNCTIONS.iter().collect()) };
    let rows: Vec<&Row> = FUNCTIONS.iter().filter(|row| row.name == name || module(row) == name).collect();
    if !rows.is_empty() {
        return Ok(rows);
    }
    let known = FUNCTIONS.iter().flat_map(|row| [row.name, module(row)]);
    let fault = Fault::new(format!("there is no state module or function `{name}`"));
    Err(match nearest(name, known) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => {
            fault.help("`provision doc` lists all; `provision doc site` lists the settings of the pillar")
        }
    })
}

fn module(row: &Row) -> &'static str {
    row.name.split_once('.').map_or(row.name, |(module, _)| module)
}

fn sentence(about: &str) -> String {
    let mut letters = about.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// A line for each function.
fn overview(rows: &[&Row]) -> String {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    let mut out = String::new();
    for row in rows {
        let _infallible = writeln!(out, "{:width$}  {}", row.name, sentence(row.about));
    }
    out
}

/// Arguments by whether they must be given; `name` comes from the ID.
struct Arguments {
    needed: Vec<&'static str>,
    possible: Vec<&'static str>,
}

impl Arguments {
    fn of(row: &Row) -> Self {
        let required = (row.required)();
        let all = (row.arguments)().iter().copied().filter(|name| *name != "name");
        let (needed, possible) = all.partition(|name| required.contains(name));
        Self { needed, possible }
    }

    /// What to call them, and which they are.
    fn groups(self, row: &Row) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
        let groups = [
            ("must have", self.needed),
            ("may have", self.possible),
            ("not supported yet", row.later.to_vec()),
        ];
        groups.into_iter().filter(|(_, names)| !names.is_empty())
    }
}

/// One function, for a terminal.
fn described(row: &Row) -> String {
    let mut out = format!("{}\n  {}\n", row.name, sentence(row.about));
    for (word, names) in Arguments::of(row).groups(row) {
        let width = names.iter().map(|name| name.len()).max().unwrap_or_default();
        let meant: Vec<(&str, Option<&str>)> =
            names.iter().map(|name| (*name, meaning(row.name, name))).collect();
        let _infallible = writeln!(out, "\n  {word}:");
        if meant.iter().all(|(_, what)| what.is_none()) {
            out.push_str(&wrapped(&names));
            continue;
        }
        for (name, what) in meant {
            let line = format!("    {name:width$}  {}", what.unwrap_or_default());
            let _infallible = writeln!(out, "{}", line.trim_end());
        }
    }
    out.push_str("\n  example:\n");
    for line in row.example.lines() {
        let _infallible = writeln!(out, "    {line}");
    }
    out
}

/// Names with commas, in lines that fit a terminal.
fn wrapped(names: &[&str]) -> String {
    const WIDTH: usize = 90;
    let mut out = String::new();
    let mut line = String::new();
    for (number, name) in names.iter().enumerate() {
        let comma = if number + 1 < names.len() { "," } else { "" };
        if !line.is_empty() && line.len() + name.len() + 2 > WIDTH {
            let _infallible = writeln!(out, "    {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        let _infallible = write!(line, "{name}{comma}");
    }
    let _infallible = writeln!(out, "    {line}");
    out
}

/// All of it as a page in Markdown.
fn page(rows: &[&Row]) -> String {
    let code = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let mut of_all: Vec<&str> = arguments_of_all().collect();
    of_all.sort_unstable();
    let mut out = format!(
        "# State functions\n\n\
         Printed by `provision doc --markdown`. Arguments mean what Salt's documentation of the function of that \
         name says; `name` is the ID where it is not given.\n\n\
         Every state may have: {}.\n",
        code(&of_all)
    );
    let mut last = "";
    for row in rows {
        if module(row) != last {
            last = module(row);
            let _infallible = write!(out, "\n## {last}\n");
        }
        let _infallible = write!(out, "\n### {}\n\n{}\n", row.name, sentence(row.about));
        for (number, (word, names)) in Arguments::of(row).groups(row).enumerate() {
            let gap = if number == 0 { "\n" } else { "" };
            if names.iter().all(|name| meaning(row.name, name).is_none()) {
                let _infallible = writeln!(out, "{gap}- {word}: {}", code(&names));
                continue;
            }
            let _infallible = writeln!(out, "{gap}- {word}:");
            for name in names {
                let what = meaning(row.name, name).map(|what| format!(": {what}")).unwrap_or_default();
                let _infallible = writeln!(out, "  - `{name}`{what}");
            }
        }
        let _infallible = write!(out, "\n```yaml\n{}\n```\n", row.example.trim_end());
    }
    out
}
