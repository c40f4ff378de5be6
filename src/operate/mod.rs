//! Everyday operation of a host: what happened there, and who keeps others from changing it.

mod hold;

pub use hold::{held, lock, unlock};

use std::path::PathBuf;

/// Only root's: `/var/lib/provision/PROJECT`.
fn home(project: &str) -> PathBuf {
    PathBuf::from("/var/lib/provision").join(project)
}
