//! Folders and files that nobody but who made them may read, whatever the umask: code, dumps, configuration, logs.
//! Must not know what stands in them.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

use crate::fault::{Context as _, Result};

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// A new folder in the usual place for temporary ones; it goes away with what is given.
pub fn folder() -> Result<TempDir> {
    folder_in(&std::env::temp_dir())
}

/// A new folder in another one.
pub fn folder_in(place: &Path) -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("provision-")
        .permissions(Permissions::from_mode(FOLDER))
        .tempdir_in(place)
        .context(format!("cannot make a folder in `{}`", place.display()))
}

/// Makes a folder, and those above it that are missing; one that is there stays as it is.
pub fn make_folder(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER)
        .create(path)
        .context(format!("cannot make `{}`", path.display()))
}

/// A new file, where there is none.
pub fn create(path: &Path) -> Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE)
        .open(path)
        .context(format!("cannot write `{}`", path.display()))
}

/// A new file with this content.
pub fn write(path: &Path, content: &[u8]) -> Result<()> {
    create(path)?.write_all(content).context(format!("cannot write `{}`", path.display()))
}

/// A new file in the place of what is there. Whoever holds the old one open, or made it a link, keeps what he has.
pub fn replace(path: &Path) -> Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context(format!("cannot replace `{}`", path.display()))
        }
        _ => create(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_replaced_is_neither_followed_nor_written_into() {
        let folder = folder().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "kept").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link).unwrap().write_all(b"new").unwrap();
        assert!(link.symlink_metadata().unwrap().is_file());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept");
        drop(replace(&file).unwrap());
        assert_eq!((mode(&file), mode(&link), mode(folder.path())), (0o600, 0o600, 0o700));
        assert!(write(&file, b"").is_err(), "it is there");
        assert!(replace(folder.path()).is_err());
    }
}
