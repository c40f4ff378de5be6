//! Hosts that do not answer as a host does: each run against them comes to an end, with a sentence that steers no
//! terminal, and with bounded memory here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use provision::sandbox::Image;
use support::{PROGRAM, Project, boot, inside};

/// Far more than a run takes, and far less than what these hosts say.
const MEMORY: &str = "1000000000";

#[test]
fn a_hostile_host_ends_a_run_and_nothing_else() {
    let host = boot(Image::Bare);
    let project = Project::small();
    inside(
        &host,
        "useradd -m -s /usr/local/bin/evil evil; mkdir -p ~evil/.ssh; cp /root/.ssh/authorized_keys ~evil/.ssh/; \
         chown -R evil: ~evil/.ssh; touch /usr/local/bin/evil; chmod 755 /usr/local/bin/evil",
    );
    let config = project.ssh_config(&[&host]);
    for (what, shell) in [
        ("a flood of lines", "exec yes provision-answer:machine=x86_64"),
        ("an endless line", "exec tr '\\0' x < /dev/zero"),
        ("nothing", "exit 0"),
        ("no end", "printf 'provision-answer:uid=0\\n'; exit 0"),
        (
            "a path for a machine",
            "printf 'provision-answer:%s\\n' machine=../../../etc/passwd system=Linux uid=0 user=root base=/var/lib/provision/example",
        ),
        (
            "a path for a folder",
            "printf 'provision-answer:%s\\n' machine=x86_64 system=Linux uid=0 user=root base=/etc",
        ),
        (
            "a terminal's commands",
            "printf 'provision-answer:%s\\n' machine=$(printf '\\033[2J\\033]0;x\\007') system=$(printf '\\033[31mLinux') uid=0",
        ),
        (
            "another owner's lines",
            "printf 'provision-answer:%s\\n' machine=x86_64 system=Linux uid=0 user=root base=/var/lib/provision/example 'owner={\"project\": \"a\\u001b[2J\\nweb1: 5 unchanged\", \"environment\": \"b\"}'",
        ),
    ] {
        inside(&host, &format!("cat > /usr/local/bin/evil <<'END'\n#!/bin/sh\n{shell}\nEND\n"));
        let begun = Instant::now();
        let output = Command::new("prlimit")
            .arg(format!("--as={MEMORY}"))
            .arg(PROGRAM)
            .args(["-F", config.to_str().unwrap(), "-H", host.name.as_str(), "-u", "evil", "staging"])
            .current_dir(project.root())
            .output()
            .unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!([Some(2), Some(3)].contains(&output.status.code()), "{what}: {:?} {said}", output.status);
        assert!(begun.elapsed() < Duration::from_secs(100), "{what}: {:?}", begun.elapsed());
        assert!(said.len() < 100_000, "{what}: {} bytes", said.len());
        assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{what}: {said:?}");
        assert!(!said.lines().any(|line| line.starts_with("web1: 5 unchanged")), "{what}: {said}");
    }
}
