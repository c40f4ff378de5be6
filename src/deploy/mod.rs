//! Ships the application: releases beside one another, and a link that says which is current.
//! The engine must not know of it.

mod changed;
mod health;
mod history;
mod hooks;
mod journal;
mod packages;
mod release;
mod releases;
mod settings;
mod source;
mod stage;
mod survey;
mod switch;
mod web;

pub use health::{health, of_balancer};
pub use history::history;
pub use journal::Turn;
pub use packages::wheels;
pub use release::Deploys;
pub use releases::kept;
pub use settings::Settings;
pub use source::{is_url, refuse_password};
pub use web::{is_draining, is_web, renew_program};
