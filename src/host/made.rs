//! What provision made on this host: accounts, groups, Postgres roles and databases. Only these may it ever take
//! away again; whatever else is there belongs to others. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Host;
use super::home::replace;
use crate::fault::{Context as _, Fault, Result};

const FILE: &str = "/var/lib/provision/made.json";

/// What a step of a plan makes, if it succeeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Makes {
    User(String),
    Group(String),
    /// A role of the Postgres server on this host.
    Role(String),
    /// A database of the Postgres server on this host.
    Database(String),
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Made {
    /// Accounts with their numbers; an account without one was in the making when a run was killed.
    pub users: BTreeMap<String, Option<u32>>,
    pub groups: BTreeSet<String>,
    pub roles: BTreeSet<String>,
    pub databases: BTreeSet<String>,
    /// The projects that were looked at for what was made before there was a list.
    pub projects: BTreeSet<String>,
}

impl Made {
    /// The list of a host; `None`: it has none yet.
    ///
    /// # Errors
    /// There is one, and it cannot be read.
    pub fn read(host: &dyn Host) -> Result<Option<Self>> {
        let Some(bytes) = host.read(Path::new(FILE))? else { return Ok(None) };
        parse(&bytes, Path::new(FILE)).map(Some)
    }

    /// Whether the account of this name and number was made here.
    pub fn has_user(&self, name: &str, uid: u32) -> bool {
        self.users.get(name).is_some_and(|made| *made == Some(uid))
    }

    /// Brings the list up to date with the accounts that there are: those in the making get their numbers, and
    /// those that are gone, or were made anew by somebody else, are left out.
    pub fn settle(&mut self, uid: &dyn Fn(&str) -> Option<u32>, is_group: &dyn Fn(&str) -> bool) {
        self.users = std::mem::take(&mut self.users)
            .into_iter()
            .filter_map(|(name, made)| {
                let now = uid(&name)?;
                made.is_none_or(|made| made == now).then_some((name, Some(now)))
            })
            .collect();
        self.groups.retain(|name| is_group(name));
    }

    fn add(&mut self, makes: &Makes, uid: Option<u32>) {
        match makes {
            Makes::User(name) => drop(self.users.insert(name.clone(), uid)),
            Makes::Group(name) => drop(self.groups.insert(name.clone())),
            Makes::Role(name) => drop(self.roles.insert(name.clone())),
            Makes::Database(name) => drop(self.databases.insert(name.clone())),
        }
    }

    fn take_out(&mut self, makes: &Makes) {
        match makes {
            Makes::User(name) => drop(self.users.remove(name)),
            Makes::Group(name) => drop(self.groups.remove(name)),
            Makes::Role(name) => drop(self.roles.remove(name)),
            Makes::Database(name) => drop(self.databases.remove(name)),
        }
    }
}

fn parse(bytes: &[u8], path: &Path) -> Result<Made> {
    serde_json::from_slice(bytes).map_err(|error| {
        Fault::new(format!("`{}` cannot be read: {error}", path.display())).help(
            "it says which accounts provision made; remove it, and those of this project and of devs.sls are \
             looked for again",
        )
    })
}

/// The list's file, held against other runs until it is dropped.
pub struct MadeFile {
    path: PathBuf,
    _lock: File,
}

impl MadeFile {
    /// That of this host.
    pub fn open() -> Result<Self> {
        Self::at(PathBuf::from(FILE))
    }

    fn at(path: PathBuf) -> Result<Self> {
        let lock = path.with_extension("lock");
        let open = || -> Result<File> {
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock)?;
            file.lock()?;
            Ok(file)
        };
        let lock = open().context(format!("cannot lock `{}`", lock.display()))?;
        Ok(Self { path, _lock: lock })
    }

    /// Replaces the list, and survives a power cut: an account must never be there before its line is.
    pub fn write(&self, made: &Made) -> Result<()> {
        let bytes = serde_json::to_vec(made).map_err(|error| Fault::new(error.to_string()))?;
        replace(&self.path, &bytes, 0o600).context("cannot note what provision makes here")
    }

    fn read(&self) -> Result<Made> {
        if !self.path.exists() {
            return Ok(Made::default());
        }
        let bytes = fs::read(&self.path).context(format!("cannot read `{}`", self.path.display()))?;
        parse(&bytes, &self.path)
    }

    fn change(&self, change: impl FnOnce(&mut Made)) -> Result<()> {
        let before = self.read()?;
        let mut after = before.clone();
        change(&mut after);
        if before == after { Ok(()) } else { self.write(&after) }
    }
}

/// Notes that this is about to be made.
pub(super) fn begin(makes: &Makes) -> Result<()> {
    MadeFile::open()?.change(|made| made.add(makes, None))
}

/// Notes what came of it. `uid` is the number of the account of that name, if there is one; a program may have
/// made the account and failed with something else.
pub(super) fn end(makes: &Makes, succeeded: bool, uid: Option<u32>) -> Result<()> {
    let there = match makes {
        Makes::User(_) => uid.is_some(),
        Makes::Group(_) | Makes::Role(_) | Makes::Database(_) => succeeded,
    };
    MadeFile::open()?.change(|made| if there { made.add(makes, uid) } else { made.take_out(makes) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn user(name: &str) -> Makes {
        Makes::User(name.to_owned())
    }

    #[test]
    fn what_is_made_outlives_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made.json");
        let open = || MadeFile::at(path.clone()).unwrap();
        open().change(|made| made.add(&user("ada"), None)).unwrap();
        assert_eq!(open().read().unwrap().users, BTreeMap::from([("ada".to_owned(), None)]));
        open().change(|made| made.add(&user("ada"), Some(1001))).unwrap();
        open().change(|made| made.add(&Makes::Role("shop".to_owned()), None)).unwrap();
        let made = open().read().unwrap();
        assert!(made.has_user("ada", 1001) && !made.has_user("ada", 1002) && made.roles.contains("shop"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        open().change(|made| made.take_out(&user("ada"))).unwrap();
        assert!(open().read().unwrap().users.is_empty());
        fs::write(&path, "{\"users\": 3").unwrap();
        assert!(open().read().unwrap_err().help.unwrap().contains("remove it"));
    }

    #[test]
    fn an_account_counts_only_as_long_as_it_is_the_one_that_was_made() {
        let mut made = Made::default();
        for (name, uid) in
            [("kept", Some(1001)), ("begun", None), ("gone", Some(1002)), ("other", Some(1003))]
        {
            made.add(&user(name), uid);
        }
        made.add(&Makes::Group("admin".to_owned()), None);
        made.add(&Makes::Group("gone".to_owned()), None);
        let now = |name: &str| match name {
            "kept" => Some(1001),
            "begun" => Some(1004),
            "other" => Some(1005),
            _ => None,
        };
        made.settle(&now, &|name| name == "admin");
        let left = [("begun".to_owned(), Some(1004)), ("kept".to_owned(), Some(1001))];
        assert_eq!(made.users, BTreeMap::from(left));
        assert_eq!(made.groups, BTreeSet::from(["admin".to_owned()]));
    }
}
