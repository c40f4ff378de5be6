//! Commands of the project's own before and after a deploy's stages: from the pillar, else a program in the
//! code's `deploy/hooks`.

use std::fmt;
use std::path::Path;

use crate::fault::{Context as _, Fault, Result};

use super::source::text;
use super::stage::Stage;

/// Where the code brings its hooks.
const FOLDER: &str = "deploy/hooks";

/// The stages that have hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    Code,
    Virtualenv,
    Shared,
    Manage,
    Switch,
}

impl Around {
    fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Virtualenv => "virtualenv",
            Self::Shared => "shared",
            Self::Manage => "manage",
            Self::Switch => "switch",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Hook {
    Before(Around),
    After(Around),
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(stage) => write!(f, "before-{}", stage.name()),
            Self::After(stage) => write!(f, "after-{}", stage.name()),
        }
    }
}

/// What is to be run for a hook, as argument lists.
pub fn commands(hook: Hook, stage: &Stage<'_>) -> Result<Vec<Vec<String>>> {
    let name = hook.to_string();
    if let Some((_, lines)) = stage.settings.deploy.hooks.iter().find(|(hook, _)| hook.word() == name) {
        let shell = |line: &String| vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()];
        return Ok(lines.iter().map(shell).collect());
    }
    let own = stage.folder.join(Path::new(FOLDER)).join(&name);
    match stage.facts.host().stat(&own)? {
        Some(stat) if stat.mode & 0o111 != 0 => Ok(vec![vec![text(&own)?]]),
        Some(_) => Err(Fault::new(format!("`{FOLDER}/{name}` may not be executed"))
            .help(format!("git update-index --chmod=+x {FOLDER}/{name}, and commit it"))),
        None => Ok(Vec::new()),
    }
}

/// Runs a hook's commands in the release, as the project's user and in its environment.
pub fn run(hook: Hook, commands: &[Vec<String>], stage: &Stage<'_>) -> Result<()> {
    for command in commands {
        stage.in_environment(command).context(format!("the hook `{hook}` failed"))?;
    }
    Ok(())
}
