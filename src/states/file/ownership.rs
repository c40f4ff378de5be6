//! Whom a path shall belong to and its mode, compared with what is. Must not look at contents.

use std::path::Path;

use crate::facts::{Facts, Key};
use crate::fault::{Fault, Result};
use crate::host::{Action, Kind, Owner, Stat};
use crate::plan::{Change, Plan};

/// How a dry run shows an owner that an earlier state will create.
const NOT_YET: u32 = u32::MAX;

/// The owner that a state asks for, with the numbers that the names stand for now.
#[derive(Clone, Debug, Default)]
pub struct DesiredOwner {
    pub owner: Owner,
    uid: Option<u32>,
    gid: Option<u32>,
    /// What this depends on, in a dry run.
    pub notes: Vec<String>,
}

impl DesiredOwner {
    /// Looks the names up; an empty name is none. A name that nobody has and that nothing will create is
    /// an error.
    pub fn find(facts: &Facts, user: Option<&str>, group: Option<&str>) -> Result<Self> {
        let user = user.filter(|name| !name.is_empty());
        let group = group.filter(|name| !name.is_empty());
        let mut wanted = Self {
            owner: Owner { user: user.map(str::to_owned), group: group.map(str::to_owned) },
            ..Self::default()
        };
        if let Some(user) = user {
            wanted.uid = Some(match facts.uid(user)? {
                Some(uid) => uid,
                None => wanted.expect(facts, "user", user, &[Key::User(user.to_owned())])?,
            });
        }
        if let Some(group) = group {
            // A new user may bring the group of its name.
            let keys = [Key::Group(group.to_owned()), Key::User(group.to_owned())];
            wanted.gid = Some(match facts.gid(group)? {
                Some(gid) => gid,
                None => wanted.expect(facts, "group", group, &keys)?,
            });
        }
        Ok(wanted)
    }

    fn expect(&mut self, facts: &Facts, kind: &str, name: &str, keys: &[Key]) -> Result<u32> {
        if keys.iter().any(|key| facts.coming(key)) {
            return Ok(NOT_YET);
        }
        if facts.packages_coming() {
            self.notes
                .push(format!("depends on packages that are still to be installed for {kind} `{name}`"));
            return Ok(NOT_YET);
        }
        Err(Fault::new(format!("{kind} `{name}` does not exist"))
            .help(format!("create it before with a `{kind}.present` state, or correct the name")))
    }

    pub fn without_user(&mut self) {
        (self.owner.user, self.uid) = (None, None);
    }

    pub fn without_group(&mut self) {
        (self.owner.group, self.gid) = (None, None);
    }

    fn differs(&self, stat: &Stat) -> bool {
        self.uid.is_some_and(|uid| uid != stat.uid) || self.gid.is_some_and(|gid| gid != stat.gid)
    }

    /// The steps that give a path this owner and mode. `of` follows the change's name where the path is
    /// not the state's own (` of sub/file`). A symlink's mode is nobody's.
    pub fn settle(
        &self,
        facts: &Facts,
        path: &Path,
        stat: &Stat,
        mode: Option<u32>,
        of: &str,
    ) -> Result<Plan> {
        let mut plan = Plan::default();
        let owner = self.differs(stat);
        if owner {
            let change = Change::new(format!("owner{of}"))
                .from(format!("{}:{}", facts.user_name(stat.uid)?, facts.group_name(stat.gid)?))
                .to(self.named(facts, stat)?);
            let action = Action::SetOwner { path: path.to_owned(), owner: self.owner.clone() };
            plan.push(change, action);
        }
        if stat.kind == Kind::Symlink {
            return Ok(plan);
        }
        match mode {
            Some(mode) if mode != stat.mode => plan.push(
                Change::new(format!("mode{of}")).from(octal(stat.mode)).to(octal(mode)),
                Action::SetMode { path: path.to_owned(), mode },
            ),
            // The kernel takes these bits off when the owner changes.
            _ if owner && stat.kind == Kind::File && stat.mode & 0o6000 != 0 => plan.push(
                Change::new(format!("mode{of}")).to(octal(stat.mode)),
                Action::SetMode { path: path.to_owned(), mode: stat.mode },
            ),
            _ => {}
        }
        Ok(plan)
    }

    fn named(&self, facts: &Facts, stat: &Stat) -> Result<String> {
        let user = match &self.owner.user {
            Some(user) => user.clone(),
            None => facts.user_name(stat.uid)?,
        };
        let group = match &self.owner.group {
            Some(group) => group.clone(),
            None => facts.group_name(stat.gid)?,
        };
        Ok(format!("{user}:{group}"))
    }
}

/// The accounts that a state needs before its turn.
pub fn wants(user: Option<&str>, group: Option<&str>) -> Vec<Key> {
    let name = |name: Option<&str>| name.filter(|name| name.parse::<u32>().is_err()).map(str::to_owned);
    name(user).map(Key::User).into_iter().chain(name(group).map(Key::Group)).collect()
}

/// A mode as people write it.
pub fn octal(mode: u32) -> String {
    format!("{mode:04o}")
}

/// The mode of a folder that is made for a file of this mode: whoever may do something may also enter.
pub fn enterable(mode: u32) -> u32 {
    let bit = |shift: u32| if mode >> shift & 7 == 0 { 0 } else { 1 << shift };
    (mode & 0o777) | bit(6) | bit(3) | bit(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_made_for_files_can_be_entered_by_who_may_read() {
        assert_eq!(enterable(0o640), 0o750);
        assert_eq!(enterable(0o4600), 0o700);
        assert_eq!(enterable(0o644), 0o755);
    }
}
