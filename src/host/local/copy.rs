//! Copies of files and trees with their modes, owners and times; symlinks stay symlinks. Goes down a tree by open
//! folders, since others may change it meanwhile.

use std::fs::{self, File, FileTimes, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown, symlink,
};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::at;
use super::files::remove_at;
use super::place::{Folder, Place};
use super::write::temporary_in;
use crate::fault::{Fault, Result};

/// Copies over whatever is at the destination; `mode` is for the top of a tree.
pub(super) fn copy(
    from: &Place,
    to: &Place,
    uid: Option<u32>,
    gid: Option<u32>,
    mode: Option<u32>,
) -> Result<()> {
    ensure_disjoint(from, to)?;
    let way = Way { uid, gid, merge: false };
    way.copy(&CopyPath::of(from), &CopyPath::of(to), mode)
}

/// Puts what is in one folder into another one, whose own folders stay.
pub(super) fn merge(from: &Place, to: &Place, uid: Option<u32>, gid: Option<u32>) -> Result<()> {
    ensure_disjoint(from, to)?;
    let (from, to) = (CopyPath::of(from), CopyPath::of(to));
    let open = |path: &CopyPath| Folder::open(&path.reach).map_err(at(&path.shown));
    Way { uid, gid, merge: true }.entries(&open(&from)?, &from, &open(&to)?, &to)
}

/// Refuses to put something into or over a folder that it is in: the first would never end, the second would
/// remove what is to be kept.
pub(super) fn ensure_disjoint(from: &Place, to: &Place) -> Result<()> {
    let (real_from, real_to) = (from.real()?, to.real()?);
    if real_to.starts_with(&real_from) || real_from.starts_with(&real_to) {
        return Err(Fault::new(format!("`{}`: cannot be put into or over itself", from.shown().display())));
    }
    Ok(())
}

/// Something that is reached by an open folder.
struct CopyPath {
    reach: PathBuf,
    shown: PathBuf,
}

impl CopyPath {
    fn of(place: &Place) -> Self {
        Self { reach: place.path().to_owned(), shown: place.shown().to_owned() }
    }

    fn entry(&self, folder: &Folder, name: &std::ffi::OsStr) -> Self {
        Self { reach: folder.entry(name), shown: self.shown.join(name) }
    }
}

/// How all of a tree is copied.
struct Way {
    uid: Option<u32>,
    gid: Option<u32>,
    /// A folder that is there stays, with what else is in it.
    merge: bool,
}

impl Way {
    fn copy(&self, from: &CopyPath, to: &CopyPath, mode: Option<u32>) -> Result<()> {
        let stat = fs::symlink_metadata(&from.reach).map_err(at(&from.shown))?;
        let there = fs::symlink_metadata(&to.reach).ok();
        let stays = self.merge && stat.is_dir() && there.as_ref().is_some_and(Metadata::is_dir);
        if let Some(there) = there.filter(|_| !stays)
            && (there.is_dir() || stat.is_dir())
        {
            remove_at(&to.reach, &to.shown)?;
        }
        let uid = Some(self.uid.unwrap_or(stat.uid()));
        let gid = Some(self.gid.unwrap_or(stat.gid()));
        let permissions = fs::Permissions::from_mode(mode.unwrap_or(stat.mode()) & 0o7777);
        let shown: &Path = &to.shown;
        if stat.is_symlink() {
            let target = fs::read_link(&from.reach).map_err(at(&from.shown))?;
            remove_at(&to.reach, shown)?;
            symlink(target, &to.reach).and_then(|()| lchown(&to.reach, uid, gid)).map_err(at(shown))
        } else if stat.is_dir() {
            let source = Folder::open(&from.reach).map_err(at(&from.shown))?;
            if !stays {
                fs::DirBuilder::new().mode(0o700).create(&to.reach).map_err(at(shown))?;
            }
            let folder = Folder::open(&to.reach).map_err(at(shown))?;
            if stays {
                return self.entries(&source, from, &folder, to);
            }
            self.entries(&source, from, &folder, to)?;
            fchown(folder.file(), uid, gid).map_err(at(shown))?;
            folder.file().set_permissions(permissions).map_err(at(shown))?;
            folder.file().set_times(times(&stat).map_err(at(&from.shown))?).map_err(at(shown))
        } else if stat.is_file() {
            let mut source = open(from)?;
            let mut file = temporary_in(to.reach.parent().unwrap_or(Path::new("/")), shown)?;
            io::copy(&mut source, &mut file).map_err(at(shown))?;
            fchown(&file, uid, gid).map_err(at(shown))?;
            file.as_file().set_permissions(permissions).map_err(at(shown))?;
            file.as_file().set_times(times(&stat).map_err(at(&from.shown))?).map_err(at(shown))?;
            file.persist(&to.reach).map(drop).map_err(|error| at(shown)(error.error))
        } else {
            Err(Fault::new(format!("`{}`: neither file, directory nor symlink", from.shown.display())))
        }
    }

    fn entries(&self, source: &Folder, from: &CopyPath, folder: &Folder, to: &CopyPath) -> Result<()> {
        for name in source.names().map_err(at(&from.shown))? {
            self.copy(&from.entry(source, &name), &to.entry(folder, &name), None)?;
        }
        Ok(())
    }
}

/// The file that was looked at; it may have become another thing meanwhile.
fn open(from: &CopyPath) -> Result<File> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(&from.reach);
    let file = file.map_err(at(&from.shown))?;
    if !file.metadata().map_err(at(&from.shown))?.is_file() {
        return Err(Fault::new(format!("`{}`: not a regular file", from.shown.display())));
    }
    Ok(file)
}

fn times(stat: &Metadata) -> io::Result<FileTimes> {
    Ok(FileTimes::new().set_accessed(stat.accessed()?).set_modified(stat.modified()?))
}
