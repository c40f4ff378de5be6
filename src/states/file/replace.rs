//! `file.replace`: what matches a pattern becomes something else. Must not write it, only say so.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use super::content::Written;
use super::path::AbsolutePath;
use super::pattern::{Flags, Pattern, Replacement, escape};
use super::text::{Found, Suffix};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// What matches the pattern in this file is replaced.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    name: AbsolutePath,
    pattern: String,
    repl: Written,
    /// At most so many; 0: all.
    #[serde(default)]
    count: usize,
    #[serde(default)]
    flags: GivenFlags,
    /// The file is always read whole.
    #[serde(default, rename = "bufsize")]
    _bufsize: Option<String>,
    #[serde(default)]
    append_if_not_found: bool,
    #[serde(default)]
    prepend_if_not_found: bool,
    #[serde(default)]
    not_found_content: Option<Written>,
    #[serde(default)]
    backup: Suffix,
    #[serde(default = "super::yes")]
    show_changes: bool,
    #[serde(default)]
    ignore_if_missing: bool,
    #[serde(default)]
    backslash_literal: bool,
    /// What is no UTF-8 is kept byte for byte anyway.
    #[serde(default, rename = "encoding")]
    _encoding: Option<String>,
}

/// Python's flags: a number, a name or a list of names.
#[derive(Clone, Copy, Debug)]
struct GivenFlags(Flags);

impl Default for GivenFlags {
    fn default() -> Self {
        Self(Flags::LINES)
    }
}

impl<'de> Deserialize<'de> for GivenFlags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = GivenFlags;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("flags such as `MULTILINE`, or their number in Python")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> std::result::Result<GivenFlags, E> {
                u32::try_from(number)
                    .map(|number| GivenFlags(Flags::from_number(number)))
                    .map_err(|_| E::custom(format!("`{number}` stands for no flags")))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> std::result::Result<GivenFlags, E> {
                let mut flags = Flags::default();
                named(&mut flags, name)?;
                Ok(GivenFlags(flags))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<GivenFlags, A::Error> {
                let mut flags = Flags::default();
                while let Some(name) = items.next_element::<String>()? {
                    named(&mut flags, &name)?;
                }
                Ok(GivenFlags(flags))
            }
        }

        fn named<E: de::Error>(flags: &mut Flags, name: &str) -> std::result::Result<(), E> {
            if flags.add(name) {
                return Ok(());
            }
            Err(E::custom(format!("there is no flag `{name}`: use IGNORECASE, MULTILINE, DOTALL or VERBOSE")))
        }

        deserializer.deserialize_any(Reader)
    }
}

impl Replace {
    fn replaced(&self, text: &str) -> Result<String> {
        let flags = self.flags.0;
        let pattern = Pattern::new(&self.pattern, flags)?;
        let replacement = if self.backslash_literal {
            Replacement::literal(&self.repl.0)
        } else {
            Replacement::template(&self.repl.0)?
        };
        pattern.fits(&replacement)?;
        if let Some(new) = pattern.replace(text, &replacement, self.count)? {
            return Ok(new);
        }
        if !self.append_if_not_found && !self.prepend_if_not_found {
            return Ok(text.to_owned());
        }
        let given = self.not_found_content.as_ref().filter(|content| !content.0.is_empty());
        let content = &given.unwrap_or(&self.repl).0;
        if Pattern::new(&format!(r"^{}($|(?=\r\n))", escape(content)), flags)?.is_in(text)? {
            return Ok(text.to_owned());
        }
        Ok(if self.prepend_if_not_found {
            format!("{content}\n{text}")
        } else if text.is_empty() || text.ends_with('\n') {
            format!("{text}{content}\n")
        } else {
            format!("{text}\n{content}\n")
        })
    }
}

impl State for Replace {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        if self.append_if_not_found && self.prepend_if_not_found {
            return Err(Fault::new("`append_if_not_found` and `prepend_if_not_found` do not go together"));
        }
        let found = Found::read(context, &self.name)?;
        if self.ignore_if_missing && matches!(found, Found::Missing) {
            return Ok(Plan::nothing(format!("`{}` is not there", self.name)));
        }
        match found.needed(&self.name)? {
            Ok(file) => file.become_text(&self.replaced(&file.text)?, &self.backup, self.show_changes),
            Err(later) => Ok(later),
        }
    }

    fn wants(&self) -> Vec<Key> {
        self.name.edited()
    }

    /// With a count, the next run may go on where this one stopped.
    fn settles(&self) -> bool {
        self.count == 0
    }
}

impl Function for Replace {
    const NAME: &'static str = "file.replace";
    const ABOUT: &'static str = "what matches a pattern in a file is replaced, as Python's re.sub has it";
    const EXAMPLE: &'static str = "\
/etc/default/grub:
  file.replace:
    - pattern: '^GRUB_TIMEOUT=.*'
    - repl: GRUB_TIMEOUT=0
    - append_if_not_found: True
    - backup: False
";
}
