//! OpenPGP keys with and without their ASCII armour: apt goes by the file's ending. Must not judge keys.

use base64ct::{Base64, Encoding};

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END: &str = "-----END PGP PUBLIC KEY BLOCK-----";

pub fn is_armored(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains(BEGIN)
}

/// Whether these are keys at all: armour, or a packet of a public key.
pub fn is_key(bytes: &[u8]) -> bool {
    is_armored(bytes) || matches!(bytes.first(), Some(0x98 | 0x99 | 0x9a | 0xc6))
}

/// The keys without armour; `None`: what is between its lines is not what it should be.
pub fn bare(bytes: &[u8]) -> Option<Vec<u8>> {
    if !is_armored(bytes) {
        return Some(bytes.to_vec());
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let mut bare = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        let body = block.split(END).next()?;
        // Headers such as `Comment:` end with an empty line, and a checksum starts with `=`.
        let letters: String = body
            .lines()
            .skip(1)
            .skip_while(|line| line.contains(':'))
            .map(str::trim)
            .take_while(|line| !line.starts_with('='))
            .collect();
        bare.extend(Base64::decode_vec(&letters).ok()?);
    }
    Some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armour_comes_off() {
        let armored = format!("words\n{BEGIN}\nComment: a\nVersion: 1\n\nmQIN\nAAAA\n=abcd\n{END}\n");
        assert_eq!(bare(armored.as_bytes()).unwrap(), [0x99, 0x02, 0x0d, 0, 0, 0]);
        let twice = format!("{BEGIN}\n\nmQIN\n{END}\n{BEGIN}\n\nmQIN\n=xxxx\n{END}\n");
        assert_eq!(bare(twice.as_bytes()).unwrap(), [0x99, 0x02, 0x0d, 0x99, 0x02, 0x0d]);
        assert!(is_key(armored.as_bytes()) && !is_key(b"<html>"));
        assert_eq!(bare(format!("{BEGIN}\n\n!!!\n{END}").as_bytes()), None);
    }
}
