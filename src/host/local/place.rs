//! Where a path leads, with the folder held open: root acts in folders that other accounts can change, and no symlink
//! that appears on the way may lead it elsewhere. The rules are those of systemd-tmpfiles (its
//! `CHASE_SAFE`) and of `symlinks(7)` on sticky folders. Changes nothing.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};

use super::at;
use crate::fault::{Fault, Result};

/// As many symlinks as the kernel follows.
const MOST_LINKS: usize = 40;

/// A name in a folder that is held open. Nothing that happens to the path meanwhile leads elsewhere.
pub(super) struct Place {
    folder: OwnedFd,
    reach: PathBuf,
    shown: PathBuf,
    /// Others can change what is in the folder, or put another in its place.
    foreign: bool,
}

/// What becomes of a symlink at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Itself,
    Followed,
}

impl Place {
    /// The place itself, be it a symlink; `None` where a folder on the way is not there.
    pub(super) fn find(path: &Path) -> Result<Option<Self>> {
        walk(path, Last::Itself)
    }

    /// As [`Place::find`], where the folder has to be there.
    pub(super) fn of(path: &Path) -> Result<Self> {
        Self::find(path)?.ok_or_else(|| {
            Fault::new(format!("`{}`: its folder is not there", path.display()))
                .help("make the folder in another state, or say `makedirs: true`")
        })
    }

    /// Where symlinks at the end lead, too; they are followed only where nobody else could have put them.
    pub(super) fn behind(path: &Path) -> Result<Option<Self>> {
        walk(path, Last::Followed)
    }

    /// By this path, system calls of this process reach the place, whatever becomes of the folders above. What is
    /// at its end must not be followed.
    pub(super) fn path(&self) -> &Path {
        &self.reach
    }

    /// By this path, the folder.
    pub(super) fn folder(&self) -> &Path {
        self.reach.parent().unwrap_or(Path::new("/"))
    }

    /// The path as the user wrote it, for errors.
    pub(super) fn shown(&self) -> &Path {
        &self.shown
    }

    pub(super) fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// The folder's path as the kernel knows it now.
    pub(super) fn real(&self) -> Result<PathBuf> {
        let folder = fs::read_link(handle(self.folder.as_fd())).map_err(at(&self.shown))?;
        Ok(self.reach.file_name().map_or(folder.clone(), |name| folder.join(name)))
    }

    /// What is there itself, held open without being read; it is refused if it may be a name that somebody else
    /// gave to a file of root's.
    pub(super) fn hold(&self) -> Result<File> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW;
        let held = OpenOptions::new().read(true).custom_flags(flags.bits()).open(&self.reach);
        let held = held.map_err(at(&self.shown))?;
        let stat = held.metadata().map_err(at(&self.shown))?;
        if self.foreign
            && !stat.is_dir()
            && std::os::unix::fs::MetadataExt::nlink(&stat) > 1
            && links_are_free()
        {
            return Err(Fault::new(format!(
                "`{}`: is one of several names of a file, in a folder that others can change",
                self.shown.display()
            ))
            .help("it may be anybody's file; remove the other names, or set fs.protected_hardlinks to 1"));
        }
        Ok(held)
    }
}

/// A folder held open, whose entries are reached through it.
pub(super) struct Folder(File);

impl Folder {
    /// The folder at the place itself: no symlink.
    pub(super) fn open(reach: &Path) -> io::Result<Self> {
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
        OpenOptions::new().read(true).custom_flags(flags.bits()).open(reach).map(Self)
    }

    pub(super) fn entry(&self, name: &OsStr) -> PathBuf {
        handle(self.0.as_fd()).join(name)
    }

    pub(super) fn file(&self) -> &File {
        &self.0
    }

    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(handle(self.0.as_fd()))?.map(|entry| entry.map(|entry| entry.file_name())).collect()
    }
}

/// The path by which this process reaches what it holds open.
pub(super) fn handle(fd: BorrowedFd<'_>) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()))
}

/// Opens a file to read it, where no symlink on the way was put there by others; `None`: not there.
pub(super) fn open(path: &Path) -> Result<Option<File>> {
    // Without waiting for a writer if it is a pipe.
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    match openat2(nix::fcntl::AT_FDCWD, path, how) {
        Ok(file) => return Ok(Some(File::from(file))),
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(None),
        // There are symlinks, or the kernel has no such call (before Linux 5.6, some containers).
        Err(Errno::ELOOP | Errno::ENOSYS | Errno::EPERM | Errno::EAGAIN | Errno::EINVAL) => {}
        Err(error) => return Err(at(path)(error.into())),
    }
    let Some(place) = Place::behind(path)? else { return Ok(None) };
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW;
    match OpenOptions::new().read(true).custom_flags(flags.bits()).open(place.path()) {
        Ok(file) => Ok(Some(file)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(at(path)(error)),
    }
}

/// Goes from the root to the path's end, folder by folder.
fn walk(path: &Path, last: Last) -> Result<Option<Place>> {
    let fail = |error: Errno| at(path)(error.into());
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let root = || openat(nix::fcntl::AT_FDCWD, "/", flags | OFlag::O_DIRECTORY, Mode::empty()).map_err(fail);
    let mut folder = root()?;
    let top = fstat(&folder).map_err(fail)?;
    let ours = Ours { root: top.st_uid, own: nix::unistd::geteuid().as_raw() };
    let mut here = top;
    let mut foreign = false;
    let mut links = 0;
    let mut rest = parts(path);
    loop {
        let Some(part) = rest.pop() else {
            return Err(Fault::new(format!("`{}`: not an absolute path of something", path.display())));
        };
        let end = rest.is_empty();
        if part == ".." {
            if foreign {
                return Err(Fault::new(format!(
                    "`{}`: `..` in a folder that others can change",
                    path.display()
                )));
            }
            folder = openat(&folder, "..", flags | OFlag::O_DIRECTORY, Mode::empty()).map_err(fail)?;
            here = fstat(&folder).map_err(fail)?;
            continue;
        }
        if end && last == Last::Itself {
            let foreign = foreign || !ours.alone(&here);
            return Ok(Some(place(folder, &part, path, foreign)));
        }
        let next = match openat(&folder, part.as_os_str(), flags, Mode::empty()) {
            Ok(next) => next,
            Err(Errno::ENOENT) if end => {
                let foreign = foreign || !ours.alone(&here);
                return Ok(Some(place(folder, &part, path, foreign)));
            }
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(None),
            Err(error) => return Err(fail(error)),
        };
        let stat = fstat(&next).map_err(fail)?;
        let kind = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
        let foreign_here = foreign || !ours.keeps(&here, &stat);
        if kind == SFlag::S_IFLNK {
            if foreign_here {
                return Err(led_astray(path, &folder, &part));
            }
            links += 1;
            if links > MOST_LINKS {
                return Err(Fault::new(format!("`{}`: too many levels of symbolic links", path.display())));
            }
            let target = PathBuf::from(readlinkat(&next, "").map_err(fail)?);
            if target.is_absolute() {
                folder = root()?;
                here = top;
            }
            rest.extend(parts(&target));
            if rest.is_empty() {
                return Ok(None);
            }
            continue;
        }
        if end {
            return Ok(Some(place(folder, &part, path, foreign || !ours.alone(&here))));
        }
        if kind != SFlag::S_IFDIR {
            return Ok(None);
        }
        foreign = foreign_here;
        folder = next;
        here = stat;
    }
}

fn place(folder: OwnedFd, name: &OsStr, path: &Path, foreign: bool) -> Place {
    let reach = handle(folder.as_fd()).join(name);
    Place { folder, reach, shown: path.to_owned(), foreign }
}

/// The accounts that we trust: root and ourselves.
struct Ours {
    root: u32,
    own: u32,
}

impl Ours {
    fn has(&self, uid: u32) -> bool {
        uid == 0 || uid == self.root || uid == self.own
    }

    /// Whether nobody but us can change what is in a folder.
    fn alone(&self, folder: &FileStat) -> bool {
        self.has(folder.st_uid) && folder.st_mode & 0o022 == 0
    }

    /// Whether nobody but us can put something else in the place of an entry: in a sticky folder, only its owner
    /// can.
    fn keeps(&self, folder: &FileStat, entry: &FileStat) -> bool {
        let sticky = folder.st_mode & Mode::S_ISVTX.bits() != 0;
        self.alone(folder) || (sticky && self.has(folder.st_uid) && self.has(entry.st_uid))
    }
}

fn led_astray(path: &Path, folder: &OwnedFd, name: &OsStr) -> Fault {
    let link = fs::read_link(handle(folder.as_fd())).unwrap_or_default().join(name);
    Fault::new(format!(
        "`{}`: `{}` is a symlink in a folder that other accounts can change",
        path.display(),
        link.display()
    ))
    .help("root does not follow it, since it may lead anywhere; write the path that it leads to")
}

/// The parts of a path, the last first.
fn parts(path: &Path) -> Vec<OsString> {
    path.components()
        .rev()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            _ => None,
        })
        .filter(|name| !name.as_bytes().is_empty())
        .collect()
}

/// Whether an account may give further names to files that are not its own (proc_sys_fs(5)).
fn links_are_free() -> bool {
    fs::read("/proc/sys/fs/protected_hardlinks").is_ok_and(|value| value.first() == Some(&b'0'))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    /// A folder of root's with one of somebody else's in it, in which a link leads to a secret of root's.
    fn furnished() -> Option<tempfile::TempDir> {
        if !nix::unistd::geteuid().is_root() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["ours", "theirs", "theirs/plain"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("ours/secret"), "hush").unwrap();
        fs::write(folder.path().join("theirs/plain/file"), "fine").unwrap();
        symlink("ours", folder.path().join("link")).unwrap();
        symlink("../ours", folder.path().join("theirs/link")).unwrap();
        symlink("../ours/secret", folder.path().join("theirs/last")).unwrap();
        for name in ["theirs", "theirs/plain"] {
            chown(folder.path().join(name), Some(65534), Some(65534)).unwrap();
        }
        Some(folder)
    }

    #[test]
    fn links_of_others_are_not_followed() {
        let Some(folder) = furnished() else { return };
        let path = |relative: &str| folder.path().join(relative);
        for led in ["theirs/link/secret", "theirs/last"] {
            let fault = open(&path(led)).unwrap_err();
            assert!(
                fault.message.contains("is a symlink in a folder that other accounts can change"),
                "{fault}"
            );
        }
        assert!(Place::find(&path("theirs/link/secret")).is_err());
        for fine in ["link/secret", "ours/secret", "theirs/plain/file"] {
            assert!(open(&path(fine)).unwrap().is_some(), "{fine}");
        }
        assert!(open(&path("theirs/none")).unwrap().is_none());
        assert!(Place::find(&path("theirs/none/at/all")).unwrap().is_none());
        // The link itself may be replaced or removed.
        assert!(Place::find(&path("theirs/last")).unwrap().is_some_and(|place| place.is_foreign()));
        assert!(Place::find(&path("ours/new")).unwrap().is_some_and(|place| !place.is_foreign()));
    }

    #[test]
    fn in_a_sticky_folder_only_links_of_ours_are_followed() {
        let Some(folder) = furnished() else { return };
        let path = |relative: &str| folder.path().join(relative);
        fs::set_permissions(path("ours"), fs::Permissions::from_mode(0o1777)).unwrap();
        symlink("secret", path("ours/root-link")).unwrap();
        symlink("secret", path("ours/their-link")).unwrap();
        std::os::unix::fs::lchown(path("ours/their-link"), Some(65534), None).unwrap();
        assert!(open(&path("ours/root-link")).unwrap().is_some());
        assert!(open(&path("ours/their-link")).is_err());
        fs::set_permissions(path("ours"), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(open(&path("ours/root-link")).is_err());
    }

    #[test]
    fn the_usual_links_of_a_system_are_followed() {
        for path in ["/proc/self/status", "/proc/mounts", "/dev/stdin/../null"] {
            let _a_device_or_not = open(Path::new(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"));
        }
        assert!(Place::find(Path::new("/")).is_err());
    }
}
