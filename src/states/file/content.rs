//! The content that a file shall have: from a source, from the arguments, the pillar or the grains,
//! rendered and encoded as asked. Must not look at the file itself.

use std::path::Path;

use serde::de::{self, Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::hash::matches;

use super::source::{self, Source, SourceLocation};
use super::text::bare_lines;
use crate::fault::{Fault, Result};
use crate::host::digest::digest;
use crate::host::follow;
use crate::host::{Hash, Kind};
use crate::states::{Context, RenderRequest};

pub type Variables = Map<String, Value>;

/// The template engine; there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Template {
    #[default]
    Jinja,
    None,
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match Option::<String>::deserialize(deserializer)?.as_deref() {
            Some("jinja") => Ok(Self::Jinja),
            None | Some("" | "None" | "none") => Ok(Self::None),
            Some(other) => {
                Err(de::Error::custom(format!("templates of `{other}` are not supported: use `jinja`")))
            }
        }
    }
}

/// Where the content comes from and how it is made.
#[derive(Debug)]
pub struct Origin<'a> {
    pub sources: &'a [Source],
    pub source_hash: Option<&'a str>,
    pub source_hash_name: Option<&'a str>,
    pub skip_verify: bool,
    /// Variables of the template, where it is one.
    pub template: Option<Variables>,
    /// Whether the content itself is needed, so that a download will not do.
    pub whole: bool,
    /// The file it is for.
    pub path: &'a Path,
}

#[derive(Debug)]
pub enum Content {
    Bytes {
        bytes: Vec<u8>,
        /// The source's own mode, where that is known.
        mode: Option<u32>,
    },
    Download {
        url: String,
        hash: Hash,
    },
}

impl Origin<'_> {
    /// The content; `None` where there is no source.
    pub fn get(&self, context: &Context<'_>, with_mode: bool) -> Result<Option<Content>> {
        let Some(found) = source::first(context, self.sources)? else { return Ok(None) };
        let mut mode = None;
        let bytes = match found.location()? {
            SourceLocation::Project(url) => {
                let bytes = source::from_project(context, &url)?;
                if with_mode {
                    mode = mode_in_project(context, &url)?;
                }
                bytes.to_vec()
            }
            SourceLocation::Host(path) => {
                let bytes = source::from_host(context.facts.host(), &path)?;
                mode = follow(context.facts.host(), &path)?
                    .filter(|(_, stat)| stat.kind == Kind::File)
                    .map(|(_, stat)| stat.mode);
                bytes
            }
            SourceLocation::Remote(url) => match self.remote(context, found, &url)? {
                Content::Bytes { bytes, .. } => bytes,
                download => return Ok(Some(download)),
            },
        };
        let bytes = match &self.template {
            Some(variables) => render(context, &found.url, &bytes, variables)?,
            None => bytes,
        };
        Ok(Some(Content::Bytes { bytes, mode }))
    }

    fn remote(&self, context: &Context<'_>, found: &Source, url: &str) -> Result<Content> {
        let written = found.hash.as_deref().or(self.source_hash).filter(|hash| !hash.is_empty());
        let hash = match written {
            Some(written) => Some(source::digest(context, written, self.source_hash_name, self.path, url)?),
            None if self.skip_verify => None,
            None => return Err(source::unverified(url)),
        };
        match hash {
            Some(hash) if self.template.is_none() && !self.whole => {
                Ok(Content::Download { url: url.to_owned(), hash })
            }
            hash => {
                let bytes = source::from_network(context.facts.host(), url)?;
                if let Some(hash) = hash.filter(|hash| !self.skip_verify && !matches(hash, &bytes)) {
                    let found = digest(&hash.kind, bytes.as_slice())?;
                    return Err(Fault::new(format!(
                        "`{}` has the {} {found}, not {} as `source_hash` says",
                        source::bare(url),
                        hash.kind,
                        hash.hex
                    )));
                }
                Ok(Content::Bytes { bytes, mode: None })
            }
        }
    }
}

/// The mode of a file in the project.
fn mode_in_project(context: &Context<'_>, url: &str) -> Result<Option<u32>> {
    let Some((folder, name)) = url.rsplit_once('/') else { return Ok(None) };
    let folder = if folder.ends_with("salt:/") { "salt://" } else { folder };
    let files = context.library.files(folder)?.unwrap_or_default();
    Ok(files.into_iter().find(|file| file.path == name).map(|file| file.mode))
}

/// A template's text with the variables filled in.
pub fn render(context: &Context<'_>, url: &str, bytes: &[u8], variables: &Variables) -> Result<Vec<u8>> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Fault::new(format!("the template `{url}` is not UTF-8")).help("leave out `template`"))?;
    let request = RenderRequest { name: url, text, source: url, sls: context.sls, variables };
    Ok(context.library.render(&request)?.into_bytes())
}

/// `defaults`, overlaid by `context`.
pub fn variables(defaults: Option<&Variables>, context: Option<&Variables>) -> Variables {
    let mut variables = defaults.cloned().unwrap_or_default();
    variables.extend(context.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    variables
}

/// The texts of several templates, in order; for functions that put them into a file.
pub fn texts(
    context: &Context<'_>,
    path: &Path,
    sources: &[Source],
    hashes: &[String],
    template: Template,
    variables: &Variables,
) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for (index, found) in sources.iter().enumerate() {
        let origin = Origin {
            sources: std::slice::from_ref(found),
            source_hash: hashes.get(index).map(String::as_str),
            source_hash_name: None,
            skip_verify: false,
            template: (template == Template::Jinja).then(|| variables.clone()),
            whole: true,
            path,
        };
        if let Some(Content::Bytes { bytes, .. }) = origin.get(context, false)? {
            let text =
                String::from_utf8(bytes).map_err(|_| Fault::new(format!("`{}` is not UTF-8", found.url)))?;
            texts.push(text);
        }
    }
    Ok(texts)
}

/// A text as people write it into a state: a number or a boolean counts as it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Written(pub String);

/// The text of a pillar or grain value; a list is several.
pub fn texts_of(value: &Value) -> Result<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(text_of).collect(),
        value => Ok(vec![text_of(value)?]),
    }
}

fn text_of(value: &Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        // As Python prints it.
        Value::Bool(value) => Ok(if *value { "True" } else { "False" }.to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Ok("None".to_owned()),
        Value::Array(_) | Value::Object(_) => {
            Err(Fault::new("contents: a text or a list of texts is wanted, not a list or map within it")
                .help("use `file.serialize` to write data"))
        }
    }
}

/// Texts joined as lines; each line ends with a line break, the last one only where `newline` says so.
pub fn joined(texts: &[String], newline: bool) -> String {
    let mut joined = String::new();
    for text in texts {
        for line in bare_lines(text) {
            joined.push_str(line);
            joined.push('\n');
        }
    }
    if !newline {
        joined.truncate(joined.trim_end_matches(['\r', '\n']).len());
    }
    joined
}

/// Asks the pillar or the grains for a key with `:`.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<Value>;

/// A value of the pillar or the grains by a key with this delimiter.
pub fn value_at(get: Lookup<'_>, key: &str, delimiter: &str) -> Option<Value> {
    if delimiter == ":" || delimiter.is_empty() {
        return get(key);
    }
    let mut parts = key.split(delimiter);
    let mut value = get(parts.next()?)?;
    for part in parts {
        value = match value {
            Value::Object(mut map) => map.remove(part)?,
            Value::Array(mut list) => {
                let index = part.parse::<usize>().ok().filter(|index| *index < list.len())?;
                list.swap_remove(index)
            }
            _ => return None,
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_whole_lines() {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(joined(&list(&["a"]), true), "a\n");
        assert_eq!(joined(&list(&["a\r\nb", "c\n"]), true), "a\nb\nc\n");
        assert_eq!(joined(&list(&["a\n\n"]), false), "a");
        assert_eq!(joined(&list(&[""]), true), "");
    }
}
