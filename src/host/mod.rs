//! The only door to the host's processes, files, accounts and units. Decides nothing.

mod action;
mod command;

use std::path::{Path, PathBuf};

pub use action::{Action, Hash, Owner, PackageRequest, Packages};
pub use command::{Command, Output};

use crate::fault::Result;

/// What `lstat` tells of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    pub kind: Kind,
    /// Permission bits, with setuid, setgid and sticky: at most 0o7777.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    /// Seconds since the epoch.
    pub modified: i64,
    pub accessed: i64,
    pub inode: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
    Symlink,
    /// A device, a socket or a pipe.
    Special,
}

/// What an action said while it was performed; only commands say something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Performed {
    pub output: Option<Output>,
}

/// A host to look at and to act on: this machine, a model of it (dry run), or a fake in tests.
///
/// The looking methods answer `None` only for "not there"; whatever else keeps them from looking is
/// an error, never "nothing to do".
pub trait Host: Send + Sync {
    /// Looks at a path without following a last symlink (lstat).
    fn stat(&self, path: &Path) -> Result<Option<Stat>>;
    /// The whole content of a regular file, following symlinks.
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>>;
    /// The names in a directory, sorted, without `.` and `..`.
    fn list(&self, path: &Path) -> Result<Option<Vec<String>>>;
    /// Where a symlink points, as written in it.
    fn link(&self, path: &Path) -> Result<Option<PathBuf>>;
    /// A program's path, searched in the system's usual directories, not in the caller's PATH.
    fn which(&self, program: &str) -> Result<Option<PathBuf>>;
    /// Runs a command that only looks. An exit code is an answer, not an error; not being able to start
    /// it, or its time being up, is an error.
    fn ask(&self, command: &Command) -> Result<Output>;
    /// Performs an action. A command whose exit code is not accepted is an error with its last lines.
    fn perform(&self, action: &Action) -> Result<Performed>;
}
