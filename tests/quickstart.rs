//! The README's commands, in its order, on the example application: what needs no host works as written, and what
//! needs one is understood.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The lines of a section of the README that are set as code.
fn code_of(section: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("\n## {section}\n")).expect("the README has this section");
    let text = rest.split("\n## ").next().unwrap();
    let code = text.lines().filter(|line| line.starts_with("    ")).map(|line| line.trim_end().to_owned());
    code.collect()
}

fn provision(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_provision"))
        .current_dir(folder)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The example application, with a README and a .gitignore as any code has.
fn application() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("my-site");
    let from = repository().join("tests/example-app");
    let copied = Command::new("cp").arg("-r").arg(from).arg(&root).status().unwrap();
    assert!(copied.success());
    std::fs::write(root.join(".gitignore"), "*.pyc").unwrap();
    (folder, root)
}

/// A command of the README that needs a host gets as far as to look for one.
#[track_caller]
fn is_understood(root: &Path, line: &str) {
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let output = provision(root, &words);
    assert!(said(&output).contains("no hosts are known for `staging`"), "{line}: {}", said(&output));
}

#[test]
fn the_quickstart_works_as_written() {
    let (_folder, root) = application();
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let readme = read("README.md");
    let code = code_of("Quickstart for a real server");

    let developers = code.iter().skip_while(|line| line.trim() != "users:");
    let developers: Vec<&str> =
        developers.take_while(|line| !line.trim().is_empty()).map(|line| &line[7..]).take(5).collect();
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    let developers = developers.join("\n").replace("ssh-ed25519 AAAA…", key);
    assert!(developers.contains(key), "{developers}");

    let mut checked = false;
    for line in code.iter().map(|line| line.trim()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            "provision" if words[1] == "init" => {
                let output = provision(&root, &words[1..]);
                assert!(output.status.success(), "{line}: {}", said(&output));
                std::fs::write(root.join("pillar/devs.sls"), &developers).unwrap();
            }
            "provision" if words.ends_with(&["check"]) => {
                let output = provision(&root, &words[1..]);
                assert!(output.status.success(), "{line}: {}", said(&output));
                checked = true;
            }
            "provision" => is_understood(&root, line),
            "cp" | "chmod" => {
                assert!(
                    Command::new(words[0]).args(&words[1..]).current_dir(&root).status().unwrap().success()
                );
            }
            "$EDITOR" => {
                let filled = read(words[1]).replace("'a long random string'", "'one'");
                std::fs::write(root.join(words[1]), filled.replace("'another one'", "'two'")).unwrap();
            }
            _ => {}
        }
    }
    assert!(checked, "the quickstart checks the project: {code:?}");

    // What was there is kept, and what manage.py says was read.
    assert_eq!(read("README.md"), readme);
    assert!(read(".gitignore").starts_with("*.pyc\n"));
    assert!(read(".gitignore").lines().any(|line| line == "secrets.sls"));
    let project = read("pillar/project.sls");
    for line in
        ["project_name: my-site", "settings_module: example.settings", "wsgi: example.wsgi:application"]
    {
        assert!(project.lines().any(|found| found == line), "{line}: {project}");
    }
    let again = provision(&root, &["init", "."]);
    assert!(!again.status.success() && said(&again).contains("is there already"), "{}", said(&again));
}

#[test]
fn everyday_commands_are_understood() {
    let (_folder, root) = application();
    assert!(provision(&root, &["init", "."]).status.success());
    std::fs::write(
        root.join("pillar/staging/secrets.sls"),
        "secrets:\n  DB_PASSWORD: 'one'\n  SECRET_KEY: 'two'\n",
    )
    .unwrap();
    std::fs::write(root.join("pillar/devs.sls"), "users: {}\n").unwrap();
    let mut seen = 0;
    for line in code_of("Everyday commands") {
        // What a command does stands behind it, set off by spaces.
        let command = line.trim().split("   ").next().unwrap().to_owned();
        if ["staging show", "staging render", "staging graph"].iter().any(|task| command.contains(task)) {
            let words: Vec<&str> = command.split_whitespace().skip(1).collect();
            let output = provision(&root, &words);
            assert!(output.status.success(), "{command}: {}", said(&output));
        } else if command.starts_with("provision staging") && !command.ends_with(" check") {
            is_understood(&root, &command);
            seen += 1;
        }
    }
    assert!(seen >= 4, "the README has everyday commands");
}
