//! Follows symlinks of a home, and only within it. Must not read files.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::fault::{Fault, Result};
use crate::host::{Host, Kind};

/// As many as the kernel follows.
const MOST: usize = 40;

/// Where a path of a home really is. A symlink that its owner put there and that leads elsewhere is
/// refused: root would write where the user may not. A path elsewhere is the administrator's, and stays.
pub fn resolve(host: &dyn Host, home: &Path, path: &Path) -> Result<PathBuf> {
    let Ok(rest) = path.strip_prefix(home) else { return Ok(path.to_owned()) };
    let mut here = home.to_owned();
    let mut parts = reversed(rest);
    let mut links = 0;
    while let Some(part) = parts.pop() {
        if part == ".." {
            if here == home {
                return Err(refused(path, home));
            }
            here.pop();
            continue;
        }
        let next = here.join(&part);
        if host.stat(&next)?.is_none_or(|stat| stat.kind != Kind::Symlink) {
            here = next;
            continue;
        }
        links += 1;
        if links > MOST {
            return Err(Fault::new(format!("`{}`: too many symlinks in a row", path.display())));
        }
        let target = host.link(&next)?.unwrap_or_default();
        if target.is_absolute() {
            let Ok(rest) = target.strip_prefix(home) else { return Err(refused(&next, home)) };
            here = home.to_owned();
            parts.extend(reversed(rest));
        } else {
            parts.extend(reversed(&target));
        }
    }
    Ok(here)
}

fn reversed(path: &Path) -> Vec<OsString> {
    path.components()
        .rev()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| part.as_os_str().to_owned())
        .collect()
}

fn refused(link: &Path, home: &Path) -> Fault {
    Fault::new(format!("`{}` is a symlink that leads out of the home `{}`", link.display(), home.display()))
        .help("root must not follow it: remove it, or name the real file with `config`")
}
