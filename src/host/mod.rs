//! The only door to the host's processes, files, accounts and units. Decides nothing.

mod action;
mod command;
pub mod digest;
mod extraction;
pub mod fake;
mod follow;
pub mod home;
mod local;
mod made;
mod memfs;
pub(crate) mod names;
mod overlay;
mod pending;
mod simulate;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

pub use action::{Action, Hash, Owner, PackageRequest, Packages};
pub use command::{Command, Output};
pub use extraction::{Archive, Extraction, Format};
pub use follow::{destination, follow, leads_to};
pub use local::{Local, stream, streams};
pub use made::{Made, MadeFile, Makes};
pub use overlay::Overlay;
pub use pending::Pending;

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

/// A network interface and its addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    /// `02:fc:00:00:00:01`.
    pub hardware: Option<String>,
    pub addresses: Vec<IpAddr>,
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
    /// Sends a question to a local socket and gives the whole answer, for services that can be asked
    /// without a program. `None`: nobody listens there, or this kind of host cannot.
    fn exchange(&self, _socket: &Path, _question: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
    /// Performs an action. A command whose exit code is not accepted is an error with its last lines.
    fn perform(&self, action: &Action) -> Result<Performed>;
    /// Whether an action on files acts where it says, and is not led elsewhere by what others can change: an error
    /// says what would. For dry runs, which do not perform it.
    fn reaches(&self, _action: &Action) -> Result<()> {
        Ok(())
    }
    /// The network interfaces, in the kernel's order.
    fn interfaces(&self) -> Result<Vec<Interface>> {
        Ok(Vec::new())
    }
    /// Sets variables for the commands that are started from now on, or takes those that are `None`;
    /// `anew`: all that were set before go first. Lasts as long as the run.
    fn set_environment(&self, _anew: bool, _variables: &BTreeMap<String, Option<String>>) {}
    /// Notes that what is made next belongs to provision, before it is there: a run that is killed right after it
    /// must not leave an account that looks like somebody else's. Only a host that keeps a list does.
    fn note_making(&self, _makes: &Makes) -> Result<()> {
        Ok(())
    }
    /// Notes whether it was made.
    fn note_made(&self, _makes: &Makes, _succeeded: bool) -> Result<()> {
        Ok(())
    }
    /// Makes what was written so far survive a power cut: called once after many actions, since syncing
    /// each file by itself costs several times as much.
    fn settle(&self) -> Result<()> {
        Ok(())
    }
}

/// Where programs are looked for and what commands get as PATH, whatever the caller's own is.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Finds a program in [`PATH`] by looking.
fn search(host: &dyn Host, program: &str) -> Result<Option<PathBuf>> {
    for folder in PATH.split(':') {
        let path = Path::new(folder).join(program);
        if let Some((_, stat)) = leads_to(host, &path)?
            && stat.kind == Kind::File
            && stat.mode & 0o111 != 0
        {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
