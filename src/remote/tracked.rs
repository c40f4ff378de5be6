//! Which files git knows. Asks git; changes nothing.

use std::path::Path;
use std::process::{Command, Stdio};

/// The files below a folder of the project that git tracks, relative to the project's root; none where there is no git
/// or no repository.
pub fn tracked(root: &Path, folder: &str) -> Vec<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["ls-files", "-z", "--", folder])
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else { return Vec::new() };
    if !output.status.success() {
        return Vec::new();
    }
    String::from_utf8_lossy(&output.stdout).split_terminator('\0').map(str::to_owned).collect()
}
