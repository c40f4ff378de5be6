//! Runs programs to their end: both pipes drained, a time limit that leaves no process behind. Never a
//! line for a shell made from data.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::prepare::prepare;
use super::{Local, said};
use crate::fault::{Fault, Result};
use crate::host::{Command, Output};

/// What is kept of each stream; the rest is read and dropped.
const MOST_OUTPUT: usize = 16 << 20;

/// How many lines of a failed command an error shows.
const LAST_LINES: usize = 25;

/// How long a program's output is waited for after it ended: a daemon that it started may hold the pipes
/// for ever.
const AFTER_END: Duration = Duration::from_millis(500);

/// How soon an ended program is looked for first; later ones are twice as long each.
const SHORTEST_PAUSE: Duration = Duration::from_micros(50);

/// How long a program has between being asked to end and being killed.
const GRACE: Duration = Duration::from_secs(3);

/// Runs a command; an exit code that it does not accept is an error with its last lines.
pub(super) fn run_accepted(host: &Local, command: &Command) -> Result<Output> {
    let output = run(host, command)?;
    if command.accept.contains(&output.code) {
        return Ok(output);
    }
    Err(told(
        Fault::new(format!("{} failed with exit code {}", named(command), output.code)),
        command,
        &output,
    ))
}

/// Adds the last lines of a command's output to an error, unless nobody may see them.
fn told(fault: Fault, command: &Command, output: &Output) -> Fault {
    if command.secret { fault } else { fault.output(last_lines(output)) }
}

/// The last lines that a command wrote: of its errors, else of its output.
pub(super) fn last_lines(output: &Output) -> String {
    let (text, errors) = (output.text(), output.errors());
    let text = if errors.trim().is_empty() { text } else { errors };
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default().join("\n")
}

/// The command for an error; of a secret one only the program.
fn named(command: &Command) -> String {
    let program = command.argv.first().map_or("", String::as_str);
    if command.secret {
        format!("`{program}` (its arguments are secret)")
    } else {
        format!("`{}`", command.line())
    }
}

/// Runs a command to its end, or starts a detached one.
pub(super) fn run(host: &Local, command: &Command) -> Result<Output> {
    let mut ready = prepare(host, command)?;
    let mut child = ready
        .spawn()
        .map_err(|error| Fault::new(format!("{} could not be started: {}", named(command), said(&error))))?;
    let pid = child.id();
    if command.detached {
        return Ok(Output { pid, ..Output::default() });
    }
    let deadline = Instant::now() + command.timeout;
    let mut output = Output { pid, ..Output::default() };
    match feed_and_drain(&mut child, command.stdin.as_deref().unwrap_or_default(), deadline, &mut output) {
        Ok(Some(status)) => {
            output.code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
            Ok(output)
        }
        Ok(None) => {
            end(&mut child);
            let seconds = command.timeout.as_secs_f64();
            let fault =
                Fault::new(format!("{} did not end within {seconds} s and was stopped", named(command)));
            Err(told(fault, command, &output))
        }
        Err(error) => {
            end(&mut child);
            Err(Fault::new(format!("{} was lost: {}", named(command), said(&error))))
        }
    }
}

/// One of the child's pipes, while it is open.
struct Stream<T> {
    pipe: Option<T>,
    limit: usize,
}

impl<T: Read + AsFd> Stream<T> {
    /// Reads what is there; closes at the end.
    fn drain(&mut self, into: &mut Vec<u8>) -> std::io::Result<()> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        let mut buffer = [0; 64 << 10];
        match pipe.read(&mut buffer) {
            Ok(0) => self.pipe = None,
            Ok(count) => {
                let room = self.limit.saturating_sub(into.len());
                into.extend_from_slice(buffer.get(..count.min(room)).unwrap_or_default());
            }
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }
}

/// Feeds the child and drains it until it ends; `None` when its time is up.
fn feed_and_drain(
    child: &mut Child,
    stdin: &[u8],
    deadline: Instant,
    output: &mut Output,
) -> std::io::Result<Option<ExitStatus>> {
    let mut input = child.stdin.take();
    let mut rest = stdin;
    if let Some(pipe) = &input {
        unblock(pipe.as_fd())?;
    }
    let mut stdout = Stream { pipe: child.stdout.take(), limit: MOST_OUTPUT };
    let mut stderr = Stream { pipe: child.stderr.take(), limit: MOST_OUTPUT };
    for fd in stdout.fd().into_iter().chain(stderr.fd()) {
        unblock(fd)?;
    }
    let mut ended: Option<(ExitStatus, Instant)> = None;
    let mut pause = SHORTEST_PAUSE;
    loop {
        feed(&mut input, &mut rest)?;
        let now = Instant::now();
        if ended.is_none() {
            ended = child.try_wait()?.map(|status| (status, now));
        }
        let open = stdout.pipe.is_some() || stderr.pipe.is_some();
        match ended {
            Some((status, since)) if !open || now.duration_since(since) > AFTER_END => {
                return Ok(Some(status));
            }
            None if now >= deadline => return Ok(None),
            _ => {}
        }
        // Its end shows at once as the end of its pipes, or else is looked for now and then.
        pause = (pause * 2).min(Duration::from_millis(50));
        if open {
            let mut fds: Vec<PollFd<'_>> = Vec::with_capacity(3);
            fds.extend(
                stdout.fd().into_iter().chain(stderr.fd()).map(|fd| PollFd::new(fd, PollFlags::POLLIN)),
            );
            if let Some(pipe) = &input {
                fds.push(PollFd::new(pipe.as_fd(), PollFlags::POLLOUT));
            }
            match poll(&mut fds, PollTimeout::try_from(pause).unwrap_or(PollTimeout::from(1_u8))) {
                Ok(_) | Err(nix::Error::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            stdout.drain(&mut output.stdout)?;
            stderr.drain(&mut output.stderr)?;
            if stdout.pipe.is_none() && stderr.pipe.is_none() {
                // It is about to end, most likely.
                pause = SHORTEST_PAUSE;
            }
        } else {
            sleep(pause);
        }
    }
}

fn unblock(fd: BorrowedFd<'_>) -> std::io::Result<()> {
    let flags = OFlag::from_bits_truncate(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

/// Writes what the child takes now; closes its standard input when all is written or it will take no more.
fn feed(input: &mut Option<ChildStdin>, rest: &mut &[u8]) -> std::io::Result<()> {
    while let Some(pipe) = input {
        if rest.is_empty() {
            *input = None;
            break;
        }
        match pipe.write(rest) {
            Ok(count) => *rest = rest.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => *input = None,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Ends a child and every process of its group.
pub(super) fn end(child: &mut Child) {
    let Ok(group) = i32::try_from(child.id()).map(Pid::from_raw) else { return };
    // An error means that nobody is left, which is what is wanted.
    let _ = killpg(group, Signal::SIGTERM);
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline && (matches!(child.try_wait(), Ok(None)) || killpg(group, None).is_ok()) {
        sleep(Duration::from_millis(10));
    }
    let _ = killpg(group, Signal::SIGKILL);
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::PATH;

    fn sh(script: &str) -> Command {
        Command::new(["/bin/sh", "-c", script])
    }

    #[test]
    fn output_code_and_input_come_back_whole() {
        let host = Local::new();
        let big = vec![b'x'; 300_000];
        let output = run(&host, &sh("cat; echo oops >&2; exit 3").stdin(big.clone())).unwrap();
        assert_eq!((output.code, output.stdout == big, output.errors().as_str()), (3, true, "oops\n"));
        assert_eq!(run(&host, &sh("kill -9 $$")).unwrap().code, 137);
        assert_eq!(run(&host, &sh("exit 0").stdin(big)).unwrap().code, 0, "a child need not read");
    }

    #[test]
    fn the_environment_is_clean() {
        let host = Local::new();
        let output = run(&host, &Command::new(["env"]).env("A", "b c")).unwrap();
        let mut lines: Vec<String> = output.text().lines().map(str::to_owned).collect();
        lines.sort();
        let path = format!("PATH={PATH}");
        assert_eq!(
            lines,
            ["A=b c", "HOME=/root", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "LOGNAME=root", &path, "USER=root"]
        );
    }

    #[test]
    fn a_time_limit_leaves_no_process() {
        let host = Local::new();
        let command = sh("sleep 1000 & echo $!; wait").timeout(Duration::from_millis(200));
        let fault = run(&host, &command).unwrap_err();
        assert!(fault.message.contains("did not end within 0.2 s"), "{fault}");
        let pid: i32 = fault.output.unwrap().trim().parse().unwrap();
        // Whoever adopted the process reaps it in its own time.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
    }

    #[test]
    fn a_daemon_that_holds_the_pipes_does_not_hold_us() {
        let host = Local::new();
        let start = Instant::now();
        let output = run(&host, &sh("sleep 20 & echo $!")).unwrap();
        assert!(start.elapsed() < Duration::from_secs(10));
        let pid: i32 = output.text().trim().parse().unwrap();
        nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }

    #[test]
    fn a_closed_output_does_not_end_the_waiting() {
        let host = Local::new();
        let output = run(&host, &sh("exec >&- 2>&-; sleep 0.2; exit 7")).unwrap();
        assert_eq!(output.code, 7);
    }

    #[test]
    fn another_account_comes_with_its_groups_and_home() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let host = Local::new();
        let mut command = sh("id -u; id -g; umask; echo $HOME; pwd").user("nobody");
        command.umask = Some(0o077);
        let output = run(&host, &command).unwrap();
        assert_eq!(output.text(), "65534\n65534\n0077\n/nonexistent\n/\n", "{}", output.errors());
        let fault = run(&host, &sh("true").user("nobody-such")).unwrap_err();
        assert_eq!(fault.message, "no such user: `nobody-such`");
    }

    #[test]
    fn what_cannot_start_is_said_clearly() {
        let host = Local::new();
        for (command, message) in [
            (Command::new(["no-such-program"]), "no such program: `no-such-program`"),
            (sh("true").cwd("/no/such"), "`/no/such`: no such directory to run in"),
            (Command::new(Vec::<String>::new()), "a command without a program"),
        ] {
            assert_eq!(run(&host, &command).unwrap_err().message, message);
        }
        let fault = run_accepted(&host, &sh("echo why >&2; exit 2")).unwrap_err();
        assert_eq!(fault.output.as_deref(), Some("why"));
        let secret = run_accepted(&host, &sh("echo hush >&2; exit 2").secret()).unwrap_err();
        assert!(!format!("{secret:?}").contains("hush"));
    }
}
