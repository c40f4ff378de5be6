//! The images that were built: which there are, and making room.
//! It must not remove an image that a sandbox stands on.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use super::build::UNFINISHED;
use super::layout::Layout;
use super::record::Record;
use super::tree;

/// A layer of images on this machine's disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BuiltImage {
    /// Release, kind, and a hash of all that it was made from.
    pub id: String,
    pub bytes: u64,
    /// The sandboxes that stand on it.
    pub used_by: Vec<String>,
}

/// Sorted by name.
pub fn images() -> Result<Vec<BuiltImage>> {
    all(&Layout::open()?)
}

/// Removes images that no sandbox stands on, and what was downloaded; gives the names of those images. All of it
/// is made again when it is needed.
pub fn prune() -> Result<Vec<String>> {
    let layout = Layout::open()?;
    // Nobody builds meanwhile, and nobody who will use an image has not said so: a host is written down first.
    let _images = layout.lock_images(&|| ())?;
    let _state = layout.lock_state()?;
    let unused: Vec<_> = all(&layout)?.into_iter().filter(|image| image.used_by.is_empty()).collect();
    for image in &unused {
        let (there, away) =
            (layout.images().join(&image.id), layout.images().join(format!("{UNFINISHED}old")));
        tree::remove(&away)?;
        // Renamed first, so that half of an image never bears its name.
        fs::rename(&there, &away).with_context(|| format!("failed to remove `{}`", there.display()))?;
        tree::remove(&away)?;
    }
    if Record::all(&layout)?.is_empty() {
        tree::remove(&layout.all_packages())?;
        tree::remove(&layout.pip_cache())?;
    }
    Ok(unused.into_iter().map(|image| image.id).collect())
}

fn all(layout: &Layout) -> Result<Vec<BuiltImage>> {
    let records = Record::all(layout)?;
    let mut images = Vec::new();
    for entry in fs::read_dir(layout.images()).context("failed to list the images")?.flatten() {
        let path = entry.path();
        let id = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !id.starts_with(UNFINISHED) {
            let stands_on_it = |record: &&Record| record.layers.iter().any(|layer| layer.starts_with(&path));
            let used_by = records.iter().filter(stands_on_it).map(|record| record.name.clone()).collect();
            images.push(BuiltImage { id, bytes: size(&path), used_by });
        }
    }
    images.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(images)
}

/// What the disk has given to it, as `du` counts.
fn size(directory: &Path) -> u64 {
    let entries = walkdir::WalkDir::new(directory).into_iter().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.blocks() * 512).sum()
}
