//! `provision migrate DIR`: what of a masterless Salt tree runs here, and what to do about the rest.

use std::io::{IsTerminal, Write};

use crate::cli::MigrateArguments;
use crate::diagnostic::{self, Diagnostic};
use crate::exit::Exit;
use crate::facts::Grains;
use crate::fault::{Fault, Result};
use crate::migrate::{Report, Roots, examine};

use super::check;

pub fn run(arguments: &MigrateArguments) -> Result<Exit> {
    let MigrateArguments { dir, id, grains, json } = arguments;
    if !dir.is_dir() {
        return Err(Fault::new(format!("there is no folder `{}`", dir.display())));
    }
    let roots = Roots::find(dir)?;
    let recorded = grains.as_deref().map(check::recorded).transpose()?.unwrap_or_default();
    let known: Grains = roots.grains.clone().into_iter().chain(recorded).collect();
    let report = examine(&roots, id.as_deref().or(roots.id.as_deref()), &known)?;
    let text = if *json {
        let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
        text.push('\n');
        text
    } else {
        told(&roots, &report)
    };
    // Nobody to read it is no mistake.
    let _closed = anstream::stdout().write_all(text.as_bytes());
    Ok(if report.is_clean() { Exit::Converged } else { Exit::Project })
}

fn told(roots: &Roots, report: &Report) -> String {
    let color = std::io::stdout().is_terminal();
    let mut out = format!("states: {}, {}\n", roots.shown(&roots.states), files(report.state_files));
    out.push_str(&format!("pillar: {}, {}\n", roots.shown(&roots.pillar), files(report.pillar_files)));
    if !roots.configuration.is_empty() {
        out.push_str(&format!("as `{}` says\n", roots.configuration.join("`, `")));
    }
    let mut list = |title: &str, problems: &[Diagnostic]| {
        if problems.is_empty() {
            return;
        }
        out.push_str(&format!("\n{} {title}\n\n", problems.len()));
        for problem in problems {
            out.push_str(&diagnostic::render(problem, color));
            out.push('\n');
        }
    };
    list("to change in the tree", &report.needs_change);
    list("not supported", &report.not_supported);
    let Report { run, run_leniently, state_files, .. } = report;
    out.push_str(&format!("\nrun as they are: {run} of {}", files(*state_files)));
    if *run_leniently > 0 {
        out.push_str(&format!("; with --lenient: {run_leniently} more"));
    }
    let pillar = match roots.pillar.as_slice() {
        [] => String::new(),
        some => format!(" and {} to its pillar/", roots.shown(some)),
    };
    out.push_str(&format!(
        "\n\nnext: `provision init NAME` starts a project; copy {} to its states/{pillar}, or try the tree where it is:\n  {}\n",
        roots.shown(&roots.states),
        line(roots),
    ));
    out
}

/// What applies the tree to this machine, dry.
fn line(roots: &Roots) -> String {
    let mut words = vec!["provision".to_owned(), "--local".to_owned()];
    for path in &roots.states {
        words.extend(["--file-root".to_owned(), path.display().to_string()]);
    }
    for path in &roots.pillar {
        words.extend(["--pillar-root".to_owned(), path.display().to_string()]);
    }
    words.push("plan".to_owned());
    shell_words::join(words)
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
