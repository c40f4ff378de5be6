//! The processes that were started together, and what becomes of them.

use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::Sender;

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Happening, Site};
use crate::fault::{Context as _, Result};

/// The first descriptor that is handed over: `SD_LISTEN_FDS_START` of `sd_listen_fds(3)`.
pub const HANDED_OVER: i32 = 3;
/// The variable with the descriptor to write to when a worker answers; a generation that replaces none has
/// none, and what was written to once is closed.
const READY: &str = "PROVISION_READY_FD";

pub struct Generation {
    pub number: u64,
    /// It was told to end.
    pub ending: bool,
    process: Pid,
}

impl Generation {
    /// Starts the program where the directory's link points now. Its end is sent; that it answers too, if
    /// others answer until then.
    /// `program` is this program's path.
    pub fn start(
        site: &Site,
        program: &Path,
        number: u64,
        others: bool,
        send: &Sender<Happening>,
    ) -> Result<Self> {
        // What a link means is settled here: later workers of this generation find the same code.
        let directory =
            std::fs::canonicalize(&site.directory).context(format!("`{}`", site.directory.display()))?;
        let mut command = Command::new(program);
        command
            .args(["env", "--handed-over", &site.project, "--"])
            .args(&site.command)
            .current_dir(&directory)
            .env("PWD", &directory)
            .env("LISTEN_FDS", "1")
            .env_remove(READY);
        let told = if others { Some(watch(number, send.clone())?) } else { None };
        if let Some(told) = &told {
            command.env(READY, told.as_raw_fd().to_string());
        }
        let mut child = command.spawn().context("cannot start the program")?;
        let process = Pid::from_raw(i32::try_from(child.id()).unwrap_or(0));
        drop(told);
        let send = send.clone();
        std::thread::spawn(move || {
            let how = match child.wait() {
                Ok(status) => match status.code() {
                    Some(code) => format!("ended with status {code}"),
                    None => format!("was ended: {status}"),
                },
                Err(error) => format!("was lost: {error}"),
            };
            let _gone = send.send(Happening::Ended(number, how));
        });
        Ok(Self { number, ending: false, process })
    }

    pub fn end(&mut self, signal: Signal) {
        self.ending = true;
        // Not after it was waited for: then it is in no list any more.
        let _already_gone = kill(self.process, signal);
    }
}

/// Where the generation's first worker says that it answers, which is sent.
fn watch(number: u64, send: Sender<Happening>) -> Result<OwnedFd> {
    let (ready, told) = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(std::io::Error::from)?;
    fcntl(&told, FcntlArg::F_SETFD(FdFlag::empty())).map_err(std::io::Error::from)?;
    std::thread::spawn(move || {
        if matches!(std::fs::File::from(ready).read(&mut [0]), Ok(1..)) {
            let _ended = send.send(Happening::Ready(number));
        }
    });
    Ok(told)
}
