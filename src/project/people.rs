//! The people of devs.sls, as the pillar has them: whether each can be meant, before any account is touched. Looks
//! at no host; what is known of one is given.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::system;
use crate::diagnostic::{Diagnostic, Problems, nearest};
use crate::public_key::{Defaults, Key, is_private};
use crate::site::Site;
use crate::source::Place;

/// Where the pillar says something, by its keys.
pub type Places<'a> = &'a dyn Fn(&[&str]) -> Option<Place>;

/// The groups that the base tree makes for people: who may use sudo, who may use ssh, and all of them.
pub const GROUPS_OF_OURS: [&str; 3] = ["admin", "login", LEDGER];
/// Every account that was in devs.sls is in this group.
pub const LEDGER: &str = "provision-devs";

const KEYS: [&str; 5] = ["groups", "public_key", "fullname", "shell", "password"];
const FILE: &str = "pillar/devs.sls";
/// The most that Linux takes for an account.
const LONGEST: usize = 32;

/// What a check knows.
pub struct People<'a> {
    pub pillar: &'a Map<String, Value>,
    pub place: Places<'a>,
    /// Those of the groups of [`groups`] that the host has. `None`: there is no host, and groups that systems usually
    /// have may be there.
    pub there: Option<&'a BTreeSet<String>>,
}

impl People<'_> {
    /// All that is wrong with them.
    pub fn check(&self) -> Problems {
        let mut problems = Problems::default();
        self.declared(&mut problems);
        match self.pillar.get("users") {
            None | Some(Value::Null) => {}
            Some(Value::Array(users)) if users.is_empty() => {}
            Some(Value::Object(users)) => {
                for (name, entry) in users {
                    self.person(name, entry, &mut problems);
                }
            }
            Some(other) => {
                let problem = format!("`users` must be a map of names, not {}", described(other));
                problems.push(self.at(Diagnostic::error(problem).help(EXAMPLE), &["users"]));
            }
        }
        problems
    }

    fn at(&self, problem: Diagnostic, path: &[&str]) -> Diagnostic {
        match (self.place)(path) {
            Some(place) => problem.at(&place),
            None => problem,
        }
    }

    /// `groups:` of the pillar.
    fn declared(&self, problems: &mut Problems) {
        let Some(value) = self.pillar.get("groups").filter(|value| !value.is_null()) else { return };
        let help = "write them as in `groups: [deployers]`";
        let Some(groups) = texts(value) else {
            let problem =
                Diagnostic::error(format!("`groups` must be a list of names, not {}", described(value)));
            problems.push(self.at(problem.help(help), &["groups"]));
            return;
        };
        for (number, name) in groups.iter().enumerate().filter(|(_, name)| !is_name(name)) {
            let problem =
                Diagnostic::error(format!("`{name}` in `groups` is not a name that a group can have"));
            problems.push(self.at(problem.help(help), &["groups", &number.to_string()]));
        }
    }

    fn person(&self, name: &str, entry: &Value, problems: &mut Problems) {
        let here = ["users", name];
        let mut tell = |message: String, help: &str| {
            problems.push(self.at(Diagnostic::error(message).help(help), &here));
        };
        if !is_name(name) {
            tell(
                format!("`{name}` is not a user name"),
                "write up to 32 lower-case letters, digits, `-`, `_` and `.`, a letter or `_` first",
            );
        } else if system::is_user(name) {
            tell(
                format!("`{name}` is an account of the system, which provision would take over"),
                "give this person an account with another name",
            );
        } else if self.pillar.get("project_name").and_then(Value::as_str) == Some(name) {
            tell(
                format!("`{name}` is the project's own account, which the application runs as"),
                "give this person an account with another name",
            );
        } else if name == "login" || name == LEDGER {
            tell(
                format!("`{name}` is a group that provision makes, and cannot be a person"),
                "give this person an account with another name",
            );
        }
        let Value::Object(entry) = entry else {
            tell(format!("`{name}` in `users` must be a map, not {}", described(entry)), EXAMPLE);
            return;
        };
        self.keys(name, entry, problems);
        self.groups(name, entry, problems);
        self.public_keys(name, entry, problems);
        for key in ["fullname", "shell", "password"] {
            let wrong = entry.get(key).filter(|value| !value.is_null() && !value.is_string());
            if wrong.is_some() {
                // Never the value: it may be a password.
                let problem = Diagnostic::error(format!("`{key}` of `{name}` must be text"));
                problems.push(self.at(problem.help("put it in quotes"), &here));
            }
        }
    }

    fn keys(&self, name: &str, entry: &Map<String, Value>, problems: &mut Problems) {
        for key in entry.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let near = nearest(key, KEYS);
            let guess = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let problem = Diagnostic::error(format!("`{key}` of `{name}` is not known{guess}"))
                .help(format!("a person has {}", KEYS.join(", ")));
            // The line of a misspelt password is not shown.
            let shown = ["users", name, key.as_str()];
            problems.push(self.at(problem, if near == Some("password") { &shown[..2] } else { &shown }));
        }
    }

    fn groups(&self, name: &str, entry: &Map<String, Value>, problems: &mut Problems) {
        let Some(value) = entry.get("groups").filter(|value| !value.is_null()) else { return };
        let Some(groups) = texts(value) else {
            let problem = format!("`groups` of `{name}` must be a list of names, not {}", described(value));
            let problem = Diagnostic::error(problem).help("write it as in `groups: [admin, login]`");
            problems.push(self.at(problem, &["users", name, "groups"]));
            return;
        };
        let known = self.known();
        for (number, group) in groups.iter().enumerate() {
            let usual = self.there.is_none() && system::is_group(group);
            if usual || known.contains(group) {
                continue;
            }
            let mut near: Vec<&str> = known.iter().copied().collect();
            if self.there.is_none() {
                system::groups().for_each(|group| near.push(group));
            }
            let guess =
                nearest(group, near).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let on = if self.there.is_some() { " on this host" } else { "" };
            let problem = Diagnostic::error(format!(
                "`{name}` cannot be in `{group}`: there is no such group{on}{guess}"
            ))
            .help(format!("to have it made, declare it in pillar/project.sls: `groups: [{group}]`"));
            problems.push(self.at(problem, &["users", name, "groups", &number.to_string()]));
        }
    }

    /// The groups that are there, or will be.
    fn known(&self) -> BTreeSet<&str> {
        let declared = self.pillar.get("groups").and_then(texts).unwrap_or_default();
        let project = self.pillar.get("project_name").and_then(Value::as_str);
        let mut known: BTreeSet<&str> = GROUPS_OF_OURS.into_iter().chain(declared).chain(project).collect();
        match self.there {
            Some(there) => known.extend(there.iter().map(String::as_str)),
            None => {
                let allowed = self.pillar.get("ssh").and_then(|ssh| ssh.get("allow_groups"));
                known.extend(allowed.and_then(texts).unwrap_or_default());
            }
        }
        known
    }

    fn public_keys(&self, name: &str, entry: &Map<String, Value>, problems: &mut Problems) {
        let value = entry.get("public_key");
        let Some(keys) = value.map_or(Some(Vec::new()), texts_or_one) else {
            let problem = format!("`public_key` of `{name}` must be a list of public keys");
            let problem = Diagnostic::error(problem).help(KEY_EXAMPLE);
            problems.push(self.at(problem, &["users", name, "public_key"]));
            return;
        };
        if keys.is_empty() {
            let path = ["users", name, "public_key"];
            let path = if value.is_some() { &path[..] } else { &path[..2] };
            let problem = Diagnostic::error(format!("`{name}` has no public key"))
                .help(format!("{KEY_EXAMPLE}; leave out of {FILE} who may not log in"));
            problems.push(self.at(problem, path));
        }
        let is_list = value.is_some_and(Value::is_array);
        for (number, key) in keys.iter().enumerate() {
            if let Err(fault) = Key::parse(key, &Defaults::default()) {
                let number = number.to_string();
                let path = ["users", name, "public_key", &number];
                let problem = Diagnostic::error(format!("`public_key` of `{name}`: {}", fault.message))
                    .help(fault.help.unwrap_or_else(|| KEY_EXAMPLE.to_owned()));
                // Its line would be shown at its place.
                problems.push(match is_private(key) {
                    true => problem,
                    false => self.at(problem, if is_list { &path } else { &path[..3] }),
                });
            }
        }
    }
}

const EXAMPLE: &str =
    "write it as in `users: {ada: {groups: [admin, login], public_key: [ssh-ed25519 AAAA… ada]}}`";
const KEY_EXAMPLE: &str =
    "write the line of the `.pub` file, as in `public_key: [ssh-ed25519 AAAA… ada@laptop]`";

/// The names of the people.
pub fn names(pillar: &Map<String, Value>) -> impl Iterator<Item = &str> {
    people(pillar).map(|(name, _)| name.as_str())
}

/// The groups that they are in, as they are written.
pub fn groups(pillar: &Map<String, Value>) -> BTreeSet<&str> {
    people(pillar).flat_map(|(_, person)| person.get("groups").and_then(texts).unwrap_or_default()).collect()
}

/// Those who can administer a host: they come in by key and can use sudo. As states/users/map.jinja has it.
pub fn admins(pillar: &Map<String, Value>) -> Vec<&str> {
    let nopasswd = needs_no_password(pillar);
    let can = |person: &Value| {
        let groups = person.get("groups").and_then(texts).unwrap_or_default();
        let has = |key: &str| person.get(key).is_some_and(is_something);
        groups.contains(&"admin")
            && groups.contains(&"login")
            && has("public_key")
            && (nopasswd || has("password"))
    };
    people(pillar).filter(|(_, person)| can(person)).map(|(name, _)| name.as_str()).collect()
}

/// Whether sudo asks nobody for a password (`sudo: {nopasswd: no}` in the pillar).
pub fn needs_no_password(pillar: &Map<String, Value>) -> bool {
    Site::readable(pillar).sudo.nopasswd
}

fn people(pillar: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    pillar.get("users").and_then(Value::as_object).into_iter().flatten()
}

/// What templates take for true.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

fn texts(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

/// A list of texts, or a text by itself; nothing is none.
fn texts_or_one(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::String(text) if text.trim().is_empty() => Some(Vec::new()),
        Value::String(text) => Some(vec![text]),
        other => texts(other),
    }
}

/// What useradd takes in every release, and no program for something else.
fn is_name(name: &str) -> bool {
    let first = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let other = |letter: char| first(letter) || letter.is_ascii_digit() || letter == '-' || letter == '.';
    name.len() <= LONGEST && name.starts_with(first) && name.chars().all(other)
}

fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a yes or no",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVkO1i3vVlH6ZLvqOUj3uMZZq4lO1Qzq5bV3m3dZ0aB ada";

    fn told(pillar: &Value, there: Option<&[&str]>) -> Vec<String> {
        let there = there.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let pillar = pillar.as_object().unwrap();
        let people = People { pillar, place: &|_| None, there: there.as_ref() };
        people.check().into_iter().map(|problem| problem.message).collect()
    }

    /// A person besides what is said.
    fn person(more: &Value) -> Value {
        let mut person = json!({"groups": ["admin", "login"], "public_key": [KEY]});
        person.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        person
    }

    #[test]
    fn people_that_can_be_meant_are_right() {
        for users in [
            json!(null),
            json!({}),
            json!([]),
            json!({"ada": person(&json!({}))}),
            json!({"a.b-c_1": person(&json!({"fullname": "A", "shell": "/bin/sh", "password": "$6$a$b"}))}),
            json!({"ada": person(&json!({"public_key": KEY, "groups": null, "fullname": null}))}),
            json!({"ada": person(&json!({"groups": ["sudo", "adm", "docker", "shop", "deployers", "vagrant"]}))}),
        ] {
            let pillar = json!({"project_name": "shop", "groups": ["deployers"],
                "ssh": {"allow_groups": ["login", "vagrant"]}, "users": users});
            assert_eq!(told(&pillar, None), [] as [&str; 0], "{pillar}");
        }
    }

    #[test]
    fn each_slip_has_its_sentence() {
        for (users, expected) in [
            (json!("ada"), "`users` must be a map of names, not text"),
            (json!(["ada"]), "`users` must be a map of names, not a list"),
            (json!({"ada": null}), "`ada` in `users` must be a map, not nothing"),
            (json!({"ada": [KEY]}), "`ada` in `users` must be a map, not a list"),
            (json!({"Ada": person(&json!({}))}), "`Ada` is not a user name"),
            (json!({"x$(id)": person(&json!({}))}), "`x$(id)` is not a user name"),
            (json!({"-rf": person(&json!({}))}), "`-rf` is not a user name"),
            (json!({"7": person(&json!({}))}), "`7` is not a user name"),
            (
                json!({"a".repeat(33): person(&json!({}))}),
                &format!("`{}` is not a user name", "a".repeat(33)),
            ),
            (
                json!({"root": person(&json!({}))}),
                "`root` is an account of the system, which provision would take over",
            ),
            (
                json!({"www-data": person(&json!({}))}),
                "`www-data` is an account of the system, which provision would take over",
            ),
            (
                json!({"systemd-network": person(&json!({}))}),
                "`systemd-network` is an account of the system, which provision would take over",
            ),
            (
                json!({"shop": person(&json!({}))}),
                "`shop` is the project's own account, which the application runs as",
            ),
            (
                json!({"login": person(&json!({}))}),
                "`login` is a group that provision makes, and cannot be a person",
            ),
            (
                json!({"ada": {"group": ["admin"], "public_key": [KEY]}}),
                "`group` of `ada` is not known; did you mean `groups`?",
            ),
            (json!({"ada": person(&json!({"keys": 1}))}), "`keys` of `ada` is not known"),
            (
                json!({"ada": person(&json!({"groups": "admin"}))}),
                "`groups` of `ada` must be a list of names, not text",
            ),
            (
                json!({"ada": person(&json!({"groups": [1]}))}),
                "`groups` of `ada` must be a list of names, not a list",
            ),
            (
                json!({"ada": person(&json!({"groups": ["admins"]}))}),
                "`ada` cannot be in `admins`: there is no such group; did you mean `admin`?",
            ),
            (
                json!({"ada": person(&json!({"groups": ["deployers"]}))}),
                "`ada` cannot be in `deployers`: there is no such group",
            ),
            (json!({"ada": {"groups": ["admin", "login"]}}), "`ada` has no public key"),
            (json!({"ada": person(&json!({"public_key": []}))}), "`ada` has no public key"),
            (json!({"ada": person(&json!({"public_key": ""}))}), "`ada` has no public key"),
            (
                json!({"ada": person(&json!({"public_key": 7}))}),
                "`public_key` of `ada` must be a list of public keys",
            ),
            (
                json!({"ada": person(&json!({"public_key": ["ssh-ed25519 AAAA… ada"]}))}),
                "`public_key` of `ada`: `ssh-ed25519 AAAA… ada` is not a public key",
            ),
            (json!({"ada": person(&json!({"password": 7}))}), "`password` of `ada` must be text"),
            (json!({"ada": person(&json!({"shell": ["x"]}))}), "`shell` of `ada` must be text"),
        ] {
            assert_eq!(told(&json!({"project_name": "shop", "users": users}), None), [expected], "{users}");
        }
        assert_eq!(told(&json!({"groups": "x"}), None), ["`groups` must be a list of names, not text"]);
        assert_eq!(
            told(&json!({"groups": ["a b"]}), None),
            ["`a b` in `groups` is not a name that a group can have"]
        );
    }

    #[test]
    fn on_a_host_groups_are_there_or_declared() {
        let pillar = json!({"groups": ["deployers"], "users": {"ada": person(&json!({"groups":
            ["admin", "deployers", "docker", "ops"]}))}});
        assert_eq!(
            told(&pillar, Some(&["ops"])),
            ["`ada` cannot be in `docker`: there is no such group on this host"]
        );
    }

    #[test]
    fn an_administrator_has_a_key_and_can_use_sudo() {
        let pillar = json!({"users": {
            "ada": person(&json!({})),
            "one": person(&json!({"public_key": KEY})),
            "bob": person(&json!({"groups": ["login"]})),
            "eve": person(&json!({"public_key": []})),
        }});
        assert_eq!(admins(pillar.as_object().unwrap()), ["ada", "one"]);
        let pillar = json!({"sudo": {"nopasswd": false}, "users": {
            "ada": person(&json!({})), "bob": person(&json!({"password": "$6$a$b"})),
        }});
        assert_eq!(admins(pillar.as_object().unwrap()), ["bob"]);
    }
}
