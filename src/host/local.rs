//! This machine: looks and acts through the kernel and the system's own programs. Decides nothing.

mod apt;
mod apt_error;
mod copy;
mod download;
mod extract;
mod files;
mod place;
mod prepare;
mod program;
mod socket;
mod stream;
mod write;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nix::sys::stat::Mode;

use place::Place;
pub use stream::{stream, streams};

use super::{Action, Command, Host, Interface, Kind, Makes, Output, Performed, Stat, made, names, search};
use crate::fault::{Fault, Result};

/// The real host.
#[derive(Debug, Default)]
pub struct Local {
    /// A folder on each file system that was written to, by device.
    written: Mutex<BTreeMap<u64, PathBuf>>,
    /// For all commands from now on.
    environment: Mutex<BTreeMap<String, String>>,
    /// Held during a transaction: states that are applied beside each other share one package manager.
    packages: Mutex<()>,
    /// Whether what is made here is noted.
    keeps_list: bool,
}

impl Local {
    /// Also sets this process's umask to 022, whatever the caller's was: modes follow from what states
    /// say and not from a login shell.
    pub fn new() -> Self {
        nix::sys::stat::umask(Mode::from_bits_truncate(0o022));
        Self::default()
    }

    /// As [`Local::new`], noting what is made.
    pub fn keeping_list() -> Self {
        Self { keeps_list: true, ..Self::new() }
    }

    /// Remembers to sync the file system of a path.
    fn wrote(&self, path: &Path) {
        let folder = path.parent().unwrap_or(Path::new("/"));
        if let Ok(stat) = fs::metadata(folder) {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            written.entry(stat.dev()).or_insert_with(|| folder.to_owned());
        }
    }
}

/// Names the path in an error of the kernel.
fn at(path: &Path) -> impl Fn(io::Error) -> Fault {
    let path = path.to_owned();
    move |error| Fault::new(format!("`{}`: {}", path.display(), said(&error)))
}

/// The kernel's words without `(os error 13)`, lower case.
fn said(error: &io::Error) -> String {
    let lower = |text: &str| {
        let mut letters = text.chars();
        letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
    };
    match error.raw_os_error() {
        Some(code) => lower(nix::errno::Errno::from_raw(code).desc()),
        // Those of temporary files hide the number, and name a path that means nothing to anybody.
        None => match error.to_string().split_once(" (os error ") {
            Some((words, _)) => lower(words),
            None => error.to_string(),
        },
    }
}

/// `None` for a path that is not there, also because a folder on the way is a file.
fn there<T>(path: &Path, result: io::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}

impl Host for Local {
    fn stat(&self, path: &Path) -> Result<Option<Stat>> {
        Ok(there(path, fs::symlink_metadata(path))?.map(|stat| {
            let file = stat.file_type();
            Stat {
                kind: if file.is_symlink() {
                    Kind::Symlink
                } else if file.is_dir() {
                    Kind::Directory
                } else if file.is_file() {
                    Kind::File
                } else {
                    Kind::Special
                },
                mode: stat.mode() & 0o7777,
                uid: stat.uid(),
                gid: stat.gid(),
                size: stat.size(),
                modified: stat.mtime(),
                accessed: stat.atime(),
                inode: stat.ino(),
            }
        }))
    }

    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        let Some(file) = place::open(path)? else { return Ok(None) };
        let stat = file.metadata().map_err(at(path))?;
        if stat.is_dir() {
            return Err(Fault::new(format!("`{}`: is a directory", path.display())));
        }
        if !stat.is_file() {
            return Err(Fault::new(format!("`{}`: not a regular file", path.display())));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(stat.len()).unwrap_or(0).saturating_add(1));
        // The length is known: behind `take` it is not asked again, which is a third of the kernel's work here.
        file.take(u64::MAX).read_to_end(&mut bytes).map_err(at(path))?;
        Ok(Some(bytes))
    }

    fn list(&self, path: &Path) -> Result<Option<Vec<String>>> {
        let Some(entries) = there(path, fs::read_dir(path))? else {
            return match fs::metadata(path) {
                Ok(_) => Err(Fault::new(format!("`{}`: not a directory", path.display()))),
                Err(_) => Ok(None),
            };
        };
        let mut names = Vec::new();
        for entry in entries {
            let name: OsString = entry.map_err(at(path))?.file_name();
            names.push(name.into_string().map_err(|name| {
                let path = path.display();
                Fault::new(format!("`{path}`: holds a name that is not UTF-8: `{}`", name.display()))
            })?);
        }
        names.sort_unstable();
        Ok(Some(names))
    }

    fn link(&self, path: &Path) -> Result<Option<PathBuf>> {
        match fs::read_link(path) {
            // What is there is no symlink.
            Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(None),
            result => there(path, result),
        }
    }

    fn set_environment(&self, anew: bool, variables: &BTreeMap<String, Option<String>>) {
        let mut environment = self.environment.lock().unwrap_or_else(PoisonError::into_inner);
        if anew {
            environment.clear();
        }
        for (name, value) in variables {
            match value {
                Some(value) => drop(environment.insert(name.clone(), value.clone())),
                None => drop(environment.remove(name)),
            }
        }
    }

    fn which(&self, program: &str) -> Result<Option<PathBuf>> {
        search(self, program)
    }

    fn ask(&self, command: &Command) -> Result<Output> {
        program::run(self, command)
    }

    fn exchange(&self, socket: &Path, question: &[u8]) -> Result<Option<Vec<u8>>> {
        socket::exchange(socket, question)
    }

    fn perform(&self, action: &Action) -> Result<Performed> {
        let mut performed = Performed::default();
        match action {
            Action::Run(command) => performed.output = Some(program::run_accepted(self, command)?),
            Action::Packages(request) => performed.output = apt::transact(self, request)?,
            Action::Nothing => {}
            Action::Fail(message) => return Err(Fault::new(message.clone())),
            Action::Download { url, hash, path, mode, owner } => {
                download::download(self, url, hash.as_ref(), path, *mode, owner)?;
                self.wrote(path);
            }
            Action::Extract(extraction) => {
                extract::extract(self, extraction)?;
                self.wrote(&extraction.into);
                self.wrote(&extraction.record);
            }
            file => {
                let path = files::act(self, file)?;
                self.wrote(path);
            }
        }
        Ok(performed)
    }

    fn reaches(&self, action: &Action) -> Result<()> {
        action.path().map_or(Ok(()), |path| Place::find(path).map(drop))
    }

    fn interfaces(&self) -> Result<Vec<Interface>> {
        let mut interfaces: Vec<Interface> = Vec::new();
        for found in
            nix::ifaddrs::getifaddrs().map_err(|error| Fault::from(error).context("network interfaces"))?
        {
            let index = interfaces.iter().position(|known| known.name == found.interface_name);
            let index = index.unwrap_or_else(|| {
                let name = found.interface_name.clone();
                interfaces.push(Interface { name, ..Interface::default() });
                interfaces.len() - 1
            });
            let (Some(interface), Some(address)) = (interfaces.get_mut(index), found.address) else {
                continue;
            };
            if let Some(v4) = address.as_sockaddr_in() {
                interface.addresses.push(v4.ip().into());
            } else if let Some(v6) = address.as_sockaddr_in6() {
                interface.addresses.push(v6.ip().into());
            } else if let Some(bytes) = address.as_link_addr().and_then(|link| link.addr()) {
                let parts: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                interface.hardware = Some(parts.join(":"));
            }
        }
        Ok(interfaces)
    }

    fn note_making(&self, makes: &Makes) -> Result<()> {
        if self.keeps_list { made::begin(makes) } else { Ok(()) }
    }

    fn note_made(&self, makes: &Makes, succeeded: bool) -> Result<()> {
        if !self.keeps_list {
            return Ok(());
        }
        let uid = match makes {
            Makes::User(name) => names::line(self, names::Database::Users, name)?
                .and_then(|line| line.split(':').nth(2)?.parse().ok()),
            Makes::Group(_) | Makes::Role(_) | Makes::Database(_) => None,
        };
        made::end(makes, succeeded, uid)
    }

    fn settle(&self) -> Result<()> {
        let written = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        for folder in written.into_values() {
            let file = match fs::File::open(&folder) {
                // A later action removed it; what matters on its file system was written elsewhere too.
                Err(error) if error.kind() == ErrorKind::NotFound => fs::File::open("/"),
                opened => opened,
            };
            nix::unistd::syncfs(file.map_err(at(&folder))?)
                .map_err(|error| Fault::from(error).context(format!("`{}`: syncing", folder.display())))?;
        }
        Ok(())
    }
}
