//! File actions performed on a model instead of a host. Commands and packages are none of its business.

use std::path::{Path, PathBuf};

use super::memfs::{Content, Item, Model, View};
use super::{Action, Host, Kind, Owner, names};
use crate::fault::{Fault, Result};

/// The number of an account that does not exist yet: in a dry run an earlier state will create it.
const NOBODY_YET: u32 = u32::MAX;

/// Performs a file action in memory; `false` where the action is not about files.
///
/// `strict`: an unknown owner is an error.
pub(super) fn simulate(model: &mut Model, below: &dyn Host, strict: bool, action: &Action) -> Result<bool> {
    let mut stage = Stage { model, below, strict };
    match action {
        Action::WriteFile { path, content, mode, owner, backup, .. } => {
            stage.not_a_directory(path)?;
            if let Some(backup) = backup
                && stage.view().find(path, false)?.is_some()
            {
                stage.copy(path, backup, &Owner::default(), None)?;
            }
            stage.write(path, Content::File(content.as_slice().into()), *mode, owner)?;
        }
        Action::Download { url, path, mode, owner, .. } => {
            let why = format!("its content is known only after `{url}` was fetched");
            stage.write(path, Content::Unknown(why), *mode, owner)?;
        }
        // What is in it is known only after it was unpacked.
        Action::Extract(extraction) => stage.make_folders(&extraction.into)?,
        Action::MakeDirectory { path, mode, owner } => stage.make_directory(path, *mode, owner)?,
        Action::SetMode { path, mode } => {
            let (_, item) = stage.present(path, false)?;
            if item.kind() == Kind::Symlink {
                return Err(Fault::new(format!("`{}`: a symlink has no mode of its own", path.display())));
            }
            stage.change(path, false, |item| item.mode = mode & 0o7777)?;
        }
        Action::SetOwner { path, owner } => {
            let (uid, gid) = stage.ids(owner)?;
            stage.change(path, false, |item| own(item, uid, gid))?;
        }
        Action::Symlink { path, target, owner } => {
            stage.not_a_directory(path)?;
            stage.create(path, Content::Symlink(target.clone()), 0o777, owner)?;
        }
        Action::Hardlink { path, target } => {
            stage.not_a_directory(path)?;
            let (from, item) = stage.present(target, false)?;
            stage.not_a_directory(target)?;
            let to = stage.place(path)?;
            stage.model.put(&from, item.clone());
            stage.model.graft(&from, item, &to, true);
        }
        Action::Remove { path } => {
            if let Some((path, Some(_))) = stage.view().spot(path, false)? {
                stage.model.remove(&path);
            }
        }
        Action::Rename { from, to } => {
            let (from, item, to) = stage.disjoint_paths(from, to)?;
            stage.model.graft(&from, item, &to, true);
            stage.model.remove(&from);
        }
        Action::Copy { from, to, owner, mode } => stage.copy(from, to, owner, *mode)?,
        Action::Touch { path, accessed, modified } => stage.touch(path, *accessed, *modified)?,
        Action::Run(_) | Action::Packages(_) | Action::Nothing | Action::Fail(_) => return Ok(false),
    }
    Ok(true)
}

struct Stage<'a> {
    model: &'a mut Model,
    below: &'a dyn Host,
    strict: bool,
}

impl Stage<'_> {
    fn view(&self) -> View<'_> {
        View { model: self.model, below: self.below }
    }

    fn ids(&self, owner: &Owner) -> Result<(Option<u32>, Option<u32>)> {
        match names::ids(&Through(self.view()), owner) {
            Ok(ids) => Ok(ids),
            Err(fault) if self.strict => Err(fault),
            Err(_) => Ok((owner.user.as_ref().map(|_| NOBODY_YET), owner.group.as_ref().map(|_| NOBODY_YET))),
        }
    }

    /// Where a path really is, for something to be put there. In a dry run a folder that is missing counts
    /// as made: a package or a program would bring it, and the state that needs it has said so.
    fn place(&mut self, path: &Path) -> Result<PathBuf> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        match self.view().spot(parent, true)? {
            Some((parent, Some(item))) if item.is_directory() => {
                Ok(path.file_name().map_or(parent.clone(), |name| parent.join(name)))
            }
            None | Some((_, None)) if !self.strict => {
                self.make_directory(parent, None, &Owner::default())?;
                self.place(path)
            }
            _ => Err(Fault::new(format!("`{}`: its folder is not there", path.display()))),
        }
    }

    fn present(&self, path: &Path, follow: bool) -> Result<(PathBuf, Item)> {
        match self.view().spot(path, follow)? {
            Some((path, Some(item))) => Ok((path, item)),
            _ => Err(Fault::new(format!("`{}`: no such file or directory", path.display()))),
        }
    }

    /// Where something is and where it is to go, if neither is in the other.
    fn disjoint_paths(&mut self, from: &Path, to: &Path) -> Result<(PathBuf, Item, PathBuf)> {
        let (real_from, item) = self.present(from, false)?;
        let real_to = self.place(to)?;
        if real_to.starts_with(&real_from) || real_from.starts_with(&real_to) {
            return Err(Fault::new(format!("`{}`: cannot be put into or over itself", from.display())));
        }
        Ok((real_from, item, real_to))
    }

    fn not_a_directory(&self, path: &Path) -> Result<()> {
        match self.view().find(path, false)? {
            Some(item) if item.is_directory() => {
                Err(Fault::new(format!("`{}`: is a directory", path.display())))
            }
            _ => Ok(()),
        }
    }

    fn create(&mut self, path: &Path, content: Content, mode: u32, owner: &Owner) -> Result<()> {
        let (uid, gid) = self.ids(owner)?;
        let path = self.place(path)?;
        let now = self.model.now();
        let folder = path.parent().and_then(|folder| self.view().find(folder, false).ok().flatten());
        let handed_down = folder.filter(|folder| folder.mode & 0o2000 != 0).map(|folder| folder.gid);
        let item = Item {
            content,
            mode: mode & 0o7777,
            uid: uid.unwrap_or(0),
            gid: gid.or(handed_down).unwrap_or(0),
            modified: now,
            accessed: now,
            inode: 0,
        };
        self.model.remove(&path);
        self.model.put(&path, item);
        Ok(())
    }

    fn write(&mut self, path: &Path, content: Content, mode: Option<u32>, owner: &Owner) -> Result<()> {
        self.not_a_directory(path)?;
        let old = self.view().find(path, false)?.filter(|item| item.kind() == Kind::File);
        let (uid, gid) = self.ids(owner)?;
        self.create(
            path,
            content,
            mode.or(old.as_ref().map(|old| old.mode)).unwrap_or(0o644),
            &Owner::default(),
        )?;
        let uid = uid.or(old.as_ref().map(|old| old.uid));
        let gid = gid.or(old.as_ref().map(|old| old.gid));
        // The owner is set before the mode, so the mode stays whole.
        self.change(path, false, |item| {
            (item.uid, item.gid) = (uid.unwrap_or(item.uid), gid.unwrap_or(item.gid))
        })
    }

    fn make_directory(&mut self, path: &Path, mode: Option<u32>, owner: &Owner) -> Result<()> {
        match self.view().find(path, false)? {
            Some(item) if item.is_directory() => {
                let (uid, gid) = self.ids(owner)?;
                self.change(path, false, |item| {
                    own(item, uid, gid);
                    item.mode = mode.unwrap_or(item.mode) & 0o7777;
                })
            }
            Some(_) => Err(Fault::new(format!("`{}`: is there and no directory", path.display()))),
            None => {
                self.create(path, Content::Directory(None), mode.unwrap_or(0o755), owner)?;
                if mode.is_none() && *owner == Owner::default() {
                    let parent = path.parent().unwrap_or(Path::new("/"));
                    let handed_down =
                        self.view().find(parent, true)?.map_or(0, |parent| parent.mode & 0o2000);
                    self.change(path, false, |item| item.mode |= handed_down)?;
                }
                Ok(())
            }
        }
    }

    fn make_folders(&mut self, path: &Path) -> Result<()> {
        let folders: Vec<&Path> = path.ancestors().collect();
        for folder in folders.into_iter().rev() {
            if self.view().find(folder, true)?.is_none() {
                self.make_directory(folder, None, &Owner::default())?;
            }
        }
        Ok(())
    }

    fn change(&mut self, path: &Path, follow: bool, change: impl FnOnce(&mut Item)) -> Result<()> {
        let (path, mut item) = self.present(path, follow)?;
        change(&mut item);
        self.model.renew(&item);
        self.model.put(&path, item);
        Ok(())
    }

    fn copy(&mut self, from: &Path, to: &Path, owner: &Owner, mode: Option<u32>) -> Result<()> {
        let (from, mut item, to) = self.disjoint_paths(from, to)?;
        if let Some(mode) = mode {
            item.mode = mode & 0o7777;
        }
        let (uid, gid) = self.ids(owner)?;
        self.model.graft(&from, item, &to, false);
        if uid.is_some() || gid.is_some() {
            self.own_all(&to, uid, gid)?;
        }
        Ok(())
    }

    fn own_all(&mut self, path: &Path, uid: Option<u32>, gid: Option<u32>) -> Result<()> {
        let (path, item) = self.present(path, false)?;
        if item.is_directory() {
            for name in self.view().list(&path)?.unwrap_or_default() {
                self.own_all(&path.join(name), uid, gid)?;
            }
        }
        // The mode is set after the owner.
        self.change(&path, false, |item| {
            (item.uid, item.gid) = (uid.unwrap_or(item.uid), gid.unwrap_or(item.gid))
        })
    }

    fn touch(&mut self, path: &Path, accessed: Option<i64>, modified: Option<i64>) -> Result<()> {
        if self.view().find(path, true)?.is_none() {
            if self.view().find(path, false)?.is_some() {
                return Err(Fault::new(format!("`{}`: a symlink to nothing", path.display())));
            }
            self.create(path, Content::File([].into()), 0o644, &Owner::default())?;
        }
        let now = self.model.now();
        self.change(path, true, |item| {
            item.accessed = accessed.unwrap_or(now);
            item.modified = modified.unwrap_or(now);
        })
    }
}

/// As the kernel: setting an owner, even the same, takes setuid off a file and setgid off a program.
fn own(item: &mut Item, uid: Option<u32>, gid: Option<u32>) {
    let set = uid.is_some() || gid.is_some();
    item.uid = uid.unwrap_or(item.uid);
    item.gid = gid.unwrap_or(item.gid);
    if set && item.kind() == Kind::File {
        item.mode &= !0o4000;
        if item.mode & 0o010 != 0 {
            item.mode &= !0o2000;
        }
    }
}

/// A view as a host, to look names up in.
struct Through<'a>(View<'a>);

impl Host for Through<'_> {
    fn stat(&self, path: &Path) -> Result<Option<super::Stat>> {
        self.0.stat(path)
    }

    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        self.0.read(path)
    }

    fn list(&self, path: &Path) -> Result<Option<Vec<String>>> {
        self.0.list(path)
    }

    fn link(&self, path: &Path) -> Result<Option<PathBuf>> {
        self.0.link(path)
    }

    fn which(&self, program: &str) -> Result<Option<PathBuf>> {
        self.0.below.which(program)
    }

    fn ask(&self, command: &super::Command) -> Result<super::Output> {
        self.0.below.ask(command)
    }

    fn perform(&self, _action: &Action) -> Result<super::Performed> {
        Ok(super::Performed::default())
    }
}
