//! The project's files and data as a case gives them.

use std::collections::BTreeMap;
use std::sync::Arc;

use provision::fault::{Fault, Result};
use provision::states::{Library, LibraryFile, RenderRequest};
use provision::yaml::Node;
use serde_json::Value;

use crate::given;

#[derive(Default)]
pub struct CaseLibrary {
    files: BTreeMap<String, (Vec<u8>, LibraryFile)>,
    pub pillar: Value,
    pub grains: Value,
}

impl CaseLibrary {
    /// `path: content`, or a map with `content`, `mode`, `link`.
    pub fn put(&mut self, path: &str, node: &Node) -> Result<(), String> {
        given::only(node, &["content", "mode", "link"])?;
        let content = node.text().or_else(|| node.get("content").and_then(Node::text)).unwrap_or_default();
        let file = LibraryFile {
            path: path.to_owned(),
            mode: given::mode(node)?.unwrap_or(0o644),
            link: node.get("link").map(given::text),
        };
        self.files.insert(path.to_owned(), (content.into(), file));
        Ok(())
    }
}

fn bare(url: &str) -> &str {
    url.strip_prefix("salt://").unwrap_or(url).trim_matches('/')
}

fn find(value: &Value, key: &str) -> Option<Value> {
    key.split(':').try_fold(value, |value, part| value.get(part)).cloned()
}

fn environment(undefined: minijinja::UndefinedBehavior) -> Result<minijinja::Environment<'static>> {
    let mut environment = minijinja::Environment::new();
    environment.set_undefined_behavior(undefined);
    let syntax = minijinja::syntax::SyntaxConfig::builder().keep_trailing_newline(true).build();
    environment.set_syntax(syntax.map_err(|error| Fault::new(error.to_string()))?);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    Ok(environment)
}

/// Renders an example without a pillar: whatever it takes from there is empty.
pub fn render_example(text: &str) -> Result<String> {
    environment(minijinja::UndefinedBehavior::Chainable)?
        .render_str(text, ())
        .map_err(|error| Fault::new(error.to_string()))
}

impl Library for CaseLibrary {
    fn read(&self, url: &str) -> Result<Option<Arc<[u8]>>> {
        Ok(self.files.get(bare(url)).map(|(content, _)| content.as_slice().into()))
    }

    fn files(&self, url: &str) -> Result<Option<Vec<LibraryFile>>> {
        let folder = format!("{}/", bare(url));
        let files: Vec<LibraryFile> = self
            .files
            .iter()
            .filter_map(|(path, (_, file))| {
                Some(LibraryFile { path: path.strip_prefix(&folder)?.to_owned(), ..file.clone() })
            })
            .collect();
        Ok(Some(files).filter(|files| !files.is_empty()))
    }

    fn render(&self, request: &RenderRequest<'_>) -> Result<String> {
        let environment = environment(minijinja::UndefinedBehavior::Strict)?;
        let mut variables = request.variables.clone();
        for (key, value) in [
            ("pillar", self.pillar.clone()),
            ("grains", self.grains.clone()),
            ("source", request.source.into()),
            ("sls", request.sls.into()),
        ] {
            variables.entry(key).or_insert(value);
        }
        environment
            .render_named_str(request.name, request.text, minijinja::value::Serde(variables))
            .map_err(|error| Fault::new(error.to_string()))
    }

    fn pillar(&self, key: &str) -> Option<Value> {
        find(&self.pillar, key)
    }

    fn grain(&self, key: &str) -> Option<Value> {
        find(&self.grains, key)
    }

    fn ask(
        &self,
        name: &str,
        named: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<serde_json::Value> {
        match (name, named.get("args").and_then(|args| args.get(0))) {
            ("test.echo", Some(text)) => Ok(text.clone()),
            _ => Err(Fault::new("there are no functions here but `test.echo`")),
        }
    }
}
