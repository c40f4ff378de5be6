//! Each state function that touches a system, on a real host: a plan tells what the run then does, the run does
//! it, and a second run changes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeSet;

use provision::sandbox::{Guard, Image};
use provision::states::FUNCTIONS;
use support::{Project, boot, inside};

/// Functions of which the tests of whole sites apply each twice, or which touch nothing.
const ELSEWHERE: &[&str] = &["supervisord.", "ufw.", "test."];

/// What a throw-away host cannot show, and is proven by its cases alone: commands that are only reactions, what
/// depends on what others publish, and modules and swap of a kernel that is not the host's own.
const NOT_HERE: &[&str] = &[
    "cmd.wait",
    "kmod.absent",
    "kmod.present",
    "module.wait",
    "mount.swap",
    "pip.uptodate",
    "pkg.uptodate",
    "pkgrepo.absent",
    "pkgrepo.managed",
];

const TREES: &[(&str, &str)] =
    &[("there", include_str!("on_host/there.sls")), ("gone", include_str!("on_host/gone.sls"))];

#[test]
fn what_was_applied_is_not_applied_again() {
    let host = boot(Image::Bare);
    let project = Project::new();
    project.write("pillar/top.sls", "base: {'*': [project, {{ opts.environment }}.env]}\n");
    std::fs::remove_file(project.root().join("secrets.example")).unwrap();
    project.write("states/files/a/b.txt", "b\n");
    project.write("states/files/crontab", "0 4 * * * /bin/true\n");
    let packed = std::process::Command::new("tar")
        .args(["-czf", "tool.tar.gz", "files/a"])
        .current_dir(project.root().join("states"))
        .status();
    assert!(packed.unwrap().success(), "tar packs an archive");
    project.write("states/files/script.sh", "#!/bin/sh\ntouch /srv/demo/by-script\n");
    let mut applied = BTreeSet::new();
    for (tree, text) in TREES {
        project.write(&format!("states/{tree}.sls"), text);
        project.write("states/top.sls", &format!("base: {{'*': [{tree}]}}\n"));
        applied.extend(twice(&host, &project, tree));
    }
    let missing: Vec<&str> = FUNCTIONS
        .iter()
        .map(|row| row.name)
        .filter(|name| !applied.contains(*name) && !NOT_HERE.contains(name))
        .filter(|name| !ELSEWHERE.iter().any(|start| name.starts_with(start)))
        .collect();
    assert!(missing.is_empty(), "never applied to a real host: {missing:?}");
    assert_eq!(inside(&host, "readlink -f /etc/localtime").trim(), "/usr/share/zoneinfo/Europe/Berlin");
    assert_eq!(inside(&host, "getent passwd ada bob || true").trim(), "");
}

/// Applies the project's tree and gives the functions in it.
fn twice(host: &Guard, project: &Project, tree: &str) -> BTreeSet<String> {
    let plan = project.on(host, "root", &["staging", "plan"]).expect(5);
    let first = project.on(host, "root", &["staging"]).expect(0);
    let changed = first.states("changed");
    assert!(!changed.is_empty());
    assert_eq!(plan.states("would_change"), changed, "{tree}: the plan and the run");
    let second = project.on(host, "root", &["staging", "-v"]).expect(0);
    assert_eq!(second.states("changed"), [] as [&str; 0], "{tree}: a second run");
    let functions = ["changed", "unchanged", "skipped"].iter().flat_map(|outcome| second.states(outcome));
    functions.filter_map(|state| state.split(' ').next().map(str::to_owned)).collect()
}
