//! Whether secrets are anywhere but where they belong.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use provision::sandbox::Guard;

use super::{DB_PASSWORD, SECRET_KEY};

const SECRETS: [&str; 3] = [DB_PASSWORD, SECRET_KEY, "second 🐘 line"];

/// The arguments of every process, collected until stopped. The hosts' processes are ours, seen from outside.
pub struct Watcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<String>,
}

impl Watcher {
    /// Looks at all processes so often.
    pub fn start(every: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !flag.load(Ordering::Relaxed) {
                for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
                    if let Ok(line) = std::fs::read(entry.path().join("cmdline")) {
                        seen.insert(line);
                    }
                }
                std::thread::sleep(every);
            }
            seen.iter().map(|line| String::from_utf8_lossy(line).into_owned() + "\n").collect()
        });
        Self { stop, thread }
    }

    /// Fails if a secret, of the project's usual ones or of these, was an argument of a process since the start,
    /// was said, or stands on one of the hosts elsewhere than in the environment's own file.
    #[track_caller]
    pub fn no_leak(self, hosts: &[&Guard], said: &str, more: &[&str]) {
        self.stop.store(true, Ordering::Relaxed);
        let seen = self.thread.join().unwrap();
        for secret in SECRETS.iter().chain(more) {
            assert!(!said.contains(secret), "`{secret}` in the program's output");
            assert!(!seen.contains(secret), "`{secret}` in a process's arguments");
            for host in hosts {
                assert_eq!(places(host, secret), "", "`{secret}` stands where it should not");
            }
        }
    }
}

/// Files with the secret that are not the environment's own file; the journal's text.
fn places(host: &Guard, secret: &str) -> String {
    let script = "cat > /run/needle; \
        grep -rlsF -f /run/needle /etc /var/lib/provision /var/log /var/www /root /home /opt /usr/local /tmp /run \
          --exclude=needle --exclude-dir=venvs | grep -v '^/etc/provision/example/env$'; \
        journalctl --no-pager -q | grep -F -f /run/needle; rm -f /run/needle; true";
    let mut child =
        host.ssh(&["/bin/sh", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(secret.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}
