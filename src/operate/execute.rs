//! Commands that a person wants run on the host as the application would run them.

use std::path::Path;

use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::{Command, PATH, stream};

/// Runs a command as the project's user, in its environment, in the current release, where its virtual
/// environment's programs are found first. Gives its exit code.
pub fn execute(project: &str, argv: &[String], facts: &Facts, line: &mut dyn FnMut(&str)) -> Result<i32> {
    let root = Path::new("/var/www").join(project);
    let current = root.join("current");
    let Some(release) = facts.host().link(&current)? else {
        return Err(Fault::new(format!("`{}` is not there: nothing is deployed", current.display()))
            .help("deploy first: provision ENV deploy"));
    };
    let start = ["/usr/local/bin/provision", "env", project, "--"].map(str::to_owned);
    let mut command = Command::new(start.into_iter().chain(argv.iter().cloned())).user(project).cwd(&release);
    command.group = Some(project.to_owned());
    command.umask = Some(0o022);
    let command = command
        .env("HOME", root.display().to_string())
        .env("VIRTUAL_ENV", release.join(".venv").display().to_string())
        .env("PATH", format!("{}:{PATH}", release.join(".venv/bin").display()))
        .env("PYTHONUNBUFFERED", "1");
    stream(&command, line)
}
