//! Commands on a connected host: what they are given, what they answer, and their end.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::connection::{Connection, collect};
use crate::fault::{Fault, Result};

/// Fixed text: runs its arguments and says how they ended. A login shell's start-up files may have started
/// programs that hold our streams open, so their end is not the command's end.
const SCRIPT: &str = "\"$@\"; printf \"\\n%s%s\\n\" \"provision-end:\" \"$?\"";
const END: &str = "provision-end:";
/// How long the streams may stay open after the end before we go.
const GRACE: Duration = Duration::from_millis(500);

/// What a command gets as its standard input.
pub enum Input<'a> {
    Bytes(&'a [u8]),
    Stream(Stdio),
}

/// What a command on the host answered.
pub struct Answer {
    /// Of the command; 255 where the connection was lost.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// What a command can be told after its input.
#[derive(Default)]
pub struct Reply(Mutex<Option<ChildStdin>>);

impl Reply {
    /// The other side may have ended; its end says why.
    pub fn say(&self, bytes: &[u8]) {
        if let Some(pipe) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            let _closed = pipe.write_all(bytes).and_then(|()| pipe.flush());
        }
    }
}

impl Connection {
    /// Runs a command there and waits for it.
    pub fn ask(&self, argv: &[&str], input: Input<'_>) -> Result<Answer> {
        let mut stdout = String::new();
        let mut answer = self.talk(argv, input, &mut |line| {
            stdout.push_str(line);
            stdout.push('\n');
        })?;
        answer.stdout = stdout;
        Ok(answer)
    }

    /// Runs a command there and passes on each line of its standard output as it comes.
    pub fn talk(&self, argv: &[&str], input: Input<'_>, heard: &mut dyn FnMut(&str)) -> Result<Answer> {
        self.start(argv, input, false, &mut |line, _| heard(line))
    }

    /// Runs a command there, which can be told more when it has written a line.
    pub fn converse(
        &self,
        argv: &[&str],
        input: &[u8],
        heard: &mut dyn FnMut(&str, &Reply),
    ) -> Result<Answer> {
        self.start(argv, Input::Bytes(input), true, heard)
    }

    fn start(
        &self,
        argv: &[&str],
        input: Input<'_>,
        open: bool,
        heard: &mut dyn FnMut(&str, &Reply),
    ) -> Result<Answer> {
        let mut words = vec!["/bin/sh", "-c", SCRIPT, "sh"];
        words.extend(argv);
        let (bytes, stdin) = match input {
            Input::Bytes(bytes) => (bytes, Stdio::piped()),
            Input::Stream(stream) => (&[][..], stream),
        };
        let mut child = self
            .command(&words)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Fault::new(format!("cannot start ssh: {error}")))?;
        let errors = Arc::new(Mutex::new(String::new()));
        let reader = child.stderr.take().map(|stderr| collect(stderr.take(1 << 16), Arc::clone(&errors)));
        let mut pipe = child.stdin.take();
        let stdout = child.stdout.take();
        let reply = Reply::default();
        let end = std::thread::scope(|scope| {
            scope.spawn(|| {
                // Held meanwhile: a reply comes after all of this.
                let mut replies = reply.0.lock().unwrap_or_else(PoisonError::into_inner);
                // The other side may end before it has read everything; its answer says why.
                let _closed_early = pipe.as_mut().map(|pipe| pipe.write_all(bytes));
                *replies = pipe.take().filter(|_| open);
            });
            stdout.and_then(|stdout| listen(stdout, &mut |line| heard(line, &reply)))
        });
        drop(reply);
        let code = if self.let_end(&mut child)? {
            if let Some(reader) = reader {
                let _panicked = reader.join();
            }
            end.or(child.wait()?.code())
        } else {
            end
        };
        let stderr = errors.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Answer { code, stdout: String::new(), stderr })
    }

    /// Waits for ssh after the command's end. False: it was ended, as something on the host holds on to it.
    fn let_end(&self, child: &mut Child) -> Result<bool> {
        let deadline = Instant::now() + GRACE;
        while child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                self.lingers.store(true, Ordering::Relaxed);
                child.kill()?;
                child.wait()?;
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(true)
    }

    /// A command to run on the host. The words are quoted for the login shell there.
    fn command(&self, argv: &[&str]) -> Command {
        let mut words = self.shell().into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).arg(self.name()).arg(shell_words::join(argv));
        command
    }
}

/// Passes on lines until the command's end, and gives its code; `None` where the stream ended without.
fn listen(stdout: impl Read, heard: &mut dyn FnMut(&str)) -> Option<i32> {
    let mut stdout = BufReader::new(stdout);
    let mut line = Vec::new();
    while let Ok(1..) = stdout.read_until(b'\n', &mut line) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        if let Some(code) = text.strip_prefix(END) {
            return code.parse().ok();
        }
        heard(text);
        line.clear();
    }
    None
}
