//! What is known of the host: grains for templates, and whole-system snapshots (accounts, packages,
//! units) for states; each asked once, lazily, and forgotten when an action may have changed it.
//! Must not use `states`.

mod accounts;
mod key;
mod packages;
mod units;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

pub use accounts::{Accounts, Group, Shadow, User};
pub use key::Key;
pub use packages::{Package, PackageTable};
pub use units::Unit;

use crate::fault::Result;
use crate::host::Host;

/// Grains: a JSON object, as templates see it.
pub type Grains = serde_json::Map<String, serde_json::Value>;

pub struct Facts {
    host: Arc<dyn Host>,
    snapshots: Mutex<Snapshots>,
    /// What earlier states of a dry run will create; always empty in a real run.
    coming: Mutex<BTreeSet<Key>>,
}

#[derive(Default)]
struct Snapshots {
    accounts: Option<Arc<Accounts>>,
    packages: Option<Arc<PackageTable>>,
    units: Option<Arc<std::collections::BTreeMap<String, Unit>>>,
}

impl Facts {
    pub fn new(host: Arc<dyn Host>) -> Self {
        Self { host, snapshots: Mutex::default(), coming: Mutex::default() }
    }

    /// The door itself, for looking at files and asking commands. States never call `perform`.
    pub fn host(&self) -> &dyn Host {
        self.host.as_ref()
    }

    /// Forgets every snapshot: called by the engine after an action that is not only about files.
    pub fn forget(&self) {
        *self.snapshots.lock().unwrap_or_else(PoisonError::into_inner) = Snapshots::default();
    }

    /// Notes that an earlier state of this dry run will create this.
    pub fn expect(&self, keys: impl IntoIterator<Item = Key>) {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner).extend(keys);
    }

    /// Whether an earlier state of this dry run will create this. Never true in a real run.
    pub fn coming(&self, key: &Key) -> bool {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    /// Whether any package is still to be installed in this dry run: its units and accounts are unknown.
    pub fn packages_coming(&self) -> bool {
        let coming = self.coming.lock().unwrap_or_else(PoisonError::into_inner);
        coming.iter().any(|key| matches!(key, Key::Package(_)))
    }

    /// The local accounts from /etc/passwd, group, shadow and gshadow.
    pub fn accounts(&self) -> Result<Arc<Accounts>> {
        accounts::read(self.host())
    }

    /// What dpkg has installed, from its status file.
    pub fn packages(&self) -> Result<Arc<PackageTable>> {
        packages::read(self.host())
    }

    /// A systemd unit, `None` where there is no such unit. A name without suffix is a `.service`.
    pub fn unit(&self, name: &str) -> Result<Option<Unit>> {
        units::read(self.host(), name)
    }
}
