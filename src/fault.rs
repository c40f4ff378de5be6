//! Why something on the host could not be seen or done, with what to do about it.

use std::fmt;

/// The error of everything that looks at or acts on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Lower case, no period: the place first, then what was found.
    pub message: String,
    /// What to do, if that is known.
    pub help: Option<String>,
    /// The last lines that a command wrote, if a command failed.
    pub output: Option<String>,
}

pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, output: None }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn output(mut self, output: impl Into<String>) -> Self {
        self.output = Some(output.into());
        self
    }

    /// Puts what was being done before the message.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// Adds what was being done to any error on its way to becoming a [`Fault`].
pub trait Context<T> {
    fn context(self, doing: impl fmt::Display) -> Result<T>;
}

impl<T, E: Into<Fault>> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl fmt::Display) -> Result<T> {
        self.map_err(|error| error.into().context(doing))
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<nix::Error> for Fault {
    fn from(error: nix::Error) -> Self {
        Self::new(error.desc())
    }
}
