//! Fetches what a command on a host writes, byte for byte.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use super::connection::Connection;
use super::probe::Probe;
use super::{Password, Refusal, Target};
use crate::exit::Exit;
use crate::owner::{Claim, Manners};

/// Runs a command as root there; what it writes goes into the file.
pub fn download(
    target: &Target,
    claim: &Claim,
    argv: &[String],
    password: Option<&Password>,
    into: File,
) -> Result<(), Refusal> {
    let connection = Connection::open(target, super::connection::has_terminal())?;
    let probe = Probe::ask(&connection, target, &claim.project, "", password)?;
    probe.admit(claim, Manners::Acts, false)?;
    let words = connection.shell();
    let mut words = words.iter();
    let broken = |error: std::io::Error| Refusal::new(format!("cannot start ssh: {error}"));
    let all: Vec<&str> = probe.sudo.iter().chain(argv).map(String::as_str).collect();
    let mut child = Command::new(words.next().map_or("ssh", String::as_str))
        .args(words)
        .arg(connection.name())
        .arg(shell_words::join(all))
        .stdin(Stdio::piped())
        .stdout(into)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(broken)?;
    if let (Some(mut stdin), Some(password)) = (child.stdin.take(), password.filter(|_| probe.needs_password))
    {
        let _ended_early = stdin.write_all(&password.line());
    }
    let output = child.wait_with_output().map_err(broken)?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let why = errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
    let program = argv.first().map_or("", String::as_str);
    Err(Refusal::new(format!("`{program}` failed on `{}`: {why}", target.shown())).exit(Exit::Failed))
}
