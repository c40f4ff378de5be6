//! `file.tidied`: what is old or large in a directory is gone. Must not remove it, only say so.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::look::walk;
use super::path::AbsolutePath;
use super::pattern::{Flags, Pattern};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::follow;
use crate::host::{Action, Kind, Stat};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// Files of the directory that are old or large enough are removed.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tidied {
    name: AbsolutePath,
    /// Days.
    #[serde(default)]
    age: i64,
    /// Bytes, or a number with a unit such as `10M`.
    #[serde(default)]
    size: String,
    #[serde(default)]
    matches: Option<OneOrMany<String>>,
    #[serde(default)]
    exclude: OneOrMany<String>,
    #[serde(default)]
    full_path_match: bool,
    #[serde(default)]
    rmdirs: bool,
    #[serde(default = "super::yes")]
    rmlinks: bool,
    #[serde(default)]
    time_comparison: Time,
    #[serde(default)]
    age_size_logical_operator: Operator,
    #[serde(default)]
    age_size_only: Option<Only>,
}

#[derive(Clone, Copy, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Time {
    #[default]
    Atime,
    Mtime,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
enum Operator {
    #[default]
    #[serde(rename = "OR", alias = "or")]
    Or,
    #[serde(rename = "AND", alias = "and")]
    And,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Only {
    Age,
    Size,
}

/// Days since the epoch.
fn day(seconds: i64) -> i64 {
    seconds.div_euclid(86_400)
}

fn today() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    day(i64::try_from(now).unwrap_or(i64::MAX))
}

/// A number of bytes: `1024`, `10K`, `10 MB`, `1GiB`.
fn bytes(text: &str) -> Result<u64> {
    let text = text.trim();
    let digits = text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    if text.is_empty() {
        return Ok(0);
    }
    let unit = unit.trim().to_ascii_lowercase();
    // As Salt has it: `KB` counts in thousands, `K` and `KiB` in 1024s.
    let (letter, base) = match unit.as_bytes() {
        [] | [b'b'] => (None, 1024.0),
        [letter] | [letter, b'i', b'b'] => (Some(*letter), 1024.0),
        [letter, b'b'] => (Some(*letter), 1000.0),
        _ => (Some(b'?'), 0.0),
    };
    let power = match letter {
        None => Some(0),
        Some(letter) => b"kmgtpe".iter().position(|known| *known == letter).map(|at| at + 1),
    };
    let wrong = || {
        Fault::new(format!("size: `{text}` is no number of bytes"))
            .help("write a number, or one such as `10M`")
    };
    let power = power.and_then(|power| i32::try_from(power).ok()).ok_or_else(wrong)?;
    let number: f64 = number.parse().map_err(|_| wrong())?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float saturates")]
    Ok((number * f64::powi(base, power)) as u64)
}

impl Tidied {
    fn due(&self, stat: &Stat, least: u64, today: i64) -> bool {
        let time = match self.time_comparison {
            Time::Atime => stat.accessed,
            Time::Mtime => stat.modified,
        };
        let old = (today - day(time)).abs() >= self.age;
        let large = (if stat.kind == Kind::File { stat.size } else { 0 }) >= least;
        match (self.age_size_only, self.age_size_logical_operator) {
            (Some(Only::Age), _) => old,
            (Some(Only::Size), _) => large,
            (None, Operator::And) => old && large,
            (None, Operator::Or) => old || large,
        }
    }
}

impl State for Tidied {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let top = match follow(host, &self.name)? {
            Some((path, stat)) if stat.kind == Kind::Directory => path,
            Some(_) => return Err(Fault::new(format!("`{}` is not a directory", self.name))),
            None if super::look::arriving(context.facts, &self.name).is_some() => return Ok(Plan::default()),
            None => return Err(Fault::new(format!("the directory `{}` does not exist", self.name))),
        };
        let all = vec![".*".to_owned()];
        let patterns = |list: &[String]| {
            list.iter().map(|text| Pattern::at_start(text, Flags::default())).collect::<Result<Vec<_>>>()
        };
        let matches = patterns(self.matches.as_ref().map_or(&all, |matches| &matches.0))?;
        let exclude = patterns(&self.exclude.0)?;
        let least = bytes(&self.size)?;
        let today = today();
        let mut plan = Plan::default();
        // What is inside a directory goes before it.
        for below in walk(host, &top, None)?.into_iter().rev() {
            let may_go = match below.stat.kind {
                Kind::Directory => self.rmdirs,
                Kind::Symlink => self.rmlinks,
                Kind::File | Kind::Special => true,
            };
            let path = self.name.join(&below.relative);
            let subject = if self.full_path_match {
                path.to_string_lossy().into_owned()
            } else {
                Path::new(&below.relative)
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default()
            };
            if may_go
                && self.due(&below.stat, least, today)
                && any(&matches, &subject)?
                && !any(&exclude, &subject)?
            {
                plan.push(
                    Change::new(format!("removed {}", below.relative)),
                    Action::Remove { path: below.path },
                );
            }
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        self.name.edited()
    }
}

fn any(patterns: &[Pattern], text: &str) -> Result<bool> {
    for pattern in patterns {
        if pattern.is_in(text)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Function for Tidied {
    const NAME: &'static str = "file.tidied";
    const ABOUT: &'static str = "what is old or large enough in a directory is removed";
    const EXAMPLE: &'static str = "\
/var/log/app:
  file.tidied:
    - age: 30
    - age_size_only: age
    - time_comparison: mtime
    - matches:
      - '.*\\.log\\.gz'
";
    const LATER: &'static [&'static str] = &["followlinks"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, expected) in
            [("", 0), ("10", 10), ("1K", 1024), ("1.5 KiB", 1536), ("2MB", 2_000_000), ("1g", 1 << 30)]
        {
            assert_eq!(bytes(text).unwrap(), expected, "{text}");
        }
        for wrong in ["ten", "1X", "1 kbyte"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
