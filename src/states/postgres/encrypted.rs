//! `encrypted`: in which form a plain password is stored.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::scram;
use crate::fault::Result;

/// Verified in whatever form it is stored, but stored anew in this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encrypted {
    #[default]
    Scram,
    Md5,
}

impl Encrypted {
    /// What is to be stored of a password that may already be in a stored form.
    pub fn stored(self, role: &str, password: &str) -> Result<String> {
        if scram::is_stored_form(password) {
            return Ok(password.to_owned());
        }
        match self {
            Self::Scram => scram::verifier(password),
            Self::Md5 => Ok(scram::md5(role, password)),
        }
    }
}

impl<'de> Deserialize<'de> for Encrypted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Encrypted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`scram-sha-256`, `md5` or `true`")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Encrypted, E> {
                match value {
                    true => Ok(Encrypted::Scram),
                    // Postgres 10 and later store no plain passwords.
                    false => Err(E::invalid_value(de::Unexpected::Bool(value), &self)),
                }
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Encrypted, E> {
                match value {
                    "scram-sha-256" => Ok(Encrypted::Scram),
                    "md5" => Ok(Encrypted::Md5),
                    _ => Err(E::invalid_value(de::Unexpected::Str(value), &self)),
                }
            }
        }

        deserializer.deserialize_any(Reader)
    }
}
