//! Filters that hash or encode. Must not be used to keep secrets.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use minijinja::{Environment, Error, Value};
use sha2::{Digest, Sha256, Sha512};

use super::super::python::str;
use super::{making, wrong};

pub fn add(environment: &mut Environment<'_>) {
    making(environment, "md5", |value: Value| hex(&md5::Md5::digest(str(&value))));
    making(environment, "sha1", |value: Value| hex(&sha1::Sha1::digest(str(&value))));
    making(environment, "sha256", |value: Value| hex(&Sha256::digest(str(&value))));
    making(environment, "sha512", |value: Value| hex(&Sha512::digest(str(&value))));
    making(environment, "base64_encode", |value: Value| Base64::encode_string(str(&value).as_bytes()));
    making(environment, "base64_decode", |value: Value| {
        let bytes = Base64::decode_vec(str(&value).trim()).map_err(|_| wrong("this is no base64"))?;
        Ok::<String, Error>(String::from_utf8_lossy(&bytes).into_owned())
    });
    making(environment, "hmac", |value: Value, secret: String, challenge: String| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| wrong("no key"))?;
        mac.update(str(&value).as_bytes());
        Ok::<bool, Error>(Base64::encode_string(&mac.finalize().into_bytes()) == challenge)
    });
    making(environment, "uuid", |value: Value| uuid(&str(&value)));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A version 5 UUID in Salt's namespace: the same name gives the same UUID everywhere.
fn uuid(name: &str) -> String {
    const NAMESPACE: [u8; 16] =
        [0x91, 0x63, 0x3E, 0xBF, 0x1C, 0x86, 0x5E, 0x33, 0x93, 0x5A, 0x28, 0x06, 0x1F, 0x4B, 0x48, 0x0E];
    let mut hasher = sha1::Sha1::new();
    hasher.update(NAMESPACE);
    hasher.update(name.as_bytes());
    let digits: Vec<char> = hex(&hasher.finalize()).chars().take(32).collect();
    let mut out = String::new();
    for (index, digit) in digits.into_iter().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(match index {
            12 => '5',
            // The variant: two bits that are always `10`.
            16 => char::from_digit(digit.to_digit(16).unwrap_or(0) & 0x3 | 0x8, 16).unwrap_or('8'),
            _ => digit,
        });
    }
    out
}
