//! What the package managers' errors mean and what to do about them. Runs nothing.

use super::program::last_lines;
use crate::fault::Fault;
use crate::host::Output;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another package manager is at work; which, as far as it says.
    Locked(Option<String>),
    /// dpkg was stopped in the middle of something.
    Interrupted,
    /// A package that the lists do not have.
    Unknown(String),
    /// A package whose wanted version the lists do not have.
    Version {
        version: String,
        package: String,
    },
    /// A server of packages could not be reached, or no longer has what the lists say.
    Unreachable,
    Full,
    /// A package was unpacked without those that it depends on.
    Incomplete,
    /// Packages that cannot be installed together.
    Broken,
    Signature,
    Other,
}

/// Reads what apt-get wrote.
pub(super) fn explain(output: &Output) -> Trouble {
    let text = output.errors() + "\n" + &output.text();
    for line in text.lines() {
        let line = line.trim_start_matches("E: ").trim_start_matches("Err: ");
        if let Some(rest) = line.strip_prefix("Could not get lock ") {
            let holder =
                rest.split_once("held by ").map(|(_, holder)| holder.trim_end_matches('.').to_owned());
            return Trouble::Locked(holder);
        }
        if line.starts_with("dpkg was interrupted") {
            return Trouble::Interrupted;
        }
        if let Some(name) = line.strip_prefix("Unable to locate package ") {
            return Trouble::Unknown(name.trim().to_owned());
        }
        if line.ends_with("has no installation candidate") {
            return Trouble::Unknown(quoted(line, 0).unwrap_or_default());
        }
        if line.starts_with("Version ") && line.ends_with(" was not found") {
            let (version, package) = (quoted(line, 0), quoted(line, 1));
            return Trouble::Version {
                version: version.unwrap_or_default(),
                package: package.unwrap_or_default(),
            };
        }
        if line.contains("You don't have enough free space") || line.contains("No space left on device") {
            return Trouble::Full;
        }
    }
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    if says(&["The following signatures", "is not signed", "NO_PUBKEY"]) {
        Trouble::Signature
    } else if says(&[
        "Temporary failure resolving",
        "Could not resolve",
        "Could not connect",
        "Unable to connect",
    ]) || says(&[
        "Connection timed out",
        "Connection failed",
        "Failed to fetch",
        "Unable to fetch some archives",
    ]) {
        Trouble::Unreachable
    } else if says(&["--fix-broken install", "apt-get -f install"]) {
        Trouble::Incomplete
    } else if says(&["unmet dependencies", "held broken packages", "pkgProblemResolver"]) {
        Trouble::Broken
    } else {
        Trouble::Other
    }
}

/// The text between the n-th pair of quotes.
fn quoted(line: &str, n: usize) -> Option<String> {
    line.split(['\'', '‘', '’', '"']).nth(2 * n + 1).map(str::to_owned)
}

impl Trouble {
    /// The error that people read.
    pub(super) fn fault(&self, output: &Output) -> Fault {
        let fault = match self {
            Self::Locked(holder) => {
                let holder = holder.as_deref().unwrap_or("another program");
                Fault::new(format!("the package manager is locked by {holder}"))
                    .help("wait until it is done, then run again")
            }
            Self::Interrupted => Fault::new("dpkg was interrupted and could not be repaired")
                .help("run `dpkg --configure -a` on the host and see what it says"),
            Self::Unknown(name) => Fault::new(format!(
                "no package is called `{name}` in this host's sources"
            ))
            .help("is it called so in this release? a source for it can be added with `pkgrepo.managed`"),
            Self::Version { version, package } => {
                Fault::new(format!("`{package}` has no version `{version}` in this host's sources"))
                    .help(format!("`apt-cache madison {package}` on the host lists those it has"))
            }
            Self::Unreachable => Fault::new("packages could not be fetched")
                .help("check the host's network, name resolution and /etc/apt/sources.list"),
            Self::Full => Fault::new("no room for the packages on the host's disk")
                .help("`df -h` and `apt-get clean` on the host help to find some"),
            Self::Incomplete => Fault::new("a package was unpacked without those that it depends on")
                .help("type `apt-get --fix-broken install` on the host and see what it says; `dpkg --audit` names it"),
            Self::Broken => Fault::new("the packages cannot be installed together").help(
                "held packages and foreign sources are the usual reasons; `apt-get -f install` repairs",
            ),
            Self::Signature => Fault::new("a source of packages is not signed by a key that the host trusts")
                .help("give its key with `key_url` in `pkgrepo.managed`"),
            Self::Other => Fault::new(format!("apt-get failed with exit code {}", output.code)),
        };
        fault.output(last_lines(output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apt_is_understood() {
        for (text, trouble) in [
            (
                "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 (unattended-upgr)\nN: Be aware",
                Trouble::Locked(Some("process 1234 (unattended-upgr)".to_owned())),
            ),
            (
                "E: Could not get lock /var/lib/apt/lists/lock - open (11: Resource temporarily unavailable)",
                Trouble::Locked(None),
            ),
            (
                "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
                Trouble::Interrupted,
            ),
            ("E: Unable to locate package ngnix", Trouble::Unknown("ngnix".to_owned())),
            ("E: Package 'python' has no installation candidate", Trouble::Unknown("python".to_owned())),
            (
                "E: Version '9.9' for 'nginx' was not found",
                Trouble::Version { version: "9.9".to_owned(), package: "nginx".to_owned() },
            ),
            (
                "W: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.debian.org'",
                Trouble::Unreachable,
            ),
            ("E: You don't have enough free space in /var/cache/apt/archives/.", Trouble::Full),
            ("E: Unable to correct problems, you have held broken packages.", Trouble::Broken),
            (
                "E: Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution).",
                Trouble::Incomplete,
            ),
            ("E: The repository 'https://x stable InRelease' is not signed.", Trouble::Signature),
            ("Segmentation fault", Trouble::Other),
        ] {
            let output = Output { code: 100, stderr: text.into(), ..Output::default() };
            assert_eq!(explain(&output), trouble, "{text}");
            assert!(trouble.fault(&output).output.is_some());
        }
    }
}
