//! A repository as its own files tell it: what is checked out, its branches, its remotes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::config_file::{self, Entry};
use crate::fault::Result;
use crate::host::{Host, Kind};

#[derive(Debug)]
pub struct Repository {
    /// The commit that is checked out; `None` before the first.
    pub head: Option<String>,
    /// The branch that is checked out; `None` where HEAD is detached.
    pub branch: Option<String>,
    /// All branches, tags and remote branches by full name.
    refs: BTreeMap<String, String>,
    config: Vec<Entry>,
}

impl Repository {
    /// The repository whose working tree or bare folder this is.
    pub fn at(host: &dyn Host, target: &Path) -> Result<Option<Self>> {
        let Some(folder) = folder(host, target)? else { return Ok(None) };
        let Some(head) = text(host, &folder.join("HEAD"))? else { return Ok(None) };
        // A second working tree has its own HEAD and shares the rest.
        let common = match text(host, &folder.join("commondir"))? {
            Some(path) => folder.join(path.trim()),
            None => folder,
        };
        let mut refs = BTreeMap::new();
        for line in text(host, &common.join("packed-refs"))?.unwrap_or_default().lines() {
            if let Some((hash, name)) = line.split_once(' ').filter(|_| !line.starts_with('#')) {
                refs.insert(name.to_owned(), hash.to_owned());
            }
        }
        loose(host, &common, "refs", &mut refs)?;
        let config = text(host, &common.join("config"))?.unwrap_or_default();
        let head = head.trim();
        let (head, branch) = match head.strip_prefix("ref: ") {
            Some(name) => (refs.get(name).cloned(), name.strip_prefix("refs/heads/").map(str::to_owned)),
            None => (Some(head.to_owned()), None),
        };
        Ok(Some(Self { head, branch, refs, config: config_file::parse(&config) }))
    }

    pub fn reference(&self, name: &str) -> Option<&str> {
        self.refs.get(name).map(String::as_str)
    }

    pub fn remote_url(&self, remote: &str) -> Option<&str> {
        config_file::values(&self.config, &format!("remote.{remote}.url")).next_back()
    }
}

/// Where the repository keeps its files.
fn folder(host: &dyn Host, target: &Path) -> Result<Option<PathBuf>> {
    let inner = target.join(".git");
    match host.stat(&inner)?.map(|stat| stat.kind) {
        Some(Kind::File) => {
            let text = text(host, &inner)?.unwrap_or_default();
            Ok(text.trim().strip_prefix("gitdir: ").map(|path| target.join(path)))
        }
        Some(_) => Ok(Some(inner)),
        None => {
            let is_bare = host.stat(&target.join("HEAD"))?.is_some()
                && host.stat(&target.join("objects"))?.is_some()
                && host.stat(&target.join("refs"))?.is_some();
            Ok(is_bare.then(|| target.to_owned()))
        }
    }
}

fn loose(host: &dyn Host, common: &Path, name: &str, refs: &mut BTreeMap<String, String>) -> Result<()> {
    let path = common.join(name);
    for entry in host.list(&path)?.unwrap_or_default() {
        let name = format!("{name}/{entry}");
        match host.stat(&path.join(&entry))?.map(|stat| stat.kind) {
            Some(Kind::Directory) => loose(host, common, &name, refs)?,
            Some(Kind::File) => {
                if let Some(hash) = text(host, &path.join(&entry))? {
                    refs.insert(name, hash.trim().to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn text(host: &dyn Host, path: &Path) -> Result<Option<String>> {
    Ok(host.read(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
