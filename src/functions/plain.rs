//! `test.*`, `random.*`, `hashutil.*`: functions that look at nothing but their arguments.

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::Row;
use super::call::Call;
use crate::fault::Result;

pub const FUNCTIONS: &[Row] = &[
    ("hashutil.base64_b64decode", decode),
    ("hashutil.base64_b64encode", |call| Ok(json!(Base64::encode_string(call.text(0, "instr")?.as_bytes())))),
    ("hashutil.base64_decodestring", decode),
    ("hashutil.base64_encodestring", |call| {
        Ok(json!(format!("{}\n", Base64::encode_string(call.text(0, "instr")?.as_bytes()))))
    }),
    ("hashutil.digest", |call| digest(call, &call.text_or(1, "checksum", "md5")?)),
    ("hashutil.hmac_signature", signature),
    ("hashutil.md5_digest", |call| digest(call, "md5")),
    ("hashutil.sha256_digest", |call| digest(call, "sha256")),
    ("hashutil.sha512_digest", |call| digest(call, "sha512")),
    // Formulas tell of their steps: nobody listens here.
    ("log.critical", logged),
    ("log.debug", logged),
    ("log.error", logged),
    ("log.exception", logged),
    ("log.info", logged),
    ("log.trace", logged),
    ("log.warning", logged),
    ("random.hash", |call| {
        let algorithm = call.text_or(1, "algorithm", "sha512")?;
        Ok(json!(hash(call, call.text(0, "value")?.as_bytes(), &algorithm)?))
    }),
    ("random.get_str", |call| {
        Err(call
            .fault("gives another value each time")
            .help("write the value into pillar, or use random.seed"))
    }),
    ("random.seed", seed),
    ("test.arg", |call| Ok(json!({"args": call.all(), "kwargs": call.named()}))),
    ("test.echo", |call| Ok(json!(call.text(0, "text")?))),
    ("test.false", |_| Ok(json!(false))),
    ("test.kwarg", |call| Ok(json!(call.named()))),
    ("test.ping", |_| Ok(json!(true))),
    ("test.true", |_| Ok(json!(true))),
    // The one whose behaviour is followed.
    ("test.version", |_| Ok(json!("3008.2"))),
];

fn logged(call: &Call<'_>) -> Result<Value> {
    call.needed(0, "message")?;
    Ok(json!(true))
}

fn decode(call: &Call<'_>) -> Result<Value> {
    let text: String = call.text(0, "instr")?.split_whitespace().collect();
    let bytes = Base64::decode_vec(&text).map_err(|_| call.fault("the text is not base64"))?;
    Ok(json!(String::from_utf8(bytes).map_err(|_| call.fault("the decoded bytes are no text"))?))
}

fn digest(call: &Call<'_>, algorithm: &str) -> Result<Value> {
    Ok(json!(hash(call, call.text(0, "instr")?.as_bytes(), algorithm)?))
}

fn hash(call: &Call<'_>, bytes: &[u8], algorithm: &str) -> Result<String> {
    Ok(match algorithm {
        "md5" => hex(&md5::Md5::digest(bytes)),
        "sha1" => hex(&sha1::Sha1::digest(bytes)),
        "sha256" => hex(&Sha256::digest(bytes)),
        "sha384" => hex(&Sha384::digest(bytes)),
        "sha512" => hex(&Sha512::digest(bytes)),
        _ => {
            return Err(call
                .fault(format!("`{algorithm}` is no known hash"))
                .help("there are md5, sha1, sha256, sha384 and sha512"));
        }
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a text was signed with a secret.
fn signature(call: &Call<'_>) -> Result<Value> {
    let text = call.text(0, "string")?;
    let secret = call.text(1, "shared_secret")?;
    let challenge = call.text(2, "challenge_hmac")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|error| call.fault(error))?;
    mac.update(text.as_bytes());
    let given = Base64::decode_vec(&challenge).unwrap_or_default();
    Ok(json!(mac.verify_slice(&given).is_ok()))
}

/// A number below a limit that is always the same for this host.
fn seed(call: &Call<'_>) -> Result<Value> {
    let limit = u64::try_from(call.number(0, "range", 10)?).unwrap_or(1).max(1);
    let text = call.text_or(1, "hash", &call.catalog.surroundings().id)?;
    let digest = Sha256::digest(text.as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    Ok(json!(number % limit))
}
