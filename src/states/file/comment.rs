//! `file.comment`: lines that match a pattern are commented out. Must not write them, only say so.

use super::path::AbsolutePath;
use super::pattern::{Flags, Pattern, escape};
use super::text::{Found, Suffix, lines};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// Lines that match the pattern are comments.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    name: AbsolutePath,
    regex: String,
    #[serde(default = "hash")]
    char: String,
    #[serde(default)]
    backup: Suffix,
    #[serde(default)]
    ignore_missing: bool,
}

pub(super) fn hash() -> String {
    "#".to_owned()
}

/// A pattern's beginning (a `^` where it has one), its core and its end (`$`).
pub(super) fn parts(regex: &str) -> (&str, &str, &str) {
    let core = regex.trim_start_matches('^').trim_end_matches('$');
    (if regex.starts_with('^') { "^" } else { "" }, core, if regex.ends_with('$') { "$" } else { "" })
}

impl Comment {
    fn commented(&self, text: &str) -> Result<String> {
        let (start, core, end) = parts(&self.regex);
        let line_matches = Pattern::at_start(&format!("{start}({core}){end}"), Flags::default())?;
        let mut new = String::new();
        for line in lines(text) {
            if line_matches.is_in(line)? {
                new.push_str(&self.char);
            }
            new.push_str(line);
        }
        Ok(new)
    }
}

impl State for Comment {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let file = match Found::read(context, &self.name)?.needed(&self.name)? {
            Ok(file) => file,
            Err(later) => return Ok(later),
        };
        // A regular expression's flags at its start must stay there.
        let (flags, rest) = leading_flags(&self.regex);
        let core = parts(rest).1;
        let char = escape(&self.char);
        let bare =
            Pattern::new(&format!(r"{flags}^(?!\s*{char})\s*{core}"), Flags::LINES)?.is_in(&file.text)?;
        if bare {
            let new = self.commented(&file.text)?;
            if new != file.text {
                return file.become_text(&new, &self.backup, true);
            }
        }
        // Perhaps with blanks between, as editors do it.
        if Pattern::new(&format!(r"{flags}{char}\s*{core}"), Flags::LINES)?.is_in(&file.text)? {
            return Ok(Plan::nothing("it is commented already"));
        }
        if bare {
            return Err(Fault::new(format!(
                "no line starts with `{core}`, though some have it after blanks"
            ))
            .help("write the blanks into the pattern: `^\\s*…`"));
        }
        if self.ignore_missing {
            return Ok(Plan::nothing(format!("no line matches `{core}`")));
        }
        Err(Fault::new(format!("no line of `{}` matches `{core}`", self.name))
            .help("correct the pattern, or write `ignore_missing: True`"))
    }

    fn wants(&self) -> Vec<Key> {
        self.name.edited()
    }
}

/// Flags such as `(?i)` that a pattern starts with, and the rest.
fn leading_flags(regex: &str) -> (&str, &str) {
    if let Some(inside) = regex.strip_prefix("(?")
        && let Some(end) = inside.find(')')
        && inside.bytes().take(end).all(|byte| b"iLmsux".contains(&byte))
        && end > 0
    {
        return regex.split_at(end + 3);
    }
    ("", regex)
}

impl Function for Comment {
    const NAME: &'static str = "file.comment";
    const ABOUT: &'static str = "lines that match a pattern are commented out";
    const EXAMPLE: &'static str = "\
/etc/fstab:
  file.comment:
    - regex: ^/swapfile
";
}
