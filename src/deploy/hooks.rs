//! Commands of the project's own before and after a deploy's stages: from the pillar, else a program in the
//! code's `deploy/hooks`.

use std::fmt;
use std::path::Path;

use crate::fault::{Context as _, Fault, Result};

use super::Settings;
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
    const ALL: [Self; 5] = [Self::Code, Self::Virtualenv, Self::Shared, Self::Manage, Self::Switch];

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

/// An error where the pillar names a hook that no stage has.
pub fn checked(settings: &Settings) -> Result<()> {
    let all: Vec<String> = Around::ALL
        .iter()
        .flat_map(|stage| [Hook::Before(*stage).to_string(), Hook::After(*stage).to_string()])
        // There is no code yet to run it in.
        .filter(|name| name != "before-code")
        .collect();
    match settings.deploy.hooks.keys().find(|name| !all.contains(name)) {
        Some(name) => {
            Err(Fault::new(format!("`deploy: {{hooks: {{{name}: …}}}}` in the pillar names no hook"))
                .help(format!("there are {}", all.join(", "))))
        }
        None => Ok(()),
    }
}

/// What is to be run for a hook, as argument lists.
pub fn commands(hook: Hook, stage: &Stage<'_>) -> Result<Vec<Vec<String>>> {
    let name = hook.to_string();
    if let Some(lines) = stage.settings.deploy.hooks.get(&name) {
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
