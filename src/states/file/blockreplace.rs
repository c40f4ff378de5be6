//! `file.blockreplace`: the text between two markers. Must not change anything outside them.

use super::content::{Template, Variables};
use super::insertion::Templates;
use super::path::AbsolutePath;
use super::pattern::{Flags, Pattern};
use super::source::Source;
use super::text::{Found, Suffix, lines};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// Between two markers there is this text.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockReplace {
    name: AbsolutePath,
    #[serde(default = "start")]
    marker_start: String,
    #[serde(default = "end")]
    marker_end: String,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    source: Option<Source>,
    #[serde(default)]
    source_hash: Option<String>,
    #[serde(default)]
    template: Template,
    #[serde(default)]
    sources: OneOrMany<Source>,
    #[serde(default)]
    source_hashes: OneOrMany<String>,
    #[serde(default)]
    defaults: Option<Variables>,
    #[serde(default)]
    context: Option<Variables>,
    #[serde(default)]
    append_if_not_found: bool,
    #[serde(default)]
    prepend_if_not_found: bool,
    #[serde(default)]
    insert_before_match: Option<String>,
    #[serde(default)]
    insert_after_match: Option<String>,
    #[serde(default)]
    backup: Suffix,
    #[serde(default = "super::yes")]
    show_changes: bool,
    #[serde(default)]
    append_newline: Option<bool>,
}

fn start() -> String {
    "#-- start managed zone --".to_owned()
}

fn end() -> String {
    "#-- end managed zone --".to_owned()
}

impl BlockReplace {
    fn agree(&self) -> Result<()> {
        let ways = [
            self.append_if_not_found,
            self.prepend_if_not_found,
            self.insert_before_match.is_some(),
            self.insert_after_match.is_some(),
        ];
        if ways.iter().filter(|way| **way).count() > 1 {
            return Err(Fault::new(
                "only one of `append_if_not_found`, `prepend_if_not_found`, `insert_before_match` and \
                 `insert_after_match` can be given",
            ));
        }
        for (marker, name) in [(&self.marker_start, "marker_start"), (&self.marker_end, "marker_end")] {
            if marker.is_empty() {
                return Err(Fault::new(format!("{name}: it must not be empty")));
            }
        }
        Ok(())
    }

    /// The lines between the markers, with the last one.
    fn body(&self, content: &str, ending: &str, end_line: &str) -> String {
        let append_newline = self.append_newline.unwrap_or(!content.ends_with('\n'));
        let end_line = format!("{}{ending}", end_line.trim_end_matches(['\r', '\n']));
        let content = content.replace("\r\n", "\n");
        let mut body = String::new();
        let mut parts = content.split('\n').peekable();
        while let Some(line) = parts.next() {
            body.push_str(line);
            if parts.peek().is_some() || append_newline {
                body.push_str(ending);
            }
        }
        body.push_str(&end_line);
        body
    }

    fn replaced(&self, text: &str, content: &str) -> Result<String> {
        let ending = match lines(text).first() {
            Some(line) if line.ends_with("\r\n") => "\r\n",
            _ => "\n",
        };
        let mut new: Vec<String> = Vec::new();
        let mut inside = false;
        let mut found = false;
        for line in lines(text) {
            if line.contains(&self.marker_start) {
                inside = true;
            } else if inside {
                if let Some(at) = line.find(&self.marker_end) {
                    inside = false;
                    found = true;
                    new.push(self.body(content, ending, line.get(at..).unwrap_or_default()));
                }
                continue;
            }
            new.push(line.to_owned());
        }
        if inside {
            return Err(Fault::new(format!(
                "`{}` has the marker `{}` but not `{}` after it",
                self.name, self.marker_start, self.marker_end
            ))
            .help("put the end marker where the block ends, or remove the start marker"));
        }
        if !found {
            let block =
                format!("{}{ending}{}", self.marker_start, self.body(content, ending, &self.marker_end));
            self.put_in(&mut new, ending, block)?;
        }
        Ok(new.concat())
    }

    /// Puts the whole block where there is none yet.
    fn put_in(&self, new: &mut Vec<String>, ending: &str, block: String) -> Result<()> {
        let absent = || {
            Fault::new(format!(
                "`{}` has not the markers `{}` and `{}`",
                self.name, self.marker_start, self.marker_end
            ))
        };
        if self.prepend_if_not_found {
            new.insert(0, block);
            return Ok(());
        }
        if self.append_if_not_found {
            if let Some(last) = new.last_mut().filter(|last| !last.ends_with('\n')) {
                last.push_str(ending);
            }
            new.push(block);
            return Ok(());
        }
        let (pattern, after) = match (&self.insert_before_match, &self.insert_after_match) {
            (Some(pattern), _) => (pattern, false),
            (None, Some(pattern)) => (pattern, true),
            (None, None) => return Err(absent().help("write `append_if_not_found: True` to add the block")),
        };
        let pattern_text = pattern;
        let pattern = Pattern::new(pattern, Flags::default())?;
        for at in 0..new.len() {
            let Some(line) = new.get_mut(at) else { break };
            if pattern.is_in(line)? {
                if after && !line.ends_with('\n') {
                    line.push_str(ending);
                }
                new.insert(at + usize::from(after), block);
                return Ok(());
            }
        }
        Err(absent().help(format!("no line matches `{pattern_text}` either")))
    }
}

impl State for BlockReplace {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        self.agree()?;
        let file = match Found::read(context, &self.name)?.needed(&self.name)? {
            Ok(file) => file,
            Err(later) => return Ok(later),
        };
        let templates = Templates {
            source: self.source.as_ref(),
            source_hash: self.source_hash.as_deref(),
            sources: &self.sources.0,
            source_hashes: &self.source_hashes.0,
            template: self.template,
            defaults: self.defaults.as_ref(),
            context: self.context.as_ref(),
        };
        let mut content = self.content.clone().unwrap_or_default();
        for text in templates.texts(context, &self.name)?.unwrap_or_default() {
            content.push_str(&text);
        }
        file.become_text(&self.replaced(&file.text, &content)?, &self.backup, self.show_changes)
    }

    fn wants(&self) -> Vec<Key> {
        self.name.edited()
    }
}

impl Function for BlockReplace {
    const NAME: &'static str = "file.blockreplace";
    const ABOUT: &'static str = "between two markers in a file there is this text, and only this";
    const EXAMPLE: &'static str = "\
/etc/hosts:
  file.blockreplace:
    - marker_start: '# start of managed hosts'
    - marker_end: '# end of managed hosts'
    - content: |
        10.0.0.2 db
        10.0.0.3 cache
    - append_if_not_found: True
    - backup: False
";
}
