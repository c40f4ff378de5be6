//! Text files that are changed where they stand: reading, lines, writing back with a diff. Must not know
//! what is to change in them.

use std::path::{Path, PathBuf};

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::desired_file::DesiredFile;
use super::look::{arriving, kind_word};
use super::ownership::DesiredOwner;
use super::parents::Parents;
use crate::fault::{Fault, Result};
use crate::host::follow;
use crate::host::{Action, Kind, Owner, Stat};
use crate::plan::{Change, Plan, diff};
use crate::states::Context;

/// What stands where a diff would, if the user wants none.
const HIDDEN: &str = "<show_changes=False>";

/// What looking for a text file found.
pub enum Found {
    Text(TextFile),
    Missing,
    /// Not there in this dry run, but the real run may have it by then.
    Later(Plan),
}

/// A text file with its content.
#[derive(Debug)]
pub struct TextFile {
    /// Where it really is, symlinks followed.
    pub path: PathBuf,
    pub text: String,
    /// Its bytes are no UTF-8; each is a character.
    latin: bool,
    pub stat: Stat,
}

impl Found {
    pub fn read(context: &Context<'_>, path: &Path) -> Result<Self> {
        let host = context.facts.host();
        let Some((real, stat)) = follow(host, path)? else {
            return Ok(match arriving(context.facts, path) {
                Some(from) => Self::Later(later(&from)),
                None => Self::Missing,
            });
        };
        if stat.kind != Kind::File {
            let kind = kind_word(stat.kind);
            return Err(Fault::new(format!("`{}` is a {kind}, not a file", path.display())));
        }
        let bytes = match (host.read(&real), arriving(context.facts, path)) {
            (Ok(bytes), _) => bytes.unwrap_or_default(),
            // A download of an earlier state: only the real run will know what is in it.
            (Err(_), Some(from)) => return Ok(Self::Later(later(&from))),
            (Err(fault), None) => return Err(fault),
        };
        if bytes.contains(&0) {
            return Err(Fault::new(format!(
                "`{}` is a binary file, its text cannot be changed",
                path.display()
            )));
        }
        Ok(Self::Text(match String::from_utf8(bytes) {
            Ok(text) => TextFile { path: real, text, latin: false, stat },
            Err(error) => {
                let text = error.as_bytes().iter().map(|byte| char::from(*byte)).collect();
                TextFile { path: real, text, latin: true, stat }
            }
        }))
    }

    /// For functions that need the file: the error or the plan where it is not there.
    pub fn needed(self, path: &Path) -> Result<std::result::Result<TextFile, Plan>> {
        match self {
            Self::Text(file) => Ok(Ok(file)),
            Self::Later(plan) => Ok(Err(plan)),
            Self::Missing => Err(Fault::new(format!("`{}` does not exist", path.display()))
                .help("create it before, for example with `file.managed` or by installing its package")),
        }
    }
}

impl TextFile {
    /// The plan that makes this the file's text; empty where it is so already.
    pub fn become_text(&self, text: &str, backup: &Suffix, show: bool) -> Result<Plan> {
        let mut plan = Plan::default();
        if text == self.text {
            return Ok(plan);
        }
        let (old, new) = (self.encode(&self.text)?, self.encode(text)?);
        plan.push(
            Change::new("content").diff(shown(show, &old, &new)),
            Action::WriteFile {
                path: self.path.clone(),
                content: new,
                mode: None,
                owner: Owner::default(),
                validate: None,
                backup: backup.of(&self.path),
                temporary: None,
            },
        );
        Ok(plan)
    }

    fn encode(&self, text: &str) -> Result<Vec<u8>> {
        if !self.latin {
            return Ok(text.as_bytes().to_vec());
        }
        text.chars()
            .map(|char| {
                u8::try_from(char).map_err(|_| {
                    Fault::new(format!(
                        "`{}` is not written in UTF-8 and has no room for `{char}`",
                        self.path.display()
                    ))
                    .help("convert the file to UTF-8")
                })
            })
            .collect()
    }
}

/// The plan of a text file that comes into being.
pub fn created(context: &Context<'_>, path: &Path, makedirs: bool, text: String, show: bool) -> Result<Plan> {
    let wanted = DesiredOwner::default();
    let put = DesiredFile {
        path,
        wanted: &wanted,
        mode: None,
        parents: Some(Parents { make: makedirs, ..Parents::default() }),
        follow: true,
        backup: false,
        show,
        validate: None,
        temporary: None,
        of: "",
    };
    put.content(context, text.into_bytes())
}

/// The plan of a file that only the real run can look into.
pub fn later(from: &str) -> Plan {
    let mut plan = Plan::default();
    plan.push(Change::new("content").to(format!("depends on {from}")), Action::Nothing);
    plan
}

/// A diff, or what stands in its place.
pub fn shown(show: bool, old: &[u8], new: &[u8]) -> String {
    if show { diff(old, new) } else { HIDDEN.to_owned() }
}

/// Lines with their line breaks.
pub fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// A line without its break.
pub fn bare(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

/// Lines without breaks, however they end.
pub fn bare_lines(text: &str) -> Vec<&str> {
    text.split_inclusive(['\n', '\r'])
        .enumerate()
        // Of `\r\n`, the `\n` is not a line of its own.
        .filter(|(index, line)| !(*line == "\n" && *index > 0 && follows_return(text, line)))
        .map(|(_, line)| bare(line))
        .collect()
}

/// Whether this part of a text stands right after a carriage return.
fn follows_return(text: &str, part: &str) -> bool {
    let offset = part.as_ptr() as usize - text.as_ptr() as usize;
    offset > 0 && text.as_bytes().get(offset - 1) == Some(&b'\r')
}

/// The end of a backup's name; `False` for no backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suffix(Option<String>);

impl Suffix {
    pub const NONE: Self = Self(None);

    /// A suffix that tells when the content was written.
    pub fn time(seconds: i64) -> Self {
        let time = jiff::Timestamp::from_second(seconds)
            .map_or_else(|_| seconds.to_string(), |time| time.strftime("%Y-%m-%d-%H-%M-%S").to_string());
        Self(Some(format!(".{time}")))
    }

    fn of(&self, path: &Path) -> Option<PathBuf> {
        let suffix = self.0.as_ref()?;
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        Some(name.into())
    }
}

impl Default for Suffix {
    fn default() -> Self {
        Self(Some(".bak".to_owned()))
    }
}

impl<'de> Deserialize<'de> for Suffix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Suffix;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the end of the backup's name such as `.bak`, or `False`")
            }

            fn visit_unit<E: de::Error>(self) -> std::result::Result<Suffix, E> {
                Ok(Suffix(None))
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> std::result::Result<Suffix, E> {
                Ok(if value { Suffix::default() } else { Suffix(None) })
            }

            fn visit_str<E: de::Error>(self, value: &str) -> std::result::Result<Suffix, E> {
                if value.contains('/') {
                    return Err(E::custom("the end of the backup's name must not contain `/`"));
                }
                Ok(Suffix(Some(value.to_owned()).filter(|value| !value.is_empty())))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_three_ways() {
        assert_eq!(bare_lines("a\nb\r\nc\rd"), ["a", "b", "c", "d"]);
        assert_eq!(bare_lines("a\n\n"), ["a", ""]);
        assert_eq!(bare_lines("\n"), [""]);
        assert!(bare_lines("").is_empty());
    }
}
