//! What the program leaves on the operator's machine is the operator's alone, whatever the umask. No host is needed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use support::{PROGRAM, Project};

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn folders_and_files_are_private_under_any_umask() {
    let project = Project::small();
    // Instead of ssh, somebody who looks at what it would be given.
    project.executable(
        "bin/ssh",
        "#!/bin/sh\nwhile [ \"$1\" != -F ]; do shift; done\n\
         stat -c '%a %n' \"$2\" \"${2%/*}\" >> \"$SEEN\"\necho 'Connection refused' >&2; exit 255\n",
    );
    let (seen, logs) = (project.root().join("seen"), project.root().join("new/logs"));
    let old = project.root().join("old");
    std::fs::create_dir(&old).unwrap();
    let other = project.root().join("other");
    std::fs::write(&other, "kept").unwrap();
    symlink(&other, old.join("web1.jsonl")).unwrap();
    for folder in [&logs, &old] {
        let path = format!("{}:{}", project.root().join("bin").display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh")
            .args(["-c", "umask 0; exec \"$@\"", "sh", PROGRAM, "-H", "web1", "--log-dir"])
            .arg(folder)
            .arg("staging")
            .env("PATH", path)
            .env("SEEN", &seen)
            .current_dir(project.root())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
        let log = folder.join("web1.jsonl");
        assert_eq!(mode(&log), 0o600);
        assert!(std::fs::read_to_string(&log).unwrap().contains("nothing listens there"));
    }
    assert_eq!((mode(&logs), mode(logs.parent().unwrap())), (0o700, 0o700));
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "kept", "no link is followed");
    let seen = std::fs::read_to_string(&seen).unwrap();
    let modes: Vec<&str> = seen.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(modes, ["600", "700", "600", "700"], "{seen}");
}
