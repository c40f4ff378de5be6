//! Ships the application: releases beside one another, and a link that says which is current.
//! The engine must not know of it.

use serde::{Deserialize, Serialize};

/// What the host needs to know to make a release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeployOrder {
    /// The commit, 40 hexadecimal digits, or a reference that the host resolves.
    pub reference: String,
}
