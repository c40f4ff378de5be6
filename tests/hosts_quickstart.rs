//! docs/quickstart.md, command after command, as somebody new would type it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_site_stands_on_a_throw_away_host_after_a_dozen_commands() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("my-site");
    assert!(
        Command::new("cp")
            .arg("-r")
            .arg(here.join("tests/example-app"))
            .arg(&root)
            .status()
            .unwrap()
            .success()
    );
    let page = std::fs::read_to_string(here.join("docs/quickstart.md")).unwrap();
    let lines: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    // Somebody may have a sandbox called `box` up already.
    let name = format!("box-{}", std::process::id());
    let mut deployed = false;
    for line in &lines {
        // What follows three spaces describes the command.
        let line = line.split("   ").next().unwrap();
        let mut words = shell_words::split(line).unwrap();
        let into = words.iter().position(|word| word == ">").map(|at| words.split_off(at).remove(1));
        for word in words.iter_mut().filter(|word| *word == "box") {
            word.clone_from(&name);
        }
        if words[0] == "$EDITOR" {
            let filled = std::fs::read_to_string(root.join(&words[1])).unwrap().replace("long random", "b");
            std::fs::write(root.join(&words[1]), filled.replace("another one", "another secret")).unwrap();
            continue;
        }
        if words[0] == "provision" {
            words[0] = env!("CARGO_BIN_EXE_provision").to_owned();
        }
        let mut command = Command::new(&words[0]);
        let output = command.args(&words[1..]).current_dir(&root).stdin(Stdio::null()).output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            let _not_left_behind =
                Command::new(env!("CARGO_BIN_EXE_provision")).args(["sandbox", "down", &name]).output();
            panic!("{line}: {said}");
        }
        if let Some(file) = into {
            std::fs::write(root.join(file), &output.stdout).unwrap();
        }
        deployed |= line.ends_with("deploy") && said.contains("deployed");
        if line.ends_with("status") {
            assert!(said.contains("answers"), "{said}");
        }
    }
    assert!(deployed && lines.len() > 10, "{lines:?}");
}
