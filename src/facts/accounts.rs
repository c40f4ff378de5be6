//! Users and groups, read from /etc/passwd, group and shadow; names that are not there are asked of
//! getent, since a static binary must never look names up in process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::fault::{Fault, Result};
use crate::host::Host;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    /// The whole GECOS field.
    pub gecos: String,
    pub home: PathBuf,
    pub shell: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub gid: u32,
    /// As listed in the group file; users whose primary group it is are not among them.
    pub members: Vec<String>,
}

/// A line of /etc/shadow; days as there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shadow {
    /// The hash as it stands: `!`, `*`, `$6$…`.
    pub password: String,
    pub last_change: Option<i64>,
    pub min_days: Option<i64>,
    pub max_days: Option<i64>,
    pub warn_days: Option<i64>,
    pub inactive_days: Option<i64>,
    /// Days since the epoch.
    pub expires: Option<i64>,
}

#[derive(Clone, Debug, Default)]
pub struct Accounts {
    pub users: BTreeMap<String, User>,
    pub groups: BTreeMap<String, Group>,
    pub shadow: BTreeMap<String, Shadow>,
}

impl Accounts {
    pub fn user_by_id(&self, uid: u32) -> Option<&User> {
        self.users.values().find(|user| user.uid == uid)
    }

    pub fn group_by_id(&self, gid: u32) -> Option<&Group> {
        self.groups.values().find(|group| group.gid == gid)
    }

    /// The groups that list the user as a member, sorted; without the primary group.
    pub fn groups_of(&self, user: &str) -> Vec<&Group> {
        self.groups.values().filter(|group| group.members.iter().any(|member| member == user)).collect()
    }
}

pub(super) fn read(_host: &dyn Host) -> Result<Arc<Accounts>> {
    Err(Fault::new("accounts are not read yet"))
}
