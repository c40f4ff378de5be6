//! `user.present`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::gecos::{self, Gecos};
use super::groups::{self, Move};
use super::{age, password, run};
use crate::facts::{Facts, Key, User};
use crate::fault::{Fault, Result};
use crate::host::{Action, Kind, Owner, leads_to};
use crate::plan::{Change, Plan};
use crate::states::account_name::AccountName;
use crate::states::{Context, Function, State};

/// A user that is there, with what the state says of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    pub(super) name: AccountName,
    pub(super) uid: Option<u32>,
    /// A number or a name.
    pub(super) gid: Option<String>,
    pub(super) usergroup: Option<bool>,
    pub(super) groups: Option<Vec<AccountName>>,
    #[serde(default)]
    pub(super) optional_groups: Vec<AccountName>,
    #[serde(default = "yes")]
    remove_groups: bool,
    pub(super) home: Option<PathBuf>,
    #[serde(default = "yes")]
    pub(super) createhome: bool,
    #[serde(default)]
    persist_home: bool,
    password: Option<password::Hash>,
    #[serde(default = "yes")]
    enforce_password: bool,
    #[serde(default)]
    empty_password: bool,
    password_lock: Option<bool>,
    pub(super) shell: Option<String>,
    #[serde(default = "yes")]
    pub(super) unique: bool,
    #[serde(default)]
    pub(super) system: bool,
    fullname: Option<String>,
    roomnumber: Option<String>,
    workphone: Option<String>,
    homephone: Option<String>,
    other: Option<String>,
    date: Option<age::Day>,
    mindays: Option<i64>,
    maxdays: Option<i64>,
    inactdays: Option<i64>,
    warndays: Option<i64>,
    expire: Option<age::Day>,
    #[serde(default)]
    pub(super) nologinit: bool,
    #[serde(default)]
    allow_uid_change: bool,
    #[serde(default)]
    allow_gid_change: bool,
    #[serde(default, rename = "local")]
    _local: bool,
}

fn yes() -> bool {
    true
}

impl State for Present {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let facts = context.facts;
        match facts.user(&self.name)? {
            Some(user) => self.update(facts, &user),
            None if facts.coming(&Key::User(self.name.to_string())) => {
                Ok(Plan::nothing("an earlier state creates it; the rest is seen then"))
            }
            None => self.create(facts),
        }
    }

    fn owns(&self) -> Vec<Key> {
        let mut keys = vec![Key::User(self.name.to_string())];
        if self.gid.is_none() && self.usergroup != Some(false) {
            keys.push(Key::Group(self.name.to_string()));
        }
        if self.createhome {
            keys.push(Key::Path(self.home.clone().unwrap_or_else(|| Path::new("/home").join(&*self.name))));
        }
        keys
    }

    fn wants(&self) -> Vec<Key> {
        let named = self.groups.iter().flatten().chain(&self.optional_groups).map(ToString::to_string);
        let primary = self.gid.iter().filter(|gid| gid.parse::<u32>().is_err()).cloned();
        let mut keys: Vec<Key> = named.chain(primary).map(Key::Group).collect();
        keys.extend(self.home.as_deref().and_then(Path::parent).map(|parent| Key::Path(parent.to_owned())));
        keys
    }
}

impl Present {
    pub(super) fn groups_wish(&self) -> groups::DesiredGroups<'_> {
        groups::DesiredGroups {
            groups: self.groups.as_deref(),
            optional: &self.optional_groups,
            remove: self.remove_groups,
        }
    }

    pub(super) fn password_wish(&self) -> password::DesiredPassword<'_> {
        password::DesiredPassword {
            hash: self.password.as_ref(),
            enforce: self.enforce_password,
            empty: self.empty_password,
            lock: self.password_lock,
        }
    }

    pub(super) fn age_wish(&self) -> age::DesiredAging {
        age::DesiredAging {
            last_change: self.date,
            min_days: self.mindays,
            max_days: self.maxdays,
            inactive_days: self.inactdays,
            warn_days: self.warndays,
            expire: self.expire,
        }
    }

    /// The parts of the GECOS field that the state says, over those that there are.
    pub(super) fn gecos(&self, mut current: Gecos) -> Result<Gecos> {
        let wanted = [&self.fullname, &self.roomnumber, &self.workphone, &self.homephone, &self.other];
        for ((wanted, part), what) in wanted.into_iter().zip(&mut current.parts).zip(gecos::NAMES) {
            let Some(text) = wanted else { continue };
            let comma = text.contains(',') && what != "other";
            if comma || text.contains(|letter: char| letter == ':' || letter.is_control()) {
                return Err(Fault::new(format!("`{what}` holds a letter that separates fields"))
                    .help("leave out commas, colons and line breaks"));
            }
            part.clone_from(text);
        }
        Ok(current)
    }

    fn update(&self, facts: &Facts, user: &User) -> Result<Plan> {
        let mut plan = Plan::default();
        let name: &str = &self.name;
        if let Some(uid) = self.uid.filter(|uid| *uid != user.uid) {
            self.permit(self.allow_uid_change, "uid", user.uid, &uid.to_string())?;
            let mut change = Change::new("uid");
            change = change.from(user.uid.to_string()).to(uid.to_string());
            let uid = uid.to_string();
            if self.unique {
                run(&mut plan, change, ["usermod", "--uid", &uid], name);
            } else {
                run(&mut plan, change, ["usermod", "--non-unique", "--uid", &uid], name);
            }
        }
        self.primary_group(facts, user, &mut plan)?;
        self.home(facts, user, &mut plan)?;
        if let Some(shell) = self.shell.as_deref().filter(|shell| *shell != user.shell) {
            let change = Change::new("shell").from(&user.shell).to(shell);
            run(&mut plan, change, ["usermod", "--shell", shell], name);
        }
        let current = Gecos::parse(&user.gecos);
        let wanted = self.gecos(current.clone())?;
        if wanted != current {
            let change = Change::new("comment").from(current.text()).to(wanted.text());
            run(&mut plan, change, ["usermod", "--comment", &wanted.text()], name);
        }
        self.other_groups(facts, user, &mut plan)?;
        self.secrets(facts, &mut plan)?;
        Ok(plan)
    }

    fn permit(&self, allowed: bool, what: &str, from: u32, to: &str) -> Result<()> {
        if allowed {
            return Ok(());
        }
        Err(Fault::new(format!("`{}` has {what} {from}, not {to}", self.name))
            .help(format!("write `allow_{what}_change: true` to change it; files keep the old {what}")))
    }

    fn primary_group(&self, facts: &Facts, user: &User, plan: &mut Plan) -> Result<()> {
        let own = (self.usergroup == Some(true) && facts.group(&self.name)?.is_some())
            .then(|| self.name.to_string());
        let Some(gid) = own.or_else(|| self.gid.clone()) else { return Ok(()) };
        let number = facts.gid(&gid)?;
        if number == Some(user.gid) {
            return Ok(());
        }
        if number.is_none() && !groups::there(facts, &gid)? {
            return Err(no_group(&gid));
        }
        self.permit(self.allow_gid_change, "gid", user.gid, &gid)?;
        let change = Change::new("gid").from(facts.group_name(user.gid)?).to(&gid);
        run(plan, change, ["usermod", "--gid", &gid], &self.name);
        Ok(())
    }

    fn home(&self, facts: &Facts, user: &User, plan: &mut Plan) -> Result<()> {
        let home = self.home.as_deref().unwrap_or(&user.home);
        if home != user.home {
            let change = Change::new("home").from(user.home.to_string_lossy()).to(home.to_string_lossy());
            let path = home.to_string_lossy();
            if self.persist_home && facts.host().stat(&user.home)?.is_some() {
                run(plan, change, ["usermod", "--move-home", "--home", &path], &self.name);
                return Ok(());
            }
            run(plan, change, ["usermod", "--home", &path], &self.name);
        }
        if self.createhome && !is_directory(facts, home)? {
            let parents: Vec<&Path> = home.ancestors().skip(1).collect();
            for parent in parents.into_iter().rev() {
                if !is_directory(facts, parent)? && !facts.coming(&Key::Path(parent.to_owned())) {
                    plan.push(
                        Change::new("created").to(parent.to_string_lossy()),
                        Action::MakeDirectory {
                            path: parent.to_owned(),
                            mode: Some(0o755),
                            owner: Owner::default(),
                        },
                    );
                }
            }
            let owner = Owner { user: Some(self.name.to_string()), group: Some(user.gid.to_string()) };
            plan.push(
                Change::new("created").to(home.to_string_lossy()),
                Action::MakeDirectory { path: home.to_owned(), mode: Some(0o755), owner },
            );
        }
        Ok(())
    }

    fn other_groups(&self, facts: &Facts, user: &User, plan: &mut Plan) -> Result<()> {
        let wish = self.groups_wish();
        let wanted = wish.wanted(facts)?;
        if wanted.is_empty() && !wish.exact() {
            return Ok(());
        }
        let accounts = facts.accounts()?;
        let current: BTreeSet<String> =
            accounts.groups_of(&self.name).into_iter().map(|group| group.name.clone()).collect();
        let primary = facts.group_name(match &self.gid {
            Some(gid) => facts.gid(gid)?.unwrap_or(user.gid),
            None => user.gid,
        })?;
        let say = |groups: &BTreeSet<String>| match groups.is_empty() {
            true => "none".to_owned(),
            false => groups::list(groups),
        };
        let change = Change::new("groups").from(say(&current));
        match groups::compare(&current, wanted, wish.exact(), Some(&primary), &self.name) {
            Move::Nothing => {}
            Move::Join(more) => {
                let all = current.union(&more).cloned().collect();
                let argv = ["usermod", "--append", "--groups", &groups::list(&more)];
                run(plan, change.to(say(&all)), argv, &self.name);
            }
            Move::Be(groups) => {
                let list = groups::list(&groups);
                run(plan, change.to(say(&groups)), ["usermod", "--groups", &list], &self.name);
            }
        }
        Ok(())
    }

    fn secrets(&self, facts: &Facts, plan: &mut Plan) -> Result<()> {
        let ages = self.age_wish();
        let password = self.password_wish();
        if ages == age::DesiredAging::default() && password.says_nothing() {
            return Ok(());
        }
        let accounts = facts.accounts()?;
        let shadow = accounts.shadow.get(&*self.name).ok_or_else(|| {
            Fault::new(format!("`{}` has no line in /etc/shadow", self.name))
                .help("passwords and ages can only be set for accounts of this host's own files")
        })?;
        password.plan(&self.name, Some(&shadow.password), plan);
        ages.plan(&self.name, Some(shadow), plan);
        Ok(())
    }
}

pub(super) fn no_group(group: &str) -> Fault {
    Fault::new(format!("there is no group `{group}`")).help("create it with `group.present`")
}

fn is_directory(facts: &Facts, path: &Path) -> Result<bool> {
    Ok(leads_to(facts.host(), path)?.is_some_and(|(_, stat)| stat.kind == Kind::Directory))
}

impl Function for Present {
    const NAME: &'static str = "user.present";
    const ABOUT: &'static str = "A user is there, with this home, shell, groups and password.";
    const EXAMPLE: &'static str = "alice:\n  user.present:\n    - fullname: Alice Liddell\n    - shell: /bin/bash\n    - groups:\n      - sudo\n    - password: $6$salt$hash\n    - expire: 2030-12-31\n";
    const LATER: &'static [&'static str] = &[
        "hash_password",
        "loginclass",
        "win_homedrive",
        "win_profile",
        "win_logonscript",
        "win_description",
    ];
}
