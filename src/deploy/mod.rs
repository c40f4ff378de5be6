//! Ships the application: releases beside one another, and a link that says which is current.
//! The engine must not know of it.

mod health;
mod release;
mod settings;
mod source;
mod stage;

use serde::{Deserialize, Serialize};

pub use release::deploy;
pub use settings::Settings;
pub use source::{Checkout, Code, is_url};

/// What the host needs to know to make a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeployOrder {
    pub code: Code,
}
