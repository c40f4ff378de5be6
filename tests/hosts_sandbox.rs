//! Sandboxes as real hosts: side by side, through accidents, and gone without trace. Needs root.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so a test fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use provision::sandbox::{self, Guard, Image, Options, Sandbox, State};

fn up(image: Image) -> Guard {
    Guard::up(&Options { image, ..Options::default() }, &|_| ()).unwrap_or_else(|error| panic!("{error:#}"))
}

/// What a command on the host writes; it must succeed.
fn ask(host: &Sandbox, command: &[&str]) -> String {
    let output = host.ssh(command).stdin(Stdio::null()).output().expect("ssh starts");
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success(), "{command:?}: {text} {}", String::from_utf8_lossy(&output.stderr));
    text
}

fn answers_within(host: &Sandbox, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        let mut ssh = host.ssh(&["true"]);
        ssh.stdin(Stdio::null()).stderr(Stdio::null());
        let mut child = ssh.spawn().expect("ssh starts");
        let patience = Instant::now() + Duration::from_secs(2);
        while Instant::now() < patience {
            if let Some(status) = child.try_wait().expect("ssh is waited for") {
                if status.success() {
                    return true;
                }
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    false
}

fn assert_gone(host: &Sandbox) {
    // First: asking for the list is what removes those whose owner has ended.
    let names = sandbox::list().unwrap().into_iter().map(|other| other.name).collect::<Vec<_>>();
    assert!(!names.contains(&host.name), "{names:?}");
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(&host.root.display().to_string()), "still mounted: {mounts}");
    assert!(!host.root.exists(), "its disk is still there");
    assert!(!host.known_hosts.exists());
    let root = host.root.display().to_string();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words);
        assert!(!words.contains(&root), "still running: {words}");
    }
}

#[test]
fn two_hosts_side_by_side_install_packages_at_once() {
    let (bare, rsync) = std::thread::scope(|scope| {
        let bare = scope.spawn(|| up(Image::Bare));
        let rsync = scope.spawn(|| up(Image::WithRsync));
        (bare.join().unwrap(), rsync.join().unwrap())
    });
    assert_ne!(bare.address, rsync.address);
    assert_ne!(
        fs::read_to_string(&bare.known_hosts).unwrap().split(' ').nth(2),
        fs::read_to_string(&rsync.known_hosts).unwrap().split(' ').nth(2),
        "each has a host key of its own"
    );
    for host in [&bare, &rsync] {
        assert_eq!(ask(host, &["hostname"]), host.name);
        assert_eq!(ask(host, &["systemctl", "is-system-running"]), "running");
        let quick = Instant::now();
        ask(host, &["sudo", "-u", "nobody", "true"]);
        assert!(quick.elapsed() < Duration::from_secs(2), "sudo waits for DNS");
    }
    assert_eq!(ask(&bare, &["sh", "-c", "command -v rsync || echo none"]), "none");
    assert_eq!(ask(&rsync, &["sh", "-c", "command -v rsync || echo none"]), "/usr/bin/rsync");

    std::thread::scope(|scope| {
        for host in [&bare, &rsync] {
            scope.spawn(|| {
                ask(host, &["apt-get", "update", "-q"]);
                ask(host, &["apt-get", "install", "-q", "-y", "tree"]);
                assert!(ask(host, &["tree", "--version"]).starts_with("tree v"));
            });
        }
    });
    let other = format!("exec 3<>/dev/tcp/{}/22; head -c 4 <&3", rsync.address);
    assert_eq!(ask(&bare, &["bash", "-c", &other]), "SSH-", "hosts reach each other");
    ask(&bare, &["timedatectl", "set-timezone", "Europe/Berlin"]);
    ask(&bare, &["hostnamectl", "set-hostname", "renamed"]);
    assert_eq!(ask(&bare, &["hostname"]), "renamed");
}

#[test]
fn a_power_cut_keeps_the_disk_and_a_cut_cable_mends() {
    let mut host = up(Image::Bare);
    ask(&host, &["sh", "-c", "echo kept > /root/note && sync"]);

    sandbox::kill(&host.name).unwrap();
    assert_eq!(sandbox::get(&host.name).unwrap().state, State::Dead);
    assert!(sandbox::cut(&host.name).unwrap_err().to_string().contains("not running"));
    sandbox::boot(&host.name).unwrap();
    assert_eq!(ask(&host, &["cat", "/root/note"]), "kept");
    host.power_cycle().unwrap();
    assert_eq!(host.state, State::Running);
    assert!(format!("{:#}", sandbox::boot(&host.name).unwrap_err()).contains("running already"));

    sandbox::cut(&host.name).unwrap();
    assert!(!answers_within(&host, Duration::from_secs(2)));
    sandbox::mend(&host.name).unwrap();
    assert!(answers_within(&host, Duration::from_secs(20)));

    // The connection may end before ssh has its answer.
    let _ = host.ssh(&["reboot"]).stdin(Stdio::null()).output();
    std::thread::sleep(Duration::from_secs(1));
    assert!(answers_within(&host, Duration::from_secs(30)), "it comes back from a reboot");
    assert_eq!(ask(&host, &["cat", "/root/note"]), "kept");

    let after: Sandbox = host.clone();
    drop(host);
    assert_gone(&after);
    assert!(!Path::new("/sys/class/net").join(&after.interface).exists() || names_on(&after.interface));
}

/// An interface's name may already belong to the next host.
fn names_on(interface: &str) -> bool {
    sandbox::list().unwrap().iter().any(|other| other.interface == interface)
}

#[test]
fn a_host_does_not_outlive_the_process_it_belongs_to() {
    let mut owner = Command::new("sleep").arg("600").spawn().unwrap();
    let options = Options { image: Image::Bare, die_with: Some(owner.id()), ..Options::default() };
    let host = sandbox::up(&options, &|_| ()).unwrap();
    assert!(sandbox::list().unwrap().iter().any(|other| other.name == host.name));
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert_gone(&host);
}

#[test]
fn names_are_checked_before_anything_is_made() {
    let named = |name: &str| Options { name: Some(name.into()), ..Options::default() };
    let error = sandbox::up(&named("Not_A_Host"), &|_| ()).unwrap_err().to_string();
    assert!(error.contains("`Not_A_Host` cannot be a host's name"), "{error}");
    let error = sandbox::get("nobody-made-this").unwrap_err().to_string();
    assert!(error.contains("sandbox"), "{error}");
    let options = Options { suite: Some("potato".into()), ..Options::default() };
    assert!(sandbox::up(&options, &|_| ()).unwrap_err().to_string().contains("unknown suite `potato`"));
}
