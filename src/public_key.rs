//! A public key as it stands in an authorized_keys file or a `.pub` file. Must not look at files.

use base64ct::{Base64, Encoding};

use crate::fault::{Fault, Result};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// `no-pty,command="…"`, or nothing.
    pub options: String,
    pub kind: String,
    pub blob: String,
    pub comment: String,
}

/// What a state says besides the key itself; a whole line says it better.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults<'a> {
    pub kind: Option<&'a str>,
    pub comment: &'a str,
    pub options: &'a [String],
}

impl Key {
    /// A key as a user writes it: a whole line, or just the letters with or without a comment.
    pub fn parse(text: &str, defaults: &Defaults<'_>) -> Result<Self> {
        if is_private(text) {
            return Err(Fault::new("this is a private key").help(
                "never share it: write the line of the `.pub` file beside it, and make a new key if others saw this one",
            ));
        }
        let mut key = Self::of_line(text).unwrap_or_else(|| {
            let (blob, comment) = word(text.trim());
            Self {
                options: String::new(),
                kind: String::new(),
                blob: blob.to_owned(),
                comment: comment.to_owned(),
            }
        });
        if key.comment.is_empty() {
            defaults.comment.trim().clone_into(&mut key.comment);
        }
        if key.options.is_empty() {
            key.options = defaults.options.join(",");
        }
        if key.options.contains(['\n', '\r']) || key.comment.contains(['\n', '\r']) {
            return Err(Fault::new("a key's options and comment stand on one line"));
        }
        let real = kind_within(&key.blob).ok_or_else(|| not_a_key(text))?;
        if key.kind.is_empty() {
            key.kind = defaults.kind.map_or_else(|| real.clone(), full_kind);
        }
        if key.kind != real {
            return Err(Fault::new(format!("a key that says it is `{}` is `{real}`", key.kind))
                .help(format!("write `enc: {real}`, or the whole line `{real} AAAA… comment`")));
        }
        Ok(key)
    }

    /// The key of a file's line; `None` for comments and whatever else stands there.
    pub fn of_line(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let (first, rest) = word(line);
        let (options, kind, rest) = if is_kind(first) {
            ("", first, rest)
        } else {
            let (kind, rest) = word(rest);
            (first, kind, rest)
        };
        let (blob, comment) = word(rest);
        (is_kind(kind) && !blob.is_empty()).then(|| Self {
            options: options.to_owned(),
            kind: kind.to_owned(),
            blob: blob.to_owned(),
            comment: comment.to_owned(),
        })
    }

    pub fn line(&self) -> String {
        let parts = [&self.options, &self.kind, &self.blob, &self.comment];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    }
}

/// The first word, where quotes hold spaces together, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let mut escaped = false;
    let end = text.find(|letter: char| {
        match letter {
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
        !quoted && letter.is_whitespace()
    });
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (word, rest.trim())
}

fn is_kind(word: &str) -> bool {
    let known = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "rsa-sha2-"];
    known.iter().any(|start| word.starts_with(start))
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "-@.".contains(letter))
}

/// `rsa`, `ed25519` … as ssh writes them.
fn full_kind(kind: &str) -> String {
    match kind {
        "r" | "rsa" => "ssh-rsa",
        "d" | "dsa" | "dss" => "ssh-dss",
        "e" | "ecdsa" => "ecdsa-sha2-nistp256",
        "ed25519" => "ssh-ed25519",
        other => other,
    }
    .to_owned()
}

/// A key's letters hold its kind once more, at their beginning.
fn kind_within(blob: &str) -> Option<String> {
    let bytes = Base64::decode_vec(blob).ok()?;
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (kind, key) = rest.split_at_checked(length)?;
    let kind = std::str::from_utf8(kind).ok().filter(|kind| is_kind(kind))?;
    (!key.is_empty()).then(|| kind.to_owned())
}

/// Whether this is what ssh-keygen(1) writes into the file without `.pub`.
pub fn is_private(text: &str) -> bool {
    text.contains("PRIVATE KEY")
}

fn not_a_key(text: &str) -> Fault {
    if text.starts_with(['~', '/', '.']) || text.trim_end().ends_with(".pub") {
        return Fault::new(format!("`{text}` is the path of a file, not a public key"))
            .help(format!("write the line that is in it, as `cat {text}` prints it"));
    }
    let start: String = text.chars().take(24).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    Fault::new(format!("`{start}{more}` is not a public key"))
        .help("write it as in the `.pub` file: `ssh-ed25519 AAAA… comment`")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJVkO1i3vVlH6ZLvqOUj3uMZZq4lO1Qzq5bV3m3dZ0aB";

    #[test]
    fn a_path_or_a_private_key_is_told_as_such() {
        let fault = |text: &str| Key::parse(text, &Defaults::default()).unwrap_err();
        let private = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n";
        assert_eq!(fault(private).message, "this is a private key");
        assert!(!fault(private).help.unwrap().contains("b3Bl"));
        assert_eq!(
            fault("~/.ssh/id_ed25519.pub").message,
            "`~/.ssh/id_ed25519.pub` is the path of a file, not a public key"
        );
        assert!(fault("hello").message.ends_with("is not a public key"));
    }

    #[test]
    fn lines_of_every_form_are_read() {
        let key = Key::of_line(&format!(
            "from=\"10.0.0.1, 10.0.0.2\",command=\"echo \\\"a b\\\"\" ssh-ed25519 {BLOB} al ice"
        ));
        let key = key.unwrap();
        assert_eq!(key.options, "from=\"10.0.0.1, 10.0.0.2\",command=\"echo \\\"a b\\\"\"");
        assert_eq!(
            (key.kind.as_str(), key.blob.as_str(), key.comment.as_str()),
            ("ssh-ed25519", BLOB, "al ice")
        );
        assert_eq!(Key::of_line("# ssh-ed25519 AAAA"), None);
        assert_eq!(Key::of_line("nonsense"), None);
        let bare = Key::parse(BLOB, &Defaults { comment: "alice", ..Defaults::default() }).unwrap();
        assert_eq!(bare.line(), format!("ssh-ed25519 {BLOB} alice"));
    }
}
