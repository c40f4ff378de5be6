//! Keys of the hosts that this host or one of its users connects to. Must not trust what a network says
//! where the state names a key or a fingerprint.

mod absent;
mod entry;
mod fingerprint;
mod present;
mod scan;

pub use absent::Absent;
pub use present::Present;

use std::path::PathBuf;

use crate::fault::{Fault, Result};
use crate::states::Context;
use crate::states::account_name::AccountName;
use crate::states::dot_ssh::{Person, SshFile};

/// The file of a user, or the system's; `None`: the user is not there.
fn file(context: &Context<'_>, user: Option<&AccountName>, config: Option<&str>) -> Result<Option<SshFile>> {
    let facts = context.facts;
    if let Some(user) = user {
        let Some(person) = Person::find(facts, user)? else { return Ok(None) };
        return SshFile::of(facts, person, config.unwrap_or(".ssh/known_hosts")).map(Some);
    }
    let path = PathBuf::from(config.unwrap_or("/etc/ssh/ssh_known_hosts"));
    if !path.is_absolute() {
        return Err(Fault::new(format!("`config` is `{}`, which is in nobody's home", path.display()))
            .help("write an absolute path, or say whose it is with `user`"));
    }
    SshFile::system(facts, path).map(Some)
}

/// How ssh writes a host: lower case, with the port where it is not the usual one.
fn host(name: &str, port: Option<u16>) -> Result<String> {
    let bad = |letter: char| letter.is_whitespace() || letter.is_control() || ",|*?!#@".contains(letter);
    if name.is_empty() || name.starts_with('-') || name.contains(bad) {
        return Err(Fault::new(format!("`{name}` is no host")).help("write a host name or an address"));
    }
    let name = name.to_lowercase();
    Ok(match port {
        Some(port) if port != 22 && !name.starts_with('[') => format!("[{name}]:{port}"),
        _ => name,
    })
}
