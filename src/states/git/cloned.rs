//! `git.cloned`: a clone that is there; what happens in it later is nobody's business here.

use std::path::PathBuf;

use serde::Deserialize;

use super::transport::Transport;
use super::{account, look, wants};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::Action;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// A clone, made once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cloned {
    name: String,
    target: PathBuf,
    branch: Option<String>,
    user: Option<String>,
    #[serde(default)]
    identity: OneOrMany<String>,
    https_user: Option<String>,
    https_pass: Option<String>,
}

impl State for Cloned {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let branch = self.branch.as_deref();
        if self.name.starts_with('-') || branch.is_some_and(|branch| branch.starts_with('-')) {
            return Err(Fault::new(format!("`{}` is no place of a branch", self.name)));
        }
        let mut plan = Plan::default();
        let account = account(context.facts, self.user.as_ref(), &self.target)?;
        let transport = Transport::new(
            &self.name,
            account,
            &self.identity.0,
            self.https_user.as_ref(),
            self.https_pass.as_ref(),
        )?;
        match (look(context.facts, &self.target, false, &mut plan)?, branch) {
            (None, branch) => {
                let target = self.target.to_string_lossy();
                let mut words = vec!["clone"];
                words.extend(branch.iter().flat_map(|branch| ["--branch", branch]));
                words.extend(["--", &transport.url, &target]);
                plan.push(Change::new("cloned").from(&transport.url), Action::Run(transport.git(words)));
            }
            (Some(is), Some(branch)) if is.branch.as_deref() != Some(branch) => {
                let checkout = transport.inside(&self.target, ["checkout", branch]);
                let change = Change::new("branch").from(is.branch.as_deref().unwrap_or("none")).to(branch);
                plan.push(change, Action::Run(checkout));
            }
            (Some(_), _) => {}
        }
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(self.target.clone())]
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.target.to_string_lossy(), self.user.as_ref(), &self.identity.0)
    }
}

impl Function for Cloned {
    const NAME: &'static str = "git.cloned";
    const ABOUT: &'static str = "The repository has been cloned; it is not brought up to date later.";
    const EXAMPLE: &'static str =
        "https://example.com/dotfiles.git:\n  git.cloned:\n    - target: /home/me/dotfiles\n    - user: me\n";
    const LATER: &'static [&'static str] = &["password", "output_encoding"];
}
