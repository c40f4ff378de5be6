//! `file.decode`: a file with a content that is given in base64. Must not touch it.

use base64ct::{Base64, Base64Url, Encoding};

use super::desired_file::DesiredFile;
use super::ownership::DesiredOwner;
use super::parents::Parents;
use super::path::AbsolutePath;
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// The file holds what the encoded data stand for.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decode {
    name: AbsolutePath,
    #[serde(default)]
    encoded_data: Option<String>,
    #[serde(default)]
    contents_pillar: Option<String>,
    #[serde(default)]
    encoding_type: EncodingType,
    /// Contents are compared whole.
    #[serde(default, rename = "checksum")]
    _checksum: Option<String>,
}

/// There is one.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum EncodingType {
    #[default]
    Base64,
}

impl State for Decode {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let EncodingType::Base64 = self.encoding_type;
        let encoded = match (&self.encoded_data, &self.contents_pillar) {
            (Some(data), None) => data.clone(),
            (None, Some(key)) => match context.library.pillar(key) {
                Some(serde_json::Value::String(data)) => data,
                Some(_) => return Err(Fault::new(format!("the pillar `{key}` is no text"))),
                None => return Err(Fault::new(format!("the pillar `{key}` is not there"))),
            },
            _ => {
                return Err(Fault::new("either `encoded_data` or `contents_pillar` must be given, not both"));
            }
        };
        let wanted = DesiredOwner::default();
        let put = DesiredFile {
            path: &self.name,
            wanted: &wanted,
            mode: None,
            parents: Some(Parents::default()),
            follow: true,
            backup: false,
            show: true,
            validate: None,
            temporary: None,
            of: "",
        };
        put.content(context, decoded(&encoded)?)
    }

    fn owns(&self) -> Vec<Key> {
        vec![self.name.key()]
    }

    fn wants(&self) -> Vec<Key> {
        self.name.wants()
    }
}

/// The bytes, however the base64 is broken into lines, padded or not.
fn decoded(encoded: &str) -> Result<Vec<u8>> {
    let mut text: String = encoded.chars().filter(|char| !char.is_whitespace()).collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    Base64::decode_vec(&text)
        .or_else(|_| Base64Url::decode_vec(&text))
        .map_err(|_| Fault::new("encoded_data: it is not base64"))
}

impl Function for Decode {
    const NAME: &'static str = "file.decode";
    const ABOUT: &'static str = "the file holds what is given in base64";
    const EXAMPLE: &'static str = "\
/etc/app/key.bin:
  file.decode:
    - encoding_type: base64
    - encoded_data: SGVsbG8sIHdvcmxkIQo=
";
}
