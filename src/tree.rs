//! The files of a run: folders on disk, files that came over standard input, and the base tree in the
//! binary, laid over one another. The first layer that has a path wins. Must not know YAML or states.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::fault::{Fault, Result};

#[derive(Clone, Debug)]
pub enum Layer {
    /// A folder on disk.
    Folder(PathBuf),
    /// Files in memory (secrets from the bundle), by path.
    Memory(Arc<BTreeMap<String, Vec<u8>>>),
    /// The base tree that the binary carries.
    Base,
}

/// A stack of layers; paths are relative, with `/`, never with `..`.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub layers: Vec<Layer>,
}

/// A file of a tree, with the name that people know it by.
#[derive(Clone, Debug)]
pub struct TreeFile {
    pub bytes: Arc<[u8]>,
    /// For messages: `states/web.sls`, `base:nginx/init.sls`.
    pub shown: String,
    pub mode: u32,
}

impl Tree {
    /// The file at a path, from the first layer that has it.
    pub fn read(&self, _path: &str) -> Result<Option<TreeFile>> {
        Err(Fault::new("trees are not read yet"))
    }

    /// The paths of all files under a folder (`""`: all), relative to it, sorted; `None`: no such folder.
    pub fn files(&self, _folder: &str) -> Result<Option<Vec<String>>> {
        Err(Fault::new("trees are not read yet"))
    }
}
