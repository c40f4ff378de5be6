//! The files of a run: folders on disk, files that came over standard input, and the base tree in the
//! binary, laid over one another. The first layer that has a path wins. Must not know YAML or states.

mod base;
mod folder;

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

/// A file of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the folder that was asked, with `/`.
    pub path: String,
    pub mode: u32,
    /// Where it is a symlink to a file, what it points to.
    pub link: Option<String>,
}

impl Tree {
    /// A project's folder over the base tree.
    pub fn over_base(folder: impl Into<PathBuf>) -> Self {
        Self { layers: vec![Layer::Folder(folder.into()), Layer::Base] }
    }

    /// Folders over one another, the first on top.
    pub fn of_folders(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { layers: folders.into_iter().map(Layer::Folder).collect() }
    }

    /// Lays files that are only in memory over everything else.
    #[must_use]
    pub fn with_memory(mut self, files: BTreeMap<String, Vec<u8>>) -> Self {
        self.layers.insert(0, Layer::Memory(Arc::new(files)));
        self
    }

    /// The file at a path, from the first layer that has it.
    pub fn read(&self, path: &str) -> Result<Option<TreeFile>> {
        let path = checked(path)?;
        for layer in &self.layers {
            let found = match layer {
                Layer::Folder(folder) => folder::read(folder, &path)?,
                Layer::Memory(files) => files.get(&path).map(|bytes| TreeFile {
                    bytes: bytes.as_slice().into(),
                    shown: self.shown(&path),
                    mode: 0o600,
                }),
                Layer::Base => base::read(&path),
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether there is a file at a path.
    pub fn has(&self, path: &str) -> bool {
        let Ok(path) = checked(path) else { return false };
        self.layers.iter().any(|layer| match layer {
            Layer::Folder(folder) => folder.join(&path).is_file(),
            Layer::Memory(files) => files.contains_key(&path),
            Layer::Base => base::has(&path),
        })
    }

    /// Whether the base tree lies under it.
    pub fn has_base(&self) -> bool {
        self.layers.iter().any(|layer| matches!(layer, Layer::Base))
    }

    /// Whether a file of the project's is called so, or a folder with files.
    pub fn has_own(&self, name: &str) -> bool {
        self.layers.iter().any(|layer| match layer {
            Layer::Folder(folder) => {
                folder.join(format!("{name}.sls")).is_file() || folder::has_files(&folder.join(name))
            }
            Layer::Memory(files) => files.keys().any(|path| {
                path.strip_prefix(name).is_some_and(|rest| rest == ".sls" || rest.starts_with('/'))
            }),
            Layer::Base => false,
        })
    }

    /// Whether the file at a path is, or says the same as, the base tree's.
    pub fn equals_base(&self, path: &str) -> bool {
        let base = base::read(path).map(|file| file.bytes);
        self.has_base() && base.is_some() && self.read(path).ok().flatten().map(|file| file.bytes) == base
    }

    /// Whether what is called so (`users`: `users.sls` and all of `users/`) is the base tree's, none of it replaced.
    pub fn keeps_base(&self, name: &str) -> bool {
        self.has_base() && !self.has_own(name)
    }

    /// The paths of all files under a folder (`""`: all), relative to it, sorted; `None`: no such folder.
    pub fn files(&self, folder: &str) -> Result<Option<Vec<String>>> {
        Ok(self.entries(folder)?.map(|entries| entries.into_iter().map(|entry| entry.path).collect()))
    }

    /// As [`Self::files`], with what is known of each. Layers are merged; the first that has a file wins.
    pub fn entries(&self, folder: &str) -> Result<Option<Vec<Entry>>> {
        let folder = checked(folder)?;
        let mut found: Option<BTreeMap<String, Entry>> = None;
        for layer in &self.layers {
            let entries = match layer {
                Layer::Folder(root) => folder::entries(root, &folder)?,
                Layer::Memory(files) => below(files.keys().map(|path| (path.as_str(), 0o600)), &folder),
                Layer::Base => below(base::all(), &folder),
            };
            let Some(entries) = entries else { continue };
            let found = found.get_or_insert_default();
            for entry in entries {
                found.entry(entry.path.clone()).or_insert(entry);
            }
        }
        Ok(found.map(|entries| entries.into_values().collect()))
    }

    /// How people know a path of this tree that is in none of its folders.
    pub fn shown(&self, path: &str) -> String {
        let folder = self.layers.iter().find_map(|layer| match layer {
            Layer::Folder(folder) => Some(folder::shown(folder, path)),
            Layer::Memory(_) | Layer::Base => None,
        });
        folder.unwrap_or_else(|| path.to_owned())
    }
}

/// The files below a folder out of a flat list of paths; `None` if there are none.
fn below<'a>(paths: impl Iterator<Item = (&'a str, u32)>, folder: &str) -> Option<Vec<Entry>> {
    let entries: Vec<Entry> = paths
        .filter_map(|(path, mode)| {
            let rest = if folder.is_empty() { path } else { path.strip_prefix(folder)?.strip_prefix('/')? };
            Some(Entry { path: rest.to_owned(), mode, link: None })
        })
        .collect();
    (!entries.is_empty()).then_some(entries)
}

/// The path without empty and `.` parts; one that leads out of the tree is refused.
fn checked(path: &str) -> Result<String> {
    if path.starts_with('/') {
        return Err(Fault::new(format!("`{path}`: a path in a tree of files is never absolute")));
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") || path.contains('\0') {
        return Err(Fault::new(format!("`{path}` leads out of its tree of files")));
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn tree() -> (tempfile::TempDir, Tree) {
        let temp = tempfile::tempdir().unwrap();
        let (upper, lower) = (temp.path().join("states"), temp.path().join("more"));
        fs::create_dir_all(upper.join("web/files")).unwrap();
        fs::create_dir_all(lower.join("web")).unwrap();
        fs::write(upper.join("web/init.sls"), "upper").unwrap();
        fs::write(upper.join("web/files/run"), "#!").unwrap();
        fs::set_permissions(upper.join("web/files/run"), fs::Permissions::from_mode(0o750)).unwrap();
        std::os::unix::fs::symlink("run", upper.join("web/files/link")).unwrap();
        fs::write(lower.join("web/init.sls"), "lower").unwrap();
        fs::write(lower.join("web/only.sls"), "only").unwrap();
        let memory = BTreeMap::from([("web/secret".to_owned(), b"hidden".to_vec())]);
        (temp, Tree::of_folders([upper, lower]).with_memory(memory))
    }

    #[test]
    fn the_first_layer_that_has_a_file_wins_and_says_where_it_is() {
        let (_temp, tree) = tree();
        let shown = |path: &str| tree.read(path).unwrap().map(|file| (file.shown, file.bytes.to_vec()));
        assert_eq!(shown("web/init.sls"), Some(("states/web/init.sls".to_owned(), b"upper".to_vec())));
        assert_eq!(shown("web/only.sls"), Some(("more/web/only.sls".to_owned(), b"only".to_vec())));
        assert_eq!(shown("web/secret"), Some(("states/web/secret".to_owned(), b"hidden".to_vec())));
        assert_eq!(shown("web/none"), None);
        assert_eq!(shown("web"), None);
        assert!(tree.has("web//only.sls") && !tree.has("web"));
    }

    #[test]
    fn listings_are_merged_sorted_and_know_modes_and_links() {
        let (_temp, tree) = tree();
        let all = ["files/link", "files/run", "init.sls", "only.sls", "secret"];
        assert_eq!(tree.files("web").unwrap().unwrap(), all);
        assert_eq!(tree.files("nothing").unwrap(), None);
        let run = Entry { path: "run".into(), mode: 0o750, link: None };
        let link = Entry { path: "link".into(), mode: 0o750, link: Some("run".into()) };
        assert_eq!(tree.entries("web/files").unwrap().unwrap(), [link, run]);
    }

    #[test]
    fn a_file_of_the_projects_own_takes_a_name_from_the_base_tree() {
        let (temp, tree) = tree();
        let over = Tree::over_base(temp.path().join("states"));
        assert!(over.keeps_base("users") && !over.keeps_base("web") && !tree.keeps_base("users"));
        fs::create_dir_all(temp.path().join("states/users")).unwrap();
        assert!(over.keeps_base("users"), "a folder without files replaces nothing");
        fs::write(temp.path().join("states/users/map.jinja"), "").unwrap();
        assert!(!over.keeps_base("users"));
        fs::write(temp.path().join("states/ssh.sls"), "").unwrap();
        assert!(!over.keeps_base("ssh"));
    }

    #[test]
    fn no_path_leads_out_of_the_tree() {
        let (_temp, tree) = tree();
        for path in ["../x", "web/../../x", "/etc/passwd", "web/\0"] {
            assert!(tree.read(path).is_err(), "{path}");
            assert!(tree.files(path).is_err(), "{path}");
            assert!(!tree.has(path), "{path}");
        }
    }
}
