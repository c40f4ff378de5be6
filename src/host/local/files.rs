//! File actions on this machine, one function each. Never follows a symlink at the end of a path, nor one on the
//! way that others could have put there.

use std::fs::{self, DirBuilder, File, FileTimes, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, lchown, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::fcntl::{AtFlags, OFlag};
use nix::unistd::{Gid, Uid, fchownat};

use super::copy::{copy, ensure_disjoint};
use super::place::{Place, handle};
use super::write::{self, New};
use super::{Local, at};
use crate::fault::{Fault, Result};
use crate::host::{Action, Owner, names};

/// Performs an action on files; the path that was written to.
pub(super) fn act<'a>(host: &Local, action: &'a Action) -> Result<&'a Path> {
    let Some(path) = action.path() else {
        return Err(Fault::new("an action on files was expected"));
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
        Action::Hardlink { target, .. } => {
            let target = there(target)?;
            target.hold()?;
            replace(path, |temporary| fs::hard_link(target.path(), temporary))?;
        }
        Action::Remove { .. } => remove(path)?,
        Action::Rename { from, .. } => rename(from, path)?,
        Action::Copy { from, owner, mode, .. } => {
            let (uid, gid) = names::ids(host, owner)?;
            copy(&there(from)?, &Place::of(path)?, uid, gid, *mode)?;
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
    let place = Place::of(path)?;
    match fs::symlink_metadata(place.path()) {
        Ok(stat) if stat.is_dir() => {
            own(host, &place, owner)?;
            mode.map_or(Ok(()), |mode| permit(&place, mode))
        }
        Ok(_) => Err(Fault::new(format!("`{}`: is there and no directory", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Nobody else gets in before the owner is right.
            let open = mode.is_none() && *owner == Owner::default();
            let first = if open { 0o755 } else { 0o700 };
            DirBuilder::new().mode(first).create(place.path()).map_err(at(path))?;
            if open {
                return Ok(());
            }
            own(host, &place, owner)?;
            permit(&place, mode.unwrap_or(0o755))
        }
        Err(error) => Err(at(path)(error)),
    }
}

/// Sets the mode of what is at the path itself.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<()> {
    permit(&there(path)?, mode)
}

fn set_owner(host: &Local, path: &Path, owner: &Owner) -> Result<()> {
    own(host, &there(path)?, owner)
}

fn there(path: &Path) -> Result<Place> {
    Place::find(path)?.ok_or_else(|| at(path)(ErrorKind::NotFound.into()))
}

/// By an open file, so that nobody can put another one in its place meanwhile.
fn permit(place: &Place, mode: u32) -> Result<()> {
    let path = place.shown();
    let held = place.hold()?;
    if held.metadata().map_err(at(path))?.is_symlink() {
        return Err(Fault::new(format!("`{}`: a symlink has no mode of its own", path.display())));
    }
    let permissions = fs::Permissions::from_mode(mode & 0o7777);
    fs::set_permissions(handle(held.as_fd()), permissions).map_err(at(path))
}

fn own(host: &Local, place: &Place, owner: &Owner) -> Result<()> {
    let (uid, gid) = names::ids(host, owner)?;
    let held = place.hold()?;
    if uid.is_none() && gid.is_none() {
        return Ok(());
    }
    fchownat(&held, "", uid.map(Uid::from_raw), gid.map(Gid::from_raw), AtFlags::AT_EMPTY_PATH)
        .map_err(|error| at(place.shown())(error.into()))
}

/// Makes something under a temporary name beside the path and renames it over the path.
fn replace(path: &Path, make: impl Fn(&Path) -> io::Result<()>) -> Result<()> {
    let place = Place::of(path)?;
    let temporary = tempfile::Builder::new()
        .prefix(".provision-")
        .make_in(place.folder(), |temporary| make(temporary))
        .map_err(at(path))?
        .into_temp_path();
    fs::rename(&temporary, place.path()).map_err(at(path))?;
    // Renaming one name of a file over another name of it does nothing: then the first is removed, too.
    drop(temporary);
    Ok(())
}

pub(super) fn remove(path: &Path) -> Result<()> {
    match Place::find(path)? {
        Some(place) => remove_at(place.path(), path),
        None => Ok(()),
    }
}

/// Removes what is at a place. The standard library goes down a tree by open folders, and follows no symlink.
pub(super) fn remove_at(reach: &Path, shown: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(reach) {
        Ok(stat) if stat.is_dir() => fs::remove_dir_all(reach),
        Ok(_) => fs::remove_file(reach),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        result => result.map_err(at(shown)),
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    let (from, to) = (there(from)?, Place::of(to)?);
    let source = fs::symlink_metadata(from.path()).map_err(at(from.shown()))?;
    ensure_disjoint(&from, &to)?;
    if let Ok(target) = fs::symlink_metadata(to.path())
        && (target.is_dir() || source.is_dir())
    {
        remove_at(to.path(), to.shown())?;
    }
    match fs::rename(from.path(), to.path()) {
        // Renaming one name of a file over another one of it does nothing.
        Ok(()) if fs::symlink_metadata(from.path()).is_ok() => remove_at(from.path(), from.shown()),
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            copy(&from, &to, None, None, None)?;
            remove_at(from.path(), from.shown())
        }
        result => result.map_err(at(to.shown())),
    }
}

fn touch(path: &Path, accessed: Option<i64>, modified: Option<i64>) -> Result<()> {
    let time = |seconds: Option<i64>| match seconds {
        None => SystemTime::now(),
        Some(seconds) if seconds >= 0 => UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs()),
        Some(seconds) => UNIX_EPOCH - Duration::from_secs(seconds.unsigned_abs()),
    };
    let times = FileTimes::new().set_accessed(time(accessed)).set_modified(time(modified));
    let missing = || Fault::new(format!("`{}`: its folder is not there", path.display()));
    let place = Place::behind(path)?.ok_or_else(missing)?;
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits()).open(place.path());
    let file = match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if fs::symlink_metadata(there(path)?.path()).is_ok() {
                return Err(Fault::new(format!("`{}`: a symlink to nothing", path.display())));
            }
            OpenOptions::new().write(true).create_new(true).mode(0o644).open(place.path())
        }
        opened => opened,
    };
    file.and_then(|file: File| file.set_times(times)).map_err(at(path))
}
