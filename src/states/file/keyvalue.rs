//! `file.keyvalue`: settings of the form `key=value`. Must not change other lines unless asked to (`prune`).

use super::content::Written;
use super::path::AbsolutePath;
use super::text::{Found, Suffix, created, lines};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};
use crate::yaml::Pairs;

/// The keys have these values.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyValue {
    name: AbsolutePath,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    value: Option<Written>,
    #[serde(default)]
    key_values: Option<Pairs<Written>>,
    #[serde(default = "equals")]
    separator: String,
    #[serde(default)]
    append_if_not_found: bool,
    #[serde(default)]
    prepend_if_not_found: bool,
    /// Salt takes it and does nothing with it.
    #[serde(default, rename = "search_only")]
    _search_only: bool,
    #[serde(default = "super::yes")]
    show_changes: bool,
    #[serde(default)]
    ignore_if_missing: bool,
    #[serde(default = "one")]
    count: i64,
    #[serde(default)]
    uncomment: Option<String>,
    #[serde(default)]
    key_ignore_case: bool,
    #[serde(default)]
    value_ignore_case: bool,
    #[serde(default)]
    create_if_missing: bool,
    #[serde(default)]
    prune: bool,
}

fn equals() -> String {
    "=".to_owned()
}

fn one() -> i64 {
    1
}

/// A key with its value, and how many more lines may have it.
struct Pair<'a> {
    key: &'a str,
    value: &'a str,
    left: i64,
}

impl KeyValue {
    fn pairs(&self) -> Result<Vec<Pair<'_>>> {
        let wish = |key, value| Pair { key, value, left: self.count };
        match (&self.key, &self.value, &self.key_values) {
            (Some(key), Some(value), None) => Ok(vec![wish(key.as_str(), value.0.as_str())]),
            (None, None, Some(pairs)) if !pairs.0.is_empty() => {
                Ok(pairs.0.iter().map(|(key, value)| wish(key.as_str(), value.0.as_str())).collect())
            }
            (None, None, _) => Err(Fault::new("there are no keys")
                .help("write `key` and `value`, or several of them as `key_values`")),
            (Some(_), None, None) | (None, Some(_), None) => {
                Err(Fault::new("`key` and `value` belong together"))
            }
            _ => Err(Fault::new("`key_values` does not go together with `key` and `value`")),
        }
    }

    fn folded(&self, key: &str) -> String {
        if self.key_ignore_case { key.to_lowercase() } else { key.to_owned() }
    }

    /// A line without what it is commented out with (or indented with, where nothing is said).
    fn bared<'a>(&self, line: &'a str) -> &'a str {
        match &self.uncomment {
            Some(chars) => line.trim_start_matches(chars.chars().collect::<Vec<_>>().as_slice()),
            None => line.trim_start(),
        }
    }

    /// What becomes of a line; `None`: it goes.
    fn line(&self, line: &str, pairs: &mut [Pair<'_>]) -> Option<String> {
        let bared = self.bared(line);
        let uncommented = bared.len() < line.len();
        let test = self.folded(bared);
        if self.prune && !pairs.iter().any(|wish| test.starts_with(&self.folded(wish.key))) {
            return None;
        }
        let mut result = Some(line.to_owned());
        let Some((key, value)) = bared.split_once(&self.separator) else { return result };
        for wish in pairs {
            if self.folded(key) != self.folded(wish.key) {
                continue;
            }
            let (mut is, mut wanted) = (value.trim().to_owned(), wish.value.trim().to_owned());
            if self.value_ignore_case {
                (is, wanted) = (is.to_lowercase(), wanted.to_lowercase());
            }
            let equal = is == wanted;
            // A comment stays one when there are enough lines with its key.
            let changes = if uncommented { wish.left > 0 } else { !equal || wish.left == 0 };
            if changes {
                result = (wish.left != 0).then(|| format!("{key}{}{}\n", self.separator, wish.value));
            }
            if wish.left > 0 {
                wish.left -= 1;
            }
        }
        result
    }

    fn changed(&self, text: &str, append: bool) -> Result<String> {
        let mut pairs = self.pairs()?;
        let mut new: Vec<String> =
            lines(text).into_iter().filter_map(|line| self.line(line, &mut pairs)).collect();
        let missing = pairs.iter().filter(|wish| wish.left > 0);
        let missing: Vec<String> =
            missing.map(|wish| format!("{}{}{}\n", wish.key, self.separator, wish.value)).collect();
        if append && !missing.is_empty() {
            if let Some(last) = new.last_mut().filter(|last| !last.ends_with('\n')) {
                last.push('\n');
            }
            new.extend(missing);
        } else if self.prepend_if_not_found {
            for line in missing {
                new.insert(0, line);
            }
        }
        Ok(new.concat())
    }
}

impl State for KeyValue {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        if self.separator.is_empty() {
            return Err(Fault::new("separator: it must not be empty"));
        }
        self.pairs()?;
        let found = Found::read(context, &self.name)?;
        if matches!(found, Found::Missing) {
            if self.create_if_missing {
                return created(context, &self.name, false, self.changed("", true)?, self.show_changes);
            }
            if self.ignore_if_missing {
                return Ok(Plan::nothing(format!("`{}` is not there", self.name)));
            }
        }
        match found.needed(&self.name)? {
            Ok(file) => {
                let new = self.changed(&file.text, self.append_if_not_found)?;
                file.become_text(&new, &Suffix::NONE, self.show_changes)
            }
            Err(later) => Ok(later),
        }
    }

    fn wants(&self) -> Vec<Key> {
        self.name.edited()
    }

    /// With a count of several, each run adds one line more until there are so many, as in Salt.
    fn settles(&self) -> bool {
        self.count < 2
    }
}

impl Function for KeyValue {
    const NAME: &'static str = "file.keyvalue";
    const ABOUT: &'static str = "settings of the form `key=value` in a file have these values";
    const EXAMPLE: &'static str = "\
/etc/ssh/sshd_config:
  file.keyvalue:
    - key_values:
        PermitRootLogin: 'no'
        PasswordAuthentication: 'no'
    - separator: ' '
    - uncomment: '# '
    - key_ignore_case: True
    - append_if_not_found: True
";
}
