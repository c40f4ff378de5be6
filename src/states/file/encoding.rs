//! Texts as bytes in a character encoding. Must not know files.

use serde::de::{self, Deserialize, Deserializer};

use crate::fault::{Fault, Result};

/// A character encoding that a file can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Latin1,
    Ascii,
    Utf16,
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        match name.to_ascii_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Ok(Self::Latin1),
            "ascii" | "us-ascii" => Ok(Self::Ascii),
            "utf-16" | "utf16" => Ok(Self::Utf16),
            _ => Err(de::Error::custom(format!(
                "`{name}` is no encoding that is known here: use utf-8, latin-1, ascii or utf-16"
            ))),
        }
    }
}

/// What becomes of characters that an encoding has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unencodable {
    #[default]
    Strict,
    Ignore,
    Replace,
}

impl Encoding {
    pub fn encode(self, text: &str, lost: Unencodable) -> Result<Vec<u8>> {
        let limit = match self {
            Self::Utf8 => return Ok(text.as_bytes().to_vec()),
            Self::Utf16 => {
                // As Python writes it: with a mark for the byte order.
                let units = std::iter::once(0xfeff).chain(text.encode_utf16());
                return Ok(units.flat_map(u16::to_le_bytes).collect());
            }
            Self::Latin1 => 0xff,
            Self::Ascii => 0x7f,
        };
        let mut bytes = Vec::with_capacity(text.len());
        for char in text.chars() {
            match u8::try_from(char).ok().filter(|byte| *byte <= limit) {
                Some(byte) => bytes.push(byte),
                None => match lost {
                    Unencodable::Ignore => {}
                    Unencodable::Replace => bytes.push(b'?'),
                    Unencodable::Strict => {
                        return Err(Fault::new(format!("encoding: there is no `{char}` in it"))
                            .help("write `encoding: utf-8`, or `encoding_errors: replace`"));
                    }
                },
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_have_limits() {
        assert_eq!(Encoding::Latin1.encode("é", Unencodable::Strict).unwrap(), [0xe9]);
        assert!(Encoding::Ascii.encode("é", Unencodable::Strict).is_err());
        assert_eq!(Encoding::Ascii.encode("aé", Unencodable::Replace).unwrap(), b"a?");
    }
}
