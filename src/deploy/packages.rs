//! The packages of a release: its virtual environment, which releases with the same requirements share, and their
//! wheels where they go to another environment.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::facts::Facts;
use crate::fault::{Context as _, Fault, Result};
use crate::host::{Action, Command, Owner};

use super::Settings;
use super::source::text;
use super::stage::Stage;

/// Installing many packages over a slow network takes its time.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// So many files are no requirements that somebody wrote, but a circle of them.
const MOST_INCLUDED: usize = 100;

/// In a virtual environment, and in a release that comes from elsewhere: the versions of its packages, for pip's
/// `--constraint`, and the packages themselves.
const VERSIONS: &str = ".packages";
const WHEELS: &str = ".wheels";

impl Stage<'_> {
    /// Makes the virtual environment, or takes that of an earlier release with the same requirements and
    /// interpreter. It is built by the project's user, since installing runs code of the packages.
    ///
    /// A release that is `promoted` brings the versions that its packages have where it runs, and their wheels.
    /// Says what is to be known.
    pub fn virtualenv(&self, promoted: bool) -> Result<String> {
        let settings = self.settings;
        let requirements = self.folder.join(&settings.deploy.requirements);
        let wanted = self.facts.host().read(&requirements)?.ok_or_else(|| {
            Fault::new(format!("the code has no `{}`", settings.deploy.requirements))
                .help("add it, or name another with `deploy: {requirements: …}` in pillar/project.sls")
        })?;
        let versions = self.folder.join(VERSIONS);
        let pins = if promoted { self.facts.host().read(&versions)? } else { None };
        let version = self
            .facts
            .host()
            .ask(&Command::new([settings.python.as_str(), "-VV"]))
            .context(format!("cannot start `{}`", settings.python))?;
        let mut digest = Sha256::new();
        digest.update(&version.stdout);
        digest.update(&wanted);
        for part in self.included(&requirements, &wanted)? {
            digest.update(part);
        }
        digest.update(pins.as_deref().unwrap_or_default());
        let key: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let all = settings.root.join("venvs");
        let own = all.join(&key);
        let complete = own.join(".complete");
        let mut said = String::new();
        self.make_directory(&all, Owner::default())?;
        if self.facts.host().stat(&complete)?.is_none() {
            if self.facts.host().stat(&own)?.is_some() {
                self.facts.host().perform(&Action::Remove { path: own.clone() })?;
            }
            self.make_directory(&own, self.owner())?;
            self.run(self.as_project([settings.python.as_str(), "-m", "venv", &text(&own)?]))?;
            if promoted {
                said = self.install_wheels(&own)?;
            }
            let mut install =
                self.pip(&own, ["install", "--quiet", "--no-input", "--requirement", &text(&requirements)?])?;
            if pins.is_some() {
                install.argv.extend(["--constraint".to_owned(), text(&versions)?]);
            }
            self.run(install).context("could not install the requirements")?;
            self.facts.host().perform(&Action::Touch { path: complete, accessed: None, modified: None })?;
        }
        let link = self.folder.join(".venv");
        for path in [&link, &self.folder.join(WHEELS)] {
            if self.facts.host().stat(path)?.is_some() {
                self.facts.host().perform(&Action::Remove { path: path.clone() })?;
            }
        }
        self.facts.host().perform(&Action::Symlink { path: link, target: own, owner: Owner::default() })?;
        Ok(said)
    }

    /// What the release brought needs no network, if it was made for such a host. Says where it was not.
    fn install_wheels(&self, environment: &Path) -> Result<String> {
        let folder = self.folder.join(WHEELS);
        if self.facts.host().list(&folder)?.is_none_or(|names| names.is_empty()) {
            return Ok(String::new());
        }
        let (folder, versions) = (text(&folder)?, text(&self.folder.join(VERSIONS))?);
        let words = ["install", "--quiet", "--no-input", "--no-index", "--no-deps", "--find-links", &folder];
        let words = words.into_iter().chain(["--requirement", versions.as_str()]);
        if self.run(self.pip(environment, words)?).is_ok() {
            return Ok(String::new());
        }
        Ok("the wheels do not fit this host: the same versions were fetched".to_owned())
    }

    /// A command of an environment's pip, with a cache that all releases share.
    fn pip<'a>(&self, environment: &Path, words: impl IntoIterator<Item = &'a str>) -> Result<Command> {
        let cache = PathBuf::from("/var/cache/provision");
        self.make_directory(&cache, Owner::default())?;
        let cache = cache.join(&self.settings.project);
        self.make_directory(&cache, self.owner())?;
        let python = text(&environment.join("bin/python"))?;
        let mut command = self.as_project([python.as_str(), "-m", "pip", "--disable-pip-version-check"]);
        command.argv.extend(words.into_iter().map(str::to_owned));
        command.env.insert("PIP_CACHE_DIR".to_owned(), text(&cache)?);
        command.cwd = Some(self.folder.clone());
        command.timeout = LIMIT;
        Ok(command)
    }

    /// The contents of all files that requirements include or constrain by, however deep.
    fn included(&self, requirements: &Path, content: &[u8]) -> Result<Vec<Vec<u8>>> {
        let mut seen = BTreeSet::from([requirements.to_owned()]);
        let mut found = Vec::new();
        let mut queue = vec![(requirements.to_owned(), content.to_vec())];
        while let Some((file, content)) = queue.pop() {
            for name in included(&content) {
                let path = file.parent().unwrap_or(&self.folder).join(name);
                if seen.len() < MOST_INCLUDED
                    && seen.insert(path.clone())
                    && let Some(content) = self.facts.host().read(&path)?
                {
                    found.push(content.clone());
                    queue.push((path, content));
                }
            }
        }
        Ok(found)
    }
}

/// Puts the versions and the wheels of the current release's packages beside them, to be fetched. What comes from
/// a folder or an address is named by the requirements themselves. Gives how many there are.
pub fn wheels(settings: &Settings, facts: &Facts) -> Result<usize> {
    let folder = facts
        .host()
        .link(&settings.root.join("current"))?
        .ok_or_else(|| Fault::new("nothing is deployed here").help("deploy first: provision ENV deploy"))?;
    let environment = facts
        .host()
        .link(&folder.join(".venv"))?
        .ok_or_else(|| Fault::new(format!("`{}` has no virtual environment", folder.display())))?;
    let stage = Stage { settings, facts, folder };
    let frozen = facts.host().ask(&stage.pip(&environment, ["freeze", "--local"])?)?;
    if !frozen.success() {
        return Err(Fault::new("pip does not say which packages run").output(frozen.errors()));
    }
    let frozen = frozen.text();
    let pinned: Vec<&str> = frozen.lines().filter(|line| line.contains("==")).collect();
    let versions = environment.join(VERSIONS);
    let wanted = pinned.join("\n") + "\n";
    let into = environment.join(WHEELS);
    if facts.host().read(&versions)?.is_some_and(|bytes| bytes == wanted.as_bytes()) {
        return Ok(pinned.len());
    }
    if facts.host().stat(&into)?.is_some() {
        facts.host().perform(&Action::Remove { path: into.clone() })?;
    }
    stage.make_directory(&into, stage.owner())?;
    let list = environment.join(".packages.new");
    facts.host().perform(&Action::write(list.clone(), wanted, 0o644))?;
    // The requirements say which index there is besides the usual one.
    let requirements = text(&stage.folder.join(&settings.deploy.requirements))?;
    let (names, folder) = (text(&list)?, text(&into)?);
    let words = ["wheel", "--quiet", "--no-input", "--no-deps", "--wheel-dir", &folder, "-r", &requirements];
    let all = stage.pip(&environment, words.into_iter().chain(["-r", names.as_str()]))?;
    // With hashes, they name all packages themselves, and nothing without one may stand beside them.
    stage
        .run(all)
        .or_else(|_| stage.run(stage.pip(&environment, words)?))
        .context("could not gather the packages' wheels")?;
    // Says that all are there.
    facts.host().perform(&Action::Rename { from: list, to: versions })?;
    Ok(pinned.len())
}

/// The files that a requirements file names by `-r` or `-c`.
fn included(requirements: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(requirements)
        .lines()
        .filter_map(|line| {
            let line = line.trim();
            ["-r", "-c", "--requirement", "--constraint"]
                .iter()
                .find_map(|option| line.strip_prefix(option))
                .map(|rest| rest.trim_start_matches('=').trim().to_owned())
        })
        .filter(|name| !name.is_empty() && !name.starts_with('/') && !name.contains("://"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_requirements_include_are_found() {
        assert_eq!(
            included(b"django\n-r base.txt\n--constraint=pins.txt\n# -r no\n"),
            ["base.txt", "pins.txt"]
        );
    }
}
