//! Absolute paths, as the file states take them. Must not look at the host.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde::de::{self, Deserialize, Deserializer};

use crate::facts::Key;

/// A path from the root, without doubled or trailing slashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AbsolutePath(PathBuf);

impl AbsolutePath {
    pub fn new(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            // Components leave out empty and `.` parts.
            return Ok(Self(Path::new(text).components().collect()));
        }
        if text.is_empty() {
            return Err("the path must not be empty".to_owned());
        }
        let hint = if text.starts_with('~') { " (`~` is not expanded)" } else { "" };
        Err(format!("`{text}` must be absolute: a path from `/`{hint}"))
    }

    pub fn key(&self) -> Key {
        Key::Path(self.0.clone())
    }

    /// The folders above it, which must be settled before it is looked at.
    pub fn wants(&self) -> Vec<Key> {
        above(self).map(|path| Key::Path(path.to_owned())).collect()
    }

    /// What must be settled before its content is changed: the file itself too.
    pub fn edited(&self) -> Vec<Key> {
        let mut wants = self.wants();
        wants.push(self.key());
        wants
    }
}

/// The folders above a path, nearest first, without the root.
pub fn above(path: &Path) -> impl Iterator<Item = &Path> {
    path.ancestors().skip(1).filter(|above| above.parent().is_some())
}

/// What a path leads to once `.` and `..` are taken literally.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            std::path::Component::ParentDir if plain.has_root() => {}
            std::path::Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

impl Deref for AbsolutePath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for AbsolutePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl<'de> Deserialize<'de> for AbsolutePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_from_the_root_and_plain() {
        assert_eq!(AbsolutePath::new("/srv//a/./b/").unwrap().to_str(), Some("/srv/a/b"));
        for wrong in ["", "srv/a", "~/a", "./a"] {
            assert!(AbsolutePath::new(wrong).is_err(), "{wrong}");
        }
        assert_eq!(plain(Path::new("/a/../../b/./c/..")), Path::new("/b"));
        assert_eq!(plain(Path::new("../x/..")), Path::new(".."));
    }
}
