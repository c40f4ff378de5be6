//! `file.prepend`: lines at the start of a file, unless they are in it. Must not change other lines.

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

/// The file has this text; what is missing is put before the rest.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepend {
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
    /// The text must be the very first lines, wherever else it is.
    #[serde(default)]
    header: bool,
    #[serde(default = "super::yes")]
    show_changes: bool,
}

impl Prepend {
    /// The lines that are missing at the start of a text.
    fn missing<'a>(&self, chunks: &'a [String], text: &str) -> Result<Vec<&'a str>> {
        let mut missing = Vec::new();
        for chunk in chunks {
            if self.header || !has_words(text, chunk)? {
                missing.extend(bare_lines(chunk));
            }
        }
        if self.header && bare_lines(text).starts_with(&missing) {
            missing.clear();
        }
        Ok(missing)
    }
}

impl State for Prepend {
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
        let lines = |missing: Vec<&str>| missing.iter().map(|line| format!("{line}\n")).collect::<String>();
        match Found::read(context, &self.name)? {
            Found::Text(file) => {
                let mut new = lines(self.missing(&chunks, &file.text)?);
                new.push_str(&file.text);
                file.become_text(&new, &Suffix::NONE, self.show_changes)
            }
            Found::Later(plan) => Ok(plan),
            Found::Missing => {
                let all = chunks.iter().flat_map(|chunk| bare_lines(chunk)).collect();
                created(context, &self.name, self.makedirs, lines(all), self.show_changes)
            }
        }
    }

    fn wants(&self) -> Vec<Key> {
        self.name.edited()
    }
}

impl Function for Prepend {
    const NAME: &'static str = "file.prepend";
    const ABOUT: &'static str = "the file has these lines; those that it has not are put at its start";
    const EXAMPLE: &'static str = "\
/etc/hosts:
  file.prepend:
    - header: True
    - text:
      - '# This file is managed.'
";
}
