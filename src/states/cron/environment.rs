//! `cron.env_present` and `cron.env_absent`.

use serde::Deserialize;

use super::tab::Entry;
use super::{edit, root, wants};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// A variable in a user's crontab.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvPresent {
    name: String,
    value: Option<String>,
    #[serde(default = "root")]
    user: String,
}

/// A variable that is not in a user's crontab.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvAbsent {
    name: String,
    #[serde(default = "root")]
    user: String,
}

impl State for EnvPresent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let value = self.value.as_deref().unwrap_or_default();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if self.name.is_empty() || !self.name.chars().all(plain) || value.contains('\n') {
            return Err(Fault::new(format!("`{}` cannot be a variable with this value", self.name))
                .help("a name has letters, digits and `_`, a value stands on one line"));
        }
        edit(context.facts, &self.user, |tab| {
            tab.set(&self.name, value);
            Ok(())
        })
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.user)
    }
}

impl State for EnvAbsent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        if context.facts.user(&self.user)?.is_none() {
            return Ok(Plan::nothing(format!("there is no user `{}`", self.user)));
        }
        edit(context.facts, &self.user, |tab| {
            tab.entries
                .retain(|entry| !matches!(entry, Entry::Env { name, .. } if *name == self.name.trim()));
            Ok(())
        })
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.user)
    }
}

impl Function for EnvPresent {
    const NAME: &'static str = "cron.env_present";
    const ABOUT: &'static str = "A variable is set in a user's crontab.";
    const EXAMPLE: &'static str =
        "MAILTO:\n  cron.env_present:\n    - value: admin@example.com\n    - user: root\n";
}

impl Function for EnvAbsent {
    const NAME: &'static str = "cron.env_absent";
    const ABOUT: &'static str = "A variable is not set in a user's crontab.";
    const EXAMPLE: &'static str = "MAILTO:\n  cron.env_absent\n";
}
