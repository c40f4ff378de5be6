//! `ssh_auth.manage`.

use serde::Deserialize;

use super::{named, put, usual_file};
use crate::facts::Key;
use crate::fault::Result;
use crate::plan::Plan;
use crate::public_key::{Defaults, Key as PublicKey};
use crate::states::account_name::AccountName;
use crate::states::dot_ssh::{Person, SshFile};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// The keys that may log in as a user, and no others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manage {
    #[serde(rename = "name")]
    _name: String,
    user: AccountName,
    ssh_keys: Vec<String>,
    enc: Option<String>,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    options: OneOrMany<String>,
    #[serde(default = "usual_file")]
    config: String,
    #[serde(rename = "fingerprint_hash_type")]
    _fingerprint_hash_type: Option<String>,
}

impl State for Manage {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let defaults =
            Defaults { kind: self.enc.as_deref(), comment: &self.comment, options: &self.options.0 };
        let mut keys = Vec::new();
        for text in &self.ssh_keys {
            keys.push(PublicKey::parse(text, &defaults)?);
        }
        if !self.source.is_empty() {
            keys.extend(named(context, "", &self.source, &defaults)?);
        }
        let person = Person::required(context.facts, &self.user)?;
        let file = SshFile::of(context.facts, person, &self.config)?;
        let mut lines = file.lines();
        // Comments and empty lines stay; a line that is neither, and no key, might let somebody in.
        lines.retain(|line| {
            let line = line.trim();
            let ours = |there: PublicKey| keys.iter().any(|key| key.blob == there.blob);
            line.is_empty() || line.starts_with('#') || PublicKey::of_line(line).is_some_and(ours)
        });
        for key in &keys {
            put(&mut lines, key);
        }
        if lines == file.lines() {
            return Ok(Plan::default());
        }
        file.plan(context.facts, &lines)
    }

    fn wants(&self) -> Vec<Key> {
        vec![Key::User(self.user.to_string())]
    }
}

impl Function for Manage {
    const NAME: &'static str = "ssh_auth.manage";
    const ABOUT: &'static str = "These public keys, and no others, may log in as a user.";
    const EXAMPLE: &'static str = "keys of alice:\n  ssh_auth.manage:\n    - user: alice\n    - ssh_keys:\n      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVkO1i3vVlH6ZLvqOUj3uMZZq4lO1Qzq5bV3m3dZ0aB alice@laptop\n";
}
