//! Hides secrets by value in whatever leaves the engine.

/// The values that nobody may read, with the forms in which programs write them.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// Longest first, so that a secret that contains another is hidden whole.
    needles: Vec<String>,
}

/// What stands where a secret stood.
pub const MASKED: &str = "********";

/// Shorter values (`1`, `yes`) would hide half of every report and are no secrets.
const SHORTEST: usize = 4;

impl Mask {
    /// Masks these values and their shell-quoted, JSON-escaped, base64, percent-encoded and `%%`-doubled forms, and each
    /// line of values of several lines.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        use base64ct::Encoding;
        let mut needles = Vec::new();
        for secret in secrets {
            let secret = secret.as_ref();
            let mut forms = vec![secret.to_owned()];
            forms.extend(secret.lines().map(|line| line.trim().to_owned()));
            for form in forms {
                if form.len() < SHORTEST {
                    continue;
                }
                let json = serde_json::to_string(&form).unwrap_or_default();
                needles.push(json.trim_matches('"').to_owned());
                needles.push(shell_words::quote(&form).trim_matches('\'').to_owned());
                needles.push(form.replace('%', "%%"));
                needles.push(form.replace('\'', "''"));
                needles.push(percent(&form));
                needles.push(base64ct::Base64::encode_string(form.as_bytes()));
                needles.push(form);
            }
        }
        needles.retain(|needle| needle.len() >= SHORTEST);
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        needles.dedup();
        Self { needles }
    }

    pub fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// The text with every secret replaced by [`MASKED`].
    pub fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        self.hide_in(&mut text);
        text
    }

    /// As [`Self::hide`], in place; a text without secrets is not copied.
    pub fn hide_in(&self, text: &mut String) {
        for needle in &self.needles {
            if text.contains(needle.as_str()) {
                *text = text.replace(needle.as_str(), MASKED);
            }
        }
    }
}

/// As in a URL, such as that of a database.
fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_secret_is_hidden() {
        let mask = Mask::new(["p%ss'w\"rd", "line one\nline two"]);
        for text in [
            "x p%ss'w\"rd y",
            "p%%ss'w\"rd",
            "p%ss'w\\\"rd",
            "p%ss''w\"rd",
            "cCVzcyd3InJk",
            "p%25ss%27w%22rd",
            "line one",
            "line two",
        ] {
            assert!(mask.hide(text).contains(MASKED), "{text}");
            assert!(!mask.hide(text).contains("rd"), "{text}");
        }
        assert_eq!(Mask::new(["yes"]).hide("yes or no"), "yes or no");
    }
}
