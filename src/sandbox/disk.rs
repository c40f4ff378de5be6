//! A host's disk: an image with an empty directory over it, and what makes a guest this host and no other.
//! It must not start the guest.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::layout::{CACHE_VARIABLE, Layout, private_directory, public_directory};
use super::record::Record;
use super::{operator, program, ssh, tree};

const ARCHIVES: &str = "var/cache/apt/archives";

/// Mounts the disk where it is not.
pub fn mount(record: &Record) -> Result<()> {
    let root = record.root();
    if tree::is_mounted(&root)? {
        return Ok(());
    }
    private_directory(&record.disk)?;
    overlay(&record.layers, &upper(record), &record.disk.join("work"), &root)
}

/// Mounts layers with a writable directory over them.
pub fn overlay(layers: &[PathBuf], upper: &Path, work: &Path, merged: &Path) -> Result<()> {
    for directory in [upper, work, merged] {
        // The upper directory's mode becomes the mode of the guest's `/`.
        public_directory(directory)?;
    }
    let lower: Vec<_> = layers.iter().rev().map(|layer| layer.to_string_lossy()).collect();
    let options =
        format!("lowerdir={},upperdir={},workdir={}", lower.join(":"), upper.display(), work.display());
    let arguments = ["-t", "overlay", "overlay", "-o", &options].map(AsRef::as_ref);
    program::run("mount", arguments.into_iter().chain([merged.as_os_str()])).with_context(|| {
        format!(
            "failed to mount a sandbox's disk; name a directory on ext4, xfs or btrfs with {CACHE_VARIABLE}"
        )
    })?;
    Ok(())
}

/// Unmounts the disk and forgets it, but for the packages that were downloaded on it.
pub fn remove(layout: &Layout, record: &Record) -> Result<()> {
    if !record.disk.exists() {
        return Ok(());
    }
    // What systemd-nspawn leaves when it is killed: a lock named by the root directory's inode, and a
    // directory for late mounts.
    let nspawn = Path::new("/run/systemd/nspawn");
    if let Ok(root) = record.root().metadata() {
        let _ = fs::remove_file(nspawn.join(format!("locks/inode-{}:{}", root.dev(), root.ino())));
    }
    let _ = fs::remove_dir(nspawn.join("propagate").join(record.machine()));
    tree::unmount_below(&record.disk)?;
    keep_packages(&upper(record), &layout.packages(&record.suite));
    tree::remove(&record.disk)
}

fn upper(record: &Record) -> PathBuf {
    record.disk.join("upper")
}

/// Writes what a fresh host has of its own: name, address, keys, name servers, trust.
pub fn personalize(layout: &Layout, record: &Record, authorized_keys: &[String]) -> Result<()> {
    let root = record.root();
    let name = &record.name;
    let (address, gateway) = (record.address(), record.subnet.host(1));
    let text = |path: &str, content: String| write(&root.join(path), &content, 0o644);
    text("etc/hostname", format!("{name}\n"))?;
    // Its own name without DNS: sudo asks for it each time.
    let hosts = format!(
        "127.0.0.1\tlocalhost\n127.0.1.1\t{name}\n::1\tlocalhost ip6-localhost ip6-loopback\n\
         ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
    );
    text("etc/hosts", hosts)?;
    // Before 80-container-host0.network in the alphabet, or that one wins.
    let network = format!(
        "[Match]\nName=host0\n\n[Network]\nAddress={address}/24\nGateway={gateway}\nLinkLocalAddressing=no\n"
    );
    text("etc/systemd/network/10-host0.network", network)?;
    let wants = root.join("etc/systemd/system/multi-user.target.wants");
    public_directory(&wants)?;
    let unit = wants.join("systemd-networkd.service");
    if unit.symlink_metadata().is_err() {
        symlink("/lib/systemd/system/systemd-networkd.service", &unit)
            .context("failed to enable networkd")?;
    }
    // With an empty one systemd takes the boot for a first boot and enables every unit.
    text("etc/machine-id", format!("{}\n", record.id))?;
    let servers = operator::name_servers();
    text("etc/resolv.conf", servers.iter().map(|server| format!("nameserver {server}\n")).collect())?;
    text("etc/apt/apt.conf.d/90sandbox", operator::apt_settings())?;
    operator::copy_trust(&root)?;

    let key = {
        let _lock = layout.lock_state()?;
        ssh::provide_key(layout)?
    };
    private_directory(&root.join("root/.ssh"))?;
    let keys: String =
        std::iter::once(&key).chain(authorized_keys).map(|key| format!("{}\n", key.trim())).collect();
    write(&root.join("root/.ssh/authorized_keys"), &keys, 0o600)?;
    ssh::provide_host_key(&root, name, record.address(), &layout.known_hosts(name))
}

fn write(path: &Path, content: &str, mode: u32) -> Result<()> {
    // In an image some of these are links into /run, through which a write would leave the guest's tree.
    if path.is_symlink() {
        fs::remove_file(path).with_context(|| format!("failed to replace the link `{}`", path.display()))?;
    }
    fs::write(path, content)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode)))
        .with_context(|| format!("failed to write `{}`", path.display()))
}

/// Gives a new disk the packages that earlier hosts downloaded, as hard links. Sharing the directory itself
/// would share apt's lock with it, and two hosts could not install at once.
pub fn lend_packages(layout: &Layout, record: &Record) -> Result<()> {
    let shared = layout.packages(&record.suite);
    let archives = upper(record).join(ARCHIVES);
    public_directory(&archives)?;
    for entry in fs::read_dir(&shared).into_iter().flatten().flatten() {
        let _ = fs::hard_link(entry.path(), archives.join(entry.file_name()));
    }
    Ok(())
}

/// Best effort: a cache that was not filled costs the next host a download.
fn keep_packages(upper: &Path, shared: &Path) {
    let archives = upper.join(ARCHIVES);
    // The guest may have made a link of any part of the path.
    if archives.canonicalize().ok() != upper.canonicalize().ok().map(|upper| upper.join(ARCHIVES)) {
        return;
    }
    if private_directory(shared).is_err() {
        return;
    }
    for entry in fs::read_dir(&archives).into_iter().flatten().flatten() {
        let is_package = Path::new(&entry.file_name()).extension().is_some_and(|kind| kind == "deb")
            && entry.file_type().is_ok_and(|kind| kind.is_file());
        let kept = shared.join(entry.file_name());
        if is_package && !kept.exists() {
            let _ = fs::rename(entry.path(), kept);
        }
    }
}
