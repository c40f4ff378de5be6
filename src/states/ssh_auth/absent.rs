//! `ssh_auth.absent`.

use serde::Deserialize;

use super::{named, usual_file};
use crate::facts::Key;
use crate::fault::Result;
use crate::plan::Plan;
use crate::public_key::{Defaults, Key as PublicKey};
use crate::states::account_name::AccountName;
use crate::states::dot_ssh::{Person, SshFile};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// A key that may not log in as a user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    name: String,
    user: AccountName,
    #[serde(default)]
    source: String,
    #[serde(default = "usual_file")]
    config: String,
    /// A key is known by its letters alone.
    #[serde(rename = "enc")]
    _enc: Option<String>,
    #[serde(rename = "comment")]
    _comment: Option<String>,
    #[serde(default, rename = "options")]
    _options: OneOrMany<String>,
    #[serde(rename = "fingerprint_hash_type")]
    _fingerprint_hash_type: Option<String>,
}

impl State for Absent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let keys = named(context, &self.name, &self.source, &Defaults::default())?;
        let Some(person) = Person::find(context.facts, &self.user)? else {
            return Ok(Plan::nothing(format!("there is no user `{}`", self.user)));
        };
        let file = SshFile::of(context.facts, person, &self.config)?;
        let mut lines = file.lines();
        let before = lines.len();
        lines.retain(|line| {
            PublicKey::of_line(line).is_none_or(|there| keys.iter().all(|gone| gone.blob != there.blob))
        });
        if lines.len() == before {
            return Ok(Plan::default());
        }
        file.plan(context.facts, &lines)
    }

    fn wants(&self) -> Vec<Key> {
        vec![Key::User(self.user.to_string())]
    }
}

impl Function for Absent {
    const NAME: &'static str = "ssh_auth.absent";
    const ABOUT: &'static str = "A public key may not log in as a user.";
    const EXAMPLE: &'static str = "a lost laptop:\n  ssh_auth.absent:\n    - name: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVkO1i3vVlH6ZLvqOUj3uMZZq4lO1Qzq5bV3m3dZ0aB\n    - user: alice\n";
}
