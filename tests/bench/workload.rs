//! The workloads: what each consists of.

use std::io;

pub struct Workload {
    pub name: &'static str,
    pub files: usize,
    pub packages: &'static [&'static str],
    pub groups: usize,
    pub users: usize,
    pub directories: usize,
    pub links: usize,
    pub guards: usize,
}

const FILES_ONLY: Workload =
    Workload { name: "", files: 0, packages: &[], groups: 0, users: 0, directories: 0, links: 0, guards: 0 };

pub const WORKLOADS: &[Workload] = &[
    Workload { name: "empty", ..FILES_ONLY },
    Workload { name: "W1", files: 100, ..FILES_ONLY },
    Workload { name: "W2", files: 1000, ..FILES_ONLY },
    Workload {
        name: "W3",
        files: 30,
        packages: PACKAGES,
        groups: 2,
        users: 10,
        directories: 10,
        links: 10,
        guards: 10,
    },
];

/// Every Debian and Ubuntu has them, so that nothing is to be installed.
const PACKAGES: &[&str] = &[
    "apt",
    "base-files",
    "base-passwd",
    "bash",
    "bsdutils",
    "coreutils",
    "dash",
    "debconf",
    "debianutils",
    "diffutils",
    "dpkg",
    "findutils",
    "grep",
    "gzip",
    "hostname",
    "login",
    "mount",
    "passwd",
    "sed",
    "tar",
];

/// Not a real key, but of the right form: 32 bytes made of two numbers.
pub fn key(user: usize, number: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOP";
    let letter = |value: usize| char::from(*LETTERS.get(value % 16).unwrap_or(&b'A'));
    let end: String = "AAAAIB".chars().chain((0..42).map(|at| letter(user + number * 5 + at))).collect();
    format!("AAAAC3NzaC1lZDI1NTE5{end}")
}

impl Workload {
    pub fn find(name: &str) -> io::Result<&'static Self> {
        WORKLOADS
            .iter()
            .find(|workload| workload.name == name)
            .ok_or_else(|| io::Error::other(format!("there is no workload `{name}`")))
    }

    /// How many states it has: for each user the account and two keys.
    pub fn states(&self) -> usize {
        self.folders()
            + self.files
            + self.packages.len()
            + self.groups
            + 3 * self.users
            + self.links
            + self.guards
    }

    /// The folders below the target and the target itself.
    fn folders(&self) -> usize {
        if self.files == 0 { 0 } else { self.directories + 1 }
    }
}
