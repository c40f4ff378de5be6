//! Names of accounts to their numbers for acting: read from the account files, else asked of getent,
//! never looked up in process (a static binary would crash in the host's NSS modules).

use std::path::Path;
use std::time::Duration;

use super::{Command, Host, Owner};
use crate::fault::{Fault, Result};

/// The ids that an owner's names stand for now.
pub(super) fn ids(host: &dyn Host, owner: &Owner) -> Result<(Option<u32>, Option<u32>)> {
    let user = owner.user.as_deref().map(|name| id(host, Database::Users, name)).transpose()?;
    let group = owner.group.as_deref().map(|name| id(host, Database::Groups, name)).transpose()?;
    Ok((user, group))
}

#[derive(Clone, Copy)]
pub(super) enum Database {
    Users,
    Groups,
}

/// The number of a user or group; a name of digits is its own number if no account is called so.
pub(super) fn id(host: &dyn Host, database: Database, name: &str) -> Result<u32> {
    if let Some(line) = line(host, database, name)?
        && let Some(id) = line.split(':').nth(2).and_then(|text| text.parse().ok())
    {
        return Ok(id);
    }
    name.parse().map_err(|_| {
        let kind = match database {
            Database::Users => "user",
            Database::Groups => "group",
        };
        Fault::new(format!("no such {kind}: `{name}`"))
    })
}

/// An account's line in passwd or group.
pub(super) fn line(host: &dyn Host, database: Database, name: &str) -> Result<Option<String>> {
    let (file, key) = match database {
        Database::Users => ("/etc/passwd", "passwd"),
        Database::Groups => ("/etc/group", "group"),
    };
    let text = host.read(Path::new(file))?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let named = |line: &&str| line.split(':').next() == Some(name);
    if let Some(line) = text.lines().find(named) {
        return Ok(Some(line.to_owned()));
    }
    if name.parse::<u32>().is_ok() || !has_remote_names(host)? {
        return Ok(None);
    }
    let output = host.ask(&Command::new(["getent", key, name]).timeout(Duration::from_secs(30)))?;
    Ok(output.text().lines().find(named).map(str::to_owned))
}

/// Whether the host takes accounts from somewhere else than its files (LDAP, SSSD …), so that a name that
/// is not in them has to be asked of getent.
pub(crate) fn has_remote_names(host: &dyn Host) -> Result<bool> {
    let text = host.read(Path::new("/etc/nsswitch.conf"))?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&text)
        .lines()
        .filter_map(|line| line.strip_prefix("passwd:").or_else(|| line.strip_prefix("group:")))
        .flat_map(str::split_whitespace)
        // systemd only adds the accounts of services that have no fixed one.
        .any(|source| !source.starts_with('[') && !matches!(source, "files" | "compat" | "systemd")))
}
