//! Users and groups, read from /etc/passwd, group and shadow; names that are not there are asked of
//! getent, since a static binary must never look names up in process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fault::{Fault, Result};
use crate::host::names::has_remote_names;
use crate::host::{Command, Host};

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

/// Reads the account files; passwords and their ages, which only root may see, where asked.
pub(super) fn read(host: &dyn Host, with_shadow: bool) -> Result<Accounts> {
    let mut accounts = Accounts::default();
    for fields in lines(host, "/etc/passwd")? {
        if let Some(user) = user(&fields) {
            accounts.users.entry(user.name.clone()).or_insert(user);
        }
    }
    for fields in lines(host, "/etc/group")? {
        if let Some(group) = group(&fields) {
            accounts.groups.entry(group.name.clone()).or_insert(group);
        }
    }
    if with_shadow {
        for fields in lines(host, "/etc/shadow")? {
            let mut fields = fields.into_iter();
            let Some(name) = fields.next() else { continue };
            let password = fields.next().unwrap_or_default();
            let mut days = || fields.next().and_then(|text| text.parse().ok());
            let shadow = Shadow {
                password,
                last_change: days(),
                min_days: days(),
                max_days: days(),
                warn_days: days(),
                inactive_days: days(),
                expires: days(),
            };
            accounts.shadow.entry(name).or_insert(shadow);
        }
    }
    Ok(accounts)
}

/// The first number of an account of a person: `UID_MIN` of /etc/login.defs.
pub(super) fn first_uid(host: &dyn Host) -> Result<u32> {
    /// As useradd has it where nothing is said.
    const USUAL: u32 = 1000;
    let text = host.read(Path::new("/etc/login.defs"))?.unwrap_or_default();
    let said = String::from_utf8_lossy(&text).lines().find_map(|line| {
        let mut words = line.split_whitespace();
        words.next().filter(|word| *word == "UID_MIN")?;
        words.next()?.parse().ok()
    });
    Ok(said.unwrap_or(USUAL))
}

/// Asks getent for an account that is in no file; `None` where it knows none either.
pub(super) fn ask_user(host: &dyn Host, key: &str) -> Result<Option<User>> {
    Ok(ask(host, "passwd", key)?.and_then(|line| user(&split(&line))))
}

/// Asks getent for a group that is in no file; `None` where it knows none either.
pub(super) fn ask_group(host: &dyn Host, key: &str) -> Result<Option<Group>> {
    Ok(ask(host, "group", key)?.and_then(|line| group(&split(&line))))
}

fn ask(host: &dyn Host, database: &str, key: &str) -> Result<Option<String>> {
    if key.is_empty() || !has_remote_names(host)? {
        return Ok(None);
    }
    let output = host.ask(&Command::new(["getent", database, key]).timeout(Duration::from_secs(30)))?;
    match output.code {
        0 => Ok(output.text().lines().next().map(str::to_owned)),
        // getent: one or more keys could not be found.
        2 => Ok(None),
        code => Err(Fault::new(format!("`getent {database} {key}` failed with exit code {code}"))
            .output(output.errors())),
    }
}

fn lines(host: &dyn Host, path: &str) -> Result<Vec<Vec<String>>> {
    let text = host.read(Path::new(path))?.ok_or_else(|| Fault::new(format!("`{path}` is not there")))?;
    Ok(String::from_utf8_lossy(&text)
        .lines()
        // Lines of NIS (`+`, `-@netgroup`) are no accounts.
        .filter(|line| !line.is_empty() && !line.starts_with(['#', '+', '-']))
        .map(split)
        .collect())
}

fn split(line: &str) -> Vec<String> {
    line.split(':').map(str::to_owned).collect()
}

fn user(fields: &[String]) -> Option<User> {
    let [name, _, uid, gid, gecos, home, shell, ..] = fields else { return None };
    Some(User {
        name: name.clone(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        gecos: gecos.clone(),
        home: home.into(),
        shell: shell.clone(),
    })
}

fn group(fields: &[String]) -> Option<Group> {
    let [name, _, gid, members, ..] = fields else { return None };
    Some(Group {
        name: name.clone(),
        gid: gid.parse().ok()?,
        members: members.split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::{Answer, Fake, FakeKind};

    #[test]
    fn files_are_read_and_odd_lines_passed_over() {
        let fake = Fake::debian();
        let passwd = "root:x:0:0:root:/root:/bin/bash\n+@ldap::::::\n\nbroken\napp:x:1001:1002:App, Room 1:/srv/app:/bin/sh\n";
        fake.put("/etc/passwd", FakeKind::File(passwd.into()));
        fake.put("/etc/group", FakeKind::File("root:x:0:\nlogin:x:1500:app,root\napp:x:1002:\n".into()));
        fake.put(
            "/etc/shadow",
            FakeKind::File("root:!:20000:0:99999:7:::\napp:$6$x:20001:1:90:7:14:20500:\n".into()),
        );
        let accounts = read(&fake, true).unwrap();
        assert_eq!(accounts.users.len(), 2);
        assert_eq!(accounts.user_by_id(1001).unwrap().gecos, "App, Room 1");
        assert_eq!(
            accounts.groups_of("app").iter().map(|group| group.name.as_str()).collect::<Vec<_>>(),
            ["login"]
        );
        let shadow = accounts.shadow.get("app").unwrap();
        assert_eq!(
            (shadow.min_days, shadow.max_days, shadow.inactive_days, shadow.expires),
            (Some(1), Some(90), Some(14), Some(20500))
        );
        assert_eq!(accounts.shadow.get("root").unwrap().expires, None);
    }

    #[test]
    fn people_have_numbers_from_the_systems_own_limit_on() {
        let fake = Fake::debian();
        assert_eq!(first_uid(&fake).unwrap(), 1000);
        fake.put("/etc/login.defs", FakeKind::File("# UID_MIN 7\nUID_MIN\t\t  500\nUID_MAX 60000\n".into()));
        assert_eq!(first_uid(&fake).unwrap(), 500);
    }

    #[test]
    fn getent_is_asked_only_where_accounts_come_from_elsewhere() {
        let fake = Fake::debian();
        assert_eq!(ask_user(&fake, "ldapuser").unwrap(), None);
        fake.put("/etc/nsswitch.conf", FakeKind::File("passwd: files sss\ngroup: files\n".into()));
        assert!(ask_user(&fake, "ldapuser").is_err(), "the fake has no answer yet");
        fake.answer(Answer {
            argv: ["getent", "passwd", "ldapuser"].map(str::to_owned).to_vec(),
            output: crate::host::Output {
                stdout: b"ldapuser:*:9000:9000:L:/home/l:/bin/sh\n".to_vec(),
                ..crate::host::Output::default()
            },
            ..Answer::default()
        });
        assert_eq!(ask_user(&fake, "ldapuser").unwrap().unwrap().uid, 9000);
    }
}
