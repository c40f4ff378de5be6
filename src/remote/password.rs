//! sudo's password: asked once on the terminal, kept in memory, never shown or put into an argument.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};

use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

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
            std::io::stdin().lock().read_line(&mut line).context("could not read the password")?;
            return Self::from_line(&line);
        };
        write!(terminal, "{question}").context("could not ask for the password")?;
        let before = tcgetattr(&terminal).context("could not ask for the password")?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&terminal, SetArg::TCSAFLUSH, &silent).context("could not ask for the password")?;
        let mut line = String::new();
        let read = BufReader::new(&terminal).read_line(&mut line);
        let restored = tcsetattr(&terminal, SetArg::TCSAFLUSH, &before);
        let _cosmetic = writeln!(&terminal);
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
