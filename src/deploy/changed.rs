//! Whether a release differs from the current one in what migrations can depend on: its code, its packages
//! and its process environment.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::fault::Result;
use crate::host::{Action, Kind};

use super::stage::Stage;
use super::survey::BYTECODE;

/// Stands in a release: the digest of what it is made of.
const DIGEST: &str = ".code";

/// Writes down what the release is made of.
pub fn record(stage: &Stage<'_>) -> Result<()> {
    let digest = digest(stage)?;
    stage.facts.host().perform(&Action::write(stage.folder.join(DIGEST), digest, 0o600))?;
    Ok(())
}

/// Whether a release is made of the same as this one.
pub fn same(stage: &Stage<'_>, other: &Path) -> Result<bool> {
    let host = stage.facts.host();
    let own = host.read(&stage.folder.join(DIGEST))?;
    Ok(own.is_some() && own == host.read(&other.join(DIGEST))?)
}

/// Over paths, modes and contents; the links that a deploy makes are read as links.
fn digest(stage: &Stage<'_>) -> Result<String> {
    let host = stage.facts.host();
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update(bytes.len().to_le_bytes());
        digest.update(bytes);
    };
    let environment = crate::process_env::path(&stage.settings.project);
    part(&host.read(&environment)?.unwrap_or_default());
    let mut queue = vec![PathBuf::new()];
    while let Some(relative) = queue.pop() {
        let path = stage.folder.join(&relative);
        let Some(stat) = host.stat(&path)? else { continue };
        part(relative.to_string_lossy().as_bytes());
        match stat.kind {
            Kind::Directory => {
                let names = host.list(&path)?.unwrap_or_default();
                // Bytecode follows from the code, and holds times.
                let names = names.iter().filter(|name| *name != BYTECODE);
                queue.extend(names.map(|name| relative.join(name)));
            }
            Kind::Symlink => part(host.link(&path)?.unwrap_or_default().to_string_lossy().as_bytes()),
            Kind::File => {
                part(&[u8::from(stat.mode & 0o111 != 0)]);
                part(&host.read(&path)?.unwrap_or_default());
            }
            Kind::Special => {}
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
