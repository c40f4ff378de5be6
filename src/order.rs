//! What the operator's side asks of the host: one JSON document over standard input. Holds the secrets,
//! so it is never written to disk, shown or put into an argument.

mod operation;
mod word;

use std::collections::BTreeMap;
use std::io::{BufRead, Read, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::facts::Grains;
use crate::fault::{Context as _, Fault, Result};
use crate::owner::{Claim, Manners};

pub use operation::{Operation, Verb};
pub use word::Word;

/// Stands before the document, with its length: whatever comes before it (a password line that sudo did
/// not ask for) is not ours.
const HEADER: &str = "provision-order";
/// Far more than any pillar; keeps a broken stream from eating the memory.
const LARGEST: u64 = 64 << 20;

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Order {
    pub protocol: u32,
    pub project: String,
    pub environment: String,
    /// The host's ID: its name in the environment's `hosts`, or its address.
    pub id: String,
    pub plan: bool,
    /// Only these SLS of the environment's states.
    pub only: Vec<String>,
    /// These SLS instead of the top file's.
    pub sls: Vec<String>,
    pub lenient: bool,
    /// The names of all hosts of the environment.
    #[serde(default)]
    pub names: Vec<String>,
    /// The host becomes the project's, whosever it is.
    #[serde(default)]
    pub take_over: bool,
    /// Pillar files that travel here and not by rsync, by path under `pillar/`.
    pub secrets: BTreeMap<String, String>,
    /// Other hosts get this order, too: the host says what it is and waits for the facts of all, and a deploy waits
    /// for its turn when it is prepared. See [`Word`].
    #[serde(default)]
    pub attended: bool,
    /// Recorded grains, put over those of the host.
    #[serde(default, skip_serializing_if = "Grains::is_empty")]
    pub grains: Grains,
    /// The port that our own connection came to, so that a firewall leaves it open.
    pub ssh_port: Option<u16>,
    /// Who asked, for the lock and the log: `user@machine`.
    pub operator: String,
    pub task: Task,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    #[default]
    Converge,
    Deploy(DeployOrder),
    /// Returns to a release that is kept: of this name, else the one before the current.
    Rollback {
        release: Option<String>,
    },
    /// Only says which releases are kept.
    Releases,
    Operate(Operation),
}

/// What the host needs to know to make a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeployOrder {
    pub code: Code,
    /// Another host of the environment does what is done once for all of them: migrations.
    #[serde(default)]
    pub elsewhere: bool,
    /// The release runs in this environment; the code comes with the wheels and versions of its packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted: Option<String>,
    /// The database was replaced: migrate it whatever the code is, then run these shell commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_data: Option<Vec<String>>,
}

/// Where the code of a release comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The host fetches it.
    Git { url: String, reference: String },
    /// It was sent from the operator's own checkout, as a gzipped tar file on the host.
    Checkout(Checkout),
}

/// Code that comes from the operator's machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// The archive on the host.
    pub archive: PathBuf,
    /// The commit that it holds or was changed from; `None`: not under version control.
    pub commit: Option<String>,
    /// It holds what no commit does.
    #[serde(default)]
    pub dirty: bool,
}

impl Task {
    /// How it behaves on a host that is somebody else's. `plan`: it is a dry run.
    pub fn manners(&self, plan: bool) -> Manners {
        match self {
            Self::Converge if plan => Manners::Looks,
            Self::Converge => Manners::Begins,
            Self::Operate(Operation::Status { .. }) => Manners::Looks,
            _ => Manners::Acts,
        }
    }

    /// Whether it waits for nobody: see [`Operation::is_free`].
    pub fn is_free(&self) -> bool {
        matches!(self, Self::Operate(operation) if operation.is_free())
    }

    /// Says where what was sent with the order is.
    pub fn set_archive(&mut self, sent: PathBuf) {
        match self {
            Self::Deploy(DeployOrder { code: Code::Checkout(checkout), .. }) => checkout.archive = sent,
            Self::Operate(Operation::Restore { archive } | Operation::Media { archive }) => {
                *archive = Some(sent)
            }
            _ => {}
        }
    }
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "order for {} ({} of {})", self.id, self.environment, self.project)
    }
}

impl Order {
    /// Who comes with it.
    pub fn claim(&self) -> Claim {
        Claim {
            project: self.project.clone(),
            environment: self.environment.clone(),
            name: self.id.clone(),
            names: self.names.clone(),
        }
    }

    pub fn write(&self, out: &mut dyn Write) -> Result<()> {
        let document = serde_json::to_vec(self).map_err(|error| Fault::new(error.to_string()))?;
        writeln!(out, "{HEADER} {}", document.len()).context("could not send the order")?;
        out.write_all(&document).context("could not send the order")?;
        out.flush().context("could not send the order")
    }

    /// Reads an order, passing over lines before its header.
    pub fn read(input: &mut dyn BufRead) -> Result<Self> {
        for _ in 0..4 {
            let mut line = Vec::new();
            (&mut *input).take(4096).read_until(b'\n', &mut line).context("could not read the order")?;
            let length = std::str::from_utf8(&line)
                .ok()
                .and_then(|line| line.trim_end().strip_prefix(HEADER))
                .and_then(|length| length.trim().parse::<u64>().ok());
            let Some(length) = length else { continue };
            if length > LARGEST {
                return Err(Fault::new("the order is too large"));
            }
            let mut document = Vec::new();
            input.take(length).read_to_end(&mut document).context("could not read the order")?;
            return serde_json::from_slice(&document).map_err(|error| {
                // The error's own words could quote a secret.
                Fault::new(format!("the order is not understood from its byte {} on", error.column()))
                    .help("both sides must be the same version of provision")
            });
        }
        Err(Fault::new("no order came over standard input"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_arrives_behind_a_stray_password() {
        let order = Order { id: "web1".to_owned(), ..Order::default() };
        let mut bytes = b"hunter2\n".to_vec();
        order.write(&mut bytes).unwrap();
        assert_eq!(Order::read(&mut bytes.as_slice()).unwrap().id, "web1");
        assert!(Order::read(&mut b"".as_slice()).is_err());
    }
}
