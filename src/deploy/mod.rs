//! Ships the application: releases beside one another, and a link that says which is current.
//! The engine must not know of it.

mod health;
mod kept;
mod release;
mod settings;
mod source;
mod stage;
mod web;

pub use kept::kept;
pub use release::{STAGES_BACK, deploy, rollback};
pub use settings::Settings;
pub use source::{is_url, refuse_password};
