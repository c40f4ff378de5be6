//! `ssh_auth.present`.

use serde::Deserialize;

use super::{named, put, usual_file};
use crate::facts::Key;
use crate::fault::Result;
use crate::plan::Plan;
use crate::public_key::Defaults;
use crate::states::account_name::AccountName;
use crate::states::dot_ssh::{Person, SshFile};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// A key that may log in as a user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    name: String,
    user: AccountName,
    enc: Option<String>,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    options: OneOrMany<String>,
    #[serde(default = "usual_file")]
    config: String,
    /// Keys are compared whole.
    #[serde(rename = "fingerprint_hash_type")]
    _fingerprint_hash_type: Option<String>,
}

impl State for Present {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let defaults =
            Defaults { kind: self.enc.as_deref(), comment: &self.comment, options: &self.options.0 };
        let keys = named(context, &self.name, &self.source, &defaults)?;
        let person = Person::required(context.facts, &self.user)?;
        let file = SshFile::of(context.facts, person, &self.config)?;
        let mut lines = file.lines();
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

impl Function for Present {
    const NAME: &'static str = "ssh_auth.present";
    const ABOUT: &'static str = "A public key may log in as a user.";
    const EXAMPLE: &'static str = "alice at her laptop:\n  ssh_auth.present:\n    - name: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVkO1i3vVlH6ZLvqOUj3uMZZq4lO1Qzq5bV3m3dZ0aB alice@laptop\n    - user: alice\n    - options:\n      - no-agent-forwarding\n";
}
