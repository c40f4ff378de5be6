//! What of this host is provision's own: the list that it keeps, and what it made before there was one. Must not
//! change anything else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::facts::{Facts, User};
use crate::fault::Result;
use crate::host::{Host, Made, MadeFile};
use crate::order::Order;
use crate::project::people::LEDGER;
use crate::site::Site;

/// What a copy of the master's database is made with (states/postgres/replica.sls): where it is, the roles and
/// databases came with the copy.
const REPLICA: &str = "/var/lib/postgresql/.replica-pgpass";

/// The list of this host, for a run that may add to it.
pub struct List {
    made: Arc<Made>,
    /// As it stands in its file.
    before: Option<Made>,
    /// None in a dry run, which writes nothing.
    file: Option<MadeFile>,
}

impl List {
    /// Reads it, with what a run of a project finds of its own where there was no list yet.
    pub fn open(order: &Order, pillar: &Map<String, Value>, facts: &Facts) -> Result<Self> {
        let file = if order.plan { None } else { Some(MadeFile::open()?) };
        let before = Made::read(facts.host())?;
        let made = Arc::new(known(before.clone(), &order.project, pillar, facts)?);
        Ok(Self { made, before, file })
    }

    pub fn made(&self) -> Arc<Made> {
        Arc::clone(&self.made)
    }

    /// Writes down what was found, and lets other runs have the list.
    pub fn keep(self) -> Result<()> {
        match &self.file {
            Some(file) if self.before.as_ref() != Some(&*self.made) => file.write(&self.made),
            _ => Ok(()),
        }
    }
}

/// Takes out of the list what a run removed.
pub fn update(facts: &Facts) -> Result<()> {
    let file = MadeFile::open()?;
    let Some(before) = Made::read(facts.host())? else { return Ok(()) };
    let mut made = before.clone();
    settle(&mut made, facts)?;
    if made == before { Ok(()) } else { file.write(&made) }
}

fn known(before: Option<Made>, project: &str, pillar: &Map<String, Value>, facts: &Facts) -> Result<Made> {
    let host = facts.host();
    let database = Database::of(project, pillar);
    let mut made = match before {
        Some(made) => made,
        None => {
            let mut made = before_the_list(facts)?;
            if has_database_server(host)? {
                database.add_to(&mut made);
            }
            made
        }
    };
    let earlier = host.stat(&folder(project))?.is_some();
    if made.projects.insert(project.to_owned()) && earlier {
        if let Some(user) = facts.user(project)? {
            made.users.insert(user.name, Some(user.uid));
        }
        made.groups.insert(project.to_owned());
        database.add_to(&mut made);
    }
    if host.stat(Path::new(REPLICA))?.is_some() {
        database.add_to(&mut made);
    }
    settle(&mut made, facts)?;
    Ok(made)
}

/// A project's folder of settings: where it is, the host was provisioned before.
pub fn folder(project: &str) -> PathBuf {
    Path::new("/etc/provision").join(project)
}

/// Brings a list up to date with the accounts that there are.
fn settle(made: &mut Made, facts: &Facts) -> Result<()> {
    let accounts = facts.accounts()?;
    let uid = |name: &str| accounts.users.get(name).map(|user| user.uid);
    made.settle(&uid, &|name| accounts.groups.contains_key(name));
    Ok(())
}

/// The people who were in devs.sls when no list was kept.
fn before_the_list(facts: &Facts) -> Result<Made> {
    let mut made = Made::default();
    let first = facts.first_uid()?;
    for name in facts.group(LEDGER)?.map(|group| group.members).unwrap_or_default() {
        if let Some(User { uid, .. }) = facts.user(&name)?.filter(|user| user.uid >= first) {
            made.users.insert(name, Some(uid));
        }
    }
    Ok(made)
}

/// Whether the base tree set up Postgres here: a host that has only the database has no folder of the project's.
fn has_database_server(host: &dyn Host) -> Result<bool> {
    let versions = Path::new("/etc/postgresql");
    for version in host.list(versions)?.unwrap_or_default() {
        if host.stat(&versions.join(version).join("main/conf.d/provision.conf"))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the project's role and database are called.
pub struct Database {
    pub user: String,
    pub name: String,
}

impl Database {
    pub fn of(project: &str, pillar: &Map<String, Value>) -> Self {
        let postgres = Site::readable(pillar).postgres;
        let or_project = |name: Option<String>| name.unwrap_or_else(|| project.to_owned());
        Self { user: or_project(postgres.user), name: or_project(postgres.name) }
    }

    fn add_to(&self, made: &mut Made) {
        made.roles.insert(self.user.clone());
        made.databases.insert(self.name.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::{Fake, FakeKind};

    fn host(passwd: &str, group: &str, more: &[(&str, &str)]) -> Facts {
        let fake = Fake::debian();
        for (path, text) in
            [("/etc/passwd", passwd), ("/etc/group", group), ("/etc/shadow", "")].iter().chain(more)
        {
            fake.put(*path, FakeKind::File((*text).into()));
        }
        Facts::new(Arc::new(fake))
    }

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/sh\nada:x:1001:1001::/:/bin/sh\n\
                          eve:x:1002:1002::/:/bin/sh\nshop:x:998:998::/:/bin/sh\n";

    #[test]
    fn what_was_made_before_the_list_is_found_once() {
        let group = "provision-devs:x:900:ada,www-data,root,gone\nshop:x:998:\n";
        let made = |more: &[(&str, &str)]| {
            let pillar = serde_json::json!({"postgres": {"name": "shop_db"}});
            let facts = host(PASSWD, group, more);
            known(Made::read(facts.host()).unwrap(), "shop", pillar.as_object().unwrap(), &facts).unwrap()
        };
        let fresh = made(&[]);
        assert!(fresh.has_user("ada", 1001) && !fresh.users.contains_key("www-data"));
        assert!(!fresh.users.contains_key("shop") && fresh.projects.contains("shop"));
        let earlier = made(&[("/etc/provision/shop/env", "{}")]);
        assert!(earlier.has_user("shop", 998) && earlier.groups.contains("shop"));
        assert!(earlier.roles.contains("shop") && earlier.databases.contains("shop_db"));
        let list = "{\"users\": {\"eve\": 1002, \"ada\": null}, \"projects\": [\"shop\"]}";
        let later = made(&[("/etc/provision/shop/env", "{}"), ("/var/lib/provision/made.json", list)]);
        assert!(later.has_user("eve", 1002) && later.has_user("ada", 1001) && later.users.len() == 2);
        assert!(later.roles.is_empty(), "a list that is there is believed");
        let server = made(&[("/etc/postgresql/15/main/conf.d/provision.conf", "")]);
        assert!(server.databases.contains("shop_db") && server.groups.is_empty());
        let copy = made(&[("/var/lib/postgresql/.replica-pgpass", "")]);
        assert!(copy.roles.contains("shop"), "a copied database brings what the master made");
    }
}
