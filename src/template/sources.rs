//! The templates of a run by the names that the engine knows them by. Must not render.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use super::Loader;
use super::rewrite::{self, Rewritten};
use crate::fault::Fault;
use crate::source::Source;

/// A template that the engine knows.
#[derive(Clone)]
pub struct Found {
    pub source: Arc<Source>,
    /// The way back from the engine's text to the source.
    pub back: Arc<Rewritten>,
}

/// Parts a path from the number that tells its texts apart.
const MARK: char = '\u{1}';

pub struct Sources {
    loader: Arc<dyn Loader>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    found: HashMap<String, Found>,
    /// Names by the hash of path and text.
    named: HashMap<u64, String>,
}

impl Sources {
    pub fn new(loader: Arc<dyn Loader>) -> Self {
        Self { loader, known: Mutex::default() }
    }

    pub fn get(&self, name: &str) -> Option<Found> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).found.get(name).cloned()
    }

    /// The name by which the engine finds a text; equal texts at one path have one name.
    pub fn name(&self, source: &Arc<Source>, text: &str, path: &str) -> String {
        let mut hasher = DefaultHasher::new();
        (path, text, &source.name).hash(&mut hasher);
        let hash = hasher.finish();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.named.get(&hash) {
            return name.clone();
        }
        let name = format!("{path}{MARK}{}", known.named.len());
        known.named.insert(hash, name.clone());
        known
            .found
            .insert(name.clone(), Found { source: Arc::clone(source), back: Arc::new(written(text, false)) });
        name
    }

    /// The engine's text of a template: one that was named, or a file of the tree.
    pub fn load(&self, name: &str) -> Result<Option<String>, Fault> {
        // States are checked in several threads, so that the same text may be asked for twice.
        if name.contains(MARK) {
            return Ok(self.get(name).map(|found| found.back.text.clone()));
        }
        let Some(source) = self.loader.load(name)? else { return Ok(None) };
        let mut rewritten = written(&source.text, true);
        let text = std::mem::take(&mut rewritten.text);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.found.insert(name.to_owned(), Found { source, back: Arc::new(rewritten) });
        Ok(Some(text))
    }
}

/// What the engine reads in the place of a text: a text of its own where it nests deeper than it may.
fn written(text: &str, included: bool) -> Rewritten {
    rewrite::rewrite(text, included).unwrap_or_else(|excess| rewrite::refusal(&excess))
}

/// The path that an include means, seen from the template that it stands in.
pub fn join(name: &str, parent: &str) -> String {
    let name = name.strip_prefix("salt://").unwrap_or(name);
    if !name.starts_with("./") && !name.starts_with("../") {
        return name.trim_start_matches('/').to_owned();
    }
    let parent = parent.split(MARK).next().unwrap_or_default();
    let mut parts: Vec<&str> = parent.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                if parts.pop().is_none() {
                    return name.to_owned();
                }
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}
