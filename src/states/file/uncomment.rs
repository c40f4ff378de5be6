//! `file.uncomment`: lines that match a pattern are no comments. Must not write them, only say so.

use super::comment::{hash, parts};
use super::path::AbsolutePath;
use super::pattern::{Flags, Pattern, escape};
use super::text::{Found, Suffix, lines};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// Lines that match the pattern are no comments.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uncomment {
    name: AbsolutePath,
    regex: String,
    #[serde(default = "hash")]
    char: String,
    #[serde(default)]
    backup: Suffix,
}

impl Uncomment {
    fn uncommented(&self, text: &str) -> Result<String> {
        let (_, core, end) = parts(&self.regex);
        let pattern = format!(r"^{}\s*({core}){end}", escape(&self.char));
        let line_matches = Pattern::at_start(&pattern, Flags::default())?;
        let chars: Vec<char> = self.char.chars().collect();
        let mut new = String::new();
        for line in lines(text) {
            new.push_str(if line_matches.is_in(line)? {
                line.trim_start_matches(chars.as_slice())
            } else {
                line
            });
        }
        Ok(new)
    }
}

impl State for Uncomment {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        if self.char.is_empty() {
            return Err(Fault::new("char: it must not be empty"));
        }
        let file = match Found::read(context, &self.name)?.needed(&self.name)? {
            Ok(file) => file,
            Err(later) => return Ok(later),
        };
        let new = self.uncommented(&file.text)?;
        if new != file.text {
            return file.become_text(&new, &self.backup, true);
        }
        let bare = format!(r"^[ \t]*{}", self.regex.trim_start_matches('^'));
        if Pattern::new(&bare, Flags::LINES)?.is_in(&file.text)? {
            return Ok(Plan::nothing("it is no comment"));
        }
        Err(Fault::new(format!("no line of `{}` matches `{}`", self.name, self.regex))
            .help("correct the pattern; it describes the line without the comment sign"))
    }

    fn wants(&self) -> Vec<Key> {
        self.name.edited()
    }
}

impl Function for Uncomment {
    const NAME: &'static str = "file.uncomment";
    const ABOUT: &'static str = "lines that match a pattern are no comments";
    const EXAMPLE: &'static str = "\
/etc/adduser.conf:
  file.uncomment:
    - regex: EXTRA_GROUPS
";
}
