//! `ssh_known_hosts.present`.

use serde::Deserialize;

use super::entry::Entry;
use super::scan::{Question, scan};
use super::{file, fingerprint, host};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::account_name::AccountName;
use crate::states::{Context, Function, State};

/// A host whose key is known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    name: String,
    user: Option<AccountName>,
    fingerprint: Option<String>,
    key: Option<String>,
    port: Option<u16>,
    enc: Option<String>,
    config: Option<String>,
    #[serde(default = "yes")]
    hash_known_hosts: bool,
    #[serde(default = "patience")]
    timeout: u64,
    /// A fingerprint's form tells its kind.
    #[serde(rename = "fingerprint_hash_type")]
    _fingerprint_hash_type: Option<String>,
}

fn yes() -> bool {
    true
}

fn patience() -> u64 {
    5
}

impl State for Present {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let given = self.given()?;
        let host = host(&self.name, self.port)?;
        let Some(file) = file(context, self.user.as_ref(), self.config.as_deref())? else {
            let user = self.user.as_deref().unwrap_or_default();
            return Err(Fault::new(format!("there is no user `{user}`"))
                .help("create it with `user.present`, and `require` that here"));
        };
        let lines = file.lines();
        let mut known =
            lines.iter().filter_map(|line| Entry::parse(line)).filter(|entry| entry.speaks_of(&host));
        let settled = known.any(|entry| match (&given, &self.fingerprint) {
            (Some((kind, key)), _) => entry.kind == *kind && entry.key == *key,
            (None, Some(wanted)) => fingerprint::fits(&entry.key, wanted),
            // What was taken on trust once is not replaced by what the network says today.
            (None, None) => self.enc.as_ref().is_none_or(|kind| entry.kind == *kind),
        });
        if settled {
            return Ok(Plan::default());
        }
        let mut notes = Vec::new();
        let keys = match given {
            Some(key) => vec![key],
            None => self.asked(context, &mut notes)?,
        };
        let replaced = |entry: &Entry| keys.iter().any(|(kind, _)| *kind == entry.kind);
        let mut new: Vec<String> = Vec::new();
        for line in lines {
            match Entry::parse(&line).filter(replaced) {
                None => new.push(line),
                Some(entry) => match entry.without(&host) {
                    Some(left) if left == entry => new.push(line),
                    Some(left) => new.push(left.line()),
                    None => {}
                },
            }
        }
        new.extend(keys.iter().map(|(kind, key)| Entry::new(&host, kind, key, self.hash_known_hosts).line()));
        let mut plan = file.plan(context.facts, &new)?;
        plan.notes.extend(notes);
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        self.user.iter().map(|user| Key::User(user.to_string())).collect()
    }
}

impl Present {
    /// The key that the state names, with its kind.
    fn given(&self) -> Result<Option<(String, String)>> {
        let Some(key) = &self.key else { return Ok(None) };
        if self.fingerprint.is_some() {
            return Err(Fault::new("`key` and `fingerprint` cannot both say which key it is"));
        }
        let words: Vec<&str> = key.split_whitespace().collect();
        match (words.as_slice(), &self.enc) {
            ([key], Some(kind)) => Ok(Some((kind.clone(), (*key).to_owned()))),
            ([kind, key, ..], _) => Ok(Some(((*kind).to_owned(), (*key).to_owned()))),
            _ => {
                Err(Fault::new("a `key` needs its kind").help("write `enc: ssh-ed25519`, or whatever it is"))
            }
        }
    }

    /// The keys that the host tells, if they have the fingerprint.
    fn asked(&self, context: &Context<'_>, notes: &mut Vec<String>) -> Result<Vec<(String, String)>> {
        let question =
            Question { name: &self.name, port: self.port, kind: self.enc.as_deref(), timeout: self.timeout };
        let mut keys = scan(context.facts, &question)?;
        let Some(wanted) = &self.fingerprint else {
            notes.push(format!(
                "the key is taken as the network told it: write `fingerprint: {}` to be sure of it",
                keys.first().map(|(_, key)| fingerprint::of(key)).unwrap_or_default()
            ));
            return Ok(keys);
        };
        let told: Vec<String> =
            keys.iter().map(|(kind, key)| format!("{kind} {}", fingerprint::of(key))).collect();
        keys.retain(|(_, key)| fingerprint::fits(key, wanted));
        if keys.is_empty() {
            return Err(Fault::new(format!("no key of `{}` has the fingerprint `{wanted}`", self.name))
                .help(format!("it told {}: find out which of the two is right", told.join(", "))));
        }
        Ok(keys)
    }
}

impl Function for Present {
    const NAME: &'static str = "ssh_known_hosts.present";
    const ABOUT: &'static str = "A host's key is known, to a user or to the whole system.";
    const EXAMPLE: &'static str = "github.com:\n  ssh_known_hosts.present:\n    - enc: ssh-ed25519\n    - key: AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n    - hash_known_hosts: false\n";
}
