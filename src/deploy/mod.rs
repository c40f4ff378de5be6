//! Ships the application: releases beside one another, and a link that says which is current.
//! The engine must not know of it.

mod health;
mod release;
mod settings;
mod source;
mod stage;

pub use release::deploy;
pub use settings::Settings;
pub use source::{is_url, refuse_password};
