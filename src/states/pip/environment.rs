//! Where Python packages live: a virtual environment or the system's own place; what is installed there is
//! read from the names of its folders, and pip is run there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::requirement::normal;
use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::{Command, Host};

/// pip may have to build.
const LONGEST: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug)]
pub struct Environment {
    /// The environment's folder; `None`: the system's Python.
    pub folder: Option<PathBuf>,
    /// How pip is started.
    pip: Vec<String>,
}

impl Environment {
    /// From `bin_env`: a virtual environment, a pip in one, or nothing.
    pub fn of(bin_env: Option<&str>) -> Self {
        let module = |python: String| vec![python, "-m".to_owned(), "pip".to_owned()];
        let Some(path) = bin_env.map(|path| path.trim_end_matches('/')) else {
            return Self { folder: None, pip: module("python3".to_owned()) };
        };
        let file = path.rsplit('/').next().unwrap_or(path);
        if file.starts_with("pip") {
            let folder = Path::new(path).parent().filter(|bin| bin.ends_with("bin")).and_then(Path::parent);
            let folder =
                folder.filter(|folder| !matches!(folder.to_str(), Some("/" | "/usr" | "/usr/local")));
            return Self { folder: folder.map(Path::to_owned), pip: vec![path.to_owned()] };
        }
        Self { folder: Some(PathBuf::from(path)), pip: module(format!("{path}/bin/python")) }
    }

    /// A pip command; without questions, progress bars and its word on newer versions.
    pub fn pip<'a>(&'a self, words: impl IntoIterator<Item = &'a str>) -> Command {
        let argv = self.pip.iter().map(String::as_str).chain(words);
        Command::new(argv).env("PIP_DISABLE_PIP_VERSION_CHECK", "1").env("PIP_NO_INPUT", "1").timeout(LONGEST)
    }

    /// Installed versions by normalised name.
    pub fn installed(&self, host: &dyn Host) -> Result<BTreeMap<String, String>> {
        let mut installed = BTreeMap::new();
        for place in self.places(host)? {
            for entry in host.list(&place)?.unwrap_or_default() {
                if let Some((name, version)) = distribution(&entry) {
                    // The first place on Python's path wins.
                    installed.entry(normal(name)).or_insert_with(|| version.to_owned());
                }
            }
        }
        Ok(installed)
    }

    fn places(&self, host: &dyn Host) -> Result<Vec<PathBuf>> {
        let (roots, inner) = match &self.folder {
            Some(folder) => (vec![folder.join("lib")], "site-packages"),
            None => (vec![PathBuf::from("/usr/local/lib"), PathBuf::from("/usr/lib")], "dist-packages"),
        };
        let mut places = Vec::new();
        for root in roots {
            for name in host.list(&root)?.unwrap_or_default() {
                if name.starts_with("python3") {
                    places.push(root.join(name).join(inner));
                }
            }
        }
        Ok(places)
    }

    /// In a virtual environment: whether it is there.
    pub fn is_there(&self, host: &dyn Host) -> Result<bool> {
        match &self.folder {
            Some(folder) => Ok(host.stat(&folder.join("pyvenv.cfg"))?.is_some()),
            None => Ok(true),
        }
    }

    /// The account that pip runs as: a program in a folder of somebody else's is that account's.
    pub fn keeper(&self, facts: &Facts, asked: Option<&String>) -> Result<Option<String>> {
        match &self.folder {
            Some(folder) => facts.keeper(folder, asked),
            None => Ok(asked.cloned()),
        }
    }

    pub fn missing(&self) -> Fault {
        let folder = self.folder.as_deref().unwrap_or(Path::new("")).display().to_string();
        Fault::new(format!("there is no virtual environment `{folder}`"))
            .help("make it before, with `virtualenv.managed`")
    }
}

/// Name and version from `Django-4.2.1.dist-info`, `six-1.16.0.egg-info`, `x-1.0-py3.11.egg-info`.
fn distribution(entry: &str) -> Option<(&str, &str)> {
    let stem = entry.strip_suffix(".dist-info").or_else(|| entry.strip_suffix(".egg-info"))?;
    let mut parts = stem.split('-');
    let (name, version) = (parts.next()?, parts.next()?);
    (!version.is_empty()).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_tell_what_is_installed() {
        let table = [
            ("Django-4.2.1.dist-info", Some(("Django", "4.2.1"))),
            ("zope.interface-5.5.2.egg-info", Some(("zope.interface", "5.5.2"))),
            ("PyYAML-6.0-py3.11.egg-info", Some(("PyYAML", "6.0"))),
            ("django", None),
            ("__pycache__", None),
        ];
        for (entry, expected) in table {
            assert_eq!(distribution(entry), expected);
        }
    }
}
