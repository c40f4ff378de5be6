//! What is refused before the first change: people that cannot be meant, names that are somebody else's, and a run
//! after which nobody could administer the host. Must not change anything.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use super::emitter::Emitter;
use super::ours::{self, Database, List};
use super::{aborted, answer};
use crate::compile::Compiled;
use crate::diagnostic::Problems;
use crate::exit::Exit;
use crate::facts::Facts;
use crate::facts::postgres::Access;
use crate::fault::{Fault, Result};
use crate::host::{Command, Made};
use crate::order::Order;
use crate::pillar::Pillar;
use crate::project::people::{self, People};
use crate::project::project_name_problems;
use crate::tree::Tree;

/// Our settings of sshd, which win over all others.
const SSHD: &str = "/etc/ssh/sshd_config.d/00-provision.conf";

/// What is wrong with the project's name, and with the people where the base tree's own top file makes accounts of
/// them. With a host, its groups count.
pub fn problems(states: &Tree, pillar: &Pillar, facts: Option<&Facts>) -> Result<Problems> {
    let mut problems = project_name_problems(&pillar.data, &|path| pillar.place(path));
    if states.keeps_base("top") {
        problems.extend(people_of(states, pillar, facts)?);
    }
    Ok(problems)
}

/// What is wrong with the people where a top file of the project's own has the states that make accounts of them.
pub fn problems_of(
    compiled: &Compiled,
    states: &Tree,
    pillar: &Pillar,
    facts: Option<&Facts>,
) -> Result<Problems> {
    if states.keeps_base("top") || !uses(compiled, states, "users") {
        return Ok(Problems::default());
    }
    people_of(states, pillar, facts)
}

fn people_of(states: &Tree, pillar: &Pillar, facts: Option<&Facts>) -> Result<Problems> {
    // States of the project's own decide by themselves what the pillar may say.
    if !states.keeps_base("users") {
        return Ok(Problems::default());
    }
    let mut there = BTreeSet::new();
    if let Some(facts) = facts {
        for group in people::groups(&pillar.data) {
            if facts.group(group)?.is_some() {
                there.insert(group.to_owned());
            }
        }
    }
    let people = People {
        pillar: &pillar.data,
        place: &|path| pillar.place(path),
        there: facts.is_some().then_some(&there),
    };
    Ok(people.check())
}

/// Whether states of the base tree's that are called so are among those that are applied.
fn uses(compiled: &Compiled, states: &Tree, name: &str) -> bool {
    let is_of =
        |sls: &str| sls.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    states.keeps_base(name) && compiled.states.iter().any(|low| is_of(&low.sls))
}

/// What a converge of a project goes through before its first change.
pub struct Guard<'a> {
    pub order: &'a Order,
    pub states: &'a Tree,
    pub facts: &'a Facts,
}

impl Guard<'_> {
    /// Before the states are compiled: what the pillar says. Gives the list of what is ours, which templates ask.
    pub fn before(&self, pillar: &Pillar, emitter: &mut Emitter<'_>) -> Result<List, Exit> {
        tell(problems(self.states, pillar, Some(self.facts)), emitter)?;
        List::open(self.order, &pillar.data, self.facts).map_err(|fault| answer::failed(&fault, emitter))
    }

    /// Before they are applied: what the host has. What was found to be ours is written down then.
    pub fn compiled(
        &self,
        compiled: &Compiled,
        pillar: &Pillar,
        list: List,
        emitter: &mut Emitter<'_>,
    ) -> Result<(), Exit> {
        tell(problems_of(compiled, self.states, pillar, Some(self.facts)), emitter)?;
        let made = list.made();
        let project = &self.order.project;
        let check = HostCheck {
            project,
            states: self.states,
            compiled,
            pillar: &pillar.data,
            made: &made,
            facts: self.facts,
        };
        if let Err(fault) = check.refuse() {
            emitter.event(aborted(&fault, Exit::Project));
            return Err(Exit::Project);
        }
        list.keep().map_err(|fault| answer::failed(&fault, emitter))
    }
}

/// Tells problems; an error of them ends the run.
fn tell(found: Result<Problems>, emitter: &mut Emitter<'_>) -> Result<(), Exit> {
    match found {
        Ok(problems) => (!emitter.problems(problems)).then_some(()).ok_or(Exit::Project),
        Err(fault) => Err(answer::failed(&fault, emitter)),
    }
}

/// A host that is about to be changed.
struct HostCheck<'a> {
    project: &'a str,
    states: &'a Tree,
    compiled: &'a Compiled,
    pillar: &'a Map<String, Value>,
    made: &'a Made,
    facts: &'a Facts,
}

impl HostCheck<'_> {
    /// An error where the run would take what is not ours, or would leave the host without an administrator.
    fn refuse(&self) -> Result<()> {
        let uses = |name: &str| uses(self.compiled, self.states, name);
        if uses("users") {
            self.accounts_of_people()?;
        }
        if uses("app") {
            self.account_of_project()?;
        }
        if uses("postgres") {
            self.database()?;
        }
        // Each of these alone could take the last administrator's way in.
        if ["users", "sudo", "ssh"].into_iter().any(uses) {
            self.closed_door()?;
        }
        Ok(())
    }

    fn accounts_of_people(&self) -> Result<()> {
        let first = self.facts.first_uid()?;
        for name in people::names(self.pillar) {
            let Some(user) = self.facts.user(name)? else { continue };
            if user.uid == 0 || (user.uid < first && !self.made.has_user(name, user.uid)) {
                let what = format!(
                    "`{name}` of devs.sls is an account of the system on this host (uid {})",
                    user.uid
                );
                return Err(
                    Fault::new(what).help("give this person an account with another name in pillar/devs.sls")
                );
            }
        }
        Ok(())
    }

    fn account_of_project(&self) -> Result<()> {
        let name = self.project;
        let user = self.facts.user(name)?.is_some_and(|user| !self.made.has_user(name, user.uid));
        let group = self.facts.group(name)?.is_some() && !self.made.groups.contains(name);
        match (user, group) {
            (true, _) => Err(self.taken("an account", name)),
            // A group that somebody made with the account that we made has its name.
            (false, true) if !self.made.users.contains_key(name) => Err(self.taken("a group", name)),
            (false, _) => Ok(()),
        }
    }

    fn database(&self) -> Result<()> {
        let Database { user, name } = Database::of(self.project, self.pillar);
        if self.made.roles.contains(&user) && self.made.databases.contains(&name) {
            return Ok(());
        }
        // A server that is not there yet, or does not run, is for the states to tell.
        let access = Access { account: Some("postgres".to_owned()), ..Access::default() };
        if self.facts.user("postgres")?.is_none() {
            return Ok(());
        }
        let Ok(Some(server)) = self.facts.postgres(&access) else { return Ok(()) };
        if server.roles.contains_key(&user) && !self.made.roles.contains(&user) {
            return Err(self.taken("a role of Postgres", &user));
        }
        if server.databases.contains_key(&name) && !self.made.databases.contains(&name) {
            return Err(self.taken("a database of Postgres", &name));
        }
        Ok(())
    }

    fn taken(&self, what: &str, name: &str) -> Fault {
        let mut help =
            "choose another name in pillar/project.sls, or remove it if nobody needs it".to_owned();
        let folder = ours::folder(self.project);
        if matches!(self.facts.host().stat(&folder), Ok(None)) {
            help.push_str(&format!(
                "; if it is this project's all the same, say so on the host: sudo mkdir -p {}",
                folder.display()
            ));
        }
        Fault::new(format!("this host has {what} `{name}` that provision did not make")).help(help)
    }

    /// Where sshd refuses root and passwords, somebody in devs.sls must be able to come in and to use sudo.
    fn closed_door(&self) -> Result<()> {
        if !people::admins(self.pillar).is_empty() || !self.is_closed()? {
            return Ok(());
        }
        let before = self.facts.group("admin")?.map(|group| group.members).unwrap_or_default();
        let mut message =
            "sshd refuses root and passwords here, and nobody in devs.sls could administer the host any more"
                .to_owned();
        if !before.is_empty() {
            let names: Vec<String> = before.iter().map(|name| format!("`{name}`")).collect();
            message.push_str(&format!("; until now {} could", names.join(", ")));
        }
        let name = before.first().map_or("ada", String::as_str);
        let password = match people::needs_no_password(self.pillar) {
            true => "",
            false => ", password: \"$6$…\"",
        };
        Err(Fault::new(message).help(format!(
            "write somebody into pillar/devs.sls, as in `users: {{{name}: {{groups: [admin, login], public_key: \
             [ssh-ed25519 AAAA… {name}]{password}}}}}`"
        )))
    }

    fn is_closed(&self) -> Result<bool> {
        let host = self.facts.host();
        let own = host.read(Path::new(SSHD))?.unwrap_or_default();
        if says_no_root(&String::from_utf8_lossy(&own)) {
            return Ok(true);
        }
        let Some(sshd) = host.which("sshd")? else { return Ok(false) };
        let output = host.ask(&Command::new([sshd.to_string_lossy().as_ref(), "-T"]))?;
        // One that does not read its own settings lets in whom it let in when it was started.
        Ok(output.success() && says_no_root(&output.text()))
    }
}

fn says_no_root(settings: &str) -> bool {
    settings.lines().any(|line| {
        let mut words = line.split_whitespace().map(str::to_lowercase);
        words.next().as_deref() == Some("permitrootlogin") && words.next().as_deref() == Some("no")
    })
}
