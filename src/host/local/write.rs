//! Files written whole or not at all: a temporary file beside the path, checked, then renamed over it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Local, at, copy::copy, place::Place, program};
use crate::fault::{Fault, Result};
use crate::host::{Command, Owner, names};

/// A file that is to be put in place.
pub(super) struct New<'a> {
    pub path: &'a Path,
    pub mode: Option<u32>,
    pub owner: &'a Owner,
}

pub(super) fn write(
    host: &Local,
    new: &New<'_>,
    content: &[u8],
    validate: Option<&[String]>,
    backup: Option<&Path>,
    elsewhere: Option<&(PathBuf, String)>,
) -> Result<()> {
    let place = Place::of(new.path)?;
    let mut file = temporary(&place)?;
    file.write_all(content).map_err(at(new.path))?;
    apply_metadata(host, new, &place, &file)?;
    if let Some(argv) = validate {
        match elsewhere {
            // Only for the validator's eyes: it may be on another file system.
            Some((folder, ending)) => {
                let mut seen =
                    tempfile::Builder::new().suffix(ending).tempfile_in(folder).map_err(at(folder))?;
                seen.write_all(content).map_err(at(folder))?;
                check(host, new, argv, seen.path())?;
            }
            // What others could put in its place is not what is judged.
            None if place.is_foreign() => {
                let mut seen = tempfile::NamedTempFile::new().map_err(at(new.path))?;
                seen.write_all(content).map_err(at(new.path))?;
                check(host, new, argv, seen.path())?;
            }
            None => {
                let name = file.path().file_name().unwrap_or_default();
                check(host, new, argv, &new.path.with_file_name(name))?;
            }
        }
    }
    if let Some(backup) = backup
        && fs::symlink_metadata(place.path()).is_ok()
    {
        copy(&place, &Place::of(backup)?, None, None, None)?;
    }
    persist(file, &place)
}

/// An empty file beside the place that only root can read.
pub(super) fn temporary(place: &Place) -> Result<NamedTempFile> {
    if fs::symlink_metadata(place.path()).is_ok_and(|stat| stat.is_dir()) {
        return Err(Fault::new(format!("`{}`: is a directory", place.shown().display())));
    }
    temporary_in(place.folder(), place.shown())
}

/// An empty file in a folder; `shown` is what errors name.
pub(super) fn temporary_in(folder: &Path, shown: &Path) -> Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".provision-").tempfile_in(folder).map_err(at(shown))
}

/// Gives the temporary file the owner and mode that are wanted, else those of the file that is there.
pub(super) fn apply_metadata(host: &Local, new: &New<'_>, place: &Place, file: &NamedTempFile) -> Result<()> {
    let old = fs::symlink_metadata(place.path()).ok().filter(fs::Metadata::is_file);
    let (uid, gid) = names::ids(host, new.owner)?;
    let stat = file.as_file().metadata().map_err(at(new.path))?;
    // Only what differs, so that this also works for those who own the file and are not root.
    let uid = uid.or(old.as_ref().map(MetadataExt::uid)).filter(|uid| *uid != stat.uid());
    let gid = gid.or(old.as_ref().map(MetadataExt::gid)).filter(|gid| *gid != stat.gid());
    if uid.is_some() || gid.is_some() {
        fchown(file, uid, gid).map_err(at(new.path))?;
    }
    let mode = new.mode.or(old.map(|old| old.mode())).unwrap_or(0o644);
    file.as_file().set_permissions(fs::Permissions::from_mode(mode & 0o7777)).map_err(at(new.path))
}

pub(super) fn persist(file: NamedTempFile, place: &Place) -> Result<()> {
    file.persist(place.path()).map(drop).map_err(|error| at(place.shown())(error.error))
}

/// Lets a program judge the new content before it is put in place.
fn check(host: &Local, new: &New<'_>, argv: &[String], file: &Path) -> Result<()> {
    let file = file.to_string_lossy().into_owned();
    let output = program::run(host, &Command::new(argv.iter().cloned().chain([file.clone()])))?;
    if output.success() {
        return Ok(());
    }
    let path = new.path.display();
    let judge = shell_words::join(argv);
    Err(Fault::new(format!("`{path}`: the new content was refused by `{judge}`"))
        .help("nothing was written; the old file is still in place")
        .output(program::last_lines(&output).replace(&file, &path.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Action, Host};

    fn action(path: &Path, content: &str) -> Action {
        Action::WriteFile {
            path: path.to_owned(),
            content: content.into(),
            mode: None,
            owner: Owner::default(),
            validate: None,
            backup: None,
            temporary: None,
        }
    }

    #[test]
    fn a_file_keeps_its_owner_and_mode() {
        let folder = tempfile::tempdir().unwrap();
        let host = Local::new();
        let path = folder.path().join("a");
        host.perform(&action(&path, "one")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o644);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o4750)).unwrap();
        let root = nix::unistd::geteuid().is_root();
        if root {
            std::os::unix::fs::chown(&path, Some(65534), Some(65534)).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o4750)).unwrap();
        }
        host.perform(&action(&path, "two")).unwrap();
        let stat = fs::metadata(&path).unwrap();
        assert_eq!(stat.mode() & 0o7777, 0o4750);
        assert!(!root || (stat.uid(), stat.gid()) == (65534, 65534));
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
        host.settle().unwrap();
    }

    #[test]
    fn a_refused_content_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let host = Local::new();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        let mut refused = action(&path, "new");
        if let Action::WriteFile { validate, temporary, backup, .. } = &mut refused {
            *validate = Some(["grep", "-q", "good"].map(str::to_owned).to_vec());
            *backup = Some(folder.path().join("backup"));
            *temporary = Some((folder.path().to_owned(), ".conf".to_owned()));
        }
        let fault = host.perform(&refused).unwrap_err();
        assert!(fault.message.ends_with("the new content was refused by `grep -q good`"), "{fault}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        if let Action::WriteFile { content, .. } = &mut refused {
            *content = b"good".to_vec();
        }
        host.perform(&refused).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"good");
        assert_eq!(fs::read(folder.path().join("backup")).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_symlink_is_replaced_and_its_target_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let host = Local::new();
        let (path, target) = (folder.path().join("link"), folder.path().join("target"));
        fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        host.perform(&action(&path, "new")).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
        let missing = folder.path().join("no/such/file");
        assert!(
            host.perform(&action(&missing, "")).unwrap_err().message.ends_with("its folder is not there")
        );
        assert!(host.perform(&action(folder.path(), "")).unwrap_err().message.ends_with("is a directory"));
    }
}
