//! `pip`: Python packages of a virtual environment or of the system. What is installed is read from its
//! folders; pip runs only to change it, or where newest versions are asked for.

mod environment;
mod file;
mod installed;
mod options;
mod outdated;
mod removed;
mod requirement;
mod uptodate;
mod version;

pub use installed::Installed;
pub use removed::Removed;
pub use uptodate::Uptodate;

pub(super) use environment::Environment;
pub(super) use file::plan as requirements_file;
pub(super) use options::Options;
pub(super) use requirement::Requirement;

use crate::facts::Key;

/// What must be there before pip can run.
fn wants(environment: &Environment, user: Option<&String>) -> Vec<Key> {
    let place = match &environment.folder {
        Some(folder) => Key::Environment(folder.clone()),
        None => Key::Package("python3-pip".to_owned()),
    };
    std::iter::once(place).chain(user.cloned().map(Key::User)).collect()
}
