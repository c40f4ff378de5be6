//! The hosts of an environment, as its pillar names them. Must not reach any of them.

use std::collections::BTreeMap;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::address::wrong_address;
use super::keys::{self, Scope};
use super::roles::{self, ROLES};
use super::settings::{Field, Setting, settings};
use super::values::Port;
use crate::diagnostic::{Diagnostic, Problems, nearest};
use crate::yaml::{Node, Shape, fields_of};

/// A host of `hosts` in `pillar/ENV/env.sls`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HostEntry {
    /// Its key in a map, or its address.
    pub name: String,
    /// As written: `203.0.113.10`, `203.0.113.10:2222`, `web1.example.com`.
    pub address: String,
    pub user: Option<String>,
    pub port: Option<u16>,
    /// As the other hosts reach it, if that is another address.
    pub internal: Option<String>,
    /// As written; none: the default ones ([`super::Site::roles_of`]).
    pub roles: Vec<String>,
}

/// All of them: a list of addresses, or a map of names.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Hosts {
    pub all: Vec<HostEntry>,
    #[serde(skip)]
    written: Option<Node>,
    #[serde(skip)]
    named: bool,
}

impl<'de> Deserialize<'de> for Hosts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { all: Vec::new(), written: Some(Node::deserialize(deserializer)?), named: false })
    }
}

impl Setting for Hosts {
    fn kind() -> String {
        "a list of addresses, or a map of names, each with an address or a map".to_owned()
    }

    fn fields() -> Vec<Field> {
        Host::fields()
    }
}

settings! {
    /// What is said of one host under its name.
    pub struct Host {
        /// The IP address or host name that you reach it at, with a port if it is not ssh's own. Unset: its name.
        #[example = "address: 203.0.113.10"]
        pub address: Option<String> = None,
        /// The address at which the other hosts reach it, if they have a network of their own. Unset: `address`.
        #[example = "internal: 10.0.0.10"]
        pub internal: Option<String> = None,
        /// The account that you log in as. Unset: yours, or what ssh's configuration says.
        #[example = "user: root"]
        pub user: Option<String> = None,
        /// The port of sshd. Unset: 22, or what ssh's configuration says.
        #[example = "port: 2222"]
        pub port: Option<Port> = None,
        /// What the host does. A host without roles has all but `balancer` and `db-replica`, and has `worker` and
        /// `queue` only if the pillar has `celery`. The name of a state file of your own is a role, too.
        #[example = "roles: [web, cache]"]
        pub roles: Option<Vec<String>> = None,
        /// What your own states want to know of the host: they read it as `pillar.hosts.NAME.vars`.
        #[example = "vars: {rack: 7}"]
        pub vars: Option<BTreeMap<String, Value>> = None,
    }
}

impl Hosts {
    /// Whether each was given a name.
    pub fn are_named(&self) -> bool {
        self.named
    }

    /// Reads what was written.
    pub fn resolve(&mut self, scope: &dyn Scope) -> Problems {
        let mut problems = Problems::default();
        let Some(written) = self.written.take() else { return problems };
        match &written.shape {
            Shape::List(items) => {
                for item in items.iter() {
                    let Some(address) = item.text().filter(|_| !item.is_null()) else {
                        problems.push(wrong_entry(item, "an entry of `hosts`"));
                        continue;
                    };
                    self.add(
                        HostEntry { name: address.into(), address: address.into(), ..HostEntry::default() },
                        item,
                        &mut problems,
                    );
                }
            }
            Shape::Map(entries) => {
                self.named = true;
                for (key, value) in entries.iter() {
                    let name = key.text().unwrap_or_default();
                    if let Some(host) = named(name, value, scope, &mut problems) {
                        let at = value.get("address").or(value.text().map(|_| value)).unwrap_or(key);
                        self.add(host, at, &mut problems);
                    }
                }
            }
            Shape::Scalar(_) if written.is_null() => {}
            Shape::Scalar(_) => problems.push(wrong_entry(&written, "`hosts`")),
        }
        problems
    }

    /// Takes a host in, unless it is one that is there already.
    fn add(&mut self, host: HostEntry, at: &Node, problems: &mut Problems) {
        let same = |other: &&HostEntry| other.address == host.address && other.port == host.port;
        if let Some(wrong) = wrong_address(&host.address) {
            problems.push(Diagnostic::error(wrong).at(&at.place).help(HELP));
        } else if let Some(twin) = self.all.iter().find(same) {
            let message = format!(
                "`{}` and `{}` in `hosts` have the same address, `{}`",
                twin.name, host.name, host.address
            );
            let help = "one machine has one name: take one of them out, or correct its address";
            problems.push(Diagnostic::error(message).at(&at.place).help(help));
        } else {
            if let Some((user, rest)) = host.address.split_once('@') {
                let message = format!("`{}` has a user in it", host.address);
                let help =
                    format!("write them apart: `{{address: {rest}, user: {user}}}` under the host's name");
                problems.push(Diagnostic::warning(message).at(&at.place).help(help));
            }
            self.all.push(host);
        }
    }
}

const HELP: &str =
    "in pillar/ENV/env.sls: `hosts: [203.0.113.10]`, or `hosts: {web1: {address: 203.0.113.10, user: ada}}`";

fn wrong_entry(node: &Node, what: &str) -> Diagnostic {
    Diagnostic::error(format!("{what} must be an address or a map, not {}", node.described()))
        .at(&node.place)
        .help(HELP)
}

fn named(name: &str, value: &Node, scope: &dyn Scope, problems: &mut Problems) -> Option<HostEntry> {
    let plain = HostEntry { name: name.to_owned(), address: name.to_owned(), ..HostEntry::default() };
    if value.is_null() {
        return Some(plain);
    }
    if let Some(address) = value.text() {
        return Some(HostEntry { address: address.to_owned(), ..plain });
    }
    if value.map().is_none() {
        problems.push(wrong_entry(value, &format!("host `{name}`")));
        return None;
    }
    // Whatever else is written there is for the states of a project that has a top file of its own.
    let ours = match scope.has_base_top() {
        true => value.clone(),
        false => keys::map(value, keys::named(value, fields_of::<Host>())),
    };
    let host: Host = match ours.read(&[]) {
        Ok(host) => host,
        Err(found) => {
            problems.extend(found);
            return None;
        }
    };
    if let Some(wrong) = host.internal.as_deref().and_then(wrong_address) {
        let at = value.get("internal").unwrap_or(value);
        problems.push(Diagnostic::error(wrong).at(&at.place));
    }
    let roles = host.roles.unwrap_or_default();
    for (number, role) in roles.iter().enumerate() {
        if scope.has_base_top() && roles::role(role).is_none() && !scope.is_own(role) {
            let items = value.get("roles").and_then(Node::list);
            let at = items.and_then(|items| items.get(number)).unwrap_or(value);
            problems.push(unknown_role(role).at(&at.place));
        }
    }
    Some(HostEntry {
        address: host.address.unwrap_or_else(|| name.to_owned()),
        user: host.user,
        port: host.port.map(|port| port.0),
        internal: host.internal,
        roles,
        ..plain
    })
}

/// The sentence about a role that nobody has heard of.
pub fn unknown_role(name: &str) -> Diagnostic {
    let known = ROLES.iter().map(|role| role.name);
    let problem = Diagnostic::error(format!("there is no role `{name}`"));
    match nearest(name, known.clone()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(format!(
            "the roles are {}; the name of one of your own state files is a role, too",
            known.collect::<Vec<_>>().join(", ")
        )),
    }
}
