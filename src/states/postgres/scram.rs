//! What Postgres stores instead of a password: SCRAM-SHA-256 verifiers (RFC 5802, RFC 7677) and the old
//! md5 form; made and compared here so that no password is ever sent. Must not touch the host.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::fault::{Fault, Result};

/// What Postgres itself uses.
const ITERATIONS: u32 = 4096;
const SALT: usize = 16;

/// A fresh SCRAM-SHA-256 verifier of a password.
pub fn verifier(password: &str) -> Result<String> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|error| Fault::new(format!("no random bytes: {error}")))?;
    Ok(with_salt(password, &salt, ITERATIONS))
}

/// The md5 form, for servers and clients that know nothing better.
pub fn md5(role: &str, password: &str) -> String {
    let digest = md5::Md5::digest(format!("{password}{role}"));
    let mut text = String::from("md5");
    for byte in digest {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Whether a text is already in one of the stored forms.
pub fn is_stored_form(text: &str) -> bool {
    let md5 = |rest: &str| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts(text).is_some() || text.strip_prefix("md5").is_some_and(md5)
}

/// Whether what a role has stored is of this password (plain, or itself in a stored form).
pub fn matches(role: &str, password: &str, stored: &str) -> bool {
    if is_stored_form(password) {
        return password == stored;
    }
    match parts(stored) {
        Some((iterations, salt)) => with_salt(password, &salt, iterations) == stored,
        None => stored == md5(role, password),
    }
}

/// Iterations and salt of `SCRAM-SHA-256$iterations:salt$stored:server`.
fn parts(text: &str) -> Option<(u32, Vec<u8>)> {
    let (head, keys) = text.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
    let (iterations, salt) = head.split_once(':')?;
    let (stored, server) = keys.split_once(':')?;
    for key in [stored, server] {
        if Base64::decode_vec(key).ok()?.len() != 32 {
            return None;
        }
    }
    Some((iterations.parse().ok()?, Base64::decode_vec(salt).ok()?))
}

fn with_salt(password: &str, salt: &[u8], iterations: u32) -> String {
    // As the server does: what cannot be prepared is used as it is.
    let password = stringprep::saslprep(password).unwrap_or(std::borrow::Cow::Borrowed(password));
    let mut salted = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, iterations, &mut salted);
    let stored_key = Sha256::digest(keyed(&salted, b"Client Key"));
    let server_key = keyed(&salted, b"Server Key");
    format!(
        "SCRAM-SHA-256${iterations}:{}${}:{}",
        Base64::encode_string(salt),
        Base64::encode_string(&stored_key),
        Base64::encode_string(&server_key)
    )
}

fn keyed(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // A key shorter than the hash's block is padded with zeros; so no length can be wrong.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3: our keys must give its proof and its signature.
    #[test]
    fn keys_are_those_of_the_rfc() {
        let salt = Base64::decode_vec("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = with_salt("pencil", &salt, 4096);
        let keys = verifier.rsplit('$').next().unwrap();
        let (stored, server) = keys.split_once(':').unwrap();
        let stored: [u8; 32] = Base64::decode_vec(stored).unwrap().try_into().unwrap();
        let server: [u8; 32] = Base64::decode_vec(server).unwrap().try_into().unwrap();
        let message = b"n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let signature = keyed(&stored, message);
        let proof = Base64::decode_vec("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").unwrap();
        let client: Vec<u8> = proof.iter().zip(signature).map(|(a, b)| a ^ b).collect();
        assert_eq!(Sha256::digest(client).as_slice(), stored);
        assert_eq!(
            Base64::encode_string(&keyed(&server, message)),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
    }

    #[test]
    fn a_password_is_known_again_in_every_stored_form() {
        let scram = verifier("s3cret ü 😀").unwrap();
        assert!(is_stored_form(&scram));
        let table = [
            ("s3cret ü 😀", scram.as_str(), true),
            ("other", scram.as_str(), false),
            (scram.as_str(), scram.as_str(), true),
            ("pencil", &md5("app", "pencil"), true),
            ("pencil", &md5("other", "pencil"), false),
            ("pencil", "", false),
            // Prepared: a no-break space is a space, a soft hyphen is nothing.
            ("a\u{a0}b\u{ad}c", &with_salt("a bc", b"0123456789abcdef", 4096), true),
        ];
        for (password, stored, expected) in table {
            assert_eq!(matches("app", password, stored), expected, "{password} {stored}");
        }
    }

    #[test]
    fn md5_is_of_password_and_role() {
        assert_eq!(md5("", ""), "md5d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5("b", "a"), "md5187ef4436122d1cc2f40dc2b92f0eba0");
    }
}
