//! What a state can be about: the identities from which edges and predictions follow.

use std::fmt;
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Path(PathBuf),
    User(String),
    Group(String),
    /// The package's name without version or architecture.
    Package(String),
    /// With its suffix: `nginx.service`.
    Unit(String),
    /// A Postgres role.
    Role(String),
    /// A Postgres database.
    Database(String),
    /// A virtual environment's directory.
    Environment(PathBuf),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "path `{}`", path.display()),
            Self::User(name) => write!(f, "user `{name}`"),
            Self::Group(name) => write!(f, "group `{name}`"),
            Self::Package(name) => write!(f, "package `{name}`"),
            Self::Unit(name) => write!(f, "unit `{name}`"),
            Self::Role(name) => write!(f, "database role `{name}`"),
            Self::Database(name) => write!(f, "database `{name}`"),
            Self::Environment(path) => write!(f, "virtual environment `{}`", path.display()),
        }
    }
}
