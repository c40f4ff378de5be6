//! Which paths a state means: shell patterns, or regular expressions after `E@`. Must not look at the host.

use super::pattern::{Flags, Pattern};
use crate::fault::Result;

/// `include_pat` and `exclude_pat`, compiled.
#[derive(Debug, Default)]
pub struct Chosen {
    include: Option<Vec<Pattern>>,
    exclude: Vec<Pattern>,
}

impl Chosen {
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self> {
        let compile =
            |list: &[String]| list.iter().map(|pattern| compile(pattern)).collect::<Result<Vec<_>>>();
        Ok(Self {
            include: if include.is_empty() { None } else { Some(compile(include)?) },
            exclude: compile(exclude)?,
        })
    }

    /// Whether a relative path is meant.
    pub fn has(&self, path: &str) -> Result<bool> {
        let one_of = |patterns: &[Pattern]| -> Result<bool> {
            for pattern in patterns {
                if pattern.is_in(path)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        if let Some(include) = &self.include
            && !one_of(include)?
        {
            return Ok(false);
        }
        Ok(!one_of(&self.exclude)?)
    }
}

fn compile(pattern: &str) -> Result<Pattern> {
    match pattern.strip_prefix("E@") {
        Some(regex) => Pattern::new(regex, Flags::default()),
        None => Pattern::new(&shell(pattern), Flags { dot_all: true, ..Flags::default() }),
    }
}

/// A shell pattern as a regular expression; `*` also matches `/`, as Python's fnmatch has it.
fn shell(pattern: &str) -> String {
    let mut out = String::from(r"\A(?:");
    let mut rest = pattern;
    while let Some(char) = rest.chars().next() {
        let after = rest.get(char.len_utf8()..).unwrap_or_default();
        rest = match char {
            '*' => {
                out.push_str(".*");
                after
            }
            '?' => {
                out.push('.');
                after
            }
            '[' => {
                let start = usize::from(after.starts_with('!'));
                // A `]` that comes first is one of the characters.
                let skip = start + usize::from(after.get(start..).is_some_and(|rest| rest.starts_with(']')));
                match after.get(skip..).and_then(|rest| rest.find(']')).map(|end| end + skip) {
                    Some(end) => {
                        let inside = after.get(start..end).unwrap_or_default().replace('\\', r"\\");
                        let not = if start == 1 { "^" } else { "" };
                        out.push_str(&format!("[{not}{inside}]"));
                        after.get(end + 1..).unwrap_or_default()
                    }
                    None => {
                        out.push_str(r"\[");
                        after
                    }
                }
            }
            char => {
                out.push_str(&super::pattern::escape(&char.to_string()));
                after
            }
        };
    }
    out.push_str(r")\Z");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_patterns_and_regular_expressions_choose() {
        let list = |patterns: &[&str]| patterns.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let chosen = Chosen::new(&list(&["*.conf", "E@^sub/"]), &list(&["sub/secret*"])).unwrap();
        for (path, expected) in [
            ("a.conf", true),
            ("deep/a.conf", true),
            ("a.config", false),
            ("sub/x", true),
            ("sub/secret.txt", false),
        ] {
            assert_eq!(chosen.has(path).unwrap(), expected, "{path}");
        }
        let class = Chosen::new(&list(&["[!.]*[]x]"]), &[]).unwrap();
        assert!(class.has("a]").unwrap() && class.has("ax").unwrap() && !class.has(".ax").unwrap());
        assert!(Chosen::new(&[], &[]).unwrap().has("anything").unwrap());
    }
}
