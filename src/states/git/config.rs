//! `git.config_set` and `git.config_unset`: variables of a repository or of an account.

use std::path::{Path, PathBuf};

use regex::Regex;
use serde::Deserialize;

use super::account;
use super::config_file::{self, Entry};
use super::transport::Transport;
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Command};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// A variable has a value, or several.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigSet {
    name: String,
    value: Option<String>,
    #[serde(default)]
    multivar: OneOrMany<String>,
    repo: Option<PathBuf>,
    #[serde(default)]
    global: bool,
    user: Option<String>,
}

/// A variable has no value, or none that matches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigUnset {
    /// A regular expression for whole keys.
    name: String,
    value_regex: Option<String>,
    #[serde(default)]
    all: bool,
    repo: Option<PathBuf>,
    #[serde(default)]
    global: bool,
    user: Option<String>,
}

/// The file that is meant, as it is, and how git is told to change it.
struct Place<'a> {
    repo: Option<&'a Path>,
    transport: Transport,
    entries: Vec<Entry>,
}

impl<'a> Place<'a> {
    fn find(
        context: &Context<'_>,
        repo: Option<&'a PathBuf>,
        global: bool,
        user: Option<&String>,
    ) -> Result<Self> {
        let facts = context.facts;
        let (repo, files) = match (repo, global) {
            (Some(repo), false) => {
                (Some(repo.as_path()), vec![repo.join(".git/config"), repo.join("config")])
            }
            (None, true) => {
                let name = user.map_or("root", String::as_str);
                let home = match facts.user(name)? {
                    Some(user) => user.home,
                    None if facts.coming(&Key::User(name.to_owned())) => PathBuf::from("/nonexistent"),
                    None => return Err(Fault::new(format!("there is no user `{name}`"))),
                };
                (None, vec![home.join(".gitconfig"), home.join(".config/git/config")])
            }
            _ => {
                return Err(Fault::new("which file is meant?").help("give either a `repo` or `global: true`"));
            }
        };
        let mut entries = Vec::new();
        for file in &files {
            let text = facts.host().read(file)?.unwrap_or_default();
            entries.extend(config_file::parse(&String::from_utf8_lossy(&text)));
        }
        let account = match repo {
            Some(repo) => account(facts, user, repo)?,
            None => user.cloned(),
        };
        Ok(Self { repo, transport: Transport::new("", account, &[], None, None)?, entries })
    }

    fn git(&self, words: &[&str]) -> Command {
        let place = if self.repo.is_some() { "--local" } else { "--global" };
        let words = ["config", place].into_iter().chain(words.iter().copied());
        match self.repo {
            Some(repo) => self.transport.inside(repo, words),
            None => self.transport.git(words),
        }
    }
}

impl State for ConfigSet {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let place = Place::find(context, self.repo.as_ref(), self.global, self.user.as_ref())?;
        let wanted: Vec<&str> = match (&self.value, self.multivar.0.as_slice()) {
            (Some(value), []) => vec![value],
            (None, values) if !values.is_empty() => values.iter().map(String::as_str).collect(),
            _ => return Err(Fault::new(format!("`{}` needs either a `value` or a `multivar`", self.name))),
        };
        let is: Vec<&str> = config_file::values(&place.entries, &self.name).collect();
        let mut plan = Plan::default();
        if is == wanted {
            return Ok(plan);
        }
        let change = Change::new(&self.name).to(wanted.join(", "));
        let change = if is.is_empty() { change } else { change.from(is.join(", ")) };
        let mut change = Some(change);
        for (at, value) in wanted.iter().enumerate() {
            let how = if at == 0 { "--replace-all" } else { "--add" };
            let change = change.take().unwrap_or_else(|| Change::new(&self.name).to(*value));
            plan.push(change, Action::Run(place.git(&[how, &self.name, value])));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(self.repo.as_ref(), self.user.as_ref())
    }
}

impl State for ConfigUnset {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let place = Place::find(context, self.repo.as_ref(), self.global, self.user.as_ref())?;
        let regex = |text: &str| {
            Regex::new(text)
                .map_err(|error| Fault::new(format!("`{text}` is no regular expression: {error}")))
        };
        let name = regex(&format!("^(?:{})$", self.name))?;
        let value = self.value_regex.as_deref().map(regex).transpose()?;
        let is_meant = |entry: &&Entry| {
            let same = name.is_match(&entry.key) || entry.key == config_file::normal(&self.name);
            same && value.as_ref().is_none_or(|value| value.is_match(&entry.value))
        };
        let mut keys: Vec<&str> =
            place.entries.iter().filter(is_meant).map(|entry| entry.key.as_str()).collect();
        let count = keys.len();
        keys.dedup();
        if !self.all && count > 1 {
            return Err(Fault::new(format!("`{}` has {count} values that match", self.name))
                .help("`all: true` removes them all"));
        }
        let mut plan = Plan::default();
        for key in keys {
            let mut words = vec![if self.all { "--unset-all" } else { "--unset" }, key];
            words.extend(self.value_regex.as_deref());
            plan.push(Change::new(key).to("unset"), Action::Run(place.git(&words)));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(self.repo.as_ref(), self.user.as_ref())
    }
}

fn wants(repo: Option<&PathBuf>, user: Option<&String>) -> Vec<Key> {
    let mut wants = vec![Key::Package("git".to_owned())];
    wants.extend(repo.cloned().map(Key::Path));
    wants.extend(user.cloned().map(Key::User));
    wants
}

impl Function for ConfigSet {
    const NAME: &'static str = "git.config_set";
    const ABOUT: &'static str =
        "The variable of a repository, or of an account (`global`), has this value or these values.";
    const EXAMPLE: &'static str = "user.email:\n  git.config_set:\n    - value: deploy@example.com\n    - repo: /srv/app\n    - user: app\n";
    const LATER: &'static [&'static str] = &["password", "output_encoding"];
}

impl Function for ConfigUnset {
    const NAME: &'static str = "git.config_unset";
    const ABOUT: &'static str = "The variable of a repository, or of an account (`global`), is not set, or not to a value that matches.";
    const EXAMPLE: &'static str = "http.proxy:\n  git.config_unset:\n    - global: true\n    - all: true\n";
    const LATER: &'static [&'static str] = &["password", "output_encoding"];
}
