//! One ssh connection to a host, shared by everything that is done there.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Refusal, Target};
use crate::fault::{Fault, Result};

/// Seconds until a host that does not answer counts as unreachable.
const CONNECT_SECONDS: u32 = 15;
/// With a terminal, a person may have to type a passphrase first.
const PATIENCE: Duration = Duration::from_secs(300);
/// ssh goes by the socket; the name is only shown if the connection is lost.
const PLACEHOLDER: &str = "provision-connection-lost";

/// An ssh master process, ended when dropped.
pub struct Connection {
    master: Child,
    /// Holds the control socket; private to us.
    folder: tempfile::TempDir,
    errors: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// What a command on the host answered.
pub struct Answer {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Connection {
    /// Connects and authenticates. New host keys are accepted and remembered, changed ones refused.
    /// `interactive`: ssh may ask on the terminal for a passphrase or password.
    pub fn open(target: &Target, interactive: bool) -> Result<Self, Refusal> {
        let folder = tempfile::Builder::new().prefix("provision-").tempdir_in("/tmp").map_err(|error| {
            Refusal::new(format!("cannot make a folder for ssh's socket in /tmp: {error}"))
        })?;
        let mut command = Command::new("ssh");
        command.args(["-M", "-N", "-T", "-S"]).arg(socket(folder.path()));
        for option in [
            "ControlPersist=no",
            "StrictHostKeyChecking=accept-new",
            "ForwardAgent=no",
            "ForwardX11=no",
            "ClearAllForwardings=yes",
            "RemoteCommand=none",
            "RequestTTY=no",
            "PermitLocalCommand=no",
            "ServerAliveInterval=15",
            "ServerAliveCountMax=4",
        ] {
            command.args(["-o", option]);
        }
        command.arg("-o").arg(format!("ConnectTimeout={CONNECT_SECONDS}"));
        command.arg("-o").arg(format!("BatchMode={}", if interactive { "no" } else { "yes" }));
        let login = &target.login;
        if let Some(config) = &login.config {
            command.arg("-F").arg(config);
        }
        if let Some(identity) = &login.identity {
            if !identity.is_file() {
                return Err(Refusal::new(format!("there is no private key `{}`", identity.display()))
                    .help("give the path of a private key with -i, or leave it out to use your agent's"));
            }
            command.arg("-i").arg(identity).args(["-o", "IdentitiesOnly=yes"]);
        }
        if let Some(port) = login.port {
            command.arg("-p").arg(port.to_string());
        }
        if let Some(user) = &login.user {
            command.arg("-l").arg(user);
        }
        command.arg("--").arg(&target.address);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut master = command.spawn().map_err(|error| {
            Refusal::new(format!("cannot start ssh: {error}"))
                .help("install it: apt-get install openssh-client")
        })?;
        let errors = Arc::new(Mutex::new(String::new()));
        let reader = master.stderr.take().map(|stderr| collect(stderr, Arc::clone(&errors)));
        let mut connection = Self { master, folder, errors, reader };
        connection.wait(target, interactive)?;
        Ok(connection)
    }

    /// Waits for the control socket, which ssh makes once it is in.
    fn wait(&mut self, target: &Target, interactive: bool) -> Result<(), Refusal> {
        let socket = socket(self.folder.path());
        let limit = if interactive { PATIENCE } else { Duration::from_secs(u64::from(CONNECT_SECONDS) * 2) };
        let deadline = Instant::now() + limit;
        loop {
            if socket.exists() {
                return Ok(());
            }
            let ended = self.master.try_wait().map_err(|error| Refusal::new(error.to_string()))?;
            if ended.is_some() {
                if let Some(reader) = self.reader.take() {
                    let _panicked = reader.join();
                }
                return Err(Refusal::from_ssh(target, &self.said()));
            }
            if Instant::now() > deadline {
                return Err(Refusal::from_ssh(target, "timed out"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What ssh itself has written so far: banners, new host keys, why it ended.
    pub fn said(&self) -> String {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The words that make ssh use this connection, for rsync's `-e`.
    pub fn shell(&self) -> Vec<String> {
        let socket = socket(self.folder.path()).display().to_string();
        ["ssh", "-F", "/dev/null", "-T", "-o", "BatchMode=yes", "-S", &socket].map(str::to_owned).to_vec()
    }

    /// The host's name for rsync.
    pub fn name(&self) -> &'static str {
        PLACEHOLDER
    }

    /// A command to run on the host. The words are quoted for the login shell there.
    pub fn command(&self, argv: &[&str]) -> Command {
        let mut words = self.shell().into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).arg(PLACEHOLDER).arg(shell_words::join(argv));
        command
    }

    /// Runs a command there and waits for it.
    pub fn ask(&self, argv: &[&str], stdin: &[u8]) -> Result<Answer> {
        let mut child = self
            .command(argv)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Fault::new(format!("cannot start ssh: {error}")))?;
        // The other side may end before it has read everything; its answer says why.
        if let Some(mut pipe) = child.stdin.take() {
            let _closed_early = pipe.write_all(stdin);
        }
        let output = child.wait_with_output()?;
        Ok(Answer {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs a command there with a file as its standard input.
    pub fn feed(&self, argv: &[&str], input: Stdio) -> Result<Answer> {
        let output = self.command(argv).stdin(input).output()?;
        Ok(Answer {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _already_gone = self.master.kill();
        let _reaped = self.master.wait();
        if let Some(reader) = self.reader.take() {
            let _panicked = reader.join();
        }
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("s")
}

fn collect(mut from: impl Read + Send + 'static, into: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let text = String::from_utf8_lossy(buffer.get(..count).unwrap_or_default()).into_owned();
            into.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
        }
    })
}

/// Whether a person can be asked.
pub fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}
