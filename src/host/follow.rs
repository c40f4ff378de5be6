//! Where symlinks lead, as far as they may be followed: root is not led by links that other accounts could have put
//! there. Looks through the host's door, so that it holds for dry runs and fakes, too.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::{Host, Kind, Stat};
use crate::fault::{Fault, Result};

/// As many as the kernel follows.
const MOST: usize = 40;

/// Follows a path's last symlinks, as `stat` does and `lstat` does not, for whatever is then acted on or read.
///
/// # Errors
/// A link stands in a folder that other accounts can change, so that it may lead anywhere.
pub fn follow(host: &dyn Host, path: &Path) -> Result<Option<(PathBuf, Stat)>> {
    let (path, stat) = destination(host, path)?;
    Ok(stat.map(|stat| (path, stat)))
}

/// Where a path ends, and what is there, if anything: as [`follow`], for writing through a symlink.
pub fn destination(host: &dyn Host, path: &Path) -> Result<(PathBuf, Option<Stat>)> {
    through(host, path, true)
}

/// As [`follow`], wherever it leads: only to learn what is there.
pub fn leads_to(host: &dyn Host, path: &Path) -> Result<Option<(PathBuf, Stat)>> {
    let (path, stat) = through(host, path, false)?;
    Ok(stat.map(|stat| (path, stat)))
}

fn through(host: &dyn Host, path: &Path, wary: bool) -> Result<(PathBuf, Option<Stat>)> {
    let mut path = path.to_owned();
    for _ in 0..MOST {
        match host.stat(&path)? {
            Some(stat) if stat.kind == Kind::Symlink => {
                let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
                if wary && !keeps(host, &folder, &stat)? {
                    return Err(Fault::new(format!(
                        "`{}` is a symlink in a folder that other accounts can change",
                        path.display()
                    ))
                    .help("root does not follow it, since it may lead anywhere; write the path that it leads to"));
                }
                let Some(target) = host.link(&path)? else { return Ok((path, None)) };
                path = folder.join(target);
            }
            stat => return Ok((path, stat)),
        }
    }
    Err(too_many(&path))
}

/// Whether nobody but us could have put an entry into a folder, going by all folders on the way to it.
fn keeps(host: &dyn Host, folder: &Path, entry: &Stat) -> Result<bool> {
    let own = nix::unistd::geteuid().as_raw();
    let is_ours = |uid: u32| uid == 0 || uid == own;
    let mut here = PathBuf::from("/");
    let mut parts = reversed(folder);
    let mut links = 0;
    let mut last = host.stat(&here)?;
    while let Some(part) = parts.pop() {
        if part == ".." {
            here.pop();
            last = host.stat(&here)?;
            continue;
        }
        let next = here.join(&part);
        let Some(stat) = host.stat(&next)? else { return Ok(false) };
        if !last.is_some_and(|last| allows(&last, &stat, is_ours)) {
            return Ok(false);
        }
        if stat.kind != Kind::Symlink {
            here = next;
            last = Some(stat);
            continue;
        }
        links += 1;
        if links > MOST {
            return Err(too_many(folder));
        }
        let target = here.join(host.link(&next)?.unwrap_or_default());
        parts.extend(reversed(&target));
        here = PathBuf::from("/");
        last = host.stat(&here)?;
    }
    Ok(last.is_some_and(|last| allows(&last, entry, is_ours)))
}

/// Whether only we could have put an entry into a folder: it is ours alone, or it is sticky and the entry is ours.
fn allows(folder: &Stat, entry: &Stat, is_ours: impl Fn(u32) -> bool) -> bool {
    let sticky = folder.mode & 0o1000 != 0 && is_ours(entry.uid);
    is_ours(folder.uid) && (folder.mode & 0o022 == 0 || sticky)
}

fn reversed(path: &Path) -> Vec<OsString> {
    let named = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::ParentDir);
    path.components().rev().filter(named).map(|part| part.as_os_str().to_owned()).collect()
}

fn too_many(path: &Path) -> Fault {
    Fault::new(format!("`{}`: too many levels of symbolic links", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Local;

    #[test]
    fn only_links_of_ours_are_followed() {
        use std::os::unix::fs::{chown, symlink};
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("home")).unwrap();
        std::fs::write(path("secret"), "hush").unwrap();
        for (link, target) in [("fine", "secret"), ("home/led", "../secret"), ("way", "home")] {
            symlink(target, path(link)).unwrap();
        }
        chown(path("home"), Some(65534), None).unwrap();
        let host = Local::new();
        assert_eq!(follow(&host, &path("fine")).unwrap().unwrap().0, path("secret"));
        for led in ["home/led", "way/led"] {
            let fault = follow(&host, &path(led)).unwrap_err();
            assert!(fault.message.contains("that other accounts can change"), "{fault}");
            assert!(leads_to(&host, &path(led)).unwrap().is_some());
        }
    }
}
