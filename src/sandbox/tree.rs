//! Removing a directory that may hold mounts: they go first, or removing would reach through them.
//! It must not remove anything while something is still mounted below.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::program;

pub fn remove(directory: &Path) -> Result<()> {
    if !directory.exists() {
        return Ok(());
    }
    unmount_below(directory)?;
    fs::remove_dir_all(directory).with_context(|| format!("failed to remove `{}`", directory.display()))
}

/// Unmounts the directory itself and all below it.
pub fn unmount_below(directory: &Path) -> Result<()> {
    let directory =
        directory.canonicalize().with_context(|| format!("failed to look at `{}`", directory.display()))?;
    let mut failed = None;
    for mount in mounts_below(&directory)?.iter().rev() {
        // A mount that is still busy is taken out of the tree now and ends with its last user.
        failed = program::run("umount", ["--lazy".as_ref(), mount.as_os_str()]).err();
    }
    if let Some(left) = mounts_below(&directory)?.first() {
        let reason = failed.map(|error| format!(": {error}")).unwrap_or_default();
        bail!("`{}` is still mounted{reason}", left.display());
    }
    Ok(())
}

pub fn is_mounted(directory: &Path) -> Result<bool> {
    Ok(mounts_below(directory)?.iter().any(|mount| mount == directory))
}

/// In the order in which they were mounted.
fn mounts_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let table = fs::read("/proc/self/mounts").context("failed to read the table of mounts")?;
    Ok(mount_points(&table).filter(|point| point.starts_with(directory)).collect())
}

fn mount_points(table: &[u8]) -> impl Iterator<Item = PathBuf> {
    table
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(1))
        .map(|point| PathBuf::from(OsString::from_vec(unescaped(point))))
}

/// The kernel writes blanks, tabs, line ends and backslashes as three octal digits.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let octal = after
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        bytes.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_with_their_blanks() {
        let table = b"overlay /a\\040b overlay rw 0 0\nproc /proc proc rw 0 0\n";
        let points: Vec<_> = mount_points(table).collect();
        assert_eq!(points, [PathBuf::from("/a b"), PathBuf::from("/proc")]);
    }

    #[test]
    fn removing_what_is_not_there_is_no_error() {
        assert!(remove(Path::new("/nowhere/at/all")).is_ok());
    }
}
