//! Throw-away hosts: a whole Debian or Ubuntu with systemd, sshd, apt and an address of its own, up in two
//! seconds, for trying things and for tests. It must not touch a host, bridge or rule that others made, and
//! the engine must not know of it.
//!
//! A host is a systemd-nspawn container on an overlay over an image that is built once. In a test:
//!
//! ```no_run
//! use provision::sandbox::{Guard, Options};
//!
//! let host = Guard::up(&Options::default(), &|_| ())?; // ends with the guard, or with this process
//! assert!(host.ssh(&["systemctl", "is-active", "ssh"]).status()?.success());
//! # anyhow::Ok(())
//! ```

mod build;
pub mod cli;
mod disk;
mod guard;
mod guest;
mod image;
mod layout;
mod life;
mod network;
mod operator;
pub mod page;
mod process;
mod program;
mod record;
mod ssh;
mod store;
mod subnet;
mod suite;
mod tree;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use serde::Serialize;

pub use cli::SandboxCommand;
pub use guard::Guard;
pub use image::Image;
pub use layout::CACHE_VARIABLE;
pub use life::{boot, cut, down, down_all, get, kill, list, mend, up};
pub use store::{BuiltImage, images, prune};

use layout::Layout;
use record::Record;
use ssh::Access;

/// What a new host is to be.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Its host name; without, the first free of `box1`, `box2` …
    pub name: Option<String>,
    /// The release; without, the operator's own where that is Debian.
    pub suite: Option<String>,
    pub image: Image,
    /// Further public keys that may log in as root.
    pub authorized_keys: Vec<String>,
    /// A process with which the host ends: once that is gone, the next `up` or `list` removes it.
    pub die_with: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Booting,
    Running,
    /// Killed, or left from before the operator's machine was restarted; its disk is still there.
    Dead,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Booting => "booting",
            Self::Running => "running",
            Self::Dead => "dead",
        }
    }
}

/// A throw-away host, as it was when asked.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Sandbox {
    pub name: String,
    pub address: Ipv4Addr,
    pub suite: String,
    pub image: Image,
    pub state: State,
    /// Of the container's supervisor, outside.
    pub pid: Option<u32>,
    /// Its `/`, seen from outside.
    pub root: PathBuf,
    /// The operator's end of its network cable.
    pub interface: String,
    /// The private key that logs in as root.
    pub key: PathBuf,
    pub known_hosts: PathBuf,
    pub since: String,
}

impl Sandbox {
    fn new(layout: &Layout, record: &Record) -> Self {
        let state = match (record.is_being_made(), record.is_running()) {
            (true, _) => State::Booting,
            (false, true) => State::Running,
            (false, false) => State::Dead,
        };
        Self {
            name: record.name.clone(),
            address: record.address(),
            suite: record.suite.clone(),
            image: record.image,
            state,
            pid: record.supervisor.filter(|_| record.is_running()).map(|process| process.pid),
            root: record.root(),
            interface: record.interface(),
            key: layout.key(),
            known_hosts: layout.known_hosts(&record.name),
            since: record.since.clone(),
        }
    }

    fn access_to(layout: &Layout, record: &Record) -> Access {
        Access {
            name: record.name.clone(),
            address: record.address(),
            key: layout.key(),
            known_hosts: layout.known_hosts(&record.name),
        }
    }

    fn access(&self) -> Access {
        Access {
            name: self.name.clone(),
            address: self.address,
            key: self.key.clone(),
            known_hosts: self.known_hosts.clone(),
        }
    }

    /// ssh as root that runs exactly this argument vector; a shell where it is empty.
    pub fn ssh<A: AsRef<str>>(&self, arguments: &[A]) -> Command {
        self.access().run(arguments)
    }

    /// A block for ~/.ssh/config or `ssh -F`, in the form of `vagrant ssh-config`.
    pub fn ssh_config(&self) -> String {
        self.access().config()
    }
}

/// See [`Sandbox::ssh`].
pub fn ssh_command<A: AsRef<str>>(name: &str, arguments: &[A]) -> Result<Command> {
    Ok(get(name)?.ssh(arguments))
}

/// See [`Sandbox::ssh_config`].
pub fn ssh_config(name: &str) -> Result<String> {
    Ok(get(name)?.ssh_config())
}
