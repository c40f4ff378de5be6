//! Looking at paths the way the file states need it: through symlinks, and with what a dry run still
//! expects. Must not decide what to change.

use std::path::{Path, PathBuf};

use super::path::{above, plain};
use crate::facts::{Facts, Key};
use crate::fault::Result;
use crate::host::{Host, Kind, Stat, leads_to};

/// Where a path really ends, and what is there, if anything: for writing through a symlink.
pub fn destination(host: &dyn Host, path: &Path) -> Result<(PathBuf, Option<Stat>)> {
    let (path, stat) = crate::host::destination(host, path)?;
    Ok((plain(&path), stat))
}

pub fn is_file(host: &dyn Host, path: &Path) -> Result<bool> {
    Ok(leads_to(host, path)?.is_some_and(|(_, stat)| stat.kind == Kind::File))
}

pub fn is_directory(host: &dyn Host, path: &Path) -> Result<bool> {
    Ok(leads_to(host, path)?.is_some_and(|(_, stat)| stat.kind == Kind::Directory))
}

/// Why a path that is not there may yet come before this state's turn in the real run, if it may. Only a
/// dry run ever expects something.
pub fn arriving(facts: &Facts, path: &Path) -> Option<String> {
    for path in std::iter::once(path).chain(above(path)) {
        for key in [Key::Path(path.to_owned()), Key::Environment(path.to_owned())] {
            if facts.coming(&key) {
                return Some(format!("an earlier state's {key}"));
            }
        }
    }
    facts.packages_coming().then(|| "packages that are still to be installed".to_owned())
}

/// What kind of thing is in the way, in a word.
pub fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Symlink => "symlink",
        Kind::Special => "device, socket or pipe",
    }
}

/// A path below a folder.
pub struct Below {
    pub path: PathBuf,
    /// From the folder, with `/`.
    pub relative: String,
    pub stat: Stat,
}

/// Everything under a folder, a folder before what is in it; symlinks are not followed. `depth`: how many
/// levels of folders to look into.
pub fn walk(host: &dyn Host, top: &Path, depth: Option<u64>) -> Result<Vec<Below>> {
    let mut found = Vec::new();
    descend(host, top, "", depth, &mut found)?;
    Ok(found)
}

fn descend(
    host: &dyn Host,
    folder: &Path,
    relative: &str,
    depth: Option<u64>,
    found: &mut Vec<Below>,
) -> Result<()> {
    if depth == Some(0) {
        return Ok(());
    }
    for name in host.list(folder)?.unwrap_or_default() {
        let path = folder.join(&name);
        let relative = if relative.is_empty() { name } else { format!("{relative}/{name}") };
        // Gone between listing and looking: nothing to care for.
        let Some(stat) = host.stat(&path)? else { continue };
        found.push(Below { path: path.clone(), relative: relative.clone(), stat });
        if stat.kind == Kind::Directory {
            descend(host, &path, &relative, depth.map(|depth| depth - 1), found)?;
        }
    }
    Ok(())
}
