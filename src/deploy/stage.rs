//! The steps that make a release ready before it is switched to: virtual environment, links, migrations.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::facts::Facts;
use crate::fault::{Context as _, Fault, Result};
use crate::host::{Action, Command, Owner};

use super::Settings;
use super::source::text;

/// Installing many packages over a slow network takes its time.
const INSTALL_LIMIT: Duration = Duration::from_secs(30 * 60);

/// So many files are no requirements that somebody wrote, but a circle of them.
const MOST_INCLUDED: usize = 100;

/// Where a release has its static files; Nginx serves those of the current and of the one before.
const STATIC: &str = "static";

/// A release in the making.
pub struct Stage<'a> {
    pub settings: &'a Settings,
    pub facts: &'a Facts,
    /// Its folder under `releases/`.
    pub folder: PathBuf,
}

impl Stage<'_> {
    fn run(&self, command: Command) -> Result<()> {
        self.facts.host().perform(&Action::Run(command))?;
        Ok(())
    }

    fn owner(&self) -> Owner {
        Owner { user: Some(self.settings.project.clone()), group: Some(self.settings.project.clone()) }
    }

    fn make_directory(&self, path: &Path, owner: Owner) -> Result<()> {
        if self.facts.host().stat(path)?.is_none() {
            self.facts.host().perform(&Action::MakeDirectory {
                path: path.to_owned(),
                mode: Some(0o755),
                owner,
            })?;
        }
        Ok(())
    }

    /// Makes the virtual environment, or takes that of an earlier release with the same requirements and
    /// interpreter. It is built by the project's user, since installing runs code of the packages.
    ///
    /// With `packages`, in just these versions (lines for pip's `--constraint`).
    pub fn virtualenv(&self, packages: Option<&str>) -> Result<()> {
        let settings = self.settings;
        let requirements = self.folder.join(&settings.deploy.requirements);
        let wanted = self.facts.host().read(&requirements)?.ok_or_else(|| {
            Fault::new(format!("the code has no `{}`", settings.deploy.requirements))
                .help("add it, or name another with `deploy: {requirements: …}` in pillar/project.sls")
        })?;
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
        digest.update(packages.unwrap_or_default());
        let key: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let all = settings.root.join("venvs");
        let own = all.join(&key);
        let complete = own.join(".complete");
        self.make_directory(&all, Owner::default())?;
        if self.facts.host().stat(&complete)?.is_none() {
            if self.facts.host().stat(&own)?.is_some() {
                self.facts.host().perform(&Action::Remove { path: own.clone() })?;
            }
            self.make_directory(&own, self.owner())?;
            let cache = PathBuf::from("/var/cache/provision");
            self.make_directory(&cache, Owner::default())?;
            let cache = cache.join(&settings.project);
            self.make_directory(&cache, self.owner())?;
            self.run(self.as_project([settings.python.as_str(), "-m", "venv", &text(&own)?]))?;
            let pip = text(&own.join("bin/python"))?;
            let mut install = self.as_project([
                &pip,
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--quiet",
                "--no-input",
                "--requirement",
                &text(&requirements)?,
            ]);
            if let Some(packages) = packages {
                install.argv.extend(["--constraint".to_owned(), self.pins(packages)?]);
            }
            install.env.insert("PIP_CACHE_DIR".to_owned(), text(&cache)?);
            install.cwd = Some(self.folder.clone());
            install.timeout = INSTALL_LIMIT;
            self.run(install).context("could not install the requirements")?;
            self.facts.host().perform(&Action::Touch { path: complete, accessed: None, modified: None })?;
        }
        let link = self.folder.join(".venv");
        if self.facts.host().stat(&link)?.is_some() {
            self.facts.host().perform(&Action::Remove { path: link.clone() })?;
        }
        self.facts.host().perform(&Action::Symlink { path: link, target: own, owner: Owner::default() })?;
        Ok(())
    }

    /// Writes down the versions that the packages shall have. Gives the file's path.
    fn pins(&self, packages: &str) -> Result<String> {
        let path = self.folder.join(".packages");
        self.facts.host().perform(&Action::write(path.clone(), packages, 0o644))?;
        text(&path)
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

    /// Links what outlives releases. What the code itself brings at that place gives way.
    pub fn shared(&self) -> Result<()> {
        let host = self.facts.host();
        for name in &self.settings.deploy.shared {
            let target = self.settings.root.join("shared").join(name);
            let path = self.folder.join(name);
            if host.stat(&path)?.is_some() {
                host.perform(&Action::Remove { path: path.clone() })?;
            }
            host.perform(&Action::Symlink { path, target, owner: Owner::default() })?;
        }
        Ok(())
    }

    /// Compiles to bytecode, since the application's user cannot write beside the code.
    pub fn compile(&self) -> Result<()> {
        let argv = [
            self.settings.python.as_str(),
            "-m",
            "compileall",
            "-q",
            "-j",
            "0",
            "-x",
            "/[.]venv/",
            &text(&self.folder)?,
        ];
        // A file that does not compile is not always used; the application says it if it is.
        self.run(Command::new(argv).accept([0, 1]))
    }

    /// Runs manage.py's steps in the application's process environment.
    pub fn manage(&self, arguments: &[String]) -> Result<()> {
        let manage = self.folder.join("manage.py");
        if self.facts.host().stat(&manage)?.is_none() {
            return Ok(());
        }
        let mut argv = vec![text(&self.folder.join(".venv/bin/python"))?, text(&manage)?];
        argv.extend(arguments.iter().cloned());
        self.in_environment(&argv).context(format!("manage.py {}", arguments.join(" ")))
    }

    /// Makes the folder for the release's static files, which is the project's user's.
    pub fn static_files(&self) -> Result<()> {
        self.make_directory(&self.folder.join(STATIC), self.owner())
    }

    /// Runs a command in the release, as the project's user, in the application's process environment, where
    /// static files are those of this release and not of the current one.
    pub fn in_environment(&self, argv: &[String]) -> Result<()> {
        let root = format!("STATIC_ROOT={}", text(&self.folder.join(STATIC))?);
        let start = ["/usr/local/bin/provision", "env", &self.settings.project, "--", "env", &root];
        let start = start.map(str::to_owned);
        let mut command = self.as_project(start.into_iter().chain(argv.iter().cloned()));
        command.cwd = Some(self.folder.clone());
        command.timeout = INSTALL_LIMIT;
        self.run(command)
    }

    fn as_project<S: Into<String>>(&self, argv: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(argv).user(&self.settings.project);
        command.group = Some(self.settings.project.clone());
        command.env.insert("HOME".to_owned(), self.settings.root.display().to_string());
        command.umask = Some(0o022);
        command
    }
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
