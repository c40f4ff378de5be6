//! The keys at the top of the pillar: which are ours, which are those of the project's own states, and which are
//! slips of the pen.

use super::model::Site;
use crate::diagnostic::{Diagnostic, Problems, nearest};
use crate::tree::Tree;
use crate::yaml::{Node, Shape, fields_of};

/// What a project's state files are, as far as its pillar depends on it.
pub trait Scope {
    /// Whether one of the project's own state files, or a folder of them, is called so.
    fn is_own(&self, name: &str) -> bool;
    /// Whether this state file of the base tree reads the pillar, and is not replaced by the project's.
    fn base_reads(&self, sls: &str) -> bool;
    /// Whether the base tree's top file says which host gets what.
    fn has_base_top(&self) -> bool;
}

impl Scope for Tree {
    fn is_own(&self, name: &str) -> bool {
        self.has_own(name)
    }

    fn base_reads(&self, sls: &str) -> bool {
        self.has_base_top() && (self.keeps_base(sls) || self.equals_base(&format!("{sls}/init.sls")))
    }

    fn has_base_top(&self) -> bool {
        self.equals_base("top.sls")
    }
}

/// What every task reads, whatever the states are.
const ALWAYS: &[&str] = &["deploy", "domain", "hosts", "project_name", "promote_only"];

/// Keys of state files of the base tree, with the file: a project that replaces it may say there what it likes.
const OF_STATES: &[(&str, &str)] = &[
    ("celery", "worker"),
    ("database", "app"),
    ("env", "app"),
    ("fail2ban", "fail2ban"),
    ("firewall", "firewall"),
    ("gunicorn", "app"),
    ("https", "nginx"),
    ("kernel", "base"),
    ("known_hosts", "ssh"),
    ("locale", "base"),
    ("logs", "logrotate"),
    ("memcached", "memcached"),
    ("nginx", "nginx"),
    ("packages", "base"),
    ("postgres", "postgres"),
    ("settings_module", "app"),
    ("ssh", "ssh"),
    ("sudo", "sudo"),
    ("timezone", "base"),
    ("tls", "nginx"),
    ("unattended_upgrades", "base"),
    ("wsgi", "app"),
];

/// A slip in a word of less letters is too likely to be a word of somebody's own.
const LONG: usize = 6;

/// Returns the entries with known keys and a value. Reports every key that is neither known nor the project's own.
pub fn known(pillar: &Node, scope: &dyn Scope, problems: &mut Problems) -> Vec<(Node, Node)> {
    let fields = fields_of::<Site>();
    let declared: Vec<&str> = pillar
        .get("extra_keys")
        .and_then(Node::list)
        .map(|items| items.iter().filter_map(Node::text).collect())
        .unwrap_or_default();
    let mut known = Vec::new();
    for (key, value) in pillar.map().unwrap_or_default() {
        let name = key.text().unwrap_or_default();
        if !fields.contains(&name) {
            if !declared.contains(&name) && !scope.is_own(name) {
                problems.0.extend(unknown(key, name, fields, scope));
            }
            continue;
        }
        let of_states = OF_STATES.iter().find(|(key, _)| *key == name);
        let ours = match of_states {
            Some((_, sls)) => scope.base_reads(sls),
            None => scope.has_base_top() || ALWAYS.contains(&name),
        };
        if ours {
            known.extend(entry(key, value));
        }
    }
    known
}

/// Only what every task reads.
pub fn always(pillar: &Node) -> Node {
    let entries = named(pillar, ALWAYS);
    map(pillar, entries.iter().filter_map(|(key, value)| entry(key, value)).collect())
}

/// The entries of a map with these names.
pub fn named(node: &Node, names: &[&str]) -> Vec<(Node, Node)> {
    let entries = node.map().unwrap_or_default().iter();
    entries.filter(|(key, _)| key.text().is_some_and(|name| names.contains(&name))).cloned().collect()
}

/// A key with its value, if it has one.
fn entry(key: &Node, value: &Node) -> Option<(Node, Node)> {
    (!value.is_null()).then(|| (key.clone(), said(key.text().unwrap_or_default(), value)))
}

pub fn map(at: &Node, entries: Vec<(Node, Node)>) -> Node {
    Node { place: at.place.clone(), shape: Shape::Map(entries.into()) }
}

/// Nothing under a key of a map of settings is as if the key were not there.
fn said(name: &str, value: &Node) -> Node {
    match value.map() {
        Some(entries) if !matches!(name, "hosts" | "env") => {
            let said: Vec<_> = entries.iter().filter(|(_, value)| !value.is_null()).cloned().collect();
            Node { place: value.place.clone(), shape: Shape::Map(said.into()) }
        }
        _ => value.clone(),
    }
}

fn unknown(key: &Node, name: &str, fields: &[&str], scope: &dyn Scope) -> Option<Diagnostic> {
    let near = nearest(name, fields.iter().copied());
    // What a tree with a top file of its own has in its pillar is its own business, but for what looks like a slip.
    if !scope.has_base_top() && (near.is_none() || name.len() < LONG) {
        return None;
    }
    let own = format!(
        "if your own states read it: name it as one of them (states/{name}.sls), or declare it with \
         `extra_keys: [{name}]`"
    );
    let problem = Diagnostic::error(format!("there is no setting `{name}`")).at(&key.place);
    Some(match near {
        Some(near) => problem.help(format!("did you mean `{near}`? Or, {own}")),
        None => problem.help(format!("`provision doc site` lists the settings; {own}")),
    })
}

/// What can be read where something is wrong: each key by itself.
pub fn readable(pillar: &Node) -> Site {
    let known = named(pillar, fields_of::<Site>());
    let entries = known.iter().filter_map(|(key, value)| entry(key, value));
    let right = entries.filter(|entry| map(pillar, vec![entry.clone()]).read::<Site>(&[]).is_ok()).collect();
    map(pillar, right).read(&[]).unwrap_or_default()
}
