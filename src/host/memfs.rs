//! Files in memory laid over those of another host: what a dry run has written so far, and all the files
//! of a fake. Starts nothing and never touches the host below.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Host, Kind, Stat};
use crate::fault::{Fault, Result};

/// A path's state in memory.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub content: Content,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub modified: i64,
    pub accessed: i64,
    /// 0: not known yet; given when it is put into the model.
    pub inode: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    File(Arc<[u8]>),
    /// The content of the host below at this path, of this size.
    Below(PathBuf, u64),
    /// A file whose content only the real run will know, and why.
    Unknown(String),
    /// What the host below has in this folder shows through, but for what the model says.
    Directory(Option<PathBuf>),
    Symlink(PathBuf),
    Special,
}

impl Item {
    pub(super) fn kind(&self) -> Kind {
        match self.content {
            Content::File(_) | Content::Below(..) | Content::Unknown(_) => Kind::File,
            Content::Directory(_) => Kind::Directory,
            Content::Symlink(_) => Kind::Symlink,
            Content::Special => Kind::Special,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        self.kind() == Kind::Directory
    }

    fn stat(&self) -> Stat {
        let size = match &self.content {
            Content::File(bytes) => bytes.len() as u64,
            Content::Below(_, size) => *size,
            Content::Symlink(target) => target.as_os_str().len() as u64,
            Content::Unknown(_) | Content::Directory(_) | Content::Special => 0,
        };
        Stat {
            kind: self.kind(),
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
            size,
            modified: self.modified,
            accessed: self.accessed,
            inode: self.inode,
        }
    }
}

/// Paths in memory; `None` is a path that was removed, so that the host's own does not show through.
#[derive(Debug, Default)]
pub(super) struct Model {
    entries: BTreeMap<PathBuf, Option<Item>>,
    inodes: u64,
    /// A standing clock, for tests.
    pub(super) clock: Option<i64>,
}

/// The model and what lies below it, to look at as one.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub model: &'a Model,
    pub below: &'a dyn Host,
}

impl Model {
    pub(super) fn now(&self) -> i64 {
        self.clock.unwrap_or_else(|| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether something on the way to a path is another than on the host below.
    pub(super) fn knows(&self, path: &Path) -> bool {
        path.ancestors().any(|part| self.entries.contains_key(part))
    }

    /// Puts an item at a path whose folders are no symlinks (see [`View::spot`]).
    pub(super) fn put(&mut self, path: &Path, mut item: Item) {
        if item.inode == 0 {
            self.inodes += 1;
            // Far from the inodes of the host below.
            item.inode = (1 << 48) + self.inodes;
        }
        self.entries.insert(path.to_owned(), Some(item));
    }

    /// Puts a changed file in place under all its names.
    pub(super) fn renew(&mut self, item: &Item) {
        if item.is_directory() {
            return;
        }
        for known in self.entries.values_mut().flatten().filter(|known| known.inode == item.inode) {
            known.clone_from(item);
        }
    }

    /// Removes a path and all under it.
    pub(super) fn remove(&mut self, path: &Path) {
        self.entries.retain(|known, _| !known.starts_with(path));
        self.entries.insert(path.to_owned(), None);
    }

    /// Puts what is at one path, with all under it, at another one too.
    pub(super) fn graft(&mut self, from: &Path, item: Item, to: &Path, same: bool) {
        let under: Vec<(PathBuf, Option<Item>)> = self
            .entries
            .iter()
            .filter(|(known, _)| known.starts_with(from) && *known != from)
            .filter_map(|(known, item)| Some((to.join(known.strip_prefix(from).ok()?), item.clone())))
            .collect();
        self.remove(to);
        let fresh = |mut item: Item| {
            if !same {
                item.inode = 0;
            }
            item
        };
        self.put(to, fresh(item));
        for (path, item) in under {
            match item {
                Some(item) => self.put(&path, fresh(item)),
                None => {
                    self.entries.insert(path, None);
                }
            }
        }
    }
}

impl View<'_> {
    /// Where a path really is (its folders' symlinks followed) and what is there; `follow` also follows
    /// a symlink at the end. `None`: a folder on the way is not there.
    pub(super) fn spot(&self, path: &Path, follow: bool) -> Result<Option<(PathBuf, Option<Item>)>> {
        /// As many symlinks as the kernel follows.
        const MOST: usize = 40;
        let mut rest: Vec<PathBuf> = parts(path);
        let mut links = 0;
        let mut here = PathBuf::from("/");
        let mut item = self.child(None, Path::new("/"))?;
        while let Some(part) = rest.pop() {
            if part.as_os_str() == ".." {
                here.pop();
                item = self.spot(&here, false)?.and_then(|(_, item)| item);
                continue;
            }
            let Some(Item { content: Content::Directory(below), .. }) = item else { return Ok(None) };
            let next = here.join(&part);
            let found = self.child(below.map(|below| below.join(&part)).as_deref(), &next)?;
            if let Some(Item { content: Content::Symlink(target), .. }) = &found
                && (follow || !rest.is_empty())
            {
                links += 1;
                if links > MOST {
                    return Err(Fault::new(format!(
                        "`{}`: too many levels of symbolic links",
                        path.display()
                    )));
                }
                let target = here.join(target);
                rest.extend(parts(&target));
                here = PathBuf::from("/");
                item = self.child(None, Path::new("/"))?;
                continue;
            }
            here = next;
            item = found;
        }
        Ok(Some((here, item)))
    }

    /// What is at a path whose folders are known to be folders; `below` is where the host below has it.
    fn child(&self, below: Option<&Path>, path: &Path) -> Result<Option<Item>> {
        if let Some(entry) = self.model.entries.get(path) {
            return Ok(entry.clone());
        }
        let below = if path == Path::new("/") {
            path
        } else {
            match below {
                Some(below) => below,
                None => return Ok(None),
            }
        };
        let Some(stat) = self.below.stat(below)? else { return Ok(None) };
        let content = match stat.kind {
            Kind::File => Content::Below(below.to_owned(), stat.size),
            Kind::Directory => Content::Directory(Some(below.to_owned())),
            Kind::Symlink => match self.below.link(below)? {
                Some(target) => Content::Symlink(target),
                None => return Ok(None),
            },
            Kind::Special => Content::Special,
        };
        Ok(Some(Item {
            content,
            mode: stat.mode,
            uid: stat.uid,
            gid: stat.gid,
            modified: stat.modified,
            accessed: stat.accessed,
            // A copy shows what is below at another path, and is not the same file.
            inode: if below == path { stat.inode } else { made_up(path) },
        }))
    }

    pub(super) fn find(&self, path: &Path, follow: bool) -> Result<Option<Item>> {
        Ok(self.spot(path, follow)?.and_then(|(_, item)| item))
    }

    pub(super) fn stat(&self, path: &Path) -> Result<Option<Stat>> {
        Ok(self.find(path, false)?.map(|item| item.stat()))
    }

    pub(super) fn read(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        let Some(item) = self.find(path, true)? else { return Ok(None) };
        match item.content {
            Content::File(bytes) => Ok(Some(bytes.to_vec())),
            Content::Below(below, _) => self.below.read(&below),
            Content::Unknown(why) => Err(Fault::new(format!("`{}`: {why}", path.display()))),
            Content::Directory(_) => Err(Fault::new(format!("`{}`: is a directory", path.display()))),
            Content::Symlink(_) | Content::Special => {
                Err(Fault::new(format!("`{}`: not a regular file", path.display())))
            }
        }
    }

    pub(super) fn list(&self, path: &Path) -> Result<Option<Vec<String>>> {
        let Some((path, Some(item))) = self.spot(path, true)? else { return Ok(None) };
        let Content::Directory(below) = item.content else {
            return Err(Fault::new(format!("`{}`: not a directory", path.display())));
        };
        let mut names: BTreeSet<String> = match below {
            Some(below) => self.below.list(&below)?.unwrap_or_default().into_iter().collect(),
            None => BTreeSet::new(),
        };
        for (known, entry) in self.model.entries.range(path.clone()..) {
            if !known.starts_with(&path) {
                break;
            }
            if known.parent() == Some(&path)
                && let Some(name) = known.file_name().and_then(|name| name.to_str())
            {
                if entry.is_some() {
                    names.insert(name.to_owned());
                } else {
                    names.remove(name);
                }
            }
        }
        Ok(Some(names.into_iter().collect()))
    }

    pub(super) fn link(&self, path: &Path) -> Result<Option<PathBuf>> {
        Ok(self.find(path, false)?.and_then(|item| match item.content {
            Content::Symlink(target) => Some(target),
            _ => None,
        }))
    }
}

/// An inode that belongs to a path alone.
fn made_up(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish() | 1 << 63
}

/// The components of a path, last first; `..` stays.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components()
        .rev()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| PathBuf::from(part.as_os_str()))
        .collect()
}
