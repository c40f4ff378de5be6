//! The releases a sandbox can be, and where their packages come from.
//! It must not fetch or build anything.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

/// A release of Debian or Ubuntu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suite {
    pub name: &'static str,
    pub distribution: Distribution,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    Debian,
    Ubuntu,
}

use Distribution::{Debian, Ubuntu};

/// Oldest first within a distribution.
const SUITES: &[Suite] = &[
    Suite { name: "bullseye", distribution: Debian },
    Suite { name: "bookworm", distribution: Debian },
    Suite { name: "trixie", distribution: Debian },
    Suite { name: "focal", distribution: Ubuntu },
    Suite { name: "jammy", distribution: Ubuntu },
    Suite { name: "noble", distribution: Ubuntu },
    Suite { name: "resolute", distribution: Ubuntu },
];
const FALLBACK: &str = "bookworm";

impl Suite {
    pub fn named(name: &str) -> Result<Self> {
        if let Some(suite) = SUITES.iter().find(|suite| suite.name == name) {
            return Ok(*suite);
        }
        let known: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
        bail!("unknown suite `{name}`; sandboxes can be {}", known.join(", "))
    }

    /// The operator's own release where that is Debian: the one whose packages are surely in reach.
    pub fn default_here() -> Result<Self> {
        let os = fs::read_to_string("/etc/os-release").unwrap_or_default();
        Self::named(default_for(&os))
    }

    /// The file of keys that sign its packages, and the Debian package that brings it.
    pub fn keyring(&self) -> (&'static Path, &'static str) {
        match self.distribution {
            Debian => (Path::new("/usr/share/keyrings/debian-archive-keyring.gpg"), "debian-archive-keyring"),
            Ubuntu => (Path::new("/usr/share/keyrings/ubuntu-archive-keyring.gpg"), "ubuntu-keyring"),
        }
    }

    /// Lines of sources.list, from the mirrors that the operator uses.
    pub fn sources(&self, mirrors: &Mirrors) -> Vec<String> {
        let name = self.name;
        match self.distribution {
            Debian => vec![
                format!("deb {} {name} main", mirrors.debian),
                format!("deb {} {name}-updates main", mirrors.debian),
                format!("deb {} {name}-security main", mirrors.debian_security),
            ],
            Ubuntu => ["", "-updates", "-security"]
                .map(|part| format!("deb {} {name}{part} main universe", mirrors.ubuntu))
                .into(),
        }
    }
}

fn default_for(os_release: &str) -> &'static str {
    let value = |key: &str| {
        os_release
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map_or("", |value| value.trim_matches('"'))
    };
    let codename = value("VERSION_CODENAME");
    SUITES
        .iter()
        .find(|suite| suite.distribution == Debian && value("ID") == "debian" && suite.name == codename)
        .map_or(FALLBACK, |suite| suite.name)
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirrors {
    debian: String,
    debian_security: String,
    ubuntu: String,
}

impl Default for Mirrors {
    fn default() -> Self {
        Self {
            debian: "http://deb.debian.org/debian".into(),
            debian_security: "http://deb.debian.org/debian-security".into(),
            ubuntu: "http://archive.ubuntu.com/ubuntu".into(),
        }
    }
}

impl Mirrors {
    /// The mirrors of this machine's own apt, which are near and allowed.
    pub fn of_this_machine() -> Self {
        let mut texts = vec![fs::read_to_string("/etc/apt/sources.list").unwrap_or_default()];
        let mut files: Vec<_> = fs::read_dir("/etc/apt/sources.list.d")
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|kind| kind == "list" || kind == "sources"))
            .collect();
        files.sort();
        texts.extend(files.iter().filter_map(|path| fs::read_to_string(path).ok()));
        Self::from_texts(&texts)
    }

    fn from_texts(texts: &[String]) -> Self {
        let mut mirrors = Self::default();
        let words =
            texts.iter().flat_map(|text| text.lines()).filter(|line| !line.trim_start().starts_with('#'));
        // Later files win over earlier ones only for what they name; the first of each kind is taken.
        let mut found = [false; 3];
        for address in words.flat_map(str::split_whitespace).filter(|word| word.contains("://")) {
            let address = address.trim_end_matches('/');
            let kinds = [
                ("/debian", &mut mirrors.debian),
                ("/debian-security", &mut mirrors.debian_security),
                ("/ubuntu", &mut mirrors.ubuntu),
            ];
            for ((end, mirror), found) in kinds.into_iter().zip(&mut found) {
                if address.ends_with(end) && !*found {
                    *mirror = address.to_owned();
                    *found = true;
                }
            }
        }
        mirrors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_operators_debian() {
        let trixie = "ID=debian\nVERSION_CODENAME=trixie\n";
        assert_eq!(default_for(trixie), "trixie");
        assert_eq!(default_for("ID=debian\nVERSION_CODENAME=sid\n"), FALLBACK);
        assert_eq!(default_for("ID=ubuntu\nVERSION_CODENAME=noble\n"), FALLBACK);
        assert_eq!(default_for(""), FALLBACK);
    }

    #[test]
    fn unknown_suites_are_answered_with_the_known() {
        let error = Suite::named("potato").unwrap_err().to_string();
        assert!(error.contains("unknown suite `potato`") && error.contains("noble, resolute"), "{error}");
    }

    #[test]
    fn mirrors_come_from_both_formats() {
        let deb822 =
            "Types: deb\n# http://old.example/debian\nURIs: http://near.example/debian/\nSuites: bookworm\n";
        let list = "deb [signed-by=/k] https://near.example/debian-security bookworm-security main\n\
                    deb http://other.example/apt stable main\n";
        let mirrors = Mirrors::from_texts(&[list.into(), deb822.into()]);
        assert_eq!(mirrors.debian, "http://near.example/debian");
        assert_eq!(mirrors.debian_security, "https://near.example/debian-security");
        assert_eq!(mirrors.ubuntu, Mirrors::default().ubuntu);
        assert_eq!(
            Suite::named("bookworm").unwrap().sources(&mirrors),
            [
                "deb http://near.example/debian bookworm main",
                "deb http://near.example/debian bookworm-updates main",
                "deb https://near.example/debian-security bookworm-security main",
            ]
        );
    }
}
