//! Which groups a user is in, and which it shall be in, besides the primary one. Must not create groups.

use std::collections::BTreeSet;

use crate::facts::{Facts, Key};
use crate::fault::{Fault, Result};
use crate::states::account_name::AccountName;

/// What a state says of groups.
pub struct DesiredGroups<'a> {
    pub groups: Option<&'a [AccountName]>,
    pub optional: &'a [AccountName],
    pub remove: bool,
}

impl DesiredGroups<'_> {
    /// The groups that shall be and can be; one that is missing and not optional is an error.
    pub fn wanted(&self, facts: &Facts) -> Result<BTreeSet<String>> {
        let mut wanted = BTreeSet::new();
        for group in self.groups.unwrap_or_default() {
            if !there(facts, group)? && !facts.packages_coming() {
                return Err(Fault::new(format!("there is no group `{group}`"))
                    .help("create it with `group.present`, or name it in `optional_groups`"));
            }
            wanted.insert(group.to_string());
        }
        for group in self.optional {
            if there(facts, group)? {
                wanted.insert(group.to_string());
            }
        }
        Ok(wanted)
    }

    /// Whether groups that are not named are left.
    pub fn exact(&self) -> bool {
        self.remove && (self.groups.is_some() || !self.optional.is_empty())
    }
}

/// What there is to do about a user's groups.
#[derive(Debug, PartialEq, Eq)]
pub enum Move {
    Nothing,
    /// Join these, leave none.
    Join(BTreeSet<String>),
    /// Be in exactly these.
    Be(BTreeSet<String>),
}

/// Compares; the primary group counts in neither, and a group of the user's own name is never left.
pub fn compare(
    current: &BTreeSet<String>,
    mut wanted: BTreeSet<String>,
    exact: bool,
    primary: Option<&str>,
    name: &str,
) -> Move {
    let mut current = current.clone();
    if let Some(primary) = primary {
        current.remove(primary);
        wanted.remove(primary);
    }
    if current.contains(name) {
        wanted.insert(name.to_owned());
    }
    let missing: BTreeSet<String> = wanted.difference(&current).cloned().collect();
    match (missing.is_empty(), exact && !current.is_subset(&wanted)) {
        (_, true) => Move::Be(wanted),
        (false, false) => Move::Join(missing),
        (true, false) => Move::Nothing,
    }
}

/// Whether a group is there, or will be.
pub fn there(facts: &Facts, group: &str) -> Result<bool> {
    Ok(facts.group(group)?.is_some() || facts.coming(&Key::Group(group.to_owned())))
}

pub fn list(groups: &BTreeSet<String>) -> String {
    groups.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_primary_and_the_own_group_are_left_alone() {
        let compare = |current: &[&str], wanted: &[&str], exact| {
            compare(&set(current), set(wanted), exact, Some("staff"), "alice")
        };
        assert_eq!(compare(&["adm", "staff"], &["adm"], true), Move::Nothing);
        assert_eq!(compare(&["adm"], &["adm", "staff"], true), Move::Nothing);
        assert_eq!(compare(&["adm", "alice"], &["adm"], true), Move::Nothing);
        assert_eq!(compare(&["adm", "video"], &["adm"], false), Move::Nothing);
        assert_eq!(compare(&["adm", "video"], &["adm"], true), Move::Be(set(&["adm"])));
        assert_eq!(compare(&["adm", "video"], &["sudo"], false), Move::Join(set(&["sudo"])));
        assert_eq!(compare(&["adm"], &[], true), Move::Be(set(&[])));
    }
}
