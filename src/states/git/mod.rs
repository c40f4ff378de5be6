//! `git`: clones and their configuration. What is checked out is read from the repository's own files; the
//! remote is asked only where that cannot answer.

mod cloned;
mod config;
mod config_file;
mod detached;
mod latest;
mod present;
mod remote;
mod repository;
mod transport;

pub use cloned::Cloned;
pub use config::{ConfigSet, ConfigUnset};
pub use detached::Detached;
pub use latest::Latest;
pub use present::Present;

use std::path::{Path, PathBuf};

use crate::facts::{Facts, Key};
use crate::fault::{Fault, Result};
use crate::host::{Action, Kind};
use crate::plan::{Change, Plan};
use repository::Repository;

/// The account that git runs as: the one asked for; else the owner of what is there, since git refuses to
/// work as root in another account's repository, and would leave files that the owner cannot change.
fn account(facts: &Facts, user: Option<&String>, target: &Path) -> Result<Option<String>> {
    facts.keeper(target, user)
}

/// The repository at a place, or nothing where one may be made: an empty folder or none. What is in the
/// way is planned to be removed if that is allowed.
fn look(facts: &Facts, target: &Path, force: bool, plan: &mut Plan) -> Result<Option<Repository>> {
    let host = facts.host();
    if let Some(repository) = Repository::at(host, target)? {
        return Ok(Some(repository));
    }
    let in_the_way = match host.stat(target)? {
        None => false,
        Some(stat) if stat.kind == Kind::Directory => {
            host.list(target)?.is_some_and(|names| !names.is_empty())
        }
        Some(_) => true,
    };
    if in_the_way {
        if !force {
            return Err(Fault::new(format!("`{}` is there and no git repository", target.display()))
                .help("`force_clone: true` removes what is there"));
        }
        plan.push(
            Change::new(format!("{} removed", target.display())),
            Action::Remove { path: target.to_owned() },
        );
    }
    if host.which("git")?.is_none() && !facts.packages_coming() {
        return Err(Fault::new("`git` is not installed").help("install the package `git` first"));
    }
    Ok(None)
}

/// What must be settled before a clone can be made.
fn wants(target: &str, user: Option<&String>, identity: &[String]) -> Vec<Key> {
    let mut wants = vec![Key::Package("git".to_owned())];
    wants.extend(Path::new(target).parent().map(|parent| Key::Path(parent.to_owned())));
    wants.extend(user.cloned().map(Key::User));
    wants.extend(identity.iter().map(|path| Key::Path(PathBuf::from(path))));
    wants
}

/// The start of a commit's name, as people read it.
fn short(hash: &str) -> &str {
    hash.get(..10).unwrap_or(hash)
}

fn is_full_hash(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && is_hash(text)
}

/// Whether a text may be the start of a commit's name.
fn is_hash(text: &str) -> bool {
    text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
