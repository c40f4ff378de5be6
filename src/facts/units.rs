//! systemd's units: one batched `systemctl show` for all services in memory, one more for a unit that is
//! not. Changes none.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::fault::{Fault, Result};
use crate::host::{Command, Host};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// With suffix.
    pub name: String,
    /// `loaded`, `not-found`, `masked` …
    pub load: String,
    /// `active`, `inactive`, `failed`, `activating` …
    pub active: String,
    /// `enabled`, `disabled`, `static`, `masked`, `generated`, `indirect` …; may be empty.
    pub file_state: String,
    pub can_reload: bool,
    pub main_pid: u32,
    /// Its files changed since systemd read them: `systemctl daemon-reload` is due.
    pub stale: bool,
}

/// Units by every name they have; `None` is a unit that was asked for and does not exist.
pub(super) type Units = BTreeMap<String, Option<Unit>>;

const PROPERTIES: &str =
    "--property=Id,Names,LoadState,ActiveState,UnitFileState,CanReload,MainPID,NeedDaemonReload";

/// `nginx` is `nginx.service`; a name with a suffix stays.
pub fn full_name(name: &str) -> String {
    const SUFFIXES: [&str; 11] = [
        ".service",
        ".socket",
        ".device",
        ".mount",
        ".automount",
        ".swap",
        ".target",
        ".path",
        ".timer",
        ".slice",
        ".scope",
    ];
    if SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
        name.to_owned()
    } else {
        format!("{name}.service")
    }
}

/// All service units in systemd's memory.
pub(super) fn services(host: &dyn Host) -> Result<Units> {
    if host.stat(Path::new("/run/systemd/system"))?.is_none() {
        return Err(Fault::new("this host does not run systemd")
            .help("services are only supported where systemd is process 1"));
    }
    show(host, "*.service")
}

/// One unit by its full name, whether in memory or on disk.
pub(super) fn one(host: &dyn Host, name: &str) -> Result<Option<Unit>> {
    Ok(show(host, name)?.into_values().next().flatten())
}

fn show(host: &dyn Host, pattern: &str) -> Result<Units> {
    let command = Command::new(["systemctl", "show", "--no-pager", PROPERTIES, "--", pattern]);
    let output = host.ask(&command.timeout(Duration::from_secs(60)))?;
    if !output.success() {
        return Err(Fault::new("systemd did not answer").output(output.errors()));
    }
    Ok(parse(&output.text()))
}

fn parse(text: &str) -> Units {
    let mut units = Units::new();
    for block in text.split("\n\n") {
        let mut unit = Unit::default();
        let mut names = Vec::new();
        for (property, value) in block.lines().filter_map(|line| line.split_once('=')) {
            match property {
                "Id" => value.clone_into(&mut unit.name),
                "Names" => names.extend(value.split_whitespace().map(str::to_owned)),
                "LoadState" => value.clone_into(&mut unit.load),
                "ActiveState" => value.clone_into(&mut unit.active),
                "UnitFileState" => value.clone_into(&mut unit.file_state),
                "CanReload" => unit.can_reload = value == "yes",
                "MainPID" => unit.main_pid = value.parse().unwrap_or(0),
                "NeedDaemonReload" => unit.stale = value == "yes",
                _ => {}
            }
        }
        if unit.name.is_empty() {
            continue;
        }
        names.push(unit.name.clone());
        let unit = if unit.load == "not-found" { None } else { Some(unit) };
        for name in names {
            units.insert(name, unit.clone());
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_known_by_all_its_names() {
        let units = parse(
            "Id=ssh.service\nNames=sshd.service ssh.service\nLoadState=loaded\nActiveState=active\n\
             UnitFileState=enabled\nCanReload=yes\nMainPID=42\nNeedDaemonReload=no\n\n\
             Id=gone.service\nNames=gone.service\nLoadState=not-found\nActiveState=active\n\n\
             Id=old.service\nNames=old.service\nLoadState=masked\nActiveState=inactive\nUnitFileState=masked\n",
        );
        let ssh = units["sshd.service"].as_ref().unwrap();
        assert_eq!(
            (ssh.name.as_str(), ssh.main_pid, ssh.can_reload, ssh.stale),
            ("ssh.service", 42, true, false)
        );
        assert_eq!(units["gone.service"], None);
        assert_eq!(units["old.service"].as_ref().unwrap().file_state, "masked");
    }

    #[test]
    fn names_get_the_suffix_of_a_service() {
        for (name, full) in [("nginx", "nginx.service"), ("a.timer", "a.timer"), ("x@1.2", "x@1.2.service")] {
            assert_eq!(full_name(name), full);
        }
    }
}
