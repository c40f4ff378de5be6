//! Where sandboxes keep things: a cache that outlives them and a state directory that tells who is up.
//! It must not create hosts, images or networks.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

/// Names another cache directory: a disk with room, on a file system that overlayfs accepts.
pub const CACHE_VARIABLE: &str = "PROVISION_SANDBOX_DIR";
const CACHE: &str = "/var/cache/provision/sandbox";
const STATE: &str = "/run/provision-sandbox";

#[derive(Debug, Clone)]
pub struct Layout {
    cache: PathBuf,
    state: PathBuf,
}

impl Layout {
    /// Both directories, created where missing; only root can use them.
    pub fn open() -> Result<Self> {
        if users::get_effective_uid() != 0 {
            bail!(
                "a sandbox needs root, for its mounts, its bridge and its container; run the command with `sudo`"
            );
        }
        let cache = std::env::var_os(CACHE_VARIABLE)
            .filter(|value| !value.is_empty())
            .map_or_else(|| PathBuf::from(CACHE), PathBuf::from);
        let layout = Self::at(cache, PathBuf::from(STATE))?;
        // 0700: what guests hold (copies of a project, private keys) is nobody else's business.
        for directory in [
            &layout.cache,
            &layout.state,
            &layout.images(),
            &layout.disks(),
            &layout.pip_cache(),
            &layout.records(),
        ] {
            private_directory(directory)?;
        }
        Ok(layout)
    }

    fn at(cache: PathBuf, state: PathBuf) -> Result<Self> {
        let text = cache.to_string_lossy();
        // Overlayfs takes its layers as one option string, where these characters separate.
        if !cache.is_absolute() || text.contains([':', ',', '\\']) {
            bail!(
                "`{text}` cannot hold sandboxes; set {CACHE_VARIABLE} to an absolute path without `:`, `,` and `\\`"
            );
        }
        Ok(Self { cache, state })
    }

    pub fn images(&self) -> PathBuf {
        self.cache.join("images")
    }
    pub fn disks(&self) -> PathBuf {
        self.cache.join("disks")
    }
    pub fn disk(&self, name: &str) -> PathBuf {
        self.disks().join(name)
    }
    pub fn all_packages(&self) -> PathBuf {
        self.cache.join("packages")
    }
    /// Downloaded packages of one suite, shared by its guests.
    pub fn packages(&self, suite: &str) -> PathBuf {
        self.all_packages().join(suite)
    }
    pub fn pip_cache(&self) -> PathBuf {
        self.cache.join("pip")
    }
    pub fn records(&self) -> PathBuf {
        self.state.join("hosts")
    }
    pub fn record(&self, name: &str) -> PathBuf {
        self.records().join(format!("{name}.json"))
    }
    pub fn known_hosts(&self, name: &str) -> PathBuf {
        self.records().join(format!("{name}.known_hosts"))
    }
    pub fn console(&self, name: &str) -> PathBuf {
        self.records().join(format!("{name}.console"))
    }
    pub fn network(&self) -> PathBuf {
        self.state.join("network.json")
    }
    pub fn key(&self) -> PathBuf {
        self.state.join("id_ed25519")
    }

    /// Held while names, addresses, the bridge and the records change; only for moments.
    pub fn lock_state(&self) -> Result<Lock> {
        lock(&self.state.join("lock"), &|| ())
    }
    /// Held while a host is removed, so that two processes do not remove the same one.
    pub fn lock_removal(&self) -> Result<Lock> {
        lock(&self.state.join("removal"), &|| ())
    }
    /// Held while an image is built, so that two processes do not build the same one.
    pub fn lock_images(&self, waiting: &dyn Fn()) -> Result<Lock> {
        lock(&self.images().join("lock"), waiting)
    }
}

/// An exclusive lock, given back when dropped or when the process ends in whatever way.
#[derive(Debug)]
#[must_use]
pub struct Lock(File);

impl Lock {
    /// The lock as an (empty) standard input: a program started with it holds the lock too, even when the
    /// process that started it is killed.
    pub fn shared(&self) -> Result<Stdio> {
        Ok(Stdio::from(self.0.try_clone().context("failed to share a lock")?))
    }
}

fn lock(path: &Path, waiting: &dyn Fn()) -> Result<Lock> {
    let failed = || format!("failed to lock `{}`", path.display());
    let file = File::options().create(true).read(true).append(true).open(path).with_context(failed)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            waiting();
            file.lock().with_context(failed)?;
        }
        other => other.with_context(failed)?,
    }
    Ok(Lock(file))
}

pub fn private_directory(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("failed to create the directory `{}`", path.display()))
}

/// A directory as guests have them: 0755 whatever the operator's umask, and so each that is made on the way.
pub fn public_directory(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        public_directory(parent)?;
    }
    fs::create_dir(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o755)))
        .with_context(|| format!("failed to create the directory `{}`", path.display()))
}

/// Replaces a file in one step: a reader sees the old or the new content, never half of it.
pub fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    fs::write(&temporary, content)
        .and_then(|()| fs::rename(&temporary, path))
        .with_context(|| format!("failed to write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_directory_must_fit_into_an_overlay_option() {
        assert!(Layout::at("/srv/sandbox".into(), STATE.into()).is_ok());
        for bad in ["relative", "/with:colon", "/with,comma"] {
            let error = Layout::at(bad.into(), STATE.into()).unwrap_err().to_string();
            assert!(error.contains(CACHE_VARIABLE), "{error}");
        }
    }
}
