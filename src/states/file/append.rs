//! `file.append`: lines at the end of a file, unless they are in it. Must not change other lines.

use super::content::{Template, Variables, Written};
use super::insertion::{Templates, chunks, has_words};
use super::path::AbsolutePath;
use super::source::Source;
use super::text::{Found, Suffix, bare_lines, created};
use crate::facts::Key;
use crate::fault::Result;
use crate::plan::Plan;
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// The file has this text; what is missing is appended.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Append {
    name: AbsolutePath,
    #[serde(default)]
    text: Option<OneOrMany<Written>>,
    #[serde(default)]
    makedirs: bool,
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
    #[serde(default = "super::yes")]
    ignore_whitespace: bool,
    #[serde(default = "super::yes")]
    show_changes: bool,
}

impl State for Append {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let templates = Templates {
            source: self.source.as_ref(),
            source_hash: self.source_hash.as_deref(),
            sources: &self.sources.0,
            source_hashes: &self.source_hashes.0,
            template: self.template,
            defaults: self.defaults.as_ref(),
            context: self.context.as_ref(),
        };
        let text = self.text.as_ref().map(|text| text.0.as_slice());
        let chunks = chunks(context, &self.name, text, &templates)?;
        let file = match Found::read(context, &self.name)? {
            Found::Text(file) => Some(file),
            Found::Later(plan) => return Ok(plan),
            Found::Missing => None,
        };
        let mut new = file.as_ref().map(|file| file.text.clone()).unwrap_or_default();
        for chunk in &chunks {
            if let Some(file) = &file {
                let there = if self.ignore_whitespace {
                    has_words(&file.text, chunk)?
                } else {
                    file.text.contains(chunk.as_str())
                };
                if there {
                    continue;
                }
            }
            for line in bare_lines(chunk) {
                if !new.is_empty() && !new.ends_with('\n') {
                    new.push('\n');
                }
                new.push_str(line);
                new.push('\n');
            }
        }
        match file {
            Some(file) => file.become_text(&new, &Suffix::NONE, self.show_changes),
            None => created(context, &self.name, self.makedirs, new, self.show_changes),
        }
    }

    fn wants(&self) -> Vec<Key> {
        self.name.edited()
    }
}

impl Function for Append {
    const NAME: &'static str = "file.append";
    const ABOUT: &'static str = "the file has these lines; those that it has not are appended";
    const EXAMPLE: &'static str = "\
/etc/motd:
  file.append:
    - text: |
        This host is managed.
        Changes made by hand do not last.
";
}
