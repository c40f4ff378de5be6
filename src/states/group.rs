//! Groups and who is in them, as /etc/group has them. Must not touch primary groups of users.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::account_name::AccountName;
use crate::facts::{Facts, Group, Key};
use crate::fault::{Fault, Result};
use crate::host::{Action, Command, Makes};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// A group that is there, with its id and members.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    name: AccountName,
    gid: Option<u32>,
    #[serde(default)]
    system: bool,
    members: Option<Vec<AccountName>>,
    addusers: Option<Vec<AccountName>>,
    delusers: Option<Vec<AccountName>>,
    #[serde(default)]
    non_unique: bool,
    /// Accounts of this host's own files are the only ones that are changed.
    #[serde(default, rename = "local")]
    _local: bool,
}

/// A group that is not there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    name: AccountName,
    #[serde(default, rename = "local")]
    _local: bool,
}

impl State for Present {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let facts = context.facts;
        self.contradiction()?;
        let mut plan = Plan::default();
        let group = facts.group(&self.name)?;
        match &group {
            None if facts.coming(&Key::Group(self.name.to_string())) => {
                plan.note("an earlier state creates it");
            }
            None => self.create(facts, &mut plan)?,
            Some(group) => self.renumber(facts, group, &mut plan)?,
        }
        let there: BTreeSet<&str> =
            group.iter().flat_map(|group| &group.members).map(String::as_str).collect();
        self.membership(facts, &there, &mut plan)?;
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Group(self.name.to_string())]
    }

    fn wants(&self) -> Vec<Key> {
        let lists = [&self.members, &self.addusers];
        lists.into_iter().flatten().flatten().map(|user| Key::User(user.to_string())).collect()
    }
}

impl Present {
    fn contradiction(&self) -> Result<()> {
        if self.members.is_some() && (self.addusers.is_some() || self.delusers.is_some()) {
            return Err(Fault::new(
                "`members` says who is in the group, so `addusers` and `delusers` cannot",
            )
            .help("write either `members`, or `addusers` and `delusers`"));
        }
        let both =
            self.addusers.iter().flatten().find(|user| self.delusers.iter().flatten().any(|x| x == *user));
        match both {
            Some(user) => Err(Fault::new(format!("`{user}` is in both `addusers` and `delusers`"))),
            None => Ok(()),
        }
    }

    fn create(&self, facts: &Facts, plan: &mut Plan) -> Result<()> {
        let mut argv = vec!["groupadd".to_owned()];
        if let Some(gid) = self.gid {
            self.free(facts, gid)?;
            argv.extend(["--gid".to_owned(), gid.to_string()]);
            if self.non_unique {
                argv.push("--non-unique".to_owned());
            }
        }
        if self.system {
            argv.push("--system".to_owned());
        }
        argv.push(self.name.to_string());
        let mut change = Change::new("created");
        change.to = self.gid.map(|gid| format!("gid {gid}"));
        plan.make(change, Action::Run(Command::new(argv)), Makes::Group(self.name.to_string()));
        Ok(())
    }

    fn renumber(&self, facts: &Facts, group: &Group, plan: &mut Plan) -> Result<()> {
        let Some(gid) = self.gid.filter(|gid| *gid != group.gid) else { return Ok(()) };
        self.free(facts, gid)?;
        let mut argv = vec!["groupmod".to_owned(), "--gid".to_owned(), gid.to_string()];
        if self.non_unique {
            argv.push("--non-unique".to_owned());
        }
        argv.push(self.name.to_string());
        let change = Change::new("gid").from(group.gid.to_string()).to(gid.to_string());
        plan.push(change, Action::Run(Command::new(argv)));
        Ok(())
    }

    fn free(&self, facts: &Facts, gid: u32) -> Result<()> {
        match facts.accounts()?.group_by_id(gid) {
            Some(other) if !self.non_unique && other.name != *self.name => {
                Err(Fault::new(format!("gid {gid} is already taken by group `{}`", other.name))
                    .help("choose another `gid`, or write `non_unique: true`"))
            }
            _ => Ok(()),
        }
    }

    fn membership(&self, facts: &Facts, there: &BTreeSet<&str>, plan: &mut Plan) -> Result<()> {
        let mut wanted = there.clone();
        if let Some(members) = &self.members {
            wanted = members.iter().map(|user| &**user).collect();
        }
        wanted.extend(self.addusers.iter().flatten().map(|user| &**user));
        wanted.retain(|user| !self.delusers.iter().flatten().any(|gone| **gone == **user));
        if wanted == *there {
            return Ok(());
        }
        for user in wanted.difference(there) {
            known(facts, user)?;
        }
        let list = |users: &BTreeSet<&str>| users.iter().copied().collect::<Vec<_>>().join(",");
        let say = |users: &BTreeSet<&str>| if users.is_empty() { "none".to_owned() } else { list(users) };
        let change = Change::new("members").from(say(there)).to(say(&wanted));
        let argv = ["gpasswd", "--members", &list(&wanted), &self.name];
        plan.push(change, Action::Run(Command::new(argv)));
        Ok(())
    }
}

/// A member has to be there, or to be coming.
fn known(facts: &Facts, user: &str) -> Result<()> {
    if facts.user(user)?.is_some() || facts.coming(&Key::User(user.to_owned())) || facts.packages_coming() {
        return Ok(());
    }
    Err(Fault::new(format!("there is no user `{user}` to be a member"))
        .help("create it with `user.present`, and `require` that here"))
}

impl State for Absent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        if context.facts.accounts()?.groups.contains_key(&*self.name) {
            let command = Command::new(["groupdel", &self.name]);
            plan.push(Change::new("removed"), Action::Run(command));
        }
        Ok(plan)
    }
}

impl Function for Present {
    const NAME: &'static str = "group.present";
    const ABOUT: &'static str = "A group is there, with this id and these members.";
    const EXAMPLE: &'static str =
        "deploy:\n  group.present:\n    - gid: 1500\n    - members:\n      - alice\n      - bob\n";
}

impl Function for Absent {
    const NAME: &'static str = "group.absent";
    const ABOUT: &'static str = "A group is not there.";
    const EXAMPLE: &'static str = "former:\n  group.absent\n";
}
