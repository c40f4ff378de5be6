//! `git.present`: a repository of one's own, bare unless told otherwise.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::account;
use super::repository::Repository;
use super::transport::Transport;
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::Action;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// A repository in a folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    name: String,
    /// Make it although the folder holds something.
    #[serde(default)]
    force: bool,
    #[serde(default = "yes")]
    bare: bool,
    template: Option<String>,
    separate_git_dir: Option<String>,
    shared: Option<String>,
    user: Option<String>,
}

fn yes() -> bool {
    true
}

impl State for Present {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let target = Path::new(&self.name);
        if Repository::at(host, target)?.is_some() {
            return Ok(Plan::default());
        }
        if !self.force && host.list(target)?.is_some_and(|names| !names.is_empty()) {
            return Err(Fault::new(format!("`{}` holds something that is no repository", self.name))
                .help("`force: true` makes one there all the same"));
        }
        if host.which("git")?.is_none() && !context.facts.packages_coming() {
            return Err(Fault::new("`git` is not installed").help("install the package `git` first"));
        }
        let given = [
            ("--template", &self.template),
            ("--separate-git-dir", &self.separate_git_dir),
            ("--shared", &self.shared),
        ];
        let options: Vec<String> = given
            .iter()
            .filter_map(|(option, value)| value.as_ref().map(|value| format!("{option}={value}")))
            .collect();
        let mut words = vec!["init"];
        if self.bare {
            words.push("--bare");
        }
        words.extend(options.iter().map(String::as_str));
        words.extend(["--", &self.name]);
        let account = account(context.facts, self.user.as_ref(), target)?;
        let transport = Transport::new("", account, &[], None, None)?;
        let mut plan = Plan::default();
        plan.push(Change::new("created"), Action::Run(transport.git(words)));
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(PathBuf::from(&self.name))]
    }

    fn wants(&self) -> Vec<Key> {
        super::wants(&self.name, self.user.as_ref(), &[])
    }
}

impl Function for Present {
    const NAME: &'static str = "git.present";
    const ABOUT: &'static str = "There is a git repository in the folder; a bare one unless `bare: false`.";
    const EXAMPLE: &'static str = "/srv/git/app.git:\n  git.present:\n    - user: git\n    - shared: group\n";
    const LATER: &'static [&'static str] = &["password", "output_encoding"];
}
