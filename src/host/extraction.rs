//! An archive to unpack and what becomes of it. Plain data.

use std::path::PathBuf;

use super::{Hash, Owner};

/// Unpacks an archive into a folder, which is made with those above it, and then notes what was in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extraction {
    pub archive: Archive,
    pub format: Format,
    pub into: PathBuf,
    /// More words for the program that unpacks.
    pub options: Vec<String>,
    /// For everything that was in it; where none is given, as the archive says.
    pub owner: Owner,
    /// Refuse an archive that has more than one thing at its top.
    pub one_top: bool,
    /// A file that gets the paths below the folder, one on a line, those of folders with a `/` behind.
    pub record: PathBuf,
}

/// Where an archive is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Archive {
    Bytes(Vec<u8>),
    File(PathBuf),
    /// Fetched first, and unpacked only if its digest is as said.
    Url(String, Option<Hash>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// However it is compressed: the program finds that out.
    Tar,
    Zip,
}
