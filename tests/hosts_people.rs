//! Who may come in, on real hosts: developers with keys, root refused, removed developers locked out; and two
//! hosts in one run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use provision::sandbox::{Guard, Image};
use support::{Project, boot, inside};

/// devs.sls with these developers, all of them administrators.
fn devs(people: &[(&str, &str)]) -> String {
    let entries: String = people
        .iter()
        .map(|(name, key)| format!("  {name}:\n    groups: [admin, login]\n    public_key:\n      - {key}\n"))
        .collect();
    format!("users:\n{entries}")
}

/// Whether ssh lets somebody in with a key.
fn may_log_in(host: &Guard, user: &str, key: &std::path::Path) -> bool {
    std::process::Command::new("ssh")
        .args([
            "-F",
            "/dev/null",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "ConnectTimeout=10",
        ])
        .args([
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "LogLevel=ERROR",
        ])
        .arg("-i")
        .arg(key)
        .arg(format!("{user}@{}", host.address))
        .arg("true")
        .status()
        .unwrap()
        .success()
}

#[test]
fn developers_come_in_by_key_and_go_when_they_are_taken_off_the_list() {
    let host = boot(Image::Stack);
    let project = Project::new();
    let (ada_key, ada) = project.key("ada");
    let (bob_key, bob) = project.key("bob");

    // Root stays able to come in as long as nobody else could.
    project.on(&host, "root", &["staging", "--only", "users,sudo,ssh"]).expect(0);
    assert!(may_log_in(&host, "root", &host.key));

    project.devs(&devs(&[("ada", &ada)]));
    project.on(&host, "root", &["staging"]).expect(0);
    assert!(may_log_in(&host, "ada", &ada_key));
    assert!(!may_log_in(&host, "root", &host.key));
    let refused = project.on(&host, "root", &["staging"]).expect(3);
    assert!(refused.text().contains("permission denied as `root`"), "{}", refused.text());

    // As a developer with sudo: nothing to do, and then just the new developer.
    let config = project.ssh_config(&[&host]);
    let as_ada = |arguments: &[&str]| {
        let text = std::fs::read_to_string(&config).unwrap();
        let key = format!("  IdentityFile {}", ada_key.display());
        let text: String = text
            .lines()
            .map(|line| if line.trim_start().starts_with("IdentityFile") { &key } else { line })
            .map(|line| format!("{line}\n"))
            .collect();
        std::fs::write(&config, text).unwrap();
        let mut all = vec!["-F", config.to_str().unwrap(), "-H", host.name.as_str(), "-u", "ada"];
        all.extend(arguments);
        project.run(&all)
    };
    let again = as_ada(&["staging"]).expect(0);
    assert_eq!(again.states("changed"), [] as [&str; 0]);
    project.devs(&devs(&[("ada", &ada), ("bob", &bob)]));
    let plan = as_ada(&["staging", "plan"]).expect(5);
    let grown = as_ada(&["staging"]).expect(0);
    assert_eq!(plan.states("would_change"), grown.states("changed"));
    assert!(
        grown.states("changed").iter().all(|state| state.contains("bob")),
        "{:?}",
        grown.states("changed")
    );
    assert!(may_log_in(&host, "bob", &bob_key));

    // Taken off the list: no login any more, and nobody else is touched.
    project.devs(&devs(&[("ada", &ada)]));
    let shrunk = as_ada(&["staging"]).expect(0);
    assert!(
        shrunk.states("changed").iter().all(|state| state.contains("bob")),
        "{:?}",
        shrunk.states("changed")
    );
    assert!(!may_log_in(&host, "bob", &bob_key));
    assert!(may_log_in(&host, "ada", &ada_key));
    inside(&host, "! sudo -l -U bob | grep NOPASSWD");
    assert_eq!(as_ada(&["staging"]).expect(0).states("changed"), [] as [&str; 0]);

    // Nobody left: the last way in stays.
    project.devs("users: {}\n");
    as_ada(&["staging"]).expect(0);
    assert!(may_log_in(&host, "ada", &ada_key));

    // Who takes himself off the list sees his run end well, and cannot return; who comes back can come in.
    project.devs(&devs(&[("bob", &bob)]));
    let handed_over = as_ada(&["staging"]).expect(0);
    let changed = handed_over.states("changed");
    assert!(changed.iter().any(|state| state.contains("former-ada")), "{changed:?}");
    assert!(may_log_in(&host, "bob", &bob_key));
    assert!(!may_log_in(&host, "ada", &ada_key));
}

#[test]
fn two_hosts_are_made_in_one_run() {
    let (one, two) = (boot(Image::Stack), boot(Image::Stack));
    let project = Project::new();
    let config = project.ssh_config(&[&one, &two]);
    let hosts = ["-F", config.to_str().unwrap(), "-H", &one.name, "-H", &two.name, "-u", "root"];
    let run = |task: &[&str]| project.run(&[&hosts[..], &["staging", "--only", "base,users"], task].concat());
    let first = run(&[]).expect(0);
    for host in [&one, &two] {
        let finished = first
            .events
            .iter()
            .any(|event| event["event"] == "finished" && event["host"] == host.name.as_str());
        assert!(finished, "{} has no end", host.name);
    }
    assert!(!first.states("changed").is_empty());
    assert_eq!(run(&[]).expect(0).states("changed"), [] as [&str; 0]);
}
