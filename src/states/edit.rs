//! A configuration file of the system whose lines a state reads and changes, keeping the rest as it is.

use std::path::{Path, PathBuf};

use crate::fault::{Context as _, Result};
use crate::host::{Action, Host, Owner, follow};
use crate::plan::{Change, Plan, diff};

/// A file's text as it is, and where it really lies.
pub struct Edit {
    path: PathBuf,
    old: Option<String>,
}

impl Edit {
    /// Reads a file; where a symlink points is what will be written.
    pub fn of(host: &dyn Host, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let real = follow(host, path)?.map_or_else(|| path.to_owned(), |(real, _)| plain(&real));
        let old = host.read(&real).context(format!("`{}`", path.display()))?;
        // Bytes that are no text are kept out of sight, not out of the file: such a file is not ours to edit.
        let text = |bytes| {
            String::from_utf8(bytes)
                .map_err(|_| crate::fault::Fault::new(format!("`{}` is not UTF-8", path.display())))
        };
        Ok(Self { path: real, old: old.map(text).transpose()? })
    }

    pub fn is_there(&self) -> bool {
        self.old.is_some()
    }

    /// The text; empty where there is no file.
    pub fn text(&self) -> &str {
        self.old.as_deref().unwrap_or_default()
    }

    pub fn lines(&self) -> std::str::Lines<'_> {
        self.text().lines()
    }

    /// Plans the new text, if it differs.
    pub fn write(&self, new: String, plan: &mut Plan) {
        if self.old.as_deref() == Some(new.as_str()) || (self.old.is_none() && new.is_empty()) {
            return;
        }
        let change = Change::new(format!("content of {}", self.path.display()));
        let change = change.diff(diff(self.text().as_bytes(), new.as_bytes()));
        let action = Action::WriteFile {
            path: self.path.clone(),
            content: new.into_bytes(),
            mode: self.old.is_none().then_some(0o644),
            owner: Owner::default(),
            validate: None,
            backup: None,
            temporary: None,
        };
        plan.push(change, action);
    }
}

/// `/etc/default/../locale.conf` is `/etc/locale.conf`: how links are written, not how files are called.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// Lines as a file holds them.
pub fn joined<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> String {
    lines.into_iter().fold(String::new(), |mut text, line| {
        text.push_str(line.as_ref());
        text.push('\n');
        text
    })
}
