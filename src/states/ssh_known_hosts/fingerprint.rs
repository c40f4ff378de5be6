//! Fingerprints of public keys, in the forms that people copy. Must not look at files.

use base64ct::{Base64, Base64Unpadded, Encoding};
use sha2::{Digest, Sha256};

/// Whether a key, in base64, has this fingerprint: `SHA256:…` as ssh writes it, or hexadecimal pairs with
/// colons of SHA-256 (Salt's form), SHA-1 or MD5.
pub fn fits(key: &str, fingerprint: &str) -> bool {
    let Ok(key) = Base64::decode_vec(key) else { return false };
    let sha256 = Sha256::digest(&key);
    if let Some(text) = fingerprint.strip_prefix("SHA256:") {
        return Base64Unpadded::encode_string(&sha256) == text.trim_end_matches('=');
    }
    let wanted = fingerprint.strip_prefix("MD5:").unwrap_or(fingerprint).replace(':', "").to_lowercase();
    let hex = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    [hex(&sha256), hex(&sha1::Sha1::digest(&key)), hex(&md5::Md5::digest(&key))].contains(&wanted)
}

/// As ssh writes it.
pub fn of(key: &str) -> String {
    let key = Base64::decode_vec(key).unwrap_or_default();
    format!("SHA256:{}", Base64Unpadded::encode_string(&Sha256::digest(&key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_fingerprint_is_known() {
        // As `ssh-keygen -l` and `ssh-keygen -E md5 -l` tell them.
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIFE6P3gn76QtsIofy71wpqmV6LgrL/EJoIjNGRWbUp9p";
        for fingerprint in [
            "SHA256:waXjngYwNH9ONKsRTHwewwGNc+5OY2aFDhqYbkEvEkc",
            "MD5:00:2d:49:a8:89:da:3b:5e:da:35:92:13:8c:30:00:45",
        ] {
            assert!(fits(key, fingerprint), "{fingerprint}");
        }
        assert_eq!(of(key), "SHA256:waXjngYwNH9ONKsRTHwewwGNc+5OY2aFDhqYbkEvEkc");
        assert!(!fits(key, "SHA256:") && !fits(key, ""));
    }
}
