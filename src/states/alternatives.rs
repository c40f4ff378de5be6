//! `alternatives`: which program a common name such as `editor` stands for. dpkg keeps that in a file of its
//! own for each name (update-alternatives(1)), which is read without starting anything.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::facts::Key;
use crate::fault::{Context as _, Fault, Result};
use crate::host::{Action, Command, Host};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

const ADMIN: &str = "/var/lib/dpkg/alternatives";

/// What dpkg knows of a name.
struct Known {
    /// It was chosen by hand, and stays when a better one comes.
    manual: bool,
    /// Path and priority.
    choices: Vec<(String, i64)>,
}

impl Known {
    fn of(host: &dyn Host, name: &str) -> Result<Option<Self>> {
        if name.is_empty() || name.contains('/') {
            return Err(Fault::new(format!("`{name}` is no name of alternatives"))
                .help("write one such as `editor`; where it lies is `link`"));
        }
        let path = Path::new(ADMIN).join(name);
        let Some(bytes) = host.read(&path)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let known = Self::read(&text).ok_or_else(|| Fault::new("cut short, or of an unknown form"));
        known.context(format!("`{}`", path.display())).map(Some)
    }

    /// The status, the link, slaves as name and link; then the choices, each with a path for every slave.
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let manual = lines.next()? == "manual";
        let _link = lines.next()?;
        let mut slaves = 0;
        while !lines.next()?.is_empty() {
            lines.next()?;
            slaves += 1;
        }
        let mut choices = Vec::new();
        while let Some(path) = lines.next().filter(|line| !line.is_empty()) {
            choices.push((path.to_owned(), lines.next()?.trim().parse().ok()?));
            for _ in 0..slaves {
                lines.next()?;
            }
        }
        Some(Self { manual, choices })
    }

    fn priority(&self, path: &str) -> Option<i64> {
        self.choices.iter().find(|(known, _)| known == path).map(|(_, priority)| *priority)
    }
}

/// What a name's alternatives are about; who installs one owns it.
fn key(name: &str) -> Key {
    Key::Path(Path::new(ADMIN).join(name))
}

/// Whether an earlier state of this dry run may bring alternatives for the name.
fn may_come(context: &Context<'_>, name: &str) -> bool {
    context.facts.packages_coming() || context.facts.coming(&key(name))
}

/// What the name stands for now.
fn current(host: &dyn Host, name: &str) -> Result<Option<String>> {
    let link = host.link(&Path::new("/etc/alternatives").join(name))?;
    Ok(link.map(|target| target.display().to_string()))
}

fn update(words: &[&str]) -> Action {
    Action::Run(Command::new(["update-alternatives"].iter().chain(words).copied()))
}

/// What is there to choose from, for a name that lacks what is asked.
fn unknown(name: &str, path: &str, known: Option<&Known>) -> Fault {
    let fault = Fault::new(format!("`{path}` is no alternative for `{name}`"));
    let paths: Vec<&str> =
        known.iter().flat_map(|known| &known.choices).map(|(path, _)| path.as_str()).collect();
    if paths.is_empty() {
        fault.help("is its package installed? otherwise `alternatives.install` makes it one")
    } else {
        fault.help(format!("there are: {}; `alternatives.install` adds one", paths.join(", ")))
    }
}

/// A program is one of those that a name may stand for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Install {
    name: String,
    link: PathBuf,
    path: String,
    priority: i64,
}

impl State for Install {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let known = Known::of(host, &self.name)?;
        let is = known.and_then(|known| known.priority(&self.path));
        if is == Some(self.priority) {
            return Ok(Plan::default());
        }
        let program = Key::Path(PathBuf::from(&self.path));
        let may_come = context.facts.packages_coming() || context.facts.coming(&program);
        if host.stat(self.path.as_ref())?.is_none() && !may_come {
            return Err(Fault::new(format!("`{}` is not there", self.path))
                .help("an alternative must be there before a name can stand for it"));
        }
        let change = Change::new(format!("priority of {}", self.path)).to(self.priority.to_string());
        let change = is.iter().fold(change, |change, is| change.from(is.to_string()));
        let (link, priority) = (self.link.display().to_string(), self.priority.to_string());
        let mut plan = Plan::default();
        plan.push(change, update(&["--install", &link, &self.name, &self.path, &priority]));
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![key(&self.name)]
    }

    fn wants(&self) -> Vec<Key> {
        vec![Key::Path(PathBuf::from(&self.path))]
    }
}

impl Function for Install {
    const NAME: &'static str = "alternatives.install";
    const ABOUT: &'static str =
        "A program is one of those that a common name may stand for, with a priority.";
    const EXAMPLE: &'static str = "editor:\n  alternatives.install:\n    - link: /usr/bin/editor\n    - path: /usr/bin/vim.tiny\n    - priority: 60\n";
}

/// A name stands for this program, whatever comes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    name: String,
    path: String,
}

impl State for Set {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let known = Known::of(host, &self.name)?;
        if known.as_ref().and_then(|known| known.priority(&self.path)).is_none()
            && !may_come(context, &self.name)
        {
            return Err(unknown(&self.name, &self.path, known.as_ref()));
        }
        let is = current(host, &self.name)?;
        let mut plan = Plan::default();
        // One that stands there by its priority alone would give way to a better one.
        if is.as_deref() != Some(&self.path) || known.is_none_or(|known| !known.manual) {
            let change = Change::new(&self.name).to(&self.path);
            let change = is.iter().filter(|is| **is != self.path).fold(change, |change, is| change.from(is));
            plan.push(change, update(&["--set", &self.name, &self.path]));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        vec![key(&self.name), Key::Path(PathBuf::from(&self.path))]
    }
}

impl Function for Set {
    const NAME: &'static str = "alternatives.set";
    const ABOUT: &'static str =
        "A common name stands for this program, also when one of a higher priority comes.";
    const EXAMPLE: &'static str = "editor:\n  alternatives.set:\n    - path: /usr/bin/vim.tiny\n";
}

/// A name stands for whatever has the highest priority.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auto {
    name: String,
}

impl State for Auto {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let Some(known) = Known::of(context.facts.host(), &self.name)? else {
            if may_come(context, &self.name) {
                return Ok(Plan::nothing("what comes is by priority"));
            }
            return Err(Fault::new(format!("there are no alternatives for `{}`", self.name))
                .help("is the package installed that brings one?"));
        };
        let mut plan = Plan::default();
        if known.manual {
            let change = Change::new(&self.name).from("chosen by hand").to("by priority");
            plan.push(change, update(&["--auto", &self.name]));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        vec![key(&self.name)]
    }
}

impl Function for Auto {
    const NAME: &'static str = "alternatives.auto";
    const ABOUT: &'static str = "A common name stands for the program of the highest priority.";
    const EXAMPLE: &'static str = "editor:\n  alternatives.auto\n";
}

/// A program is none of those that a name may stand for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    name: String,
    path: String,
}

impl State for Remove {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let known = Known::of(context.facts.host(), &self.name)?;
        let mut plan = Plan::default();
        if known.is_some_and(|known| known.priority(&self.path).is_some()) {
            let change = Change::new(format!("alternative for {}", self.name)).from(&self.path);
            plan.push(change, update(&["--remove", &self.name, &self.path]));
        }
        Ok(plan)
    }
}

impl Function for Remove {
    const NAME: &'static str = "alternatives.remove";
    const ABOUT: &'static str = "A program is none of those that a common name may stand for.";
    const EXAMPLE: &'static str = "editor:\n  alternatives.remove:\n    - path: /usr/bin/vim.tiny\n";
}
