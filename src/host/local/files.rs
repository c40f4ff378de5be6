//! File actions on this machine, one function each. Never follows a symlink at the end of a path.

use std::fs::{self, DirBuilder, File, FileTimes, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::fcntl::OFlag;

use super::copy::{apart, copy};
use super::write::{self, New};
use super::{Local, at};
use crate::fault::{Fault, Result};
use crate::host::{Action, Owner, names};

/// Performs an action on files; the path that was written to.
pub(super) fn act<'a>(host: &Local, action: &'a Action) -> Result<&'a Path> {
    let path = match action {
        Action::WriteFile { path, .. }
        | Action::MakeDirectory { path, .. }
        | Action::SetMode { path, .. }
        | Action::SetOwner { path, .. }
        | Action::Symlink { path, .. }
        | Action::Hardlink { path, .. }
        | Action::Remove { path }
        | Action::Touch { path, .. }
        | Action::Rename { to: path, .. }
        | Action::Copy { to: path, .. }
        | Action::Download { path, .. } => path,
        Action::Run(_) | Action::Extract(_) | Action::Packages(_) | Action::Nothing | Action::Fail(_) => {
            return Err(Fault::new("an action on files was expected"));
        }
    };
    if !path.is_absolute() || path.file_name().is_none() {
        return Err(Fault::new(format!("`{}`: not an absolute path of something", path.display())));
    }
    match action {
        Action::WriteFile { content, mode, owner, validate, backup, temporary, .. } => {
            let new = New { path, mode: *mode, owner };
            write::write(host, &new, content, validate.as_deref(), backup.as_deref(), temporary.as_ref())?;
        }
        Action::MakeDirectory { mode, owner, .. } => make_directory(host, path, *mode, owner)?,
        Action::SetMode { mode, .. } => set_mode(path, *mode)?,
        Action::SetOwner { owner, .. } => set_owner(host, path, owner)?,
        Action::Symlink { target, owner, .. } => {
            let (uid, gid) = names::ids(host, owner)?;
            replace(path, |temporary| {
                symlink(target, temporary)?;
                lchown(temporary, uid, gid)
            })?;
        }
        Action::Hardlink { target, .. } => replace(path, |temporary| fs::hard_link(target, temporary))?,
        Action::Remove { .. } => remove(path)?,
        Action::Rename { from, .. } => rename(from, path)?,
        Action::Copy { from, owner, mode, .. } => {
            let (uid, gid) = names::ids(host, owner)?;
            copy(from, path, uid, gid, *mode)?;
        }
        Action::Touch { accessed, modified, .. } => touch(path, *accessed, *modified)?,
        Action::Download { .. }
        | Action::Extract(_)
        | Action::Run(_)
        | Action::Packages(_)
        | Action::Nothing
        | Action::Fail(_) => {}
    }
    Ok(path)
}

fn make_directory(host: &Local, path: &Path, mode: Option<u32>, owner: &Owner) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(stat) if stat.is_dir() => {}
        Ok(_) => return Err(Fault::new(format!("`{}`: is there and no directory", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Nobody else gets in before the owner is right.
            let open = mode.is_none() && *owner == Owner::default();
            let first = if open { 0o755 } else { 0o700 };
            DirBuilder::new().mode(first).create(path).map_err(at(path))?;
            if open {
                return Ok(());
            }
            set_owner(host, path, owner)?;
            return set_mode(path, mode.unwrap_or(0o755));
        }
        Err(error) => return Err(at(path)(error)),
    }
    set_owner(host, path, owner)?;
    mode.map_or(Ok(()), |mode| set_mode(path, mode))
}

/// Sets the mode of what is at the path itself, by an open file, so that nobody can put a symlink to
/// another file in its place meanwhile.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<()> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path).map_err(at(path))?;
    if file.metadata().map_err(at(path))?.is_symlink() {
        return Err(Fault::new(format!("`{}`: a symlink has no mode of its own", path.display())));
    }
    let number = std::os::fd::AsRawFd::as_raw_fd(&file);
    let handle = PathBuf::from(format!("/proc/self/fd/{number}"));
    fs::set_permissions(&handle, fs::Permissions::from_mode(mode & 0o7777)).map_err(at(path))
}

fn set_owner(host: &Local, path: &Path, owner: &Owner) -> Result<()> {
    let (uid, gid) = names::ids(host, owner)?;
    if uid.is_none() && gid.is_none() {
        return fs::symlink_metadata(path).map(drop).map_err(at(path));
    }
    lchown(path, uid, gid).map_err(at(path))
}

/// Makes something under a temporary name beside the path and renames it over the path.
fn replace(path: &Path, make: impl Fn(&Path) -> io::Result<()>) -> Result<()> {
    let temporary = tempfile::Builder::new()
        .prefix(".provision-")
        .make_in(path.parent().unwrap_or(Path::new("/")), |temporary| make(temporary))
        .map_err(at(path))?
        .into_temp_path();
    fs::rename(&temporary, path).map_err(at(path))?;
    // Renaming one name of a file over another name of it does nothing: then the first is removed, too.
    drop(temporary);
    Ok(())
}

pub(super) fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(stat) if stat.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        result => result.map_err(at(path)),
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    let source = fs::symlink_metadata(from).map_err(at(from))?;
    let (from, to) = apart(from, to)?;
    if let Ok(target) = fs::symlink_metadata(&to)
        && (target.is_dir() || source.is_dir())
    {
        remove(&to)?;
    }
    match fs::rename(&from, &to) {
        // Renaming one name of a file over another one of it does nothing.
        Ok(()) if fs::symlink_metadata(&from).is_ok() => remove(&from),
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            copy(&from, &to, None, None, None)?;
            remove(&from)
        }
        result => result.map_err(at(&to)),
    }
}

fn touch(path: &Path, accessed: Option<i64>, modified: Option<i64>) -> Result<()> {
    let time = |seconds: Option<i64>| match seconds {
        None => SystemTime::now(),
        Some(seconds) if seconds >= 0 => UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs()),
        Some(seconds) => UNIX_EPOCH - Duration::from_secs(seconds.unsigned_abs()),
    };
    let times = FileTimes::new().set_accessed(time(accessed)).set_modified(time(modified));
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if path.is_symlink() {
                return Err(Fault::new(format!("`{}`: a symlink to nothing", path.display())));
            }
            OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)
        }
        opened => opened,
    };
    file.and_then(|file| file.set_times(times)).map_err(at(path))
}
