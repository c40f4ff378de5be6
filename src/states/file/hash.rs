//! The ways in which `source_hash` names a digest. Must not look at the host.

use crate::fault::{Fault, Result};
use crate::host::Hash;
use crate::host::digest::{KINDS, digest};

/// What a `source_hash` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The digest itself.
    Hash(Hash),
    /// Where a list of digests is to be had.
    List(String),
}

/// Reads a `source_hash`: `sha256=…`, a bare digest, or where a list of them is.
pub fn named(text: &str) -> Result<Named> {
    let text = text.trim();
    if text.starts_with('/') || text.contains("://") {
        return Ok(Named::List(text.to_owned()));
    }
    let (kind, hex) = match text.split_once('=') {
        Some((kind, hex)) => (Some(kind.trim()), hex.trim()),
        None => (None, text),
    };
    let by_length = KINDS.iter().find(|(_, length)| *length == hex.len()).map(|(kind, _)| *kind);
    let wrong = |what: String| {
        Fault::new(format!("source_hash: {what}"))
            .help("write `sha256=…`, a bare digest, or the address of a list of digests")
    };
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong(format!("`{text}` is no hexadecimal digest")));
    }
    let kind = match (kind, by_length) {
        (Some(kind), Some(found)) if kind == found => kind,
        (Some(kind), _) if !KINDS.iter().any(|(known, _)| *known == kind) => {
            return Err(wrong(format!("`{kind}` is no kind of digest that is known here")));
        }
        (Some(kind), _) => return Err(wrong(format!("{} digits are not the length of {kind}", hex.len()))),
        (None, Some(found)) => found,
        (None, None) => return Err(wrong(format!("{} digits are the length of no digest", hex.len()))),
    };
    Ok(Named::Hash(Hash { kind: kind.to_owned(), hex: hex.to_ascii_lowercase() }))
}

/// The digest for a file in a list as sha256sum and the like write it: the line that ends with or starts
/// with one of these names, in this order; else the first digest in it.
pub fn in_list(list: &str, names: &[&str]) -> Option<Hash> {
    let entries: Vec<(Hash, &str)> =
        list.lines().filter_map(|line| Some((digest_in(line)?, line.trim()))).collect();
    for name in names.iter().filter(|name| !name.is_empty()) {
        let base = name.rsplit('/').next().unwrap_or(name);
        let separates = |char: char| char.is_whitespace() || matches!(char, '\\' | '/' | '*' | '(');
        let about = |line: &str| {
            line.strip_suffix(base).is_some_and(|before| before.ends_with(separates))
                || line.strip_prefix(name).is_some_and(|after| after.starts_with(char::is_whitespace))
                || line.contains(&format!("({base})"))
        };
        if let Some((hash, _)) = entries.iter().find(|(_, line)| about(line)) {
            return Some(hash.clone());
        }
    }
    entries.into_iter().next().map(|(hash, _)| hash)
}

fn digest_in(line: &str) -> Option<Hash> {
    line.split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| word.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .find_map(|word| {
            let (kind, _) = KINDS.iter().find(|(_, length)| *length == word.len())?;
            Some(Hash { kind: (*kind).to_owned(), hex: word.to_ascii_lowercase() })
        })
}

/// Whether a content has this digest.
pub fn matches(hash: &Hash, content: &[u8]) -> bool {
    digest(&hash.kind, content).is_ok_and(|hex| hex == hash.hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "d41d8cd98f00b204e9800998ecf8427e";

    #[test]
    fn digests_are_named_in_several_ways() {
        let md5 = Named::Hash(Hash { kind: "md5".to_owned(), hex: EMPTY.to_owned() });
        for text in [EMPTY, &format!("md5={EMPTY}"), &format!(" md5 = {}", EMPTY.to_uppercase())] {
            assert_eq!(named(text).unwrap(), md5, "{text}");
        }
        assert_eq!(named("https://x/SHA256SUMS").unwrap(), Named::List("https://x/SHA256SUMS".to_owned()));
        for wrong in [&format!("sha256={EMPTY}"), "crc=00", "abc", "zz", "md5=zz"] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
        assert!(matches(&Hash { kind: "md5".to_owned(), hex: EMPTY.to_owned() }, b""));
    }

    #[test]
    fn a_list_names_the_digest_by_file() {
        let one = "a".repeat(64);
        let two = "b".repeat(64);
        let list = format!("{one}  other.tar.gz\n{two} *x.tar.gz\n");
        assert_eq!(in_list(&list, &["/tmp/x.tar.gz"]).unwrap().hex, two);
        assert_eq!(in_list(&list, &["none"]).unwrap().hex, one);
        assert_eq!(in_list(&format!("SHA256 (x.tar.gz) = {two}"), &["x.tar.gz"]).unwrap().hex, two);
        assert_eq!(in_list("nothing", &["x"]), None);
    }
}
