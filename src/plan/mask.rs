//! Hides secrets by value in whatever leaves the engine.

/// The values that nobody may read, with the forms in which programs write them.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// Longest first, so that a secret that contains another is hidden whole.
    needles: Vec<String>,
    /// Those that could as well be a word of a report: hidden only where they stand alone, and never in names.
    words: Vec<String>,
}

/// What stands where a secret stood.
pub const MASKED: &str = "********";

/// Shorter values (`1`, `yes`) would hide half of every report and are no secrets.
const SHORTEST: usize = 4;
/// Letters alone up to this length are taken for a word, digits alone for a number.
const LONGEST_WORD: usize = 12;
const LONGEST_NUMBER: usize = 8;

/// Whether a secret is no secret: anybody would guess it, and reports cannot be told from it.
pub fn is_weak(secret: &str) -> bool {
    let all = |is: fn(&u8) -> bool| secret.bytes().all(|byte| is(&byte));
    secret.len() < SHORTEST
        || (secret.len() <= LONGEST_WORD && all(u8::is_ascii_alphabetic))
        || (secret.len() <= LONGEST_NUMBER && all(u8::is_ascii_digit))
}

impl Mask {
    /// Masks these values and their shell-quoted, JSON-escaped, base64, percent-encoded and `%%`-doubled forms, and each
    /// line of values of several lines.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut mask = Self::default();
        mask.learn(secrets);
        mask
    }

    /// Masks these, too.
    pub fn learn<S: AsRef<str>>(&mut self, secrets: impl IntoIterator<Item = S>) {
        use base64ct::Encoding;
        for secret in secrets {
            let secret = secret.as_ref();
            if is_weak(secret) {
                self.words.extend((secret.len() >= SHORTEST).then(|| secret.to_owned()));
                continue;
            }
            let mut forms = vec![secret.to_owned()];
            forms.extend(secret.lines().map(|line| line.trim().to_owned()));
            for form in forms {
                if form.len() < SHORTEST {
                    continue;
                }
                let json = serde_json::to_string(&form).unwrap_or_default();
                self.needles.push(json.trim_matches('"').to_owned());
                self.needles.push(shell_words::quote(&form).trim_matches('\'').to_owned());
                self.needles.push(form.replace('%', "%%"));
                self.needles.push(form.replace('\'', "''"));
                self.needles.push(percent(&form));
                self.needles.push(base64ct::Base64::encode_string(form.as_bytes()));
                self.needles.push(form);
            }
        }
        self.needles.retain(|needle| needle.len() >= SHORTEST);
        for list in [&mut self.needles, &mut self.words] {
            list.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            list.dedup();
        }
    }

    pub fn is_empty(&self) -> bool {
        self.needles.is_empty() && self.words.is_empty()
    }

    /// Whether a secret stands in a text.
    pub fn finds(&self, text: &str) -> bool {
        self.needles.iter().any(|needle| text.contains(needle.as_str()))
            || self.words.iter().any(|word| alone(text, word).next().is_some())
    }

    /// The text with every secret replaced by [`MASKED`].
    pub fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        self.hide_in(&mut text);
        text
    }

    /// As [`Self::hide`], in place; a text without secrets is not copied.
    pub fn hide_in(&self, text: &mut String) {
        self.hide_in_name(text);
        for word in &self.words {
            let found: Vec<usize> = alone(text, word).collect();
            for at in found.into_iter().rev() {
                text.replace_range(at..at + word.len(), MASKED);
            }
        }
    }

    /// In an ID or a name, which has to be found again in the project's files: words are left.
    pub fn hide_in_name(&self, text: &mut String) {
        for needle in &self.needles {
            if text.contains(needle.as_str()) {
                *text = text.replace(needle.as_str(), MASKED);
            }
        }
    }
}

/// Where a word stands in a text with no part of another one before or behind it.
fn alone<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = text.get(..*at).unwrap_or_default().chars().next_back();
        let mut behind = text.get(at + word.len()..).unwrap_or_default().chars();
        let next = behind.next();
        let goes_on = next == Some('.') && behind.next().is_some_and(char::is_alphanumeric);
        !before.is_some_and(part) && !next.is_some_and(part) && !goes_on
    })
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

    #[test]
    fn a_word_is_hidden_where_it_stands_alone() {
        let mask = Mask::new(["postgres", "5432", "strong-and-long"]);
        for (text, shown) in [
            ("postgresql-15 of postgres.service", "postgresql-15 of postgres.service"),
            ("password postgres.", "password ********."),
            ("amqp://a:postgres@b:5432/", "amqp://a:********@b:********/"),
            ("x_postgres postgres-x 15432", "x_postgres postgres-x 15432"),
            ("xstrong-and-longx", "x********x"),
        ] {
            assert_eq!(mask.hide(text), shown);
            assert_eq!(mask.finds(text), text != shown, "{text}");
        }
        let mut name = "user postgres strong-and-long".to_owned();
        mask.hide_in_name(&mut name);
        assert_eq!(name, "user postgres ********");
        for (secret, weak) in [
            ("", true),
            ("ab", true),
            ("abc", true),
            ("Banana", true),
            ("123456", true),
            ("hunter2", false),
            ("correct horse", false),
        ] {
            assert_eq!(is_weak(secret), weak, "{secret}");
        }
    }
}
