//! Copies of files and trees with their modes, owners and times; symlinks stay symlinks.

use std::fs::{self, File, FileTimes, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown, lchown, symlink};
use std::path::Path;

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
    if to.starts_with(from) {
        return Err(Fault::new(format!("`{}`: cannot be copied into itself", from.display())));
    }
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
            copy(&from.join(&name), &to.join(&name), uid, gid, None)?;
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
