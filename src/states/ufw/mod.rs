//! `ufw`: the firewall's policies, its rules and whether it is on, read from its own files and changed
//! through the program.

mod network;
mod policy;
mod power;
mod rule;
mod rules;
mod tuple;

pub use policy::Default;
pub use power::{Disabled, Enabled};
pub use rules::{Allow, Delete, Deny, Limit, Reject};

use std::path::Path;

use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Command};
use crate::states::Context;

/// A file of ufw's; `None` where a package of this dry run will bring it: then what Debian ships holds.
fn file(context: &Context<'_>, path: &str) -> Result<Option<String>> {
    let facts = context.facts;
    if facts.host().which("ufw")?.is_none() {
        if facts.packages_coming() {
            return Ok(None);
        }
        return Err(Fault::new("`ufw` is not installed").help("install the package `ufw` first"));
    }
    match facts.host().read(Path::new(path))? {
        Some(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        None => Err(Fault::new(format!("`{path}` is missing")).help("install the package `ufw` again")),
    }
}

/// The value of the last `NAME=value` of a file for shells.
fn variable<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.trim().strip_prefix(name)?.strip_prefix('=');
    text.lines().filter_map(value).next_back().map(|value| value.trim_matches(['"', '\'']))
}

fn run<'a>(words: impl IntoIterator<Item = &'a str>) -> Action {
    Action::Run(Command::new(std::iter::once("ufw").chain(words)))
}

fn package() -> Vec<Key> {
    vec![Key::Package("ufw".to_owned())]
}
