//! Archives that apt installs from: lines and deb822 stanzas under /etc/apt, and the keys that sign them.
//! Must not use apt-key: a key counts for the archive that names it, not for all.

mod absent;
mod armor;
mod deb822;
mod key;
mod line;
mod managed;

pub use absent::Absent;
pub use managed::Managed;

use std::path::{Path, PathBuf};

use crate::facts::Facts;
use crate::fault::Result;
use crate::host::{Action, Owner};
use crate::plan::{Change, Plan, diff};

const MAIN: &str = "/etc/apt/sources.list";
const PARTS: &str = "/etc/apt/sources.list.d";

/// A file of sources as it is.
struct SourcesFile {
    path: PathBuf,
    text: String,
}

impl SourcesFile {
    fn is_deb822(path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "sources")
    }

    fn read(facts: &Facts, path: &Path) -> Result<Self> {
        let bytes = facts.host().read(path)?.unwrap_or_default();
        Ok(Self { path: path.to_owned(), text: String::from_utf8_lossy(&bytes).into_owned() })
    }

    /// All files that apt reads.
    fn all(facts: &Facts) -> Result<Vec<Self>> {
        let names = facts.host().list(Path::new(PARTS))?.unwrap_or_default();
        let parts = names.iter().map(|name| Path::new(PARTS).join(name));
        std::iter::once(PathBuf::from(MAIN))
            .chain(parts.filter(|path| {
                path.extension().is_some_and(|extension| extension == "list" || extension == "sources")
            }))
            .map(|path| Self::read(facts, &path))
            .collect()
    }

    /// What it takes for the file to have this text; a file of its own that is empty goes.
    fn become_text(&self, text: String, plan: &mut Plan) {
        if text == self.text {
            return;
        }
        let change =
            Change::new(self.path.to_string_lossy()).diff(diff(self.text.as_bytes(), text.as_bytes()));
        if text.trim().is_empty() && self.path.starts_with(PARTS) {
            plan.push(change, Action::Remove { path: self.path.clone() });
            return;
        }
        plan.push(change, write(&self.path, text.into_bytes()));
    }
}

/// apt's own user reads these files, so everybody may.
fn write(path: &Path, content: Vec<u8>) -> Action {
    Action::WriteFile {
        path: path.to_owned(),
        content,
        mode: Some(0o644),
        owner: Owner { user: Some("root".to_owned()), group: Some("root".to_owned()) },
        validate: None,
        backup: None,
        temporary: None,
    }
}
