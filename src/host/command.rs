//! A program to start: an argument vector, never a line for a shell made from data.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub argv: Vec<String>,
    /// Set besides a clean basic environment (PATH, HOME, LANG=C.UTF-8, LC_ALL=C.UTF-8).
    pub env: BTreeMap<String, String>,
    /// Where there is none: `/`.
    pub cwd: Option<PathBuf>,
    /// The account to run as; nothing means as ourselves. Its groups come along.
    pub user: Option<String>,
    pub group: Option<String>,
    pub umask: Option<u32>,
    pub stdin: Option<Vec<u8>>,
    /// A file that becomes its standard input: opened as ourselves, so that an account that could not open it can
    /// be given what is in it.
    pub input: Option<PathBuf>,
    pub timeout: Duration,
    /// The exit codes that mean success.
    pub accept: Vec<i32>,
    /// The command line and output hold what nobody may see: reports show neither.
    pub secret: bool,
    /// Goes on by itself after it is started; its output is not waited for.
    pub detached: bool,
}

impl Command {
    /// Ten minutes at most, exit code 0 is success.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
            cwd: None,
            user: None,
            group: None,
            umask: None,
            stdin: None,
            input: None,
            timeout: Duration::from_secs(600),
            accept: vec![0],
            secret: false,
            detached: false,
        }
    }

    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    #[must_use]
    pub fn cwd(mut self, path: impl Into<PathBuf>) -> Self {
        self.cwd = Some(path.into());
        self
    }

    #[must_use]
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self
    }

    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    #[must_use]
    pub fn input(mut self, path: impl Into<PathBuf>) -> Self {
        self.input = Some(path.into());
        self
    }

    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    #[must_use]
    pub fn accept(mut self, codes: impl IntoIterator<Item = i32>) -> Self {
        self.accept = codes.into_iter().collect();
        self
    }

    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// As a person would type it.
    pub fn line(&self) -> String {
        shell_words::join(&self.argv)
    }
}

/// What a command left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The exit code; `128 + signal` where a signal ended it, as shells say it.
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub pid: u32,
}

impl Output {
    pub fn success(&self) -> bool {
        self.code == 0
    }

    /// Standard output as text, invalid UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text, invalid UTF-8 replaced.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}
