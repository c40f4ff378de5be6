//! What is said when a host cannot be used or is lost, on real hosts; and odd ways in that must work.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use provision::remote;
use provision::sandbox::{self, Guard, Image};
use support::{PROGRAM, Project, Run, ask, boot};

const PASSWORD: &str = "Right-Password-1";

/// Accounts that may do different things, all with the key that root has.
fn accounts(host: &Guard) {
    let script = format!(
        "set -e; for user in plain asker free noshell chatty; do useradd -m -s /bin/bash $user; \
         install -d -m 700 -o $user /home/$user/.ssh; \
         install -m 600 -o $user /root/.ssh/authorized_keys /home/$user/.ssh/authorized_keys; done; \
         echo asker:{PASSWORD} | chpasswd; echo plain:{PASSWORD} | chpasswd; \
         chsh -s /usr/sbin/nologin noshell; \
         echo 'asker ALL=(ALL) ALL' > /etc/sudoers.d/asker; \
         echo 'free,chatty ALL=(ALL) NOPASSWD: ALL' | sed 's/free,/free, /' > /etc/sudoers.d/free; \
         printf 'echo welcome; echo to stderr >&2\\nsleep 300 &\\nprintf no-newline\\n' > /home/chatty/.bashrc; \
         touch /run/mark"
    );
    ask(host, &["/bin/sh", "-c", &script]);
}

fn sh(host: &Guard, script: &str) {
    ask(host, &["/bin/sh", "-c", script]);
}

/// Files that were made or changed on the host since its accounts were made, besides those that logging in
/// changes.
fn touched(host: &Guard) -> String {
    ask(
        host,
        &[
            "/bin/sh",
            "-c",
            "find /etc /usr /opt /srv /root /home /var/lib /var/www -newer /run/mark -not -path '/var/lib/sudo/*' \
             -not -path '/var/lib/systemd/*' 2>/dev/null; true",
        ],
    )
}

/// An ssh configuration that leaves user and key to the command line.
fn config(project: &Project, known_hosts: &str, more: &str) -> String {
    let path = project.root().join("config");
    let text = format!("{more}Host *\n  UserKnownHostsFile {known_hosts}\n");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn run(project: &Project, arguments: &[&str], stdin: &str) -> Run {
    // Without a terminal, so that nobody is asked on it.
    let mut child = Command::new("setsid")
        .args(["--wait", PROGRAM, "--json"])
        .args(arguments)
        .current_dir(project.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ended_early = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    Run::from(child.wait_with_output().unwrap())
}

#[test]
fn a_host_that_cannot_be_used_is_refused_and_left_alone() {
    let host = boot(Image::Bare);
    accounts(&host);
    let project = Project::small();
    let known = project.root().join("known_hosts").display().to_string();
    let config = config(&project, &known, "");
    let address = host.address.to_string();
    let key = host.key.display().to_string();
    let (wrong, wrong_public) = project.key("wrong");
    let wrong = wrong.display().to_string();
    let open = project.root().join("open-key");
    std::fs::copy(&host.key, &open).unwrap();
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let open = open.display().to_string();
    // The last address of the sandboxes' network that a host can have; they are given from the first on.
    let [a, b, c, _] = host.address.octets();
    let unused = format!("{a}.{b}.{c}.254");
    let closed = format!("{address}:23");

    struct Refusal<'a> {
        what: &'a str,
        host: &'a str,
        user: &'a str,
        key: &'a str,
        more: &'a [&'a str],
        stdin: &'a str,
        code: i32,
        sentence: String,
        help: &'a str,
    }
    let usual = || Refusal {
        what: "",
        host: &address,
        user: "root",
        key: &key,
        more: &[],
        stdin: "",
        code: 3,
        sentence: String::new(),
        help: "",
    };
    let other = "try another user with -u or another key with -i";
    let reach = "is the host up, and does its firewall let ssh in?";
    let table = [
        Refusal {
            what: "wrong user",
            user: "nobody-here",
            sentence: format!("`{address}`: permission denied as `nobody-here` with key `{key}`"),
            help: other,
            ..usual()
        },
        Refusal {
            what: "wrong key",
            key: &wrong,
            sentence: format!("`{address}`: permission denied as `root` with key `{wrong}`"),
            help: "a host that was provisioned refuses root: log in as a developer of pillar/devs.sls with -u",
            ..usual()
        },
        Refusal {
            what: "a key that others can read",
            key: &open,
            sentence: format!(
                "the private key for `{address}` cannot be used: Permissions 0644 for '{open}'"
            ),
            help: "only you can read (chmod 600)",
            ..usual()
        },
        Refusal {
            what: "nobody has the address",
            host: &unused,
            sentence: format!("`{unused}` cannot be reached: no"),
            help: reach,
            ..usual()
        },
        Refusal {
            what: "closed port",
            host: &closed,
            sentence: format!("`{address} port 23` cannot be reached: nothing listens there"),
            help: reach,
            ..usual()
        },
        Refusal {
            what: "unknown name",
            host: "nowhere.invalid",
            sentence: "`nowhere.invalid` cannot be reached: the name is not known".to_owned(),
            help: reach,
            ..usual()
        },
        Refusal {
            what: "an account without a shell",
            user: "noshell",
            sentence: format!("`noshell@{address}` lets us in, but runs no commands"),
            help: "a shell such as /bin/bash",
            ..usual()
        },
        Refusal {
            what: "sudo wants a password",
            user: "asker",
            sentence: format!("sudo on `{address}` asks `asker` for a password"),
            help: "give -K to be asked for it once",
            ..usual()
        },
        Refusal {
            what: "wrong password",
            user: "asker",
            more: &["-K"],
            stdin: "Wrong-Password-1\n",
            sentence: format!("sudo on `{address}` does not take this password for `asker`"),
            help: "try again with -K",
            ..usual()
        },
        Refusal {
            what: "no right to use sudo",
            user: "plain",
            more: &["-K"],
            stdin: "Right-Password-1\n",
            sentence: format!("`plain` may not use sudo on `{address}`"),
            help: "`admin` in pillar/devs.sls",
            ..usual()
        },
        Refusal {
            what: "sudo is forbidden",
            user: "free",
            more: &["--no-sudo"],
            sentence: format!("`free@{address}` is not root, and --no-sudo forbids to become it"),
            help: "",
            ..usual()
        },
        Refusal {
            what: "no password given",
            user: "asker",
            more: &["-K"],
            code: 2,
            sentence: "no password was given".to_owned(),
            ..usual()
        },
    ];
    let refuse = |refusal: &Refusal<'_>| {
        let mut arguments = vec!["-F", &config, "-H", refusal.host, "-u", refusal.user, "-i", refusal.key];
        arguments.extend(refusal.more);
        arguments.push("staging");
        let run = run(&project, &arguments, refusal.stdin);
        assert_eq!(run.code, refusal.code, "{}: {}", refusal.what, run.text());
        let aborted = run.events.iter().find(|event| event["event"] == "aborted");
        let (said, help) = aborted.map_or((run.stderr.clone(), run.stderr.clone()), |event| {
            (
                event["message"].as_str().unwrap_or("").to_owned(),
                event["help"].as_str().unwrap_or("").to_owned(),
            )
        });
        assert!(said.contains(&refusal.sentence), "{}: {said}", refusal.what);
        assert!(help.contains(refusal.help), "{}: {said}: {help}", refusal.what);
        assert!(!run.text().contains("Password-1"), "{}: {}", refusal.what, run.text());
    };
    // Several at once, but fewer than sshd would drop.
    for some in table.chunks(4) {
        std::thread::scope(|scope| {
            for refusal in some {
                scope.spawn(|| refuse(refusal));
            }
        });
    }

    // Whatever is wrong with the host is told before it is changed; our own folder does not count.
    let as_root = ["-F", &config, "-H", &address, "-u", "root", "-i", &key, "staging"];
    let own = |text: String| text.lines().filter(|line| !line.contains("/provision")).count();
    sh(
        &host,
        "cp -p /etc/os-release /run/kept; printf 'PRETTY_NAME=\"Debian GNU/Linux 9 (stretch)\"\\nID=debian\\nVERSION_ID=\"9\"\\n' > /usr/lib/os-release",
    );
    let old = run(&project, &as_root, "").expect(2);
    assert!(
        old.text().contains("the host runs Debian GNU/Linux 9 (stretch), which is too old"),
        "{}",
        old.text()
    );
    sh(&host, "cat /run/kept > /usr/lib/os-release; touch /run/mark");
    sh(
        &host,
        "printf '#!/bin/sh\\n[ \"$1\" = -m ] && echo sparc64 || exec /usr/bin/uname \"$@\"\\n' > /usr/local/bin/uname; \
         chmod 755 /usr/local/bin/uname; touch /run/mark",
    );
    let strange = run(&project, &as_root, "").expect(2);
    assert!(
        strange
            .text()
            .contains("the host's machine is `sparc64`, and there is no `provision-sparc64` for it"),
        "{}",
        strange.text()
    );
    sh(&host, "rm /usr/local/bin/uname");

    // A changed host key is refused, with the key that is shown now and the way to forget the old one.
    std::fs::write(&known, format!("{address} {}\n", wrong_public.rsplit_once(' ').unwrap().0)).unwrap();
    let changed = run(&project, &as_root, "").expect(3);
    let now = fingerprint(&host);
    let sentence = format!("the host key of `{address}` is not the one that is known, but {now}");
    assert!(changed.text().contains(&sentence), "{}", changed.text());
    assert!(changed.text().contains("ssh-keygen -f"), "{}", changed.text());
    assert_eq!(own(touched(&host)), 1, "{}", touched(&host)); // /usr/local/bin, where uname was

    // A new one is accepted and shown, once.
    std::fs::remove_file(&known).unwrap();
    let first = run(&project, &as_root, "").expect(0);
    let note = format!("`{address}` is new here; its host key is accepted from now on: ED25519 {now}");
    assert!(first.text().contains(&note), "{}", first.text());
    let second = run(&project, &as_root, "").expect(0);
    assert!(!second.text().contains("is new here"), "{}", second.text());

    // The right password, then no password at all.
    ask(&host, &["rm", "/root/proof"]);
    let base = ["-F", &config, "-H", &address, "-i", &key];
    let right = run(&project, &[&base[..], &["-u", "asker", "-K", "staging"]].concat(), "Right-Password-1\n");
    assert_eq!(right.expect(0).states("changed").len(), 1);
    assert_eq!(
        run(&project, &[&base[..], &["-u", "free", "staging"]].concat(), "")
            .expect(0)
            .states("changed")
            .len(),
        0
    );
}

fn fingerprint(host: &Guard) -> String {
    let said = ask(host, &["ssh-keygen", "-l", "-f", "/etc/ssh/ssh_host_ed25519_key.pub"]);
    said.split_whitespace().nth(1).unwrap().to_owned()
}

#[test]
fn odd_ways_in_work() {
    let (host, jump) = std::thread::scope(|scope| {
        let other = scope.spawn(|| boot(Image::Bare));
        (boot(Image::WithRsync), other.join().unwrap())
    });
    accounts(&host);
    let project = Project::small();
    let key = host.key.display().to_string();
    let known = project.root().join("known_hosts").display().to_string();

    // Through a jump host, by an alias, with the right key among others; both host keys are new.
    let (other, _) = project.key("other");
    let more = format!(
        "Host jump\n  HostName {}\n  User root\nHost inner\n  HostName {}\n  User root\n  ProxyJump jump\n\
         Host *\n  IdentityFile {}\n  IdentityFile {key}\n  IdentitiesOnly yes\n",
        jump.address,
        host.address,
        other.display()
    );
    let file = config(&project, &known, &more);
    let through = run(&project, &["-F", &file, "-H", "inner", "staging"], "").expect(0);
    for (name, host) in [(&jump.address.to_string(), &jump), (&host.address.to_string(), &host)] {
        let note = format!(
            "`{name}` is new here; its host key is accepted from now on: ED25519 {}",
            fingerprint(host)
        );
        assert!(through.text().contains(&note), "{note}: {}", through.text());
    }
    // It came from the jump host.
    let from = ask(&host, &["/bin/sh", "-c", "journalctl -q -u ssh | grep 'Accepted publickey for root'"]);
    assert!(from.contains(&format!("from {}", jump.address)), "{from}");

    // By an IPv6 address with a zone, where this machine has IPv6.
    let bridge = std::fs::read_link(format!("/sys/class/net/{}/master", host.interface)).unwrap();
    let bridge = bridge.file_name().unwrap().to_str().unwrap();
    if std::fs::read_to_string("/proc/net/if_inet6").is_ok_and(|all| all.contains(bridge)) {
        sh(&host, "ip -6 addr add fe80::5a/64 dev host0 nodad");
        for address in [format!("fe80::5a%{bridge}"), format!("root@[fe80::5a%{bridge}]:22")] {
            run(&project, &["-F", &file, "-H", &address, "-u", "root", "-i", &key, "staging"], "").expect(0);
        }
    }

    // A login shell that prints and starts programs that go on; by rsync that would hang.
    let base = ["-F", &file, "-H", &host.address.to_string(), "-i", &key];
    let quick = Instant::now();
    let chatty = run(&project, &[&base[..], &["-u", "chatty", "staging"]].concat(), "").expect(0);
    assert!(chatty.events.iter().any(|event| event["event"] == "finished"));
    assert!(quick.elapsed() < Duration::from_secs(60), "{:?}", quick.elapsed());

    // Without rsync there: what was removed here goes there, too.
    ask(&host, &["mv", "/usr/bin/rsync", "/usr/bin/rsync.away"]);
    let as_root = [&base[..], &["-u", "root", "staging"]].concat();
    project.write("states/gone.sls", "{}\n");
    run(&project, &as_root, "").expect(0);
    ask(&host, &["test", "-e", "/var/lib/provision/example/tree/states/gone.sls"]);
    std::fs::remove_file(project.root().join("states/gone.sls")).unwrap();
    run(&project, &as_root, "").expect(0);
    ask(&host, &["test", "!", "-e", "/var/lib/provision/example/tree/states/gone.sls"]);
    ask(&host, &["test", "-e", "/var/lib/provision/example/tree/states/small.sls"]);

    // From cron and its like: no environment, no standard input; the same host named twice is one host.
    let mut bare = Command::new("/bin/sh");
    bare.args(["-c", "exec \"$@\" <&-", "sh", PROGRAM, "--json"])
        .args(base)
        .args(["-H", &host.address.to_string()]);
    bare.args(["-u", "root", "staging"]).current_dir(project.root()).env_clear().env("PATH", "/usr/bin:/bin");
    let run_bare = Run::from(bare.output().unwrap()).expect(0);
    assert_eq!(run_bare.events.iter().filter(|event| event["event"] == "finished").count(), 1);

    // A reader that goes away does not stop the run.
    ask(&host, &["rm", "/root/proof"]);
    let mut piped = Command::new("/bin/bash");
    piped.args(["-c", "set -o pipefail; \"$@\" | head -n 1", "bash", PROGRAM, "--json"]).args(&as_root);
    let piped = piped.current_dir(project.root()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&piped.stderr), "");
    assert!(piped.status.success(), "{piped:?}");
    ask(&host, &["test", "-e", "/root/proof"]);
}

/// States that wait on the host until they are let go.
const SLOW: &str = "\
begin:
  cmd.run:
    - name: touch /run/begun
wait:
  cmd.run:
    - name: while [ ! -e /run/go ]; do sleep 0.05; done
end:
  cmd.run:
    - name: rm -f /run/go /run/begun; touch /run/ended
";

fn await_file(host: &Guard, file: &str) {
    sh(host, &format!("i=0; while [ ! -e {file} ]; do i=$((i+1)); [ $i -lt 400 ]; sleep 0.05; done"));
}

struct Background(Child);

impl Background {
    fn start(project: &Project, arguments: &[&str]) -> Self {
        let child = Command::new(PROGRAM)
            .arg("--json")
            .args(arguments)
            .current_dir(project.root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// The ssh process that it started, and the folder of that one's socket.
    fn master(&self) -> (PathBuf, PathBuf) {
        let me = self.0.id().to_string();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let words: Vec<String> = words
                .split(|byte| *byte == 0)
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect();
            let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            if words.get(1).is_some_and(|word| word == "-M") && status.contains(&format!("PPid:\t{me}\n")) {
                let socket = words.iter().skip_while(|word| *word != "-S").nth(1).unwrap();
                return (entry.path(), Path::new(socket).parent().unwrap().to_owned());
            }
        }
        panic!("no ssh of ours");
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.0.id().to_string()]).status().unwrap().success());
    }

    fn end(self) -> (Run, std::process::ExitStatus) {
        let output = self.0.wait_with_output().unwrap();
        let status = output.status;
        (Run::from(output), status)
    }
}

#[test]
fn a_run_goes_on_without_its_operator() {
    use std::os::unix::process::ExitStatusExt;
    let host = boot(Image::Bare);
    accounts(&host);
    let project = Project::small();
    project.write("states/small.sls", SLOW);
    let known = project.root().join("known_hosts").display().to_string();
    // The operator's own settings go before ours.
    let file = config(&project, &known, "Host *\n  ServerAliveInterval 1\n  ServerAliveCountMax 2\n");
    let key = host.key.display().to_string();
    let address = host.address.to_string();
    let base = ["-F", &file, "-H", &address, "-i", &key];
    let as_root = [&base[..], &["-u", "root", "staging"]].concat();
    let as_free = [&base[..], &["-u", "free", "staging"]].concat();
    let let_go = || {
        sh(&host, "touch /run/go");
        await_file(&host, "/run/ended");
        // The lock is free once its holder has ended.
        sh(&host, "while pgrep -x provision >/dev/null; do sleep 0.05; done; rm -f /run/ended");
    };

    // Interrupted (through sudo, too): nothing of ours is left here, and the host goes on.
    for (signal, number, arguments) in [("-INT", 2, &as_root), ("-TERM", 15, &as_free)] {
        let first = Background::start(&project, arguments);
        await_file(&host, "/run/begun");

        // A second run is told who holds the lock, before it replaces what the first still reads.
        let later = format!("later{number}.sls");
        project.write(&format!("states/{later}"), "{}\n");
        let locked = run(&project, &as_root, "").expect(4);
        let holder = format!("another run holds this host's lock: {}", remote::operator());
        assert!(locked.text().contains(&holder), "{}", locked.text());
        assert_eq!(ask(&host, &["find", "/var/lib/provision", "/home", "/root", "-name", &later]).trim(), "");

        let (process, folder) = first.master();
        assert!(folder.starts_with("/tmp") && folder.exists());
        first.signal(signal);
        let (ended, status) = first.end();
        assert_eq!(status.signal(), Some(number), "{}", ended.text());
        assert!(ended.text().contains("goes on by itself to the end of the run"), "{}", ended.text());
        assert!(!process.exists() && !folder.exists(), "{}", folder.display());
        run(&project, &as_root, "").expect(4);
        let_go();
    }

    // The cable is cut: told within seconds here, and the host goes on.
    let cut = Background::start(&project, &as_root);
    await_file(&host, "/run/begun");
    sandbox::cut(&host.name).unwrap();
    let (lost, _) = cut.end();
    let lost = lost.expect(3);
    let sentence = format!("the connection to `root@{address}` was lost during the run");
    assert!(lost.text().contains(&sentence), "{}", lost.text());
    sandbox::mend(&host.name).unwrap();
    // The kernel takes a moment to find the host's address again.
    let reached = |host: &Guard| host.ssh(&["true"]).output().is_ok_and(|output| output.status.success());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !reached(&host) {
        assert!(std::time::Instant::now() < deadline, "the link was mended, and the host is not reached");
    }
    let_go();

    // Killed on the host: that is another sentence, and the lock does not stay behind.
    let killed = Background::start(&project, &as_root);
    await_file(&host, "/run/begun");
    sh(&host, "pkill -KILL -x provision; rm -f /run/begun; touch /run/go");
    let (killed, _) = killed.end();
    let killed = killed.expect(3);
    let sentence = format!("the run on `root@{address}` was killed there by signal 9");
    assert!(killed.text().contains(&sentence), "{}", killed.text());
    run(&project, &as_root, "").expect(0);
}
