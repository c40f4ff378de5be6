//! What is known of the host: grains for templates, and whole-system snapshots (accounts, packages,
//! units) for states; each asked once, lazily, and forgotten when an action may have changed it.
//! Must not use `states`.

mod accounts;
mod grains;
mod key;
mod packages;
pub mod postgres;
pub mod supervisor;
mod units;
mod version;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use accounts::{Accounts, Group, Shadow, User};
pub use key::Key;
pub use packages::{Package, PackageTable};
pub use units::{Unit, full_name};
pub use version::compare_versions;

use crate::fault::{Fault, Result};
use crate::host::Host;

/// Grains: a JSON object, as templates see it.
pub type Grains = serde_json::Map<String, serde_json::Value>;

pub struct Facts {
    host: Arc<dyn Host>,
    snapshots: Snapshots,
    /// What earlier states of a dry run will create; always empty in a real run.
    coming: Mutex<BTreeSet<Key>>,
}

/// Each behind its own lock, held while it is read, so that it is read once.
#[derive(Default)]
struct Snapshots {
    /// Without passwords: those only root may read, and most states do not need them.
    names: Mutex<Option<Arc<Accounts>>>,
    accounts: Mutex<Option<Arc<Accounts>>>,
    /// Accounts from elsewhere, as getent knows them.
    foreign: Mutex<Foreign>,
    packages: Mutex<Option<Arc<PackageTable>>>,
    units: Mutex<Option<units::Units>>,
    /// Not forgotten with the others: templates saw them before the first change.
    grains: Mutex<Option<Arc<Grains>>>,
    postgres: postgres::Cache,
    supervisor: supervisor::Cache,
}

/// By name or number; `None`: asked, and there is none.
#[derive(Default)]
struct Foreign {
    users: BTreeMap<String, Option<User>>,
    groups: BTreeMap<String, Option<Group>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the slot holds, read first if it is empty.
fn once<T>(slot: &Mutex<Option<Arc<T>>>, read: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
    let mut slot = lock(slot);
    if let Some(known) = slot.as_ref() {
        return Ok(Arc::clone(known));
    }
    let fresh = Arc::new(read()?);
    *slot = Some(Arc::clone(&fresh));
    Ok(fresh)
}

impl Facts {
    pub fn new(host: Arc<dyn Host>) -> Self {
        Self { host, snapshots: Snapshots::default(), coming: Mutex::default() }
    }

    /// The door itself, for looking at files and asking commands. States never call `perform`.
    pub fn host(&self) -> &dyn Host {
        self.host.as_ref()
    }

    /// Forgets every snapshot: called by the engine after an action that is not only about files.
    pub fn forget(&self) {
        *lock(&self.snapshots.names) = None;
        *lock(&self.snapshots.accounts) = None;
        *lock(&self.snapshots.foreign) = Foreign::default();
        *lock(&self.snapshots.packages) = None;
        *lock(&self.snapshots.units) = None;
        self.snapshots.postgres.forget();
        self.snapshots.supervisor.forget();
    }

    /// Notes that an earlier state of this dry run will create this.
    pub fn expect(&self, keys: impl IntoIterator<Item = Key>) {
        lock(&self.coming).extend(keys);
    }

    /// Whether an earlier state of this dry run will create this. Never true in a real run.
    pub fn coming(&self, key: &Key) -> bool {
        lock(&self.coming).contains(key)
    }

    /// Whether any package is still to be installed in this dry run: its units and accounts are unknown.
    pub fn packages_coming(&self) -> bool {
        let coming = lock(&self.coming);
        coming.iter().any(|key| matches!(key, Key::Package(_)))
    }

    /// What Salt calls grains, by Salt's names: what kind of host this is.
    pub fn grains(&self) -> Result<Arc<Grains>> {
        once(&self.snapshots.grains, || grains::read(self.host()))
    }

    /// Reads the grains again when they are asked for next (`reload_grains`).
    pub fn forget_grains(&self) {
        *lock(&self.snapshots.grains) = None;
    }

    /// Refuses systems whose packages and services we do not know.
    pub fn supported(&self) -> Result<()> {
        grains::supported(self.host())
    }

    /// The local accounts from /etc/passwd, group and shadow. For names alone [`Facts::user`] and
    /// [`Facts::group`] serve, also without root's rights.
    pub fn accounts(&self) -> Result<Arc<Accounts>> {
        once(&self.snapshots.accounts, || accounts::read(self.host(), true))
    }

    /// Accounts with smaller numbers are the system's.
    pub fn first_uid(&self) -> Result<u32> {
        accounts::first_uid(self.host())
    }

    fn names(&self) -> Result<Arc<Accounts>> {
        once(&self.snapshots.names, || accounts::read(self.host(), false))
    }

    /// A user by name, local or from wherever the host takes accounts.
    pub fn user(&self, name: &str) -> Result<Option<User>> {
        if let Some(user) = self.names()?.users.get(name) {
            return Ok(Some(user.clone()));
        }
        self.foreign_user(name)
    }

    /// A group by name, local or from wherever the host takes accounts.
    pub fn group(&self, name: &str) -> Result<Option<Group>> {
        if let Some(group) = self.names()?.groups.get(name) {
            return Ok(Some(group.clone()));
        }
        self.foreign_group(name)
    }

    fn foreign_user(&self, key: &str) -> Result<Option<User>> {
        let mut foreign = lock(&self.snapshots.foreign);
        if let Some(known) = foreign.users.get(key) {
            return Ok(known.clone());
        }
        let user = accounts::ask_user(self.host(), key)?;
        foreign.users.insert(key.to_owned(), user.clone());
        Ok(user)
    }

    fn foreign_group(&self, key: &str) -> Result<Option<Group>> {
        let mut foreign = lock(&self.snapshots.foreign);
        if let Some(known) = foreign.groups.get(key) {
            return Ok(known.clone());
        }
        let group = accounts::ask_group(self.host(), key)?;
        foreign.groups.insert(key.to_owned(), group.clone());
        Ok(group)
    }

    /// The id of a user given by name or number; `None`: there is no such user.
    pub fn uid(&self, user: &str) -> Result<Option<u32>> {
        if let Some(user) = self.names()?.users.get(user) {
            return Ok(Some(user.uid));
        }
        match user.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Ok(self.foreign_user(user)?.map(|user| user.uid)),
        }
    }

    /// The id of a group given by name or number; `None`: there is no such group.
    pub fn gid(&self, group: &str) -> Result<Option<u32>> {
        if let Some(group) = self.names()?.groups.get(group) {
            return Ok(Some(group.gid));
        }
        match group.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Ok(self.foreign_group(group)?.map(|group| group.gid)),
        }
    }

    /// The account that a program runs as which works in a folder: the one asked for, else the owner of what is
    /// there. Root's programs do not work where another account could lead them elsewhere. `None`: root.
    pub fn keeper(&self, folder: &Path, asked: Option<&String>) -> Result<Option<String>> {
        let mut owner = 0;
        let mut others = None;
        for part in folder.ancestors().collect::<Vec<_>>().into_iter().rev() {
            let Some(stat) = self.host().stat(part)? else { break };
            owner = stat.uid;
            others = others.or((owner != 0).then_some(owner));
        }
        let Some(other) = others else { return Ok(asked.cloned()) };
        let is_root = |name: &String| self.uid(name).map(|uid| uid == Some(0));
        match asked {
            Some(name) if !is_root(name)? => Ok(Some(name.clone())),
            None if owner != 0 => Ok(Some(self.user_name(owner)?)),
            _ => {
                let (folder, other) = (folder.display(), self.user_name(other)?);
                Err(Fault::new(format!("`{folder}` lies in a folder of `{other}`: root does not work there"))
                    .help(format!("say `user: {other}`, or make the folders above root's")))
            }
        }
    }

    /// What to call the owner of a file: the user's name, or the number where nobody has it.
    pub fn user_name(&self, uid: u32) -> Result<String> {
        if let Some(user) = self.names()?.user_by_id(uid) {
            return Ok(user.name.clone());
        }
        let number = uid.to_string();
        Ok(self.foreign_user(&number)?.map_or(number, |user| user.name))
    }

    /// What to call the group of a file: its name, or the number where none has it.
    pub fn group_name(&self, gid: u32) -> Result<String> {
        if let Some(group) = self.names()?.group_by_id(gid) {
            return Ok(group.name.clone());
        }
        let number = gid.to_string();
        Ok(self.foreign_group(&number)?.map_or(number, |group| group.name))
    }

    /// What dpkg has installed, from its status file.
    pub fn packages(&self) -> Result<Arc<PackageTable>> {
        once(&self.snapshots.packages, || packages::read(self.host()))
    }

    /// A systemd unit, `None` where there is no such unit. A name without suffix is a `.service`.
    pub fn unit(&self, name: &str) -> Result<Option<Unit>> {
        let name = full_name(name);
        let mut slot = lock(&self.snapshots.units);
        let units = match slot.as_mut() {
            Some(units) => units,
            None => slot.insert(units::services(self.host())?),
        };
        if let Some(known) = units.get(&name) {
            return Ok(known.clone());
        }
        let unit = units::one(self.host(), &name)?;
        units.insert(name, unit.clone());
        Ok(unit)
    }
}
