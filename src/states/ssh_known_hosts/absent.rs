//! `ssh_known_hosts.absent`.

use serde::Deserialize;

use super::entry::Entry;
use super::{file, host};
use crate::facts::Key;
use crate::fault::Result;
use crate::plan::Plan;
use crate::states::account_name::AccountName;
use crate::states::{Context, Function, State};

/// A host whose keys are not known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    name: String,
    user: Option<AccountName>,
    config: Option<String>,
    port: Option<u16>,
}

impl State for Absent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = host(&self.name, self.port)?;
        let Some(file) = file(context, self.user.as_ref(), self.config.as_deref())? else {
            return Ok(Plan::nothing("there is no such user"));
        };
        let lines = file.lines();
        let left = lines.iter().filter_map(|line| match Entry::parse(line) {
            Some(entry) => match entry.without(&host)? {
                left if left == entry => Some(line.clone()),
                left => Some(left.line()),
            },
            None => Some(line.clone()),
        });
        let left: Vec<String> = left.collect();
        if left == lines {
            return Ok(Plan::default());
        }
        file.plan(context.facts, &left)
    }

    fn wants(&self) -> Vec<Key> {
        self.user.iter().map(|user| Key::User(user.to_string())).collect()
    }
}

impl Function for Absent {
    const NAME: &'static str = "ssh_known_hosts.absent";
    const ABOUT: &'static str = "A host's keys are not known, to a user or to the whole system.";
    const EXAMPLE: &'static str = "old.example.com:\n  ssh_known_hosts.absent:\n    - user: alice\n";
}
