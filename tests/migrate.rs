//! `provision migrate`: trees of masterless Salt, each a folder with what is told of it in `expected.txt`.
//! `UPDATE=1` writes what is told now.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/migrate");

fn migrate(folder: &Path, words: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_provision");
    Command::new(program).args(["migrate", "."]).args(words).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn trees_are_told_what_runs_and_what_does_not() {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= 5);
    for folder in folders {
        let output = migrate(&folder, &["--id", "web1"]);
        let code = output.status.code().unwrap_or_default();
        let told = format!("exit code {code}\n\n{}{}", text(&output.stdout), text(&output.stderr));
        let expected = folder.join("expected.txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&expected, &told).unwrap();
        }
        assert_eq!(told, std::fs::read_to_string(&expected).unwrap_or_default(), "{}", folder.display());
    }
}

#[test]
fn scripts_read_json() {
    let output = migrate(&Path::new(FOLDER).join("minion"), &["--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["state_files"], 4);
    let missing = report["not_supported"].as_array().unwrap();
    assert!(missing.iter().any(|problem| problem["place"]["file"] == "salt/docker.sls"), "{report}");
}

#[test]
fn recorded_grains_decide_what_the_top_file_gives() {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("salt/top.sls", "base:\n  'role:web':\n    - match: grain\n    - gone\n");
    write("salt/a.sls", "a:\n  test.nop: []\n");
    write("grains.json", "{\"local\": {\"role\": \"web\"}}");
    assert_eq!(migrate(root.path(), &[]).status.code(), Some(0));
    let output = migrate(root.path(), &["--grains", "grains.json"]);
    assert!(text(&output.stdout).contains("there is no state file `gone`"), "{}", text(&output.stdout));
}
