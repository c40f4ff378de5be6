//! What it takes to create a user: one useradd with all that it can be told, then password and ages.

use super::gecos::Gecos;
use super::groups::there;
use super::present::{Present, no_group};
use crate::facts::Facts;
use crate::fault::Result;
use crate::host::{Action, Command, Makes};
use crate::plan::{Change, Plan};

impl Present {
    pub(super) fn create(&self, facts: &Facts) -> Result<Plan> {
        let mut argv: Vec<String> = vec!["useradd".to_owned()];
        let mut option = |words: &[&str]| argv.extend(words.iter().map(|word| (*word).to_owned()));
        if let Some(uid) = self.uid {
            option(&["--uid", &uid.to_string()]);
            if !self.unique {
                option(&["--non-unique"]);
            }
        }
        match (&self.gid, self.usergroup) {
            (Some(gid), _) => {
                if facts.gid(gid)?.is_none() && !there(facts, gid)? {
                    return Err(no_group(gid));
                }
                option(&["--gid", gid]);
            }
            (None, Some(false)) => option(&["--no-user-group"]),
            // useradd refuses to create a group that is there already.
            (None, _) if there(facts, &self.name)? => option(&["--gid", &self.name]),
            (None, Some(true)) => option(&["--user-group"]),
            (None, None) => {}
        }
        let groups = super::groups::list(&self.groups_wish().wanted(facts)?);
        if !groups.is_empty() {
            option(&["--groups", &groups]);
        }
        if let Some(home) = &self.home {
            option(&["--home-dir", &home.to_string_lossy()]);
        }
        option(&[if self.createhome { "--create-home" } else { "--no-create-home" }]);
        if let Some(shell) = &self.shell {
            option(&["--shell", shell]);
        }
        let gecos = self.gecos(Gecos::default())?.text();
        if !gecos.is_empty() {
            option(&["--comment", &gecos]);
        }
        if self.system {
            option(&["--system"]);
        }
        if self.nologinit {
            option(&["--no-log-init"]);
        }
        option(&[&self.name]);
        let mut plan = Plan::default();
        let makes = Makes::User(self.name.to_string());
        plan.make(self.created(&groups), Action::Run(Command::new(argv)), makes);
        self.password_wish().plan(&self.name, None, &mut plan);
        self.age_wish().plan(&self.name, None, &mut plan);
        Ok(plan)
    }

    /// `created: uid 1500, shell /bin/bash, groups sudo`
    fn created(&self, groups: &str) -> Change {
        let mut parts = Vec::new();
        let mut say = |what: &str, value: Option<String>| {
            parts.extend(value.filter(|value| !value.is_empty()).map(|value| format!("{what} {value}")));
        };
        say("uid", self.uid.map(|uid| uid.to_string()));
        say("gid", self.gid.clone());
        say("home", self.home.as_ref().map(|home| home.to_string_lossy().into_owned()));
        say("shell", self.shell.clone());
        say("groups", Some(groups.to_owned()));
        let mut change = Change::new("created");
        change.to = (!parts.is_empty()).then(|| parts.join(", "));
        change
    }
}
