//! Commands on a connected host: what they are given, what they answer, and their end. Whatever the host does, each
//! comes to an end within its [`Limits`].

use std::io::Read;
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::limits::Limits;
use super::lines::{Lines, feed};
use super::said::Said;
use crate::fault::{Fault, Result};

/// Fixed text: runs its arguments and says how they ended. A login shell's start-up files may have started
/// programs that hold our streams open, so their end is not the command's end.
const SCRIPT: &str = "\"$@\"; printf \"\\n%s%s\\n\" \"provision-end:\" \"$?\"";
const END: &str = "provision-end:";
/// How long the streams may stay open after the end before we go.
const GRACE: Duration = Duration::from_millis(500);
/// Of ssh's standard error.
const ERRORS: u64 = 1 << 16;

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
pub struct Reply {
    pipe: Mutex<Option<ChildStdin>>,
    patience: Duration,
}

impl Reply {
    /// The other side may have ended; its end says why. One that does not read is told nothing more.
    pub fn say(&self, bytes: &[u8]) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = pipe.as_mut()
            && feed(open, bytes, self.patience).is_err()
        {
            *pipe = None;
        }
    }
}

/// Hears a line; an error ends the conversation.
pub type Hear<'a> = &'a mut dyn FnMut(&str, &Reply) -> Result<()>;

impl Connection {
    /// Asks a question there and waits for the answer.
    pub fn ask(&self, argv: &[&str], input: Input<'_>) -> Result<Answer> {
        let limits = match input {
            Input::Bytes(_) => Limits::QUESTION,
            Input::Stream(_) => Limits::UPLOAD,
        };
        self.ask_within(limits, argv, input)
    }

    /// Asks a question that may take its time.
    pub fn ask_within(&self, limits: Limits, argv: &[&str], input: Input<'_>) -> Result<Answer> {
        let mut stdout = String::new();
        let mut answer = self.start(limits, argv, input, false, &mut |line, _| {
            stdout.push_str(line);
            stdout.push('\n');
            if stdout.len() > limits.answer {
                return Err(Fault::new(format!("the host answered more than {} bytes", limits.answer)));
            }
            Ok(())
        })?;
        answer.stdout = stdout;
        Ok(answer)
    }

    /// Runs a command there and passes on each line of its standard output as it comes. `open`: it can be told more
    /// when it has written a line.
    pub fn talk(
        &self,
        silence: Duration,
        argv: &[&str],
        input: &[u8],
        open: bool,
        heard: Hear<'_>,
    ) -> Result<Answer> {
        self.start(Limits::run(silence), argv, Input::Bytes(input), open, heard)
    }

    fn start(
        &self,
        limits: Limits,
        argv: &[&str],
        input: Input<'_>,
        open: bool,
        heard: Hear<'_>,
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
        let errors = Said::default();
        let reader = child.stderr.take().map(|stderr| errors.collect(stderr.take(ERRORS)));
        let mut pipe = child.stdin.take();
        let stdout = child.stdout.take();
        let reply = Reply { pipe: Mutex::default(), patience: limits.silence };
        let end = std::thread::scope(|scope| {
            scope.spawn(|| {
                // Held meanwhile: a reply comes after all of this.
                let mut replies = reply.pipe.lock().unwrap_or_else(PoisonError::into_inner);
                // The other side may end before it has read everything; its answer says why.
                let _closed_early = pipe.as_mut().map(|pipe| feed(pipe, bytes, limits.silence));
                *replies = pipe.take().filter(|_| open);
            });
            let lines = stdout.map(|stdout| Lines::new(stdout, limits));
            let end = lines.map_or(Ok(None), |lines| listen(lines, &mut |line| heard(line, &reply)));
            if end.is_err() {
                // What is still written to it ends, too.
                let _already_gone = child.kill();
            }
            end
        });
        drop(reply);
        let end = match end {
            Ok(end) => end,
            Err(fault) => {
                child.wait()?;
                return Err(fault);
            }
        };
        let code = if self.let_end(&mut child)? {
            if let Some(reader) = reader {
                let _panicked = reader.join();
            }
            end.or(child.wait()?.code())
        } else {
            end
        };
        Ok(Answer { code, stdout: String::new(), stderr: errors.text() })
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
fn listen(
    mut lines: Lines<impl Read + AsFd>,
    heard: &mut dyn FnMut(&str) -> Result<()>,
) -> Result<Option<i32>> {
    while let Some(line) = lines.next()? {
        if let Some(code) = line.strip_prefix(END) {
            return Ok(code.parse().ok());
        }
        heard(&line)?;
    }
    Ok(None)
}
