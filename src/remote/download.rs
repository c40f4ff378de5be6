//! Fetches what a command on a host writes, byte for byte.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::statvfs::fstatvfs;

use super::connection::Connection;
use super::end::wait;
use super::lines::feed;
use super::probe::Probe;
use super::said::Said;
use super::{Password, Refusal, Target};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::owner::{Claim, Manners};

/// So long nothing may come: a dump waits for locks, and an archive for the disk.
const PATIENCE: Duration = Duration::from_secs(600);
/// So much of our disk stays free, or a twentieth of a small one.
const FREE: u64 = 256 << 20;

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
    let growing = into.try_clone().map_err(broken)?;
    let mut child = Command::new(words.next().map_or("ssh", String::as_str))
        .args(words)
        .arg(connection.name())
        .arg(shell_words::join(all))
        .stdin(Stdio::piped())
        .stdout(into)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(broken)?;
    let errors = Said::default();
    let reader = child.stderr.take().map(|stderr| errors.collect(stderr));
    if let (Some(mut stdin), Some(password)) = (child.stdin.take(), password.filter(|_| probe.needs_password))
    {
        let _ended_early = feed(&mut stdin, &password.line(), PATIENCE);
    }
    let mut watched = Watched { file: growing, length: 0, since: Instant::now() };
    let status = wait(&mut child, &mut || watched.objection()).map_err(|fault| {
        Refusal::new(format!("what `{}` sends was not taken to its end: {}", target.shown(), fault.message))
    })?;
    if let Some(reader) = reader {
        let _panicked = reader.join();
    }
    if status.success() {
        return Ok(());
    }
    let errors = errors.text();
    let why = errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
    let program = argv.first().map_or("", String::as_str);
    Err(Refusal::new(format!("`{program}` failed on `{}`: {why}", target.shown())).exit(Exit::Failed))
}

/// A file that grows.
struct Watched {
    file: File,
    length: u64,
    since: Instant,
}

impl Watched {
    /// Why no more is taken.
    fn objection(&mut self) -> Option<Fault> {
        let length = self.file.metadata().map_or(0, |metadata| metadata.len());
        if length != self.length {
            (self.length, self.since) = (length, Instant::now());
            let disk = fstatvfs(&self.file).ok()?;
            let bytes = |blocks: u64| blocks.saturating_mul(disk.fragment_size());
            if bytes(disk.blocks_available()) < FREE.min(bytes(disk.blocks()) / 20) {
                return Some(Fault::new("the disk here is full"));
            }
        }
        let late = self.since.elapsed() > PATIENCE;
        late.then(|| Fault::new(format!("nothing came for {} s", PATIENCE.as_secs())))
    }
}
