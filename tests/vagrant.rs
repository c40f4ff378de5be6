//! The Vagrant flow: the Vagrantfile is right, and `provision vagrant` finds its way by `vagrant ssh-config`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use provision::sandbox::Image;
use support::{PROGRAM, Project, Run, boot};

#[test]
fn the_vagrantfile_is_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vagrant");
    let home = tempfile::tempdir().unwrap();
    let output = Command::new("vagrant")
        .args(["validate", "--ignore-provider"])
        .current_dir(&folder)
        .env("VAGRANT_HOME", home.path())
        .env("VAGRANT_DOTFILE_PATH", home.path().join("dot"))
        .output()
        .expect("vagrant; `make test` installs it");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("Vagrantfile validated successfully"), "{text}");
}

/// A project with the environment `vagrant`, and a program `vagrant` that answers as recorded.
struct Machine {
    project: Project,
    path: String,
}

impl Machine {
    fn new(script: &str) -> Self {
        let project = Project::small();
        project.write("vagrant/Vagrantfile", "Vagrant.configure('2') { |config| }\n");
        project.write("bin/vagrant", &format!("#!/bin/sh\n{script}\n"));
        let program = project.root().join("bin/vagrant");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
        Self { project, path }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(PROGRAM);
        command.current_dir(self.project.root()).arg("--json").args(arguments).env("PATH", &self.path);
        Run::from(command.output().unwrap())
    }
}

#[test]
fn address_port_user_and_key_come_from_vagrant() {
    let host = boot(Image::WithRsync);
    let recorded = include_str!("vagrant/ssh-config");
    let recorded = recorded
        .replace("@address@", &host.address.to_string())
        .replace("@key@", &host.key.display().to_string());
    // As Vagrant does: it must be asked for this, in the folder of the Vagrantfile.
    let machine = Machine::new("[ \"$*\" = ssh-config ] && [ -e Vagrantfile ] || exit 9\ncat ../ssh-config");
    machine.project.write("ssh-config", &recorded);

    machine.run(&["vagrant", "plan"]).expect(5);
    let first = machine.run(&["vagrant"]).expect(0);
    assert!(first.events.iter().any(|event| event["event"] == "started" && event["host"] == "default"));
    // Vagrant forgets host keys on purpose; nobody needs to be told each time.
    assert!(!first.text().contains("is new here"), "{}", first.text());
    assert_eq!(machine.run(&["vagrant"]).expect(0).states("changed"), [] as [&str; 0]);

    // What is given on the command line goes first.
    let refused = machine.run(&["-u", "nobody", "vagrant"]).expect(3);
    assert!(refused.text().contains("permission denied as `nobody`"), "{}", refused.text());
}

#[test]
fn a_machine_that_is_not_there_is_told_with_what_to_do() {
    let down = "echo 'The provider for this machine is not ready' >&2; exit 1";
    for (script, sentence, help) in [
        (down, "`vagrant ssh-config` failed", "start the machine first: cd "),
        ("true", "`vagrant ssh-config` names no machine", "start it first: cd "),
    ] {
        let run = Machine::new(script).run(&["vagrant"]).expect(2);
        assert!(run.stderr.contains(sentence) && run.stderr.contains(help), "{}", run.stderr);
        assert_eq!(run.stderr.contains("provider for this machine"), script == down, "{}", run.stderr);
    }
    let machine = Machine::new("true");
    std::fs::remove_file(machine.project.root().join("bin/vagrant")).unwrap();
    let mut command = Command::new(PROGRAM);
    command.current_dir(machine.project.root()).arg("vagrant").env("PATH", "/nonexistent");
    let run = Run::from(command.output().unwrap()).expect(2);
    assert!(run.stderr.contains("cannot start vagrant"), "{}", run.stderr);
}
