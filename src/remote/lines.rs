//! Lines that a host says: none too long, none too late, not too many at once. Must not know what they mean.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::limits::{Bucket, Limits};
use crate::fault::{Fault, Result};

/// A pipe that is ready takes so much without waiting (PIPE_BUF, pipe(7)).
const PART: usize = 4096;

pub struct Lines<R> {
    from: BufReader<R>,
    limits: Limits,
    begun: Instant,
    lines: Bucket,
    bytes: Bucket,
}

impl<R: Read + AsFd> Lines<R> {
    pub fn new(from: R, limits: Limits) -> Self {
        let begun = Instant::now();
        let pace = limits.pace;
        Self {
            from: BufReader::with_capacity(1 << 16, from),
            limits,
            begun,
            lines: Bucket::new(pace.lines, pace.ahead, begun),
            bytes: Bucket::new(pace.bytes, pace.ahead, begun),
        }
    }

    /// The next line without its end; `None`: the stream has ended.
    pub fn next(&mut self) -> Result<Option<String>> {
        let mut line = Vec::new();
        let asked = Instant::now();
        loop {
            if self.from.buffer().is_empty() {
                self.wait(asked)?;
            }
            let found = match self.from.fill_buf() {
                Ok([]) if line.is_empty() => return Ok(None),
                Ok(found) => found,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return Ok(None),
            };
            let end = found.iter().position(|byte| *byte == b'\n');
            let (part, used) = (end.unwrap_or(found.len()), end.map_or(found.len(), |end| end + 1));
            if line.len() + part > self.limits.line {
                let most = self.limits.line;
                return Err(Fault::new(format!("the host said a line of more than {most} bytes")));
            }
            line.extend_from_slice(found.get(..part).unwrap_or_default());
            self.from.consume(used);
            if end.is_some() || used == 0 {
                break;
            }
        }
        let now = Instant::now();
        let pause = self.lines.take(1, now).max(self.bytes.take(line.len(), now));
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
        let text = String::from_utf8_lossy(&line);
        Ok(Some(text.trim_end_matches('\r').to_owned()))
    }

    /// Until something can be read, or time is up.
    fn wait(&self, asked: Instant) -> Result<()> {
        let Limits { silence, whole, .. } = self.limits;
        let end = whole.map(|whole| self.begun + whole);
        let until = end.unwrap_or(asked + silence).min(asked + silence);
        if ready(self.from.get_ref().as_fd(), PollFlags::POLLIN, until) {
            return Ok(());
        }
        Err(match whole.filter(|_| end <= Some(until)) {
            Some(whole) => Fault::new(format!("the host gave no answer within {} s", whole.as_secs())),
            None => Fault::new(format!("the host said nothing for {} s", silence.as_secs())),
        })
    }
}

/// Writes to somebody who may not read: whoever takes nothing for so long is left alone.
pub fn feed(to: &mut (impl Write + AsFd), bytes: &[u8], patience: Duration) -> std::io::Result<()> {
    for part in bytes.chunks(PART) {
        if !ready(to.as_fd(), PollFlags::POLLOUT, Instant::now() + patience) {
            return Err(ErrorKind::TimedOut.into());
        }
        to.write_all(part)?;
    }
    to.flush()
}

/// Waits until something can be read or written there, or has ended. False: time is up.
fn ready(stream: BorrowedFd<'_>, what: PollFlags, until: Instant) -> bool {
    loop {
        let left = until.saturating_duration_since(Instant::now()).as_millis();
        let timeout = PollTimeout::from(u16::try_from(left).unwrap_or(u16::MAX));
        match poll(&mut [PollFd::new(stream, what)], timeout) {
            Ok(0) if Instant::now() >= until => return false,
            Ok(0) | Err(nix::Error::EINTR) => {}
            // An error shows when it is read or written.
            Ok(_) | Err(_) => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::pipe;

    use super::super::limits::Pace;
    use super::*;

    fn limits(line: usize, silence: u64, whole: Option<u64>) -> Limits {
        let pace = Pace { lines: 1000, bytes: 100_000, ahead: 1 };
        let millis = Duration::from_millis;
        Limits { line, answer: 0, silence: millis(silence), whole: whole.map(millis), pace }
    }

    /// What is said by somebody who then goes away, or stays silently.
    fn heard(said: &[u8], stays: bool, limits: Limits) -> (Vec<String>, Option<String>) {
        let (reader, mut writer) = pipe().unwrap();
        let mut lines = Lines::new(reader, limits);
        let mut texts = Vec::new();
        let stop = std::sync::mpsc::channel::<()>();
        let end = std::thread::scope(|scope| {
            let wait = stop.1;
            scope.spawn(move || {
                let _closed = writer.write_all(said);
                let _until_then = stays.then(|| wait.recv());
            });
            let end = loop {
                match lines.next() {
                    Ok(Some(text)) => texts.push(text),
                    Ok(None) => break None,
                    Err(fault) => break Some(fault.message),
                }
            };
            drop(stop.0);
            drop(lines);
            end
        });
        (texts, end)
    }

    #[test]
    fn lines_are_heard_up_to_the_limits() {
        let usual = limits(10, 10_000, None);
        let quiet = limits(10, 20, None);
        let hurried = limits(10, 10_000, Some(30));
        for (said, stays, limits, lines, end) in [
            ("one\ntwo\r\n\nthree", false, usual, &["one", "two", "", "three"][..], None),
            ("", false, usual, &[], None),
            ("0123456789\n", false, usual, &["0123456789"], None),
            ("a\n0123456789x", true, usual, &["a"], Some("the host said a line of more than 10 bytes")),
            ("a\nb", true, quiet, &["a"], Some("the host said nothing for 0 s")),
            ("a\n", true, hurried, &["a"], Some("the host gave no answer within 0 s")),
        ] {
            let (found, ended) = heard(said.as_bytes(), stays, limits);
            assert_eq!(
                (found, ended.as_deref()),
                (lines.iter().map(|line| (*line).to_owned()).collect(), end)
            );
        }
        let endless = vec![b'x'; 1 << 20];
        assert!(heard(&endless, false, usual).1.is_some());
    }

    #[test]
    fn a_flood_comes_at_its_pace() {
        let begun = Instant::now();
        let many = "x\n".repeat(1100);
        assert_eq!(heard(many.as_bytes(), false, limits(10, 10_000, None)).0.len(), 1100);
        assert!(begun.elapsed() >= Duration::from_millis(90), "{:?}", begun.elapsed());
    }

    #[test]
    fn who_does_not_read_is_left_alone() {
        let (reader, mut writer) = pipe().unwrap();
        let much = vec![b'x'; 1 << 20];
        let left = feed(&mut writer, &much, Duration::from_millis(20)).unwrap_err();
        assert_eq!(left.kind(), ErrorKind::TimedOut);
        drop(reader);
        assert_eq!(feed(&mut writer, &much, SECOND).unwrap_err().kind(), ErrorKind::BrokenPipe);
        let (mut reader, mut writer) = pipe().unwrap();
        std::thread::scope(|scope| {
            let read = scope.spawn(move || {
                let mut text = Vec::new();
                reader.read_to_end(&mut text).unwrap();
                text.len()
            });
            feed(&mut writer, &much, SECOND * 10).unwrap();
            drop(writer);
            assert_eq!(read.join().unwrap(), much.len());
        });
    }

    const SECOND: Duration = Duration::from_secs(1);
}
