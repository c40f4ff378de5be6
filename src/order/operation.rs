//! What is asked of a host besides converging and shipping: to look at what happened there, to hold it.

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
}

impl Operation {
    /// Whether it only looks, and so waits for nobody.
    pub fn looks(&self) -> bool {
        matches!(self, Self::History { .. })
    }
}
