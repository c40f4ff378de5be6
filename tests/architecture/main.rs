//! Holds the code to its own shape: who may depend on whom, who alone may start programs, touch files or
//! print, and how long a file may be. The tables say what is allowed; a new module gets its row there.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot read")]

mod scan;
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use table::{BY_PATH, DOORS, ENGINE, HARMLESS, HOLD_OPEN, LINES, MODULES, PERFORM, PROGRAMS, STARTED, TOP};

/// A file under src/, without the code of its tests.
struct File {
    /// Relative to src/, without `.rs` and `/mod`: `host/local`.
    name: String,
    /// The module right under the root: `host`.
    module: String,
    code: String,
    /// As it is.
    text: String,
    /// Starting at the crate, where they can be told: `crate::host::Local`, `std::fs::read`.
    paths: Vec<String>,
    lines: usize,
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    found.sort();
    found.iter().map(|path| read(&root, path)).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn read(root: &Path, path: &Path) -> File {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(root).unwrap().with_extension("");
    let name = name.to_string_lossy().trim_end_matches("/mod").to_owned();
    let code = if name.ends_with("/tests") { String::new() } else { scan::without_tests(&scan::bare(&text)) };
    let paths = scan::paths(&code).into_iter().map(|path| from_crate(&name, path)).collect();
    let module = name.split('/').next().unwrap_or_default().to_owned();
    let lines = text.lines().count();
    File { name, module, code, text, paths, lines }
}

/// `super::…` and `provision::…` as paths from the crate's root.
fn from_crate(file: &str, path: String) -> String {
    if let Some(rest) = path.strip_prefix("provision::") {
        return format!("crate::{rest}");
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    let mut rest = path.as_str();
    while let Some(shorter) = rest.strip_prefix("super::") {
        parts.pop();
        rest = shorter;
    }
    if rest.len() == path.len() {
        return path;
    }
    parts.insert(0, "crate");
    parts.push(rest);
    parts.join("::")
}

fn starts(path: &str, with: &str) -> bool {
    path.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn is_one_of(file: &File, allowed: &[&str]) -> bool {
    allowed.iter().any(|name| *name == file.module || *name == file.name)
}

fn no(problems: BTreeSet<String>) {
    assert!(problems.is_empty(), "\n{}", problems.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn modules_use_only_what_stands_below_them() {
    let files = files();
    let modules: BTreeSet<&str> = files.iter().map(|file| file.module.as_str()).collect();
    let mut problems = BTreeSet::new();
    for file in files.iter().filter(|file| !TOP.contains(&file.module.as_str())) {
        let Some(row) = MODULES.iter().find(|row| row.name == file.module) else {
            problems.insert(format!("`{}` has no row in tests/architecture/table.rs", file.module));
            continue;
        };
        for path in &file.paths {
            let Some(used) = path.strip_prefix("crate::").and_then(|rest| rest.split("::").next()) else {
                continue;
            };
            if modules.contains(used) && used != row.name && !row.uses.contains(&used) {
                problems
                    .insert(format!("src/{}.rs: `{}` must not use `{used}` (`{path}`)", file.name, row.name));
            }
        }
    }
    no(problems);
}

#[test]
fn the_table_goes_bottom_up() {
    let mut problems = BTreeSet::new();
    for (at, row) in MODULES.iter().enumerate() {
        for used in row.uses {
            if !MODULES.iter().take(at).any(|below| below.name == *used) {
                problems.insert(format!("`{}` uses `{used}`, which does not stand below it", row.name));
            }
        }
    }
    no(problems);
}

#[test]
fn programs_files_and_output_have_their_doors() {
    let mut problems = BTreeSet::new();
    for file in files() {
        for path in &file.paths {
            if HARMLESS.iter().any(|harmless| starts(path, harmless)) {
                continue;
            }
            for door in DOORS.iter().filter(|door| starts(path, door.what) && !is_one_of(&file, door.only)) {
                problems.insert(format!("src/{}.rs: `{path}`: {}", file.name, door.why));
            }
        }
    }
    no(problems);
}

#[test]
fn only_the_engine_acts() {
    let mut problems = BTreeSet::new();
    for file in files() {
        if file.code.contains(PERFORM) && !is_one_of(&file, ENGINE) {
            problems.insert(format!("src/{}.rs: only {} may act on a host", file.name, ENGINE.join(", ")));
        }
    }
    no(problems);
}

#[test]
fn root_works_by_open_folders_or_as_the_account_whose_folder_it_is() {
    let mut problems = BTreeSet::new();
    for file in files() {
        let acts =
            file.module == "host" && file.name != "host/fake" && !HOLD_OPEN.contains(&file.name.as_str());
        let code = file.code.replace("is_symlink(", "");
        for call in BY_PATH.iter().filter(|call| acts && code.contains(*call)) {
            problems.insert(format!("src/{}.rs: `{call}…)` is for {}", file.name, HOLD_OPEN.join(", ")));
        }
        if !["deploy", "operate", "commands"].contains(&file.module.as_str()) {
            continue;
        }
        for program in PROGRAMS.iter().filter(|program| file.text.contains(&format!("\"{program}\""))) {
            if !STARTED.iter().any(|(name, started, _)| *name == file.name && started == program) {
                problems.insert(format!(
                    "src/{}.rs: starts `{program}`: as which account, in whose folder? see STARTED",
                    file.name
                ));
            }
        }
    }
    for (name, program, _) in STARTED {
        if !files().iter().any(|file| file.name == *name && file.text.contains(&format!("\"{program}\""))) {
            problems.insert(format!("STARTED: src/{name}.rs does not start `{program}`"));
        }
    }
    no(problems);
}

#[test]
fn no_file_is_too_long_to_be_read() {
    let long = files().into_iter().filter(|file| file.lines > LINES);
    no(long.map(|file| format!("src/{}.rs: {} lines; the most is {LINES}", file.name, file.lines)).collect());
}

#[test]
fn places_above_are_told_from_the_root() {
    assert_eq!(from_crate("host/local/apt", "super::super::Action".to_owned()), "crate::host::Action");
    assert_eq!(from_crate("graph", "super::states::find".to_owned()), "crate::states::find");
    assert_eq!(from_crate("main", "provision::cli::Top".to_owned()), "crate::cli::Top");
    assert_eq!(from_crate("graph", "std::fs::read".to_owned()), "std::fs::read");
}
