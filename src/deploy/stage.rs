//! The steps that make a release ready before it is switched to: links, bytecode, migrations.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::facts::Facts;
use crate::fault::{Context as _, Result};
use crate::host::{Action, Command, Owner};

use super::Settings;
use super::source::text;

/// Steps of manage.py and of hooks can have a lot to do.
const LIMIT: Duration = Duration::from_secs(30 * 60);

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
    pub fn run(&self, command: Command) -> Result<()> {
        self.facts.host().perform(&Action::Run(command))?;
        Ok(())
    }

    /// The project's user.
    pub fn owner(&self) -> Owner {
        Owner { user: Some(self.settings.project.clone()), group: Some(self.settings.project.clone()) }
    }

    pub fn make_directory(&self, path: &Path, owner: Owner) -> Result<()> {
        if self.facts.host().stat(path)?.is_none() {
            self.facts.host().perform(&Action::MakeDirectory {
                path: path.to_owned(),
                mode: Some(0o755),
                owner,
            })?;
        }
        Ok(())
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
        let argv = [self.settings.python.as_str(), "-m", "compileall", "-q", "-j", "0", &text(&self.folder)?];
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
        command.timeout = LIMIT;
        self.run(command)
    }

    /// A command of the project's user.
    pub fn as_project<S: Into<String>>(&self, argv: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(argv).user(&self.settings.project);
        command.group = Some(self.settings.project.clone());
        command.env.insert("HOME".to_owned(), self.settings.root.display().to_string());
        command.umask = Some(0o022);
        command
    }
}
