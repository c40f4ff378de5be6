//! A line of a known_hosts file, as sshd(8) describes it. Must not look at files.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};

use crate::states::glob::glob;

/// Before a name that only its hash tells.
const HASHED: &str = "|1|";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Names and patterns with commas between, or one hashed name.
    pub hosts: String,
    pub kind: String,
    pub key: String,
    comment: String,
}

impl Entry {
    /// Comments, and lines with a marker (`@revoked`, `@cert-authority`), are no entries: they stay.
    pub fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with(['#', '@']) {
            return None;
        }
        let mut words = line.split_whitespace();
        let (hosts, kind, key) = (words.next()?, words.next()?, words.next()?);
        let comment = words.collect::<Vec<_>>().join(" ");
        Some(Self { hosts: hosts.to_owned(), kind: kind.to_owned(), key: key.to_owned(), comment })
    }

    /// A new line. The salt of a hashed name follows from host and key, so that a dry run and the run
    /// after it agree.
    pub fn new(host: &str, kind: &str, key: &str, hashed: bool) -> Self {
        let hosts = if hashed {
            let salt = Sha1::digest(format!("{host} {kind} {key}"));
            let salt = Base64::encode_string(&salt);
            hash(&salt, host).map_or_else(|| host.to_owned(), |hash| format!("{HASHED}{salt}|{hash}"))
        } else {
            host.to_owned()
        };
        Self { hosts, kind: kind.to_owned(), key: key.to_owned(), comment: String::new() }
    }

    pub fn line(&self) -> String {
        let parts = [&self.hosts, &self.kind, &self.key, &self.comment];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    }

    /// Whether ssh would take this line for the host, by name, hash or pattern.
    pub fn speaks_of(&self, host: &str) -> bool {
        if self.names(host) {
            return true;
        }
        let fits = |pattern: &str| glob(&pattern.to_lowercase(), host);
        let refused = self.hosts.split(',').filter_map(|part| part.strip_prefix('!')).any(fits);
        !refused && self.hosts.split(',').any(fits)
    }

    /// Whether the line has the host by its own name.
    fn names(&self, host: &str) -> bool {
        match self.hosts.strip_prefix(HASHED).and_then(|rest| rest.split_once('|')) {
            Some((salt, wanted)) => hash(salt, host).as_deref() == Some(wanted),
            None => self.hosts.split(',').any(|name| name.eq_ignore_ascii_case(host)),
        }
    }

    /// The line without the host; `None`: nothing is left of it.
    pub fn without(&self, host: &str) -> Option<Self> {
        if !self.names(host) {
            return Some(self.clone());
        }
        let others: Vec<&str> =
            self.hosts.split(',').filter(|name| !name.eq_ignore_ascii_case(host)).collect();
        let others = others.join(",");
        (!others.is_empty() && !self.hosts.starts_with(HASHED))
            .then(|| Self { hosts: others, ..self.clone() })
    }
}

/// HMAC-SHA1 of the host, by a salt in base64.
fn hash(salt: &str, host: &str) -> Option<String> {
    let salt = Base64::decode_vec(salt).ok()?;
    let mut mac = Hmac::<Sha1>::new_from_slice(&salt).ok()?;
    mac.update(host.as_bytes());
    Some(Base64::encode_string(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `ssh-keygen -H` made of `github.com ssh-ed25519 AAAA`.
    const SSH_KEYGEN: &str = "|1|H/5OsKaUff4/JH4S6rAxk59JmTk=|O3bpt6CfvUamPOCtCPx+5D59ONo= ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFE6P3gn76QtsIofy71wpqmV6LgrL/EJoIjNGRWbUp9p";

    #[test]
    fn names_are_found_as_ssh_finds_them() {
        let entry = Entry::parse(SSH_KEYGEN).unwrap();
        assert!(entry.speaks_of("github.com") && !entry.speaks_of("gitlab.com"));
        assert_eq!(entry.without("github.com"), None);
        let entry =
            Entry::parse("git.example.com,10.0.0.1,*.example.org,!bad.example.org ssh-rsa AAAA me").unwrap();
        assert!(entry.speaks_of("10.0.0.1") && entry.speaks_of("a.example.org"));
        assert!(!entry.speaks_of("bad.example.org") && !entry.speaks_of("example.org"));
        let left = entry.without("10.0.0.1").unwrap();
        assert_eq!(left.line(), "git.example.com,*.example.org,!bad.example.org ssh-rsa AAAA me");
        assert!(Entry::new("github.com", "ssh-rsa", "AAAA", true).speaks_of("github.com"));
    }
}
