//! The text that `append`, `prepend` and `blockreplace` put into a file: from arguments or templates, and
//! whether a file has it already. Must not know where it goes.

use std::path::Path;

use super::content::{Template, Variables, Written, texts, variables};
use super::pattern::{Flags, Pattern, escape};
use super::source::Source;
use super::text::bare_lines;
use crate::fault::{Fault, Result};
use crate::states::Context;

/// The arguments that name templates.
#[derive(Debug)]
pub struct Templates<'a> {
    pub source: Option<&'a Source>,
    pub source_hash: Option<&'a str>,
    pub sources: &'a [Source],
    pub source_hashes: &'a [String],
    pub template: Template,
    pub defaults: Option<&'a Variables>,
    pub context: Option<&'a Variables>,
}

impl Templates<'_> {
    /// The rendered texts; `None`: there are no templates.
    pub fn texts(&self, context: &Context<'_>, path: &Path) -> Result<Option<Vec<String>>> {
        let variables = variables(self.defaults, self.context);
        let (sources, hashes) = match (self.source, self.sources) {
            (Some(_), [_, ..]) => {
                return Err(Fault::new("`source` and `sources` do not go together")
                    .help("write all of them as `sources`"));
            }
            (Some(source), []) => {
                (std::slice::from_ref(source), self.source_hash.iter().map(ToString::to_string).collect())
            }
            (None, []) => return Ok(None),
            (None, sources) => (sources, self.source_hashes.to_vec()),
        };
        texts(context, path, sources, &hashes, self.template, &variables).map(Some)
    }
}

/// The texts of `text` or of templates; there must be some.
pub fn chunks(
    context: &Context<'_>,
    path: &Path,
    text: Option<&[Written]>,
    templates: &Templates<'_>,
) -> Result<Vec<String>> {
    if let Some(texts) = templates.texts(context, path)? {
        return Ok(texts);
    }
    match text {
        Some(text) => Ok(text.iter().map(|text| text.0.clone()).collect()),
        None => Err(Fault::new("there is no text").help("write it as `text`, or as a template in `source`")),
    }
}

/// Whether a text has these lines, whatever blanks and line breaks are between their words.
pub fn has_words(text: &str, chunk: &str) -> Result<bool> {
    let mut pattern = String::from("^");
    for line in bare_lines(chunk) {
        let words: Vec<String> = words(line, quoted(chunk)).iter().map(|word| escape(word)).collect();
        pattern.push_str(&format!(r"\s*{}\s*", words.join(r"\s*")));
    }
    pattern.push('$');
    Pattern::new(&pattern, Flags::LINES)?.is_in(text)
}

/// Whether blanks within double quotes are taken as they are: as Salt has it, only where the text has
/// single quotes too.
fn quoted(chunk: &str) -> bool {
    chunk.contains('\'') && !chunk.contains("'\\\"")
}

fn words(line: &str, quotes: bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut inside = false;
    for char in line.chars() {
        if char.is_whitespace() && !inside {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        if char == '"' && quotes {
            inside = !inside;
        }
        word.push(char);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_do_not_matter_when_a_text_is_looked_for() {
        let text = "one\n  if [ -z  \"$x\" ];then\nend\n";
        assert!(has_words(text, "if [ -z \"$x\" ]; then").unwrap());
        assert!(has_words(text, "one\nif [ -z \"$x\" ]; then\nend").unwrap());
        assert!(!has_words(text, "if [ -z").unwrap());
        assert!(has_words("a\n\nb", "").unwrap());
    }
}
