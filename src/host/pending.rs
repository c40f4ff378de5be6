//! The reactions that changes of an earlier run still wait for, kept on disk: a run that is killed between a
//! file and the restart of what reads it must not forget the restart. Decides nothing.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::fault::{Context as _, Fault, Result};

/// A set of keys, written down at each change.
#[derive(Debug, Default)]
pub struct Pending {
    path: PathBuf,
    keys: BTreeSet<String>,
    /// What of it earlier runs left: what this one adds is decided by its own outcomes.
    earlier: BTreeSet<String>,
}

impl Pending {
    /// What is pending according to a file; nothing if there is none.
    pub fn read(path: PathBuf) -> Self {
        // What cannot be read was cut short while it was made, before the change that it speaks of.
        let bytes = fs::read(&path).unwrap_or_default();
        let keys: BTreeSet<String> = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { path, earlier: keys.clone(), keys }
    }

    /// Whether an earlier run left it.
    pub fn has(&self, key: &str) -> bool {
        self.earlier.contains(key)
    }

    /// Notes keys: they are known to the next run, however this one ends.
    pub fn add(&mut self, keys: impl IntoIterator<Item = String>) -> Result<()> {
        let before = self.keys.len();
        self.keys.extend(keys);
        if self.keys.len() == before { Ok(()) } else { self.write() }
    }

    pub fn settle(&mut self, key: &str) -> Result<()> {
        self.earlier.remove(key);
        if self.keys.remove(key) { self.write() } else { Ok(()) }
    }

    fn write(&self) -> Result<()> {
        let context = || format!("cannot note what is still to be restarted in `{}`", self.path.display());
        let write = || -> Result<()> {
            let new = self.path.with_extension("new");
            let mut file = File::create(&new)?;
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
            file.write_all(&serde_json::to_vec(&self.keys).map_err(|error| Fault::new(error.to_string()))?)?;
            // Not synced: the rename reaches the disk before those of the changes that come after it.
            fs::rename(&new, &self.path)?;
            Ok(())
        };
        write().context(context())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_outlives_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("owed.json");
        let mut pending = Pending::read(path.clone());
        pending.add(["nginx".to_owned(), "cron".to_owned()]).unwrap();
        assert!(!pending.has("nginx"), "this run's own changes are no debts of an earlier one");
        pending.settle("cron").unwrap();
        let again = Pending::read(path.clone());
        assert!(again.has("nginx") && !again.has("cron"));
        fs::write(&path, "[\"ngi").unwrap();
        assert!(!Pending::read(path).has("nginx"));
        let mut nowhere = Pending::read(folder.path().join("no/owed.json"));
        assert!(nowhere.add(["a".to_owned()]).unwrap_err().message.contains("owed.json"));
    }
}
