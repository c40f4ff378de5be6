//! Starts the host's half of a run, gives it its order and passes on the events it writes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use super::connection::Connection;
use super::probe::Probe;
use super::{Password, Refusal, Target};
use crate::event::Event;
use crate::exit::Exit;
use crate::order::Order;

/// A host that is connected, probed and has our files.
pub struct Session {
    pub target: Target,
    pub connection: Connection,
    pub probe: Probe,
    pub hash: String,
    pub password: Option<Password>,
}

impl Session {
    /// Runs an order to its end. Events go to `tell` as they come.
    pub fn run(&self, order: &Order, tell: &mut dyn FnMut(Event)) -> Exit {
        match self.stream(order, tell) {
            Ok(exit) => exit,
            Err(refusal) => {
                let Refusal { message, help, exit } = refusal;
                tell(Event::Aborted { message, help, code: exit.code() });
                exit
            }
        }
    }

    fn stream(&self, order: &Order, tell: &mut dyn FnMut(Event)) -> Result<Exit, Refusal> {
        let base = &self.probe.base;
        let program = format!("{base}/bin/{}/provision", self.hash);
        let tree = format!("{base}/tree");
        let mut argv: Vec<&str> = self.probe.sudo.iter().map(String::as_str).collect();
        argv.extend([program.as_str(), "receive", "--tree", tree.as_str()]);
        let mut child = self
            .connection
            .command(&argv)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Refusal::new(format!("cannot start ssh: {error}")))?;
        let errors = child.stderr.take().map(|stderr| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                let _lost = stderr.take(1 << 16).read_to_end(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        if let Some(mut stdin) = child.stdin.take() {
            // Where the other side ends early, its exit code and words say why.
            if self.probe.needs_password
                && let Some(password) = &self.password
            {
                let _ended_early = stdin.write_all(&password.line());
            }
            let _ended_early = order.write(&mut stdin);
        }
        let mut ended = false;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { break };
                // What is no event comes from the login shell's start-up files.
                if let Ok(event) = serde_json::from_str::<Event>(&line) {
                    ended |= matches!(event, Event::Finished { .. } | Event::Aborted { .. });
                    tell(event);
                }
            }
        }
        let status = child.wait().map_err(|error| Refusal::new(error.to_string()))?;
        let errors = errors.and_then(|reader| reader.join().ok()).unwrap_or_default();
        let exit = status.code().and_then(|code| u8::try_from(code).ok()).and_then(Exit::from_code);
        match exit {
            Some(exit) if ended || exit == Exit::Project => Ok(exit),
            _ if status.code() == Some(255) => Err(Refusal::new(format!(
                "the connection to `{}` was lost during the run",
                self.target.shown()
            ))
            .help("the host goes on by itself to the end; run it again to see what is left to do")),
            _ => Err(Refusal::new(format!(
                "the run on `{}` ended without a word: {}",
                self.target.shown(),
                errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given")
            ))
            .help("run it again; what was done is kept")),
        }
    }
}
