//! The key that signs an archive, in a file of its own under /etc/apt/keyrings.

use std::path::{Path, PathBuf};

use super::{armor, write};
use crate::fault::{Fault, Result};
use crate::host::{Action, Owner};
use crate::plan::{Change, Plan};
use crate::states::Context;
use crate::states::file::source::{self, Source, SourceLocation};

/// Where a key comes from.
pub enum Origin<'a> {
    Text(&'a str),
    Url(&'a str),
}

/// What it takes for the file to hold the key. A key from the network is fetched once: it is not known
/// whether another one would be better.
pub fn plan(context: &Context<'_>, origin: &Origin<'_>, path: &Path, plan: &mut Plan) -> Result<()> {
    let host = context.facts.host();
    let there = host.read(path)?;
    let bytes = match origin {
        Origin::Text(text) => text.as_bytes().to_vec(),
        Origin::Url(url) => match Source::new(*url).location()? {
            SourceLocation::Project(url) => source::from_project(context, &url)?.to_vec(),
            SourceLocation::Host(path) => source::from_host(host, &path)?,
            SourceLocation::Remote(_) if there.is_some() => return Ok(()),
            SourceLocation::Remote(url) if wants_armor(path) => {
                folder(context, path, plan)?;
                let action = Action::Download {
                    url,
                    hash: None,
                    path: path.to_owned(),
                    mode: Some(0o644),
                    owner: Owner::default(),
                };
                plan.push(created(path), action);
                return Ok(());
            }
            SourceLocation::Remote(url) => source::from_network(host, &url)?,
        },
    };
    let content = fitting(bytes, path)?;
    if there.as_ref() == Some(&content) {
        return Ok(());
    }
    folder(context, path, plan)?;
    plan.push(created(path), write(path, content));
    Ok(())
}

fn created(path: &Path) -> Change {
    Change::new(format!("key {}", path.display()))
}

fn wants_armor(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "asc")
}

/// The key in the form that the file's ending announces.
fn fitting(bytes: Vec<u8>, path: &Path) -> Result<Vec<u8>> {
    if !armor::is_key(&bytes) {
        return Err(Fault::new("what `key_url` gives is no OpenPGP key"));
    }
    match (wants_armor(path), armor::is_armored(&bytes)) {
        (true, false) => Err(Fault::new(format!("the key for `{}` has no ASCII armour", path.display()))
            .help("let `signedby` end in `.gpg`")),
        (false, true) => armor::bare(&bytes).ok_or_else(|| Fault::new("the key's ASCII armour is damaged")),
        _ => Ok(bytes),
    }
}

fn folder(context: &Context<'_>, path: &Path, plan: &mut Plan) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    if crate::host::leads_to(context.facts.host(), folder)?.is_none() {
        let change = Change::new(format!("directory {}", folder.display())).to("created, 0755");
        let path: PathBuf = folder.to_owned();
        plan.push(change, Action::MakeDirectory { path, mode: Some(0o755), owner: Owner::default() });
    }
    Ok(())
}
