//! `provision ENV check`: everything that can be found wrong without a host, all at once.

use std::io::Write;
use std::path::Path;

use crate::agent;
use crate::cli::RunOptions;
use crate::diagnostic::{Diagnostic, Problems, Severity};
use crate::exit::Exit;
use crate::facts::Grains;
use crate::fault::{Context as _, Fault, Result};
use crate::project::{Project, is_secret};

use super::session;

pub fn run(environment: &str, options: &RunOptions) -> Result<Exit> {
    let project = Project::find(options.project.as_deref())?;
    project.environment(environment)?;
    let recorded = options.grains.as_deref().map(recorded).transpose()?.unwrap_or_default();
    let (states, mut problems) =
        agent::check(&project, environment, options.id.as_deref(), &recorded, options.lenient);
    problems.extend(known_to_git(&project));
    session::tell(&problems, options);
    let errors = problems.0.iter().filter(|problem| problem.severity == Severity::Error).count();
    if errors == 0 {
        if !options.json {
            let _closed = writeln!(anstream::stdout(), "{environment} is right: {states} states");
        }
        return Ok(Exit::Converged);
    }
    if !options.json {
        let word = if errors == 1 { "error" } else { "errors" };
        let _closed = writeln!(anstream::stderr(), "{errors} {word} in {environment}");
    }
    Ok(Exit::Project)
}

/// Warnings of files with secrets that git keeps for ever.
fn known_to_git(project: &Project) -> Problems {
    let tracked = crate::remote::tracked(&project.root, "pillar");
    let secret = tracked.iter().filter(|path| is_secret(path.strip_prefix("pillar/").unwrap_or(path)));
    let problems = secret.map(|path| {
        Diagnostic::warning(format!("`{path}` holds secrets, and git tracks it")).help(format!(
            "git rm --cached {path}, ignore it, commit, and change what it holds: the history keeps it"
        ))
    });
    Problems(problems.collect())
}

/// The grains of a file, as one JSON object.
pub fn recorded(path: &Path) -> Result<Grains> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).context(format!("cannot read `{shown}`"))?;
    let mut grains: Grains = serde_json::from_str(&text).map_err(|error| {
        Fault::new(format!("`{shown}` holds no grains: {error}"))
            .help("write one JSON object of names and values")
    })?;
    // As `salt-call --local grains.items --out=json` writes them.
    if let (1, Some(serde_json::Value::Object(local))) = (grains.len(), grains.get_mut("local")) {
        return Ok(std::mem::take(local));
    }
    Ok(grains)
}
