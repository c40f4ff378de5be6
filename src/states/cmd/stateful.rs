//! `stateful`: a command that says itself whether it changed anything.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, Visitor};
use serde_json::Value;

use crate::fault::{Fault, Result};
use crate::host::Output;
use crate::states::Verdict;

/// `true`, or Salt's `- test_name: COMMAND`, whose command is never needed: a dry run runs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stateful(pub bool);

impl<'de> Deserialize<'de> for Stateful {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Stateful;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or `test_name` with a command")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Stateful, E> {
                Ok(Stateful(value))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Stateful, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Stateful(true))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Stateful, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Stateful(true))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

impl Stateful {
    /// Reads what the command wrote: nothing (no change), a JSON object, or `changed=yes comment='…'` in
    /// its last line.
    pub fn judge(self, outputs: &[Output]) -> Result<Verdict> {
        let Some(output) = outputs.last().filter(|_| self.0) else { return Ok(Verdict::Changed) };
        let text = output.text();
        let text = text.trim();
        if text.is_empty() {
            return Ok(Verdict::Unchanged(output.errors().trim().to_owned()));
        }
        let (changed, comment) = match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(object)) => {
                let of = |key: &str| object.get(key).map(plain);
                (of("changed"), of("comment"))
            }
            Ok(Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Bool(_) | Value::Null) => {
                return Err(unreadable(text));
            }
            Err(_) => {
                let pairs = pairs(text.lines().next_back().unwrap_or_default());
                let pairs = pairs.ok_or_else(|| unreadable(text))?;
                let of =
                    |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
                (of("changed"), of("comment"))
            }
        };
        match changed.as_deref().unwrap_or("no").to_lowercase().as_str() {
            "yes" | "true" | "1" => Ok(Verdict::Changed),
            "no" | "false" | "0" => Ok(Verdict::Unchanged(comment.unwrap_or_default())),
            _ => Err(unreadable(text)),
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn pairs(line: &str) -> Option<Vec<(String, String)>> {
    let words = shell_words::split(line).ok()?;
    words
        .iter()
        .map(|word| word.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect()
}

fn unreadable(text: &str) -> Fault {
    Fault::new("the command is `stateful`, but does not say whether it changed anything")
        .output(text)
        .help("let it end with a line such as `changed=yes comment='why'`, or write a JSON object")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_say_whether_they_changed_anything() {
        let unchanged = |comment: &str| Some(Verdict::Unchanged(comment.to_owned()));
        let table = [
            ("", unchanged("on stderr")),
            ("changed=yes comment='it is new' more=1\n", Some(Verdict::Changed)),
            ("working\n\nchanged=no comment='as it was'\n", unchanged("as it was")),
            ("comment=nothing", unchanged("nothing")),
            ("{\"changed\": true, \"comment\": \"x\"}", Some(Verdict::Changed)),
            ("{\n\"changed\": false, \"comment\": \"x\"}\n", unchanged("x")),
            ("{\"changed\": \"No\"}", unchanged("")),
            ("all done", None),
            ("changed=perhaps", None),
            ("[1, 2]", None),
        ];
        for (stdout, expected) in table {
            let output =
                Output { stdout: stdout.into(), stderr: b"on stderr\n".to_vec(), ..Output::default() };
            assert_eq!(Stateful(true).judge(&[output]).ok(), expected, "{stdout}");
        }
    }

    #[test]
    fn without_stateful_a_command_has_changed_something() {
        assert_eq!(Stateful(false).judge(&[Output::default()]), Ok(Verdict::Changed));
    }
}
