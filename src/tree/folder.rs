//! A folder on disk as a layer of a tree. Reads only what the project's owner put there.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Entry, TreeFile};
use crate::fault::{Fault, Result};

/// The folder's own name before the path: `states/web.sls`.
pub(super) fn shown(folder: &Path, path: &str) -> String {
    match folder.file_name() {
        Some(name) => format!("{}/{path}", name.to_string_lossy()),
        None => folder.join(path).display().to_string(),
    }
}

pub(super) fn read(folder: &Path, path: &str) -> Result<Option<TreeFile>> {
    let full = folder.join(path);
    let meta = match std::fs::metadata(&full) {
        Ok(meta) if meta.is_file() => meta,
        Ok(_) => return Ok(None),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(Fault::from(error).context(format!("reading `{}`", full.display()))),
    };
    let bytes = std::fs::read(&full)
        .map_err(|error| Fault::from(error).context(format!("reading `{}`", full.display())))?;
    Ok(Some(TreeFile {
        bytes: bytes.into(),
        shown: shown(folder, path),
        mode: meta.permissions().mode() & 0o7777,
    }))
}

/// Whether there is any file below.
pub(super) fn has_files(folder: &Path) -> bool {
    let found = walkdir::WalkDir::new(folder).follow_links(true).into_iter();
    found.flatten().any(|entry| entry.file_type().is_file())
}

/// All files below, symlinks followed; `None` if there is no such folder.
pub(super) fn entries(root: &Path, folder: &str) -> Result<Option<Vec<Entry>>> {
    let top = root.join(folder);
    if !top.is_dir() {
        return Ok(None);
    }
    let mut entries = Vec::new();
    for found in walkdir::WalkDir::new(&top).follow_links(true) {
        let found = match found {
            Ok(found) => found,
            // A symlink that points nowhere, or back to where it stands, is no file of the tree.
            Err(error) if error.loop_ancestor().is_some() => continue,
            Err(error) if error.io_error().is_some_and(|error| error.kind() == ErrorKind::NotFound) => {
                continue;
            }
            Err(error) => {
                return Err(Fault::new(error.to_string()).context(format!("listing `{}`", top.display())));
            }
        };
        if !found.file_type().is_file() {
            continue;
        }
        let Ok(path) = found.path().strip_prefix(&top) else { continue };
        let Some(path) = path.to_str() else {
            return Err(Fault::new(format!("`{}`: the name is not UTF-8", found.path().display())));
        };
        let mode = found.metadata().map_or(0o644, |meta| meta.permissions().mode() & 0o7777);
        let link = if found.path_is_symlink() {
            std::fs::read_link(found.path()).ok().map(|target| target.to_string_lossy().into_owned())
        } else {
            None
        };
        entries.push(Entry { path: path.to_owned(), mode, link });
    }
    Ok(Some(entries))
}
