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

use provision::event::{Event, PROTOCOL};
use provision::exit::Exit;
use provision::order::Order;
use provision::owner::Claim;
use provision::remote::{Fleet, Freight, Login, Target};
use provision::sandbox::{Guard, Image};
use sha2::{Digest, Sha256};
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

/// Runs an order with another program on the host than ours. Gives what was told last, and how much.
fn answered_by(host: &Guard, project: &Project, program: &str) -> (Exit, String, usize) {
    // The one that runs is the one that is sent: the test.
    let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let hash: String = Sha256::digest(&own).iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = format!("/var/lib/provision/example/bin/{}", &hash[..16]);
    inside(
        host,
        &format!(
            "umask 077; rm -rf {folder}; mkdir -p {folder}; cat > {folder}/provision <<'END'\n#!/bin/sh\n{program}\nEND\n\
             chmod 700 {folder}/provision"
        ),
    );
    let login = Login {
        user: Some("root".to_owned()),
        config: Some(project.ssh_config(&[host])),
        ..Login::default()
    };
    let names = ["staging", "example"].map(str::to_owned);
    let [environment, name] = names;
    let claim = Claim { project: name.clone(), environment: environment.clone(), ..Claim::default() };
    let target = Target { name: "web1".to_owned(), address: host.name.clone(), login };
    let fleet = Fleet {
        claim,
        targets: vec![target],
        password: None,
        at_once: 1,
        rolling: None,
        silence: Duration::from_secs(3),
    };
    let order = Order { protocol: PROTOCOL, project: name, environment, ..Order::default() };
    let (mut last, mut bytes) = (String::new(), 0);
    let exits = fleet.run(&order, &|_| Ok(Freight::default()), &mut |_, event| match event {
        Event::Note { message } => bytes += message.len(),
        Event::Aborted { message, .. } => last = message,
        _ => {}
    });
    (exits[0], last, bytes)
}

#[test]
fn a_run_ends_that_says_nothing_or_too_much() {
    let host = boot(Image::Bare);
    let project = Project::small();
    let alive = "{\"event\":\"alive\"}";
    let finished = "{\"event\":\"finished\",\"summary\":{\"unchanged\":0,\"changed\":0,\"would_change\":0,\
                    \"failed\":0,\"skipped\":0,\"duration\":0}}";
    let large =
        format!("exec yes {{\\\"event\\\":\\\"note\\\",\\\"message\\\":\\\"{}\\\"}}", "x".repeat(100_000));
    let vital = format!("for i in 1 2 3 4 5 6; do echo '{alive}'; sleep 1; done; echo '{finished}'");
    for (what, program, exit, sentence) in [
        ("signs of life", vital.as_str(), Exit::Converged, ""),
        ("silence", "exec sleep 1000", Exit::Unreachable, "was given up: the host said nothing for 3 s"),
        ("a line by and by", "while printf x; do sleep 1; done", Exit::Unreachable, "said nothing for 3 s"),
        (
            "an endless line",
            "exec tr '\\0' x < /dev/zero",
            Exit::Unreachable,
            "a line of more than 8388608 bytes",
        ),
        ("a flood", &large, Exit::Unreachable, "said more than 1000000 lines or 256 MB"),
        ("the end of it", "exit 9", Exit::Unreachable, "ended without a word"),
    ] {
        let begun = Instant::now();
        let (found, last, bytes) = answered_by(&host, &project, program);
        assert_eq!(found, exit, "{what}: {last}");
        assert!(last.contains(sentence), "{what}: {last}");
        assert!(bytes <= 256 << 20, "{what}: {bytes} bytes");
        assert!(begun.elapsed() < Duration::from_secs(100), "{what}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_run_that_kills_itself_says_by_what() {
    let host = boot(Image::Bare);
    let project = Project::small();
    project.write("states/small.sls", "suicide:\n  cmd.run:\n    - name: pkill -KILL -x provision\n");
    let killed = |memory: bool| {
        let run = project.on(&host, "root", &["staging"]).expect(3);
        let at = "was killed there by signal 9 while `cmd.run` `suicide` (pkill -KILL -x provision) of `small` was \
                  being applied";
        assert!(run.text().contains(at), "{}", run.text());
        assert_eq!(run.text().contains("memory ran out there"), memory, "{}", run.text());
    };
    killed(false);
    // As its kernel's log would say it.
    inside(
        &host,
        "printf '#!/bin/sh\\necho \"[$(cut -d \" \" -f 1 /proc/uptime)] Out of memory: Killed process 7 (provision)\"\\n' \
         > /usr/local/bin/dmesg; chmod 755 /usr/local/bin/dmesg",
    );
    killed(true);
}
