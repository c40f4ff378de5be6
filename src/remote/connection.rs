//! One ssh connection to a host, shared by everything that is done there.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::said::Said;
use super::{Refusal, Target, hostkey, interrupt};
use crate::fault::Fault;
use crate::private;

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
    errors: Said,
    reader: Option<JoinHandle<()>>,
    /// Something on the host holds on to our streams when a command has ended.
    pub(super) lingers: AtomicBool,
    _interrupt: interrupt::Ends,
}

impl Connection {
    /// Connects and authenticates. New host keys are accepted and remembered, changed ones refused.
    /// `interactive`: ssh may ask on the terminal for a passphrase or password.
    pub fn open(target: &Target, interactive: bool) -> Result<Self, Refusal> {
        let broken = |fault: Fault| Refusal::new(fault.message);
        let folder = private::folder_in(Path::new("/tmp")).map_err(broken)?;
        let config = folder.path().join("config");
        private::write(&config, configuration(target, interactive).as_bytes()).map_err(broken)?;
        let mut command = Command::new("ssh");
        command.args(["-M", "-N", "-T", "-S"]).arg(socket(folder.path())).arg("-F").arg(&config);
        for option in [
            "ControlPersist=no",
            "ForwardAgent=no",
            "ForwardX11=no",
            "ClearAllForwardings=yes",
            "RemoteCommand=none",
            "RequestTTY=no",
            "PermitLocalCommand=no",
            // For the keys' fingerprints and the reasons of refusals, whatever the configuration says.
            "LogLevel=DEBUG1",
        ] {
            command.args(["-o", option]);
        }
        command.arg("-o").arg(format!("ConnectTimeout={CONNECT_SECONDS}"));
        command.arg("-o").arg(format!("BatchMode={}", if interactive { "no" } else { "yes" }));
        let login = &target.login;
        if let Some(identity) = &login.identity {
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
        let errors = Said::default();
        let reader = master.stderr.take().map(|stderr| errors.collect(stderr));
        let _interrupt = interrupt::Ends::process(master.id());
        let lingers = AtomicBool::new(false);
        let mut connection = Self { master, folder, errors, reader, lingers, _interrupt };
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
            if interrupt::interrupted() {
                return Err(Refusal::interrupted(target, false));
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
        self.errors.text()
    }

    /// A sentence for each host key that was new here and is now known.
    pub fn accepted_keys(&self, target: &Target) -> Vec<String> {
        let notes = hostkey::accepted(&self.said());
        if notes.is_empty() || hostkey::forgets(&self.folder.path().join("config"), &target.address) {
            return Vec::new();
        }
        notes
    }

    /// Whether rsync would wait for ever, as something on the host holds on to our streams.
    pub fn lingers(&self) -> bool {
        self.lingers.load(Ordering::Relaxed)
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

/// The operator's own configuration with our defaults under it, for jump hosts too. New host keys are accepted
/// and shown, unless the configuration says otherwise.
fn configuration(target: &Target, interactive: bool) -> String {
    let mut text = match &target.login.config {
        Some(file) if file == Path::new("none") => String::new(),
        Some(file) => {
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            format!("Include \"{}\"\n", file.display())
        }
        None => "Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\n".to_owned(),
    };
    let batch = if interactive { "no" } else { "yes" };
    for default in [
        "Host *",
        "StrictHostKeyChecking accept-new",
        "ServerAliveInterval 15",
        "ServerAliveCountMax 3",
        "LogLevel DEBUG1",
        &format!("ConnectTimeout {CONNECT_SECONDS}"),
        &format!("BatchMode {batch}"),
    ] {
        text.push_str(default);
        text.push('\n');
    }
    text
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("s")
}

/// Whether a person can be asked.
pub fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}
