//! Names of users and groups, safe as arguments and in the lines of account files. Must not look at the host.

use std::fmt;
use std::ops::Deref;

use serde::Deserialize;

/// A user's or group's name that no program can take for something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct AccountName(String);

impl TryFrom<String> for AccountName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let bad = |letter: char| letter.is_control() || ":,/".contains(letter);
        if name.is_empty() || name.starts_with(['-', '+', '~']) || name.contains(bad) || name.trim() != name {
            return Err(format!("`{name}` is not a name that an account can have"));
        }
        Ok(Self(name))
    }
}

impl Deref for AccountName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
