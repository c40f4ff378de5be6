//! sudo's password: asked once on the terminal, kept in memory, never shown or put into an argument.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use super::interrupt;
use crate::fault::{Context as _, Fault, Result};

#[derive(Clone)]
pub struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Password {
    /// Asks on the terminal without echo; without a terminal, reads one line of standard input.
    pub fn ask(question: &str) -> Result<Self> {
        let Ok(mut terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
            let mut line = String::new();
            await_line(&std::io::stdin())?;
            std::io::stdin().lock().read_line(&mut line).context("could not read the password")?;
            return Self::from_line(&line);
        };
        write!(terminal, "{question}").context("could not ask for the password")?;
        let before = tcgetattr(&terminal).context("could not ask for the password")?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&terminal, SetArg::TCSAFLUSH, &silent).context("could not ask for the password")?;
        let mut line = String::new();
        let waited = await_line(&terminal);
        let read = match &waited {
            Ok(()) => BufReader::new(&terminal).read_line(&mut line),
            Err(_) => Ok(0),
        };
        let restored = tcsetattr(&terminal, SetArg::TCSAFLUSH, &before);
        let _cosmetic = writeln!(&terminal);
        waited?;
        read.context("could not read the password")?;
        restored.context("could not restore the terminal")?;
        Self::from_line(&line)
    }

    fn from_line(line: &str) -> Result<Self> {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            return Err(Fault::new("no password was given"));
        }
        Ok(Self(line.to_owned()))
    }

    /// The line that sudo reads.
    pub fn line(&self) -> Vec<u8> {
        format!("{}\n", self.0).into_bytes()
    }
}

/// Waits until there is a line to read, or a signal that ends the run.
fn await_line(input: &impl AsFd) -> Result<()> {
    loop {
        if interrupt::interrupted() {
            return Err(Fault::new("interrupted"));
        }
        let mut ready = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, PollTimeout::from(100_u8)) {
            Ok(0) | Err(nix::Error::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(Fault::from(error).context("could not read the password")),
        }
    }
}
