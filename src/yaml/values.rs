//! Types that many arguments share, as people write them in YAML. Must not know states.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::read::{ONE_OR_MANY, PAIRS};

/// A file mode: `0644`, `644`, `'0644'` and `0o644` are one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mode(pub u32);

impl Mode {
    /// The mode that was written; octal digits, at most 7777.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        // `7` or `75` are slips rather than modes, `0` and `0000` are none.
        if digits.len() < 3 && digits != "0" {
            return None;
        }
        if digits.len() > 5 || !digits.bytes().all(|digit| matches!(digit, b'0'..=b'7')) {
            return None;
        }
        u32::from_str_radix(digits, 8).ok().filter(|bits| *bits <= 0o7777).map(Self)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no file mode such as `0644`")))
    }
}

/// A file mode, or that of the source (`keep`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModeOrKeep {
    Mode(Mode),
    Keep,
}

impl<'de> Deserialize<'de> for ModeOrKeep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "keep" {
            return Ok(Self::Keep);
        }
        Mode::parse(&text)
            .map(Self::Mode)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is no file mode such as `0644`, nor `keep`")))
    }
}

/// A list, or a single value that counts as a list of one; nothing is an empty list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(ONE_OR_MANY, Within(PhantomData)).map(Self)
    }
}

/// Names in their order, each with or without a value: Salt's `pkgs: [vim, {nginx: 1.2}]`, or a map.
/// With a `V` that is no `Option`, every name needs its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs<V>(pub Vec<(String, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(PAIRS, Within(PhantomData)).map(Self)
    }
}

/// Reads the list within one of the newtypes above.
struct Within<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Within<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        Vec::deserialize(deserializer)
    }
}

/// A length of time in seconds, whole or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub Duration);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds)
            .map(Self)
            .map_err(|_| D::Error::custom(format!("`{seconds}` is no length of time in seconds")))
    }
}
