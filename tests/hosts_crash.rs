//! What goes wrong in the middle, on a real host: kills, full disks, files that cannot be written, a package
//! manager that is busy, lost connections. Each is told clearly, and a plain second run puts it right.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeSet;

use provision::sandbox::{Guard, Image};
use support::{Project, Run, boot, inside};

/// A project of one file of states on a host.
fn project() -> Project {
    let project = Project::new();
    project.write("pillar/top.sls", "base: {'*': [project, {{ opts.environment }}.env]}\n");
    std::fs::remove_file(project.root().join("secrets.example")).unwrap();
    project.write("states/top.sls", "base: {'*': [demo]}\n");
    project
}

fn states(project: &Project, text: &str) {
    project.write("states/demo.sls", text);
}

fn run(project: &Project, host: &Guard) -> Run {
    project.on(host, "root", &["staging"])
}

/// Everything that a run said of failures, in one text.
fn said(run: &Run) -> String {
    let failures = run.events.iter().filter(|event| {
        event["event"] == "aborted"
            || ["failed", "blocked"].contains(&event["outcome"].as_str().unwrap_or(""))
    });
    failures.map(ToString::to_string).collect()
}

/// Waits on the host until a command succeeds.
fn until(host: &Guard, condition: &str) {
    inside(host, &format!("timeout 60 sh -c 'until {condition}; do sleep 0.02; done'"));
}

/// Kills processes of the host, by their ids: those whose command line fits.
fn kill(host: &Guard, patterns: &[&str]) {
    for pattern in patterns {
        inside(host, &format!("for id in $(pgrep -f '{pattern}'); do kill -9 $id; done; true"));
    }
}

/// Our half on the host; the brackets keep the looking shell from finding itself.
const RECEIVE: &str = "[p]rovision receive";

const UNIT: &str = "[Unit]\nDescription=demo\n[Service]\nExecStart=/bin/sleep infinity\n";

/// A configuration, something between, and the service that reads it.
fn service(setting: &str, between: &str) -> String {
    format!(
        "/etc/systemd/system/demo.service:\n  file.managed:\n    - contents: {}\n\
         /etc/demo.conf:\n  file.managed:\n    - contents: {setting}\n\
         between:\n  {between}\n    - require: [{{file: /etc/demo.conf}}]\n\
         demo:\n  service.running:\n    - require: [{{test: between}}, {{cmd: between}}]\n    - watch: [{{file: /etc/demo.conf}}]\n",
        serde_json::to_string(UNIT).unwrap(),
    )
    .replace(
        "[{test: between}, {cmd: between}]",
        if between.starts_with("cmd") { "[{cmd: between}]" } else { "[{test: between}]" },
    )
}

#[test]
fn after_each_mishap_a_plain_second_run_converges() {
    let host = boot(Image::Bare);
    let project = project();
    a_plan_touches_nothing(&host, &project);
    a_restart_is_not_forgotten(&host, &project);
    a_broken_push_heals(&host, &project);
    a_place_that_cannot_be_written_is_named(&host, &project);
    packages_survive(&host, &project);
    a_short_loss_of_the_link_is_waited_out(&host, &project);
}

fn a_plan_touches_nothing(host: &Guard, project: &Project) {
    states(
        project,
        "/etc/demo.d/a:\n  file.managed:\n    - contents: x\n    - makedirs: True\n\
         tree:\n  pkg.installed: []\n\
         ada:\n  user.present:\n    - groups: [adm]\n\
         cron:\n  service.running:\n    - enable: True\n    - require: [{pkg: tree}]\n\
         net.ipv4.ip_forward:\n  sysctl.present:\n    - value: 1\n\
         'touch /etc/never':\n  cmd.run: []\n\
         /etc/hosts:\n  file.append:\n    - text: 192.0.2.1 never\n",
    );
    // The package manager's own cache and what lives in memory come and go.
    let look = "find / -xdev -not -path '/var/lib/provision*' -not -path '/proc/*' -not -path '/var/log/*' \
                -not -path '/run*' -not -path '/var/cache*' -not -path '/tmp/*' -not -path '/var/tmp/*' -not -path /var/lib \
                -printf '%p %m %u %g %s %T@ %C@ %l\\n' | sort";
    let before = inside(host, look);
    let plan = project.on(host, "root", &["staging", "plan"]);
    assert_eq!(plan.code, 5, "{}", plan.text());
    let after = inside(host, look);
    let (before, after): (BTreeSet<&str>, BTreeSet<&str>) =
        (before.lines().collect(), after.lines().collect());
    let differing: Vec<_> = before.symmetric_difference(&after).collect();
    assert!(differing.is_empty(), "{differing:#?}");
}

fn a_restart_is_not_forgotten(host: &Guard, project: &Project) {
    let pid = || inside(host, "systemctl show -P MainPID demo");
    let only_service = ["service.running demo demo"];
    states(project, &service("one", "test.nop:\n    - name: between"));
    run(project, host).expect(0);
    let first = pid();

    // What stands between fails: the service is not restarted now, but by the run that comes through.
    states(project, &service("two", "test.fail_without_changes:\n    - name: between"));
    assert_eq!(run(project, host).code, 1);
    assert_eq!(pid(), first);
    states(project, &service("two", "test.nop:\n    - name: between"));
    let plan = project.on(host, "root", &["staging", "plan"]).expect(5);
    assert_eq!(plan.states("would_change"), only_service);
    assert_eq!(run(project, host).expect(0).states("changed"), only_service);
    let second = pid();
    assert_ne!(second, first);
    assert_eq!(run(project, host).expect(0).states("changed"), [] as [&str; 0]);

    // The run is killed between the change and the restart.
    states(
        project,
        &service(
            "three",
            "cmd.run:\n    - name: touch /run/between; sleep 1000\n    - unless: test -e /run/go",
        ),
    );
    std::thread::scope(|scope| {
        let killed = scope.spawn(|| run(project, host));
        until(host, "test -e /run/between");
        kill(host, &[RECEIVE, "[s]leep 1000"]);
        inside(host, "touch /run/go");
        let killed = killed.join().unwrap();
        assert_eq!(killed.code, 3, "{}", killed.text());
        assert!(said(&killed).contains("was killed there"), "{}", said(&killed));
    });
    assert_eq!(pid(), second);
    assert_eq!(run(project, host).expect(0).states("changed"), only_service);
    assert_ne!(pid(), second);
    assert_eq!(run(project, host).expect(0).states("changed"), [] as [&str; 0]);
}

fn a_broken_push_heals(host: &Guard, project: &Project) {
    // As a power cut leaves files that were not on the disk yet.
    inside(host, "for file in /var/lib/provision/example/bin/*/provision; do : > \"$file\"; done");
    run(project, host).expect(0);
    inside(host, "rm -r /var/lib/provision/example/bin");
    run(project, host).expect(0);
    inside(host, "printf '[\"cut sho' > /var/lib/provision/example/owed.json");
    run(project, host).expect(0);
}

fn a_place_that_cannot_be_written_is_named(host: &Guard, project: &Project) {
    states(project, "/etc/demo.conf:\n  file.managed:\n    - contents: four\n");
    inside(host, "mount --bind /etc /etc && mount -o remount,bind,ro /etc");
    let refused = run(project, host);
    inside(host, "umount /etc");
    assert_eq!(refused.code, 1, "{}", refused.text());
    assert!(said(&refused).contains("read-only file system"), "{}", said(&refused));
    assert!(said(&refused).contains("/etc"), "{}", said(&refused));
    assert_eq!(run(project, host).expect(0).states("changed").len(), 1);

    let large = "x".repeat(300_000);
    states(project, &format!("/srv/small/a:\n  file.managed:\n    - contents: {large}\n"));
    inside(host, "mkdir -p /srv/small && mount -t tmpfs -o size=100k small /srv/small");
    let full = run(project, host);
    assert_eq!(full.code, 1, "{}", full.text());
    assert!(said(&full).contains("/srv/small/a`: no space left on device"), "{}", said(&full));
    assert_eq!(inside(host, "ls -A /srv/small"), "", "no part of it is left");
    inside(host, "mount -o remount,size=1m /srv/small");
    run(project, host).expect(0);
    inside(host, "umount /srv/small");

    // No room even for our own files.
    states(project, "/etc/demo.conf:\n  file.managed:\n    - contents: five\n");
    inside(host, "mount -t tmpfs -o size=200k full /var/lib/provision");
    let full = run(project, host);
    inside(host, "umount /var/lib/provision");
    assert_eq!(full.code, 3, "{}", full.text());
    assert!(said(&full).to_lowercase().contains("no space left"), "{}", said(&full));
    run(project, host).expect(0);
}

fn packages_survive(host: &Guard, project: &Project) {
    // Another package manager is busy for a while.
    states(project, "tree:\n  pkg.installed: []\n");
    let hold = "import fcntl, os, time; f = open(\"/var/lib/dpkg/lock-frontend\", \"w\"); fcntl.lockf(f, fcntl.LOCK_EX); \
                open(\"/run/held\", \"w\"); time.sleep(4); os.remove(\"/run/held\")";
    inside(host, &format!("setsid python3 -c '{hold}' > /dev/null 2>&1 &"));
    until(host, "test -e /run/held");
    run(project, host).expect(0);

    // Everything is killed while dpkg unpacks.
    states(project, "packages:\n  pkg.installed:\n    - pkgs: [less, file, bc, cron, logrotate]\n");
    std::thread::scope(|scope| {
        let killed = scope.spawn(|| run(project, host));
        until(host, "pgrep -x dpkg");
        kill(host, &[RECEIVE, "^[a]pt-get", "[d]pkg"]);
        assert_eq!(killed.join().unwrap().code, 3);
    });
    run(project, host).expect(0);
    inside(host, "dpkg --audit | grep . && exit 1; dpkg -s less file bc cron logrotate > /dev/null");
    assert_eq!(run(project, host).expect(0).states("changed"), [] as [&str; 0]);

    // Only we are killed: the package manager goes on alone, and the next run waits for it.
    states(project, "packages:\n  pkg.purged:\n    - pkgs: [less, file, bc, cron, logrotate]\n");
    std::thread::scope(|scope| {
        let killed = scope.spawn(|| run(project, host));
        until(host, "pgrep -x apt-get");
        kill(host, &[RECEIVE]);
        assert_eq!(killed.join().unwrap().code, 3);
    });
    run(project, host).expect(0);
    assert_eq!(run(project, host).expect(0).states("changed"), [] as [&str; 0]);
}

fn a_short_loss_of_the_link_is_waited_out(host: &Guard, project: &Project) {
    states(
        project,
        "between:\n  cmd.run:\n    - name: touch /run/linked; sleep 3; echo done > /run/done\n    - creates: /run/done\n",
    );
    std::thread::scope(|scope| {
        let cut = scope.spawn(|| run(project, host));
        until(host, "test -e /run/linked");
        provision::sandbox::cut(&host.name).unwrap();
        until(host, "test -e /run/done");
        provision::sandbox::mend(&host.name).unwrap();
        assert_eq!(cut.join().unwrap().expect(0).states("changed").len(), 1);
    });
    assert_eq!(run(project, host).expect(0).states("changed"), [] as [&str; 0]);
}
