//! Runs a program whose lines are passed on as they come: a log that is followed, a command that somebody
//! watches.

use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::prepare::prepare;
use super::program::end;
use super::{Local, said};
use crate::fault::{Fault, Result};
use crate::host::Command;

/// How often it is looked whether anybody still listens.
const PULSE: Duration = Duration::from_millis(500);
/// A longer line comes in parts.
const LONGEST: u64 = 64 << 10;

/// Runs a command until it ends, or until nobody reads our standard output any more. Gives its exit code, as
/// shells say it. Its errors come among its lines.
pub fn stream(command: &Command, line: &mut dyn FnMut(&str)) -> Result<i32> {
    streams(std::slice::from_ref(command), &mut |_, text| line(text))
}

/// The same of several commands at once, until all have ended; lines come with the place of their command. Gives
/// the exit code of the last.
pub fn streams(commands: &[Command], line: &mut dyn FnMut(usize, &str)) -> Result<i32> {
    let mut running = Running(Vec::new());
    let (send, lines) = channel();
    for (at, command) in commands.iter().enumerate() {
        let mut child = prepare(&Local::new(), command)?.spawn().map_err(|error| {
            Fault::new(format!("`{}` could not be started: {}", command.line(), said(&error)))
        })?;
        for pipe in [
            child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
            child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
        ]
        .into_iter()
        .flatten()
        {
            let send = send.clone();
            std::thread::spawn(move || read(pipe, at, &send));
        }
        running.0.push(child);
    }
    drop(send);
    let mut ended = None;
    loop {
        match lines.recv_timeout(PULSE) {
            Ok((at, text)) => line(at, &text),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                if nobody_listens() {
                    return Err(Fault::new("nobody listens any more"));
                }
                // A daemon that it started may hold the pipes for ever.
                let since = *ended.get_or_insert(Instant::now());
                if running.some_runs()? {
                    ended = None;
                } else if since.elapsed() > PULSE {
                    break;
                }
            }
        }
    }
    let mut code = 0;
    for child in &mut running.0 {
        let status = child.wait()?;
        code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    }
    Ok(code)
}

/// Programs that do not outlive us.
struct Running(Vec<Child>);

impl Running {
    fn some_runs(&mut self) -> Result<bool> {
        let mut some = false;
        for child in &mut self.0 {
            some |= child.try_wait()?.is_none();
        }
        Ok(some)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.0 {
            if matches!(child.try_wait(), Ok(None)) {
                end(child);
            }
        }
    }
}

fn read(pipe: Box<dyn Read + Send>, at: usize, send: &Sender<(usize, String)>) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while let Ok(1..) = (&mut pipe).take(LONGEST).read_until(b'\n', &mut line) {
        let text = String::from_utf8_lossy(&line);
        if send.send((at, text.trim_end_matches(['\r', '\n']).to_owned())).is_err() {
            break;
        }
        line.clear();
    }
}

/// Whether the reading end of our standard output is gone.
fn nobody_listens() -> bool {
    let stdout = std::io::stdout();
    let mut fds = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
    let gone = PollFlags::POLLERR | PollFlags::POLLHUP;
    poll(&mut fds, PollTimeout::ZERO).is_ok()
        && fds.iter().any(|fd| fd.revents().is_some_and(|events| events.intersects(gone)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn lines_come_and_then_the_end() {
        let mut lines = Vec::new();
        let command = Command::new(["/bin/sh", "-c", "echo a; echo b >&2; sleep 0.1; printf c; exit 3"]);
        let code = stream(&command, &mut |line| lines.push(line.to_owned())).unwrap();
        lines.sort();
        assert_eq!((code, lines), (3, vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]));
    }
}
