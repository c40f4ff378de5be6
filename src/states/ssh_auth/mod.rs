//! Public keys that may log in: lines of authorized_keys files. What others wrote there stays, but for
//! `manage`, which says which keys there are.

mod absent;
mod manage;
mod present;

pub use absent::Absent;
pub use manage::Manage;
pub use present::Present;

use std::path::Path;

use crate::public_key::{Defaults, Key};

use crate::fault::{Fault, Result};
use crate::states::Context;

/// Where sshd looks if nobody says otherwise.
fn usual_file() -> String {
    ".ssh/authorized_keys".to_owned()
}

/// The keys that a state names: those of its source, else its own.
fn named(context: &Context<'_>, name: &str, source: &str, defaults: &Defaults<'_>) -> Result<Vec<Key>> {
    if source.is_empty() {
        return Ok(vec![Key::parse(name, defaults)?]);
    }
    let bytes = if source.starts_with('/') {
        context.facts.host().read(Path::new(source))?
    } else {
        context.library.read(source)?.map(|bytes| bytes.to_vec())
    };
    let bytes = bytes.ok_or_else(|| {
        Fault::new(format!("`{source}` is not there")).help("`source` names a file of keys, as `salt://…`")
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let mut keys = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut key =
            Key::parse(line, &Defaults::default()).map_err(|fault| fault.context(format!("`{source}`")))?;
        if !defaults.options.is_empty() {
            key.options = defaults.options.join(",");
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(Fault::new(format!("`{source}` holds no key")));
    }
    Ok(keys)
}

/// Puts a key among the lines of a file: over the line that has it, else at the end. A second line with
/// the same key would only hide what the first one says.
fn put(lines: &mut Vec<String>, key: &Key) {
    let is_it = |line: &String| Key::of_line(line).is_some_and(|other| other.blob == key.blob);
    let Some(first) = lines.iter().position(is_it) else {
        lines.push(key.line());
        return;
    };
    if lines.get(first).and_then(|line| Key::of_line(line)).as_ref() != Some(key)
        && let Some(line) = lines.get_mut(first)
    {
        *line = key.line();
    }
    let mut at = 0;
    lines.retain(|line| {
        at += 1;
        at - 1 <= first || !is_it(line)
    });
}
