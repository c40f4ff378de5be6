//! `pip.uptodate`: every package in its newest version.

use std::path::PathBuf;

use serde::Deserialize;

use super::environment::Environment;
use super::options::Options;
use super::{outdated, wants};
use crate::facts::Key;
use crate::fault::Result;
use crate::host::Action;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// All packages are as new as can be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uptodate {
    #[serde(rename = "name")]
    _name: String,
    bin_env: Option<String>,
    user: Option<String>,
    cwd: Option<PathBuf>,
}

impl State for Uptodate {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let environment = Environment::of(self.bin_env.as_deref());
        if !environment.is_there(context.facts.host())? {
            return Err(environment.missing());
        }
        let user = environment.keeper(context.facts, self.user.as_ref())?;
        let options =
            Options { user: user.as_ref(), cwd: self.cwd.as_ref(), upgrade: true, ..Options::default() };
        let outdated = outdated::ask(context.facts, &environment, &options)?;
        let mut words = options.words();
        words.extend(outdated.keys().cloned());
        let mut action = Action::Run(options.apply(environment.pip(words.iter().map(String::as_str))));
        let mut plan = Plan::default();
        for (name, (version, newest)) in &outdated {
            let change = Change::new(format!("package {name}")).from(version).to(newest);
            plan.push(change, std::mem::replace(&mut action, Action::Nothing));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(&Environment::of(self.bin_env.as_deref()), self.user.as_ref())
    }

    /// A package that another one holds back stays outdated, and rightly so.
    fn settles(&self) -> bool {
        false
    }
}

impl Function for Uptodate {
    const NAME: &'static str = "pip.uptodate";
    const ABOUT: &'static str = "Every Python package is in its newest version, as far as the others let it.";
    const EXAMPLE: &'static str = "newest packages:\n  pip.uptodate:\n    - bin_env: /srv/app/venv\n";
}
