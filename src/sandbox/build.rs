//! Building images, each layer once.
//! It must not know of hosts; nothing in an image belongs to one of them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::image::{Layer, Recipe};
use super::layout::{Layout, Lock, private_directory};
use super::suite::Distribution;
use super::{disk, operator, program, tree};

/// Before the name of what is not complete.
pub const UNFINISHED: &str = ".unfinished-";

/// Builds what is missing of an image.
pub fn provide(layout: &Layout, recipe: &Recipe, progress: &dyn Fn(&str)) -> Result<()> {
    let is_ready = |layer: &Layer| layer.directory(layout).is_dir();
    if recipe.layers.iter().all(is_ready) {
        return Ok(());
    }
    let lock = layout.lock_images(&|| progress("waiting for another process that builds an image"))?;
    remove_unfinished(layout)?;
    let mut below: Vec<PathBuf> = Vec::new();
    for layer in &recipe.layers {
        if !is_ready(layer) {
            build(layout, &lock, recipe, layer, &below, progress)
                .with_context(|| format!("failed to build the image `{}`", layer.id))?;
        }
        below.push(layer.directory(layout));
    }
    Ok(())
}

fn build(
    layout: &Layout,
    lock: &Lock,
    recipe: &Recipe,
    layer: &Layer,
    below: &[PathBuf],
    progress: &dyn Fn(&str),
) -> Result<()> {
    let unfinished = layout.images().join(format!("{UNFINISHED}{}", layer.id));
    private_directory(&unfinished)?;
    let built = if below.is_empty() {
        bootstrap(&unfinished, lock, recipe, layer, progress)
    } else {
        install(&unfinished, lock, below, layer, progress)
    };
    if let Err(error) = built {
        let _ = tree::remove(&unfinished);
        return Err(error);
    }
    // What is there under its own name is complete: a build that was cut off never gets it.
    fs::rename(&unfinished, layout.images().join(&layer.id)).context("failed to put it in place")
}

fn bootstrap(
    directory: &Path,
    lock: &Lock,
    recipe: &Recipe,
    layer: &Layer,
    progress: &dyn Fn(&str),
) -> Result<()> {
    let suite = recipe.suite;
    let (keyring, package) = suite.keyring();
    if !keyring.is_file() {
        bail!(
            "`{}`, which verifies packages of {}, is missing; it comes with the package `{package}`{}",
            keyring.display(),
            suite.name,
            match suite.distribution {
                Distribution::Debian => "",
                Distribution::Ubuntu => " of Ubuntu and Debian 13, or copy it from a host of those",
            }
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
        .args(&recipe.sources)
        .stdin(lock.shared()?);
    program::run_watched(command, &|line| {
        if let Some(step) = line.strip_prefix("I: ") {
            progress(step);
        }
    })?;
    make_anonymous(&root)
}

/// A further layer: packages installed over the layers below, whose files it leaves as they are.
fn install(
    directory: &Path,
    lock: &Lock,
    below: &[PathBuf],
    layer: &Layer,
    progress: &dyn Fn(&str),
) -> Result<()> {
    progress(&format!("adding to the image: {}", layer.packages.join(", ")));
    let [upper, work, merged] = ["root", "work", "merged"].map(|name| directory.join(name));
    disk::overlay(below, &upper, &work, &merged)?;
    let policy = merged.join("usr/sbin/policy-rc.d");
    fs::write(&policy, "#!/bin/sh\nexit 101\n")
        .and_then(|()| fs::set_permissions(&policy, Permissions::from_mode(0o755)))
        .context("failed to forbid starting services")?;
    operator::copy_trust(&merged)?;
    let settings = merged.join("etc/apt/apt.conf.d/90sandbox");
    fs::write(&settings, operator::apt_settings()).context("failed to write apt's settings")?;
    let install: Vec<_> = ["install", "-y", "--no-install-recommends"].iter().chain(layer.packages).collect();
    for arguments in [vec![&"update"], install, vec![&"clean"]] {
        let mut command = program::command("systemd-nspawn");
        command.arg("--directory").arg(&merged);
        command.args(["--quiet", "--pipe", "--as-pid2", "--register=no", "--keep-unit", "--timezone=off"]);
        command.args(["--resolv-conf=copy-host", "--setenv=DEBIAN_FRONTEND=noninteractive"]);
        command.args(["--", "apt-get", "-q"]).args(arguments).stdin(lock.shared()?);
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
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            tree::remove(&entry.path())?;
        }
    }
    Ok(())
}
