//! Our own folder on the host: the lock of a run, its log, and the program itself. Decides nothing.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::fault::{Context as _, Fault, Result};

/// The logs of so many runs are kept.
const RUNS_KEPT: usize = 50;
const ROOT: &str = "/var/lib/provision";
/// Where every account finds the program, for `provision env`.
const PROGRAM: &str = "/usr/local/bin/provision";

/// `/var/lib/provision/<project>`, only for root.
pub struct Home {
    folder: PathBuf,
}

/// Held for a run; let go when dropped, and by the kernel if we die.
pub struct Lock {
    _file: File,
}

impl Home {
    pub fn open(project: &str) -> Result<Self> {
        let folder = Self::folder(project);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .context(format!("cannot make `{}`", folder.display()))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))
            .context(format!("cannot protect `{}`", folder.display()))?;
        Ok(Self { folder })
    }

    /// Takes the lock of the host, whatever its project, or says who holds it. `holder` is written for others to read.
    pub fn lock(&self, holder: &str) -> Result<Result<Lock, String>> {
        let path = Path::new(ROOT).join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .context(format!("cannot open `{}`", path.display()))?;
        match file.try_lock() {
            Ok(()) => {
                let written =
                    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{holder}"));
                written.context(format!("cannot write `{}`", path.display()))?;
                Ok(Ok(Lock { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut said = String::new();
                let _unreadable = file.read_to_string(&mut said);
                Ok(Err(said))
            }
            Err(TryLockError::Error(error)) => Err(Fault::from(error).context(path.display())),
        }
    }

    /// Our folder; it need not be there.
    pub fn root() -> &'static Path {
        Path::new(ROOT)
    }

    /// The folder of a project; it need not be there.
    pub fn folder(project: &str) -> PathBuf {
        Path::new(ROOT).join(project)
    }

    /// Where what a project's changes still wait for is written down.
    pub fn pending(project: &str) -> PathBuf {
        Self::folder(project).join("owed.json")
    }

    /// Writes a file of ours that nobody else may read.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        replace(&self.folder.join(name), content, 0o600)
    }

    /// A new log for this run's events; the oldest logs go.
    pub fn log(&self) -> Result<File> {
        let folder = self.folder.join("runs");
        let shown = format!("cannot use `{}`", folder.display());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).context(&shown)?;
        let mut logs: Vec<PathBuf> =
            fs::read_dir(&folder).context(&shown)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        logs.sort();
        let surplus = (logs.len() + 1).saturating_sub(RUNS_KEPT);
        for log in logs.iter().take(surplus) {
            let _kept_then = fs::remove_file(log);
        }
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.6fZ").to_string();
        let path = folder.join(format!("{now}.jsonl"));
        OpenOptions::new()
            .create_new(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .context(format!("cannot write `{}`", path.display()))
    }
}

/// Writes a note that everybody may read into a folder of root's.
pub fn note(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(folder);
    made.context(format!("cannot write `{}`", path.display()))?;
    replace(path, content, 0o644)
}

/// Replaces a file in a folder of root's, whole or not at all. It survives a power cut from here on.
pub(super) fn replace(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let write = || -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let mut new = tempfile::Builder::new().prefix(".provision-").tempfile_in(folder)?;
        new.write_all(content)?;
        new.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
        new.as_file().sync_all()?;
        new.persist(path).map_err(|error| Fault::from(error.error))?;
        File::open(folder)?.sync_all()?;
        Ok(())
    };
    write().context(format!("cannot write `{}`", path.display()))
}

/// Puts the running program where `provision env` is looked for, if it is not there already.
pub fn install_program() -> Result<()> {
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    let place = Path::new(PROGRAM);
    if own == place || same(&own, place) {
        return Ok(());
    }
    let folder = place.parent().unwrap_or(Path::new("/"));
    let shown = format!("cannot write into `{}`", folder.display());
    fs::create_dir_all(folder).context(&shown)?;
    if linked(&own, place).context(&shown)? {
        return Ok(());
    }
    let mut new = tempfile::Builder::new().prefix(".provision-").tempfile_in(folder).context(&shown)?;
    std::io::copy(&mut File::open(&own)?, &mut new).context(&shown)?;
    new.as_file().set_permissions(fs::Permissions::from_mode(0o755))?;
    new.as_file().set_modified(fs::metadata(&own)?.modified()?)?;
    new.as_file().sync_all()?;
    new.persist(place).map_err(|error| Fault::from(error.error).context(PROGRAM))?;
    Ok(())
}

/// Puts a link to the running program there, which costs nothing, where it was pushed into root's own folder on
/// the same file system.
fn linked(own: &Path, place: &Path) -> Result<bool> {
    let file = File::open(own)?;
    if !own.starts_with(ROOT) || file.metadata()?.uid() != 0 {
        return Ok(false);
    }
    let new = place.with_file_name(format!(".provision-{}", std::process::id()));
    if fs::hard_link(own, &new).is_err() {
        return Ok(false);
    }
    file.set_permissions(fs::Permissions::from_mode(0o755))?;
    file.sync_all()?;
    fs::rename(&new, place).context(PROGRAM)?;
    Ok(true)
}

/// Equal size and time of change, which `install_program` keeps: reading both would cost more than all else
/// in a run that changes nothing.
fn same(own: &Path, place: &Path) -> bool {
    let (Ok(a), Ok(b)) = (fs::metadata(own), fs::metadata(place)) else { return false };
    a.len() == b.len() && a.modified().ok() == b.modified().ok()
}
