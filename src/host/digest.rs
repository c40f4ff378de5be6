//! Digests of content by the name of their kind.

use std::io::Read;

use sha2::digest::Digest;

use crate::fault::{Fault, Result};

/// The kinds that are known, with the length of their hexadecimal form.
pub const KINDS: &[(&str, usize)] =
    &[("md5", 32), ("sha1", 40), ("sha224", 56), ("sha256", 64), ("sha384", 96), ("sha512", 128)];

/// The digest of everything that a reader gives, in lower-case hexadecimal.
pub fn digest(kind: &str, reader: impl Read) -> Result<String> {
    match kind {
        "md5" => of::<md5::Md5>(reader),
        "sha1" => of::<sha1::Sha1>(reader),
        "sha224" => of::<sha2::Sha224>(reader),
        "sha256" => of::<sha2::Sha256>(reader),
        "sha384" => of::<sha2::Sha384>(reader),
        "sha512" => of::<sha2::Sha512>(reader),
        _ => {
            let known: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
            Err(Fault::new(format!("`{kind}` is no kind of hash"))
                .help(format!("known are {}", known.join(", "))))
        }
    }
}

fn of<D: Digest>(mut reader: impl Read) -> Result<String> {
    let mut digest = D::new();
    let mut buffer = [0; 16 << 10];
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            count => digest.update(buffer.get(..count).unwrap_or_default()),
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_length() {
        for (kind, length) in KINDS {
            assert_eq!(digest(kind, &b"x"[..]).unwrap().len(), *length);
        }
        assert_eq!(digest("md5", &b""[..]).unwrap(), "d41d8cd98f00b204e9800998ecf8427e");
        assert!(digest("crc32", &b""[..]).is_err());
    }
}
