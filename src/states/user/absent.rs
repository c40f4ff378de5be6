//! `user.absent`.

use serde::Deserialize;

use crate::fault::Result;
use crate::host::{Action, Command};
use crate::plan::{Change, Plan};
use crate::states::account_name::AccountName;
use crate::states::{Context, Function, State};

/// A user that is not there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    name: AccountName,
    #[serde(default)]
    purge: bool,
    #[serde(default)]
    force: bool,
    #[serde(default, rename = "local")]
    _local: bool,
}

impl State for Absent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let accounts = context.facts.accounts()?;
        let Some(user) = accounts.users.get(&*self.name) else { return Ok(Plan::default()) };
        let mut argv = vec!["userdel"];
        let mut change = Change::new("removed");
        if self.purge {
            argv.push("--remove");
            change = change.to(format!("with {}", user.home.display()));
        }
        if self.force {
            argv.push("--force");
        }
        argv.push(&self.name);
        // 12: the home is not there or not the user's own to remove; the account is gone all the same.
        let codes: &[i32] = if self.purge { &[0, 12] } else { &[0] };
        let command = Command::new(argv).accept(codes.iter().copied());
        let mut plan = Plan::default();
        if !self.force {
            plan.note("a user who is logged in is not removed: that takes `force: true`");
        }
        plan.push(change, Action::Run(command));
        Ok(plan)
    }
}

impl Function for Absent {
    const NAME: &'static str = "user.absent";
    const ABOUT: &'static str =
        "A user is not there; `purge: true` removes the home too, `force: true` does not mind a session.";
    const EXAMPLE: &'static str = "former:\n  user.absent:\n    - purge: true\n";
}
