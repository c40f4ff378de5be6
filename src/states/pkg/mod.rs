//! Packages of Debian and Ubuntu: what dpkg's own status says against what the state files ask for.
//! Starts no program while nothing changes, but for `latest` and `uptodate`, which only apt can answer.

mod apt;
mod gone;
mod hold;
mod installed;
mod latest;
mod uptodate;
mod version;

pub use gone::{Purged, Removed};
pub use hold::{Held, Unheld};
pub use installed::Installed;
pub use latest::Latest;
pub use uptodate::Uptodate;

use version::Demand;

use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::yaml::Pairs;

/// Lists that are older than this are read again before something is installed.
const FRESH: u64 = 3600;

/// One package that a state names.
#[derive(Clone, Debug)]
struct DesiredPackage {
    /// With `:arch` where the user wrote one.
    name: String,
    version: Option<String>,
}

impl DesiredPackage {
    /// `latest` is a wish for the newest, not a version.
    fn newest(&self) -> bool {
        self.version.as_deref() == Some("latest")
    }

    fn demand(&self) -> Option<Demand> {
        self.version
            .as_deref()
            .filter(|version| !version.is_empty() && *version != "latest")
            .map(Demand::parse)
    }
}

/// The packages a state is about: those in `pkgs`, else its name with its version.
fn wanted(
    name: &str,
    version: Option<&str>,
    pkgs: Option<&Pairs<Option<String>>>,
) -> Result<Vec<DesiredPackage>> {
    let wanted: Vec<DesiredPackage> = match pkgs {
        Some(Pairs(pkgs)) => pkgs
            .iter()
            .map(|(name, version)| DesiredPackage { name: name.clone(), version: version.clone() })
            .collect(),
        None => vec![DesiredPackage { name: name.to_owned(), version: version.map(str::to_owned) }],
    };
    match wanted.iter().find(|package| !is_name(&package.name)) {
        None => Ok(wanted),
        Some(package) => {
            Err(Fault::new(format!("`{}` is not a package name", package.name)).help(if pkgs.is_none() {
                "name the package with `name`, or several with `pkgs`"
            } else {
                "a name is lower case letters, digits, `+`, `-` and `.`, with `:arch` where it needs one"
            }))
        }
    }
}

/// Debian's rule; it also keeps options out of apt's arguments.
fn is_name(name: &str) -> bool {
    let (name, architecture) = name.split_once(':').unwrap_or((name, "any"));
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    name.starts_with(plain)
        && name.chars().all(|letter| plain(letter) || "+-.".contains(letter))
        && !architecture.is_empty()
        && architecture.chars().all(|letter| plain(letter) || letter == '-')
}

/// The package's identity: its name without architecture.
fn key(name: &str) -> Key {
    Key::Package(name.split(':').next().unwrap_or(name).to_owned())
}

/// The identities of all packages that a state names, whether or not their names are good.
fn keys(name: &str, pkgs: Option<&Pairs<Option<String>>>) -> Vec<Key> {
    match pkgs {
        Some(Pairs(pkgs)) => pkgs.iter().map(|(name, _)| key(name)).collect(),
        None => vec![key(name)],
    }
}
