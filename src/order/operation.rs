//! What is asked of a host besides converging and shipping: to look at what happened there, to hold it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A task of everyday operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Only says what was deployed, by whom and with what result: this many, the newest.
    History { limit: usize },
    /// Keeps everybody else from changing the host until it is unlocked.
    Lock { reason: String },
    /// `force`: though somebody else locked it.
    Unlock { force: bool },
    /// Only says what runs: all of it, or the programs and services of these names.
    Status { names: Vec<String> },
    /// Starts, stops or renews programs and services: these, or all of the project's programs.
    Control { verb: Verb, names: Vec<String> },
    /// The last lines of logs, and with `follow` all that come: of the programs and services of these names, or
    /// of the project's.
    Logs { lines: usize, follow: bool, names: Vec<String> },
    /// Runs a command as the project's user, in its environment, in the current release.
    Exec { argv: Vec<String> },
    /// The page that asks visitors to come back later. `cron`: and nothing of crontabs is run while it is on.
    Maintenance { on: bool, cron: bool },
    /// Whether what stands in crontabs is run.
    Cron { on: bool },
    /// Upgrades all packages of the system.
    Upgrade,
    /// Restarts the host, when that was told.
    Reboot,
    /// Only says, by name, how the application's environment on the host differs from that of the order.
    Secrets,
    /// Puts what a dump on the host holds in the place of the project's database; without one, nothing.
    Restore { archive: Option<PathBuf> },
    /// Puts the database back that was there before the last restore.
    Undo,
    /// Puts what a tar file on the host holds in the place of the project's media; without one, nothing.
    Media { archive: Option<PathBuf> },
    /// Puts the media back that were there before.
    UndoMedia,
    /// Gathers the wheels of the current release's packages beside them.
    Wheels,
}

/// What is done to programs and services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Start,
    Stop,
    Restart,
}

impl Operation {
    /// Whether it waits for nobody and leaves no log: it only looks, or a person does it by hand.
    pub fn is_free(&self) -> bool {
        matches!(
            self,
            Self::History { .. }
                | Self::Status { .. }
                | Self::Logs { .. }
                | Self::Exec { .. }
                | Self::Secrets
        )
    }
}
