//! `host`: names of addresses in /etc/hosts. Lines that are not concerned keep their form.

mod file;
mod only;
mod pair;

pub use only::Only;
pub use pair::{Absent, Present};
