//! A host in memory for tests: files, and answers to the commands that a test expects. It starts nothing,
//! and a question that the test has no answer for is an error.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::memfs::{Content, Item, Model, View};
use super::simulate::simulate;
use super::{Action, Command, Host, Interface, Output, Performed, Stat, search};
use crate::fault::{Fault, Result};

/// See the module.
#[derive(Debug)]
pub struct Fake {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    model: Model,
    answers: Vec<Answer>,
    /// systemd's properties of each unit.
    units: BTreeMap<String, BTreeMap<String, String>>,
    downloads: BTreeMap<String, Vec<u8>>,
    interfaces: Vec<Interface>,
    performed: Vec<Action>,
    unanswered: Vec<String>,
}

/// What a command says on a fake host.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub argv: Vec<String>,
    /// Only for a command that is fed this.
    pub stdin: Option<Vec<u8>>,
    /// Only for a command that runs as this account.
    pub user: Option<String>,
    pub output: Output,
}

/// A path to put on a fake host; missing parents are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FakePath {
    pub what: FakeKind,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub modified: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FakeKind {
    File(Vec<u8>),
    Directory,
    Symlink(PathBuf),
    Special,
}

impl From<FakeKind> for FakePath {
    fn from(what: FakeKind) -> Self {
        let mode = match what {
            FakeKind::File(_) | FakeKind::Special => 0o644,
            FakeKind::Directory => 0o755,
            FakeKind::Symlink(_) => 0o777,
        };
        Self { what, mode, uid: 0, gid: 0, modified: CLOCK }
    }
}

/// The time on a fake host: 2026-01-01 UTC. It stands still.
pub const CLOCK: i64 = 1_767_225_600;

const FOLDERS: &[&str] = &[
    "/dev",
    "/etc",
    "/home",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/sbin",
    "/usr/share",
    "/var",
    "/var/lib",
    "/var/log",
    "/var/www",
];

const DEBIAN: &[(&str, u32, &str)] = &[
    (
        "/etc/passwd",
        0o644,
        "root:x:0:0:root:/root:/bin/bash\n\
         daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n\
         www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n\
         nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    ),
    (
        "/etc/group",
        0o644,
        "root:x:0:\ndaemon:x:1:\nadm:x:4:\nsudo:x:27:\nwww-data:x:33:\nshadow:x:42:\nusers:x:100:\n\
         nogroup:x:65534:\n",
    ),
    (
        "/etc/shadow",
        0o640,
        "root:*:20000:0:99999:7:::\ndaemon:*:20000:0:99999:7:::\nwww-data:*:20000:0:99999:7:::\nnobody:*:20000:0:99999:7:::\n",
    ),
    ("/etc/gshadow", 0o640, "root:*::\n"),
    ("/etc/shells", 0o644, "/bin/sh\n/bin/bash\n"),
    (
        "/etc/os-release",
        0o644,
        "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n\
         VERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n",
    ),
    ("/etc/hostname", 0o644, "fake\n"),
    ("/etc/hosts", 0o644, "127.0.0.1 localhost\n127.0.1.1 fake\n"),
    ("/var/lib/dpkg/status", 0o644, ""),
];

impl Fake {
    /// Nothing but a root folder.
    pub fn empty() -> Self {
        let fake = Self { state: Mutex::default() };
        let mut state = fake.state();
        state.model.clock = Some(CLOCK);
        state.model.put(Path::new("/"), item(FakeKind::Directory.into()));
        drop(state);
        fake
    }

    /// The bones of a Debian 12: usual folders, a few accounts, systemd running, no packages, `/bin/sh`.
    pub fn debian() -> Self {
        let fake = Self::empty();
        for folder in FOLDERS {
            fake.put(folder, FakeKind::Directory);
        }
        fake.put("/tmp", FakePath { mode: 0o1777, ..FakeKind::Directory.into() });
        fake.put("/bin", FakeKind::Symlink("usr/bin".into()));
        fake.put("/sbin", FakeKind::Symlink("usr/sbin".into()));
        for (path, mode, text) in DEBIAN {
            fake.put(path, FakePath { mode: *mode, ..FakeKind::File(text.as_bytes().to_vec()).into() });
        }
        fake.put("/run/systemd/system", FakeKind::Directory);
        for program in ["sh", "bash", "systemctl", "getent"] {
            fake.program(program);
        }
        fake
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a path on the host, over whatever is there.
    pub fn put(&self, path: impl AsRef<Path>, what: impl Into<FakePath>) {
        let path = path.as_ref();
        let what = what.into();
        let mut state = self.state();
        for folder in path.ancestors().skip(1).collect::<Vec<_>>().into_iter().rev() {
            if let Ok(Some((place, None))) = state.view().spot(folder, true) {
                state.model.put(&place, item(FakeKind::Directory.into()));
            }
        }
        if let Ok(Some((place, _))) = state.view().spot(path, false) {
            if what.what != FakeKind::Directory {
                state.model.remove(&place);
            }
            state.model.put(&place, item(what));
        }
    }

    /// Takes a path off the host, with all under it.
    pub fn take(&self, path: impl AsRef<Path>) {
        self.state().model.remove(path.as_ref());
    }

    /// Puts an executable into /usr/bin.
    pub fn program(&self, name: &str) {
        self.put(
            Path::new("/usr/bin").join(name),
            FakePath { mode: 0o755, ..FakeKind::File(b"#!".to_vec()).into() },
        );
    }

    /// Says what a command answers, to [`Host::ask`] and to [`Action::Run`]. Later answers go first.
    pub fn answer(&self, answer: Answer) {
        self.state().answers.insert(0, answer);
    }

    /// Lets systemd know a unit with these properties; `Id` is its name, with suffix.
    pub fn unit(&self, name: impl Into<String>, properties: impl IntoIterator<Item = (String, String)>) {
        self.state().units.insert(name.into(), properties.into_iter().collect());
    }

    pub fn interface(&self, interface: Interface) {
        self.state().interfaces.push(interface);
    }

    /// What a URL gives.
    pub fn download(&self, url: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.state().downloads.insert(url.into(), content.into());
    }

    /// All actions performed so far.
    pub fn performed(&self) -> Vec<Action> {
        self.state().performed.clone()
    }

    /// The commands that were asked and had no answer.
    pub fn unanswered(&self) -> Vec<String> {
        self.state().unanswered.clone()
    }
}

fn item(path: FakePath) -> Item {
    Item {
        content: match path.what {
            FakeKind::File(bytes) => Content::File(bytes.into()),
            FakeKind::Directory => Content::Directory(None),
            FakeKind::Symlink(target) => Content::Symlink(target),
            FakeKind::Special => Content::Special,
        },
        mode: path.mode,
        uid: path.uid,
        gid: path.gid,
        modified: path.modified,
        accessed: path.modified,
        inode: 0,
    }
}

impl State {
    fn view(&self) -> View<'_> {
        View { model: &self.model, below: &Nothing }
    }

    fn answered(&self, command: &Command) -> Option<Output> {
        self.answers
            .iter()
            .find(|answer| {
                answer.argv == command.argv
                    && (answer.stdin.is_none() || answer.stdin == command.stdin)
                    && (answer.user.is_none() || answer.user == command.user)
            })
            .map(|answer| answer.output.clone())
    }

    /// `systemctl show`, of one unit or of all with a suffix.
    fn show(&self, pattern: &str) -> Output {
        let block = |name: &str, properties: &BTreeMap<String, String>| {
            let mut text = format!("Id={name}\n");
            for (property, value) in properties {
                text.push_str(&format!("{property}={value}\n"));
            }
            text
        };
        let blocks: Vec<String> = if let Some(suffix) = pattern.strip_prefix('*') {
            self.units.iter().filter(|(name, _)| name.ends_with(suffix)).map(|(n, p)| block(n, p)).collect()
        } else {
            let missing = BTreeMap::from([("LoadState".to_owned(), "not-found".to_owned())]);
            vec![block(pattern, self.units.get(pattern).unwrap_or(&missing))]
        };
        Output { stdout: blocks.join("\n").into_bytes(), ..Output::default() }
    }
}

impl Host for Fake {
    fn stat(&self, path: &Path) -> Result<Option<Stat>> {
        self.state().view().stat(path)
    }

    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        self.state().view().read(path)
    }

    fn list(&self, path: &Path) -> Result<Option<Vec<String>>> {
        self.state().view().list(path)
    }

    fn link(&self, path: &Path) -> Result<Option<PathBuf>> {
        self.state().view().link(path)
    }

    fn which(&self, program: &str) -> Result<Option<PathBuf>> {
        search(self, program)
    }

    fn ask(&self, command: &Command) -> Result<Output> {
        let mut state = self.state();
        if let Some(output) = state.answered(command) {
            return Ok(output);
        }
        if let [program, verb, .., name] = command.argv.as_slice()
            && program == "systemctl"
            && verb == "show"
        {
            return Ok(state.show(name));
        }
        let line = command.line();
        state.unanswered.push(line.clone());
        Err(Fault::new(format!("the test has no answer for the command `{line}`")))
    }

    fn interfaces(&self) -> Result<Vec<Interface>> {
        Ok(self.state().interfaces.clone())
    }

    fn perform(&self, action: &Action) -> Result<Performed> {
        let mut state = self.state();
        state.performed.push(action.clone());
        match action {
            Action::Run(command) => {
                let output = state.answered(command).unwrap_or_default();
                return if command.accept.contains(&output.code) {
                    Ok(Performed { output: Some(output) })
                } else {
                    Err(Fault::new(format!("`{}` failed with exit code {}", command.line(), output.code))
                        .output(output.errors()))
                };
            }
            Action::Fail(message) => return Err(Fault::new(message.clone())),
            Action::Download { url, path, mode, owner, .. } => {
                let Some(content) = state.downloads.get(url).cloned() else {
                    return Err(Fault::new(format!("the test has no content for `{url}`")));
                };
                let write = Action::WriteFile {
                    path: path.clone(),
                    content,
                    mode: *mode,
                    owner: owner.clone(),
                    validate: None,
                    backup: None,
                    temporary: None,
                };
                simulate(&mut state.model, &Nothing, true, &write)?;
            }
            other => {
                simulate(&mut state.model, &Nothing, true, other)?;
            }
        }
        Ok(Performed::default())
    }
}

/// The host below a fake: has no files and answers nothing.
#[derive(Debug)]
struct Nothing;

impl Host for Nothing {
    fn stat(&self, _path: &Path) -> Result<Option<Stat>> {
        Ok(None)
    }

    fn read(&self, _path: &Path) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn list(&self, _path: &Path) -> Result<Option<Vec<String>>> {
        Ok(None)
    }

    fn link(&self, _path: &Path) -> Result<Option<PathBuf>> {
        Ok(None)
    }

    fn which(&self, _program: &str) -> Result<Option<PathBuf>> {
        Ok(None)
    }

    fn ask(&self, _command: &Command) -> Result<Output> {
        Ok(Output { code: 2, ..Output::default() })
    }

    fn perform(&self, _action: &Action) -> Result<Performed> {
        Ok(Performed::default())
    }
}
