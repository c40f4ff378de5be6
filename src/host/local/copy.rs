//! Copies of files and trees with their modes, owners and times; symlinks stay symlinks.

use std::fs::{self, File, FileTimes, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown, lchown, symlink};
use std::path::{Path, PathBuf};

use super::at;
use super::files::remove;
use super::write::{persist, temporary};
use crate::fault::{Fault, Result};

/// Copies over whatever is at the destination; `mode` is for the top of a tree.
pub(super) fn copy(
    from: &Path,
    to: &Path,
    uid: Option<u32>,
    gid: Option<u32>,
    mode: Option<u32>,
) -> Result<()> {
    let (from, to) = apart(from, to)?;
    copy_over(&from, &to, uid, gid, mode)
}

/// Refuses to put something into or over a folder that it is in, symlinks on the way seen through: the
/// first would never end, the second would remove what is to be kept. Gives both as they really are.
pub(super) fn apart(from: &Path, to: &Path) -> Result<(PathBuf, PathBuf)> {
    let real = |path: &Path| -> Result<PathBuf> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        let parent = fs::canonicalize(parent).map_err(at(path))?;
        Ok(path.file_name().map_or(parent.clone(), |name| parent.join(name)))
    };
    let (real_from, real_to) = (real(from)?, real(to)?);
    if real_to.starts_with(&real_from) || real_from.starts_with(&real_to) {
        return Err(Fault::new(format!("`{}`: cannot be put into or over itself", from.display())));
    }
    Ok((real_from, real_to))
}

fn copy_over(from: &Path, to: &Path, uid: Option<u32>, gid: Option<u32>, mode: Option<u32>) -> Result<()> {
    let stat = fs::symlink_metadata(from).map_err(at(from))?;
    if let Ok(there) = fs::symlink_metadata(to)
        && (there.is_dir() || stat.is_dir())
    {
        remove(to)?;
    }
    let uid_of = |stat: &Metadata| Some(uid.unwrap_or(stat.uid()));
    let gid_of = |stat: &Metadata| Some(gid.unwrap_or(stat.gid()));
    let permissions = fs::Permissions::from_mode(mode.unwrap_or(stat.mode()) & 0o7777);
    if stat.is_symlink() {
        let target = fs::read_link(from).map_err(at(from))?;
        remove(to)?;
        symlink(target, to).and_then(|()| lchown(to, uid_of(&stat), gid_of(&stat))).map_err(at(to))
    } else if stat.is_dir() {
        fs::create_dir(to).map_err(at(to))?;
        fs::set_permissions(to, fs::Permissions::from_mode(0o700)).map_err(at(to))?;
        for entry in fs::read_dir(from).map_err(at(from))? {
            let name = entry.map_err(at(from))?.file_name();
            copy_over(&from.join(&name), &to.join(&name), uid, gid, None)?;
        }
        let folder = File::open(to).map_err(at(to))?;
        fchown(&folder, uid_of(&stat), gid_of(&stat)).map_err(at(to))?;
        folder.set_permissions(permissions).map_err(at(to))?;
        folder.set_times(times(&stat).map_err(at(from))?).map_err(at(to))
    } else if stat.is_file() {
        let mut source = File::open(from).map_err(at(from))?;
        let mut file = temporary(to)?;
        io::copy(&mut source, &mut file).map_err(at(to))?;
        fchown(&file, uid_of(&stat), gid_of(&stat)).map_err(at(to))?;
        file.as_file().set_permissions(permissions).map_err(at(to))?;
        file.as_file().set_times(times(&stat).map_err(at(from))?).map_err(at(to))?;
        persist(file, to)
    } else {
        Err(Fault::new(format!("`{}`: neither file, directory nor symlink", from.display())))
    }
}

fn times(stat: &Metadata) -> io::Result<FileTimes> {
    Ok(FileTimes::new().set_accessed(stat.accessed()?).set_modified(stat.modified()?))
}
