//! A terminal on a host, for a shell or a command that asks.

use std::process::Command;

use super::connection::Connection;
use super::probe::Probe;
use super::{Password, Refusal, Target};
use crate::owner::{Claim, Manners};

/// The usual folders for programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Opens a terminal as the project's user, in its environment, in the current release. Gives the exit code.
pub fn terminal(
    target: &Target,
    claim: &Claim,
    command: &[String],
    password: Option<&Password>,
) -> Result<i32, Refusal> {
    let connection = Connection::open(target, true)?;
    let project = claim.project.as_str();
    let probe = Probe::ask(&connection, target, project, "", password)?;
    probe.admit(claim, Manners::Acts, false)?;
    let root = format!("/var/www/{project}");
    let current = format!("{root}/current");
    // sudo asks on the terminal itself.
    let mut argv = if probe.sudo.is_empty() { Vec::new() } else { vec!["sudo".to_owned(), "--".to_owned()] };
    argv.extend(
        ["setpriv", "--reuid", project, "--regid", project, "--init-groups", "--"].map(str::to_owned),
    );
    argv.extend(["env", "-C", &current].map(str::to_owned));
    argv.extend([
        format!("HOME={root}"),
        format!("USER={project}"),
        format!("LOGNAME={project}"),
        format!("VIRTUAL_ENV={current}/.venv"),
        format!("PATH={current}/.venv/bin:{PATH}"),
    ]);
    argv.extend(["/usr/local/bin/provision", "env", project, "--"].map(str::to_owned));
    if command.is_empty() {
        argv.push("bash".to_owned());
    } else {
        argv.extend(command.iter().cloned());
    }
    let words = connection.shell();
    let mut words = words.iter().map(|word| if word == "-T" { "-t" } else { word });
    let mut ssh = Command::new(words.next().unwrap_or("ssh"));
    ssh.args(words).arg(connection.name()).arg(shell_words::join(argv));
    let status = ssh.status().map_err(|error| Refusal::new(format!("cannot start ssh: {error}")))?;
    Ok(status.code().unwrap_or(255))
}
