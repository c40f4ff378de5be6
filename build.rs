//! Puts the base tree (`states/`) into the binary: a sorted table of path, mode and content.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("states");
    let mut files = Vec::new();
    if root.is_dir() {
        collect(&root, &root, &mut files)?;
    }
    files.sort();
    let mut table = String::from("pub(super) static FILES: &[(&str, u32, &[u8])] = &[\n");
    for (name, mode, path) in files {
        writeln!(table, "    ({name:?}, {mode:#o}, include_bytes!({path:?})),").map_err(io::Error::other)?;
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(out.join("base.rs"), table)?;
    // Cargo looks through the whole folder; where it is not there yet, its coming counts as a change.
    println!("cargo::rerun-if-changed=states");
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// All files below a folder but hidden ones, which editors and file managers leave behind.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, u32, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let meta = fs::metadata(&path)?;
        if meta.is_dir() {
            collect(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root).map_err(io::Error::other)?.to_string_lossy().into_owned();
            let mode = if meta.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 };
            files.push((name, mode, path));
        }
    }
    Ok(())
}
