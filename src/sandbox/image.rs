//! Base images: what they hold, and building them once. An image is a stack of directories, so that the
//! larger ones share the smaller.
//! It must not know of hosts; nothing in an image belongs to one of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::layout::{Layout, private_directory};
use super::suite::{Mirrors, Suite};
use super::{operator, program, tree};

/// How much is installed on a fresh host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Image {
    /// systemd, sshd, sudo, apt and a minimal Python: the least a host can be
    Bare,
    /// bare and rsync, as cloud images of Ubuntu and Debian come
    #[default]
    #[value(name = "rsync")]
    #[serde(rename = "rsync")]
    WithRsync,
    /// with PostgreSQL, Nginx, Supervisor, Memcached and Python for applications already installed
    Stack,
}

/// Changed when building changes in a way that the lists below do not show.
const RECIPE: u32 = 1;
const BARE: &[&str] = &[
    "apt",
    "ca-certificates",
    "dbus",
    "iproute2",
    "openssh-server",
    "python3-minimal",
    "sudo",
    "systemd",
    "systemd-sysv",
    "tzdata",
];
const RSYNC: &[&str] = &["rsync"];
const STACK: &[&str] = &[
    "acl",
    "cron",
    "fail2ban",
    "git",
    "libpq5",
    "locales",
    "logrotate",
    "memcached",
    "nginx",
    "postgresql",
    "python3-systemd",
    "python3-venv",
    "supervisor",
    "ufw",
    "unattended-upgrades",
];

/// One directory of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Layer {
    /// Also names its directory: with the suite, the image and a hash of all that it is made of.
    id: String,
    packages: &'static [&'static str],
}

impl Image {
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::WithRsync => "rsync",
            Self::Stack => "stack",
        }
    }

    /// Lowest first.
    fn parts(self) -> &'static [(Self, &'static [&'static str])] {
        let all = &[(Self::Bare, BARE), (Self::WithRsync, RSYNC), (Self::Stack, STACK)];
        let count = match self {
            Self::Bare => 1,
            Self::WithRsync => 2,
            Self::Stack => 3,
        };
        all.get(..count).unwrap_or(all)
    }

    fn layers(self, suite: Suite, sources: &[String]) -> Vec<Layer> {
        let mut hash = Sha256::new();
        hash.update(format!("{RECIPE}\n{}\n{}\n", suite.name, sources.join("\n")));
        self.parts()
            .iter()
            .map(|(image, packages)| {
                hash.update(format!("{}\n", packages.join(" ")));
                let digest = hash.clone().finalize();
                let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
                Layer { id: format!("{}-{}-{short}", suite.name, image.name()), packages }
            })
            .collect()
    }
}

/// The directories of an image, lowest first; what is missing is built.
pub fn provide(layout: &Layout, suite: Suite, image: Image, progress: &dyn Fn(&str)) -> Result<Vec<PathBuf>> {
    let sources = suite.sources(&Mirrors::of_this_machine());
    let layers = image.layers(suite, &sources);
    let path = |layer: &Layer| layout.images().join(&layer.id).join("root");
    if layers.iter().all(|layer| path(layer).is_dir()) {
        return Ok(layers.iter().map(path).collect());
    }
    let _lock = layout.lock_images()?;
    remove_unfinished(layout)?;
    let mut below: Vec<PathBuf> = Vec::new();
    for layer in &layers {
        let ready = path(layer);
        if !ready.is_dir() {
            let unfinished = layout.images().join(format!(".unfinished-{}", layer.id));
            private_directory(&unfinished)?;
            let built = if below.is_empty() {
                bootstrap(&unfinished, suite, &sources, layer, progress)
            } else {
                install(&unfinished, &below, layer, progress)
            };
            if let Err(error) = built {
                let _ = tree::remove(&unfinished);
                return Err(error.context(format!("failed to build the image `{}`", layer.id)));
            }
            // What is there under its own name is complete: a build that was cut off never gets it.
            fs::rename(&unfinished, layout.images().join(&layer.id))
                .with_context(|| format!("failed to put the image `{}` in place", layer.id))?;
        }
        below.push(ready);
    }
    Ok(below)
}

fn bootstrap(
    directory: &Path,
    suite: Suite,
    sources: &[String],
    layer: &Layer,
    progress: &dyn Fn(&str),
) -> Result<()> {
    let (keyring, package) = suite.keyring();
    if !keyring.is_file() {
        bail!(
            "`{}`, which verifies packages of {}, is missing; install it with `sudo apt-get install -y {package}`",
            keyring.display(),
            suite.name
        );
    }
    progress(&format!("building the {} image (once, about 25 s)", suite.name));
    let settings = directory.join("apt.conf");
    // Never empty: mmdebstrap takes an empty file for a setting that is wrong.
    fs::write(&settings, format!("APT::Install-Recommends \"false\";\n{}", operator::apt_settings()))
        .context("failed to write apt's settings")?;
    let root = directory.join("root");
    let mut command = program::command("mmdebstrap");
    command
        .args(["--mode=root", "--variant=minbase", "--format=directory"])
        .arg(format!("--include={}", layer.packages.join(",")))
        .arg(format!("--keyring={}", keyring.display()))
        .arg(format!("--aptopt={}", settings.display()))
        .arg(suite.name)
        .arg(&root)
        .args(sources);
    program::run_watched(command, &|line| {
        if let Some(step) = line.strip_prefix("I: ") {
            progress(step);
        }
    })?;
    make_anonymous(&root)
}

/// A further layer: packages installed over the layers below, whose files it leaves as they are.
fn install(directory: &Path, below: &[PathBuf], layer: &Layer, progress: &dyn Fn(&str)) -> Result<()> {
    progress(&format!("adding to the image: {}", layer.packages.join(", ")));
    let [upper, work, merged] = ["root", "work", "merged"].map(|name| directory.join(name));
    mount(below, &upper, &work, &merged)?;
    let policy = merged.join("usr/sbin/policy-rc.d");
    fs::write(&policy, "#!/bin/sh\nexit 101\n").context("failed to forbid starting services")?;
    program::run("chmod", ["755".as_ref(), policy.as_os_str()])?;
    operator::copy_trust(&merged)?;
    let settings = merged.join("etc/apt/apt.conf.d/90sandbox");
    fs::write(&settings, operator::apt_settings()).context("failed to write apt's settings")?;
    let steps: [&[&str]; 3] = [
        &["apt-get", "update", "-q"],
        &["apt-get", "install", "-q", "-y", "--no-install-recommends"],
        &["apt-get", "clean"],
    ];
    for (step, arguments) in steps.iter().enumerate() {
        let mut command = program::command("systemd-nspawn");
        command.arg("--directory").arg(&merged);
        command.args(["--quiet", "--pipe", "--as-pid2", "--register=no", "--keep-unit", "--timezone=off"]);
        command.args(["--resolv-conf=copy-host", "--setenv=DEBIAN_FRONTEND=noninteractive", "--"]);
        command.args(*arguments).args(layer.packages.iter().filter(|_| step == 1)).stdin(Stdio::null());
        program::run_watched(command, &|_| ())?;
    }
    fs::remove_file(&policy).context("failed to allow starting services again")?;
    make_anonymous(&merged)?;
    tree::unmount_below(&merged)?;
    for rest in [work, merged] {
        tree::remove(&rest)?;
    }
    Ok(())
}

/// Mounts layers with a writable directory over them.
pub fn mount(layers: &[PathBuf], upper: &Path, work: &Path, merged: &Path) -> Result<()> {
    for directory in [upper, work, merged] {
        // 0755: the upper directory's mode becomes the mode of the guest's `/`.
        fs::create_dir_all(directory)
            .with_context(|| format!("failed to create `{}`", directory.display()))?;
    }
    let lower: Vec<_> = layers.iter().rev().map(|layer| layer.to_string_lossy()).collect();
    let options =
        format!("lowerdir={},upperdir={},workdir={}", lower.join(":"), upper.display(), work.display());
    let arguments = ["-t", "overlay", "overlay", "-o", &options].map(AsRef::as_ref);
    program::run("mount", arguments.into_iter().chain([merged.as_os_str()])).with_context(|| {
        format!(
            "failed to mount a sandbox's disk; its directory must lie on ext4, xfs or btrfs: choose one with {}",
            super::layout::CACHE_VARIABLE
        )
    })?;
    Ok(())
}

/// What must differ from host to host is not in an image, nor are package lists, which grow old.
fn make_anonymous(root: &Path) -> Result<()> {
    for directory in ["etc/ssh", "var/lib/apt/lists"] {
        for entry in fs::read_dir(root.join(directory)).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && (directory != "etc/ssh" || name.to_string_lossy().starts_with("ssh_host_")) {
                fs::remove_file(entry.path())
                    .with_context(|| format!("failed to remove `{}`", entry.path().display()))?;
            }
        }
    }
    for file in ["etc/machine-id", "etc/hostname", "etc/resolv.conf", "etc/apt/apt.conf.d/99mmdebstrap"] {
        let path = root.join(file);
        if path.symlink_metadata().is_ok() {
            fs::remove_file(&path).with_context(|| format!("failed to remove `{}`", path.display()))?;
        }
    }
    Ok(())
}

fn remove_unfinished(layout: &Layout) -> Result<()> {
    for entry in fs::read_dir(layout.images()).context("failed to list the images")?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(".unfinished-") {
            tree::remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(image: Image, mirror: &str) -> Vec<String> {
        let suite = Suite::named("bookworm").unwrap();
        image.layers(suite, &[mirror.to_owned()]).into_iter().map(|layer| layer.id).collect()
    }

    #[test]
    fn an_images_name_tells_all_that_it_is_made_of() {
        let bare = ids(Image::Bare, "deb http://a x main");
        let stack = ids(Image::Stack, "deb http://a x main");
        assert_eq!(bare.len(), 1);
        assert_eq!(stack.len(), 3);
        assert_eq!(bare[0], stack[0], "the larger image shares the smaller");
        assert!(stack[2].starts_with("bookworm-stack-"), "{stack:?}");
        assert_ne!(bare, ids(Image::Bare, "deb http://b x main"));
        assert_ne!(ids(Image::WithRsync, "a")[1], ids(Image::WithRsync, "b")[1]);
    }
}
