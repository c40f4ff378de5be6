//! `pip.removed`: a package that is not there.

use std::path::PathBuf;

use serde::Deserialize;

use super::environment::Environment;
use super::requirement::normal;
use super::wants;
use crate::facts::Key;
use crate::fault::Result;
use crate::host::Action;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// A package is not installed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    name: String,
    bin_env: Option<String>,
    user: Option<String>,
    cwd: Option<PathBuf>,
}

impl State for Removed {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let environment = Environment::of(self.bin_env.as_deref());
        let installed = environment.installed(context.facts.host())?;
        let mut plan = Plan::default();
        if let Some(version) = installed.get(&normal(&self.name)) {
            let mut command = environment.pip(["uninstall", "--yes", &self.name]);
            command.user = environment.keeper(context.facts, self.user.as_ref())?;
            command.cwd.clone_from(&self.cwd);
            let change = Change::new(format!("package {}", self.name)).from(version).to("removed");
            plan.push(change, Action::Run(command));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(&Environment::of(self.bin_env.as_deref()), self.user.as_ref())
    }
}

impl Function for Removed {
    const NAME: &'static str = "pip.removed";
    const ABOUT: &'static str = "The Python package is not installed.";
    const EXAMPLE: &'static str = "south:\n  pip.removed:\n    - bin_env: /srv/app/venv\n";
    const LATER: &'static [&'static str] = &["requirements", "log", "proxy", "timeout", "use_vt"];
}
