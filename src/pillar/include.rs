//! One pillar file with the files that it includes. Must not know which files a host gets.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, nearest};
use crate::functions::Surroundings;
use crate::merge::{Strategy, merge};
use crate::project;
use crate::sls::{Files, Variables};
use crate::source::Place;
use crate::template::{Data, Key};
use crate::yaml::Node;

/// So many files within one another are a circle that nobody meant.
const DEEPEST: usize = 50;

pub struct Reader<'a> {
    files: &'a Files,
    pub surroundings: &'a Surroundings,
    /// What every file sees besides the pillar.
    base: Variables,
    pub problems: Vec<Diagnostic>,
    pub visited: Vec<String>,
    /// What stands in files that hold secrets.
    pub secrets: Vec<String>,
    /// What each file was found to say; `None` while it is being read.
    known: BTreeMap<String, Option<Map<String, Value>>>,
    depth: usize,
}

/// A file that a file asks for.
struct Include<'a> {
    sls: String,
    place: &'a Place,
    /// The key under which its content goes.
    key: Option<String>,
    defaults: Variables,
}

impl<'a> Reader<'a> {
    pub fn new(files: &'a Files, surroundings: &'a Surroundings) -> Self {
        Self {
            files,
            surroundings,
            base: super::context(surroundings),
            problems: Vec::new(),
            visited: Vec::new(),
            secrets: Vec::new(),
            known: BTreeMap::new(),
            depth: 0,
        }
    }

    /// What a file sees when so much of the pillar is known.
    pub fn context(&self, pillar: &Map<String, Value>) -> Variables {
        let mut context = self.base.clone();
        context.push(("pillar".into(), Data::from_serialize(pillar)));
        context
    }

    /// What a file and those that it includes say. `pillar` is what is known already.
    pub fn file(
        &mut self,
        sls: &str,
        by: Option<&Place>,
        optional: bool,
        pillar: &Map<String, Value>,
    ) -> Option<Map<String, Value>> {
        self.read(sls, by, optional, pillar, &[])
    }

    fn read(
        &mut self,
        sls: &str,
        by: Option<&Place>,
        optional: bool,
        pillar: &Map<String, Value>,
        defaults: &[(Key, Data)],
    ) -> Option<Map<String, Value>> {
        if let Some(known) = self.known.get(sls) {
            return known.clone();
        }
        let Some(path) = self.files.path(sls) else {
            if !optional {
                self.missing(sls, by);
            }
            return None;
        };
        self.known.insert(sls.to_owned(), None);
        self.visited.push(path.clone());
        let mut context = self.context(pillar);
        context.extend(defaults.iter().cloned());
        let node = if project::is_secret(&path) {
            self.files.values(&path, sls, &context)
        } else {
            self.files.node(&path, sls, &context)
        };
        let node = match node {
            Ok(node) => node.filter(|node| !node.is_null())?,
            Err(problems) => {
                self.problems.extend(problems);
                return None;
            }
        };
        let found = self.content(&path, sls, &node, pillar)?;
        if project::is_secret(&path) {
            let secrets = &mut self.secrets;
            super::leaves(&Value::Object(found.clone()), &mut |leaf| {
                secrets.extend(leaf.as_str().map(str::to_owned));
            });
        }
        self.known.insert(sls.to_owned(), Some(found.clone()));
        Some(found)
    }

    /// The included files' content, and the file's own laid over it.
    fn content(
        &mut self,
        path: &str,
        sls: &str,
        node: &Node,
        pillar: &Map<String, Value>,
    ) -> Option<Map<String, Value>> {
        let Value::Object(mut own) = node.to_json() else {
            let problem = format!("a pillar file must be a map of keys, not {}", node.described());
            self.problems.push(Diagnostic::error(problem).at(&node.place));
            return None;
        };
        own.shift_remove("include");
        let mut all = Map::new();
        if let Some(includes) = node.get("include") {
            self.depth += 1;
            for include in self.includes(path, sls, includes) {
                let Some(mut found) =
                    self.read(&include.sls, Some(include.place), false, pillar, &include.defaults)
                else {
                    continue;
                };
                for key in include.key.iter().flat_map(|key| key.split(':').rev()) {
                    found = Map::from_iter([(key.to_owned(), Value::Object(found))]);
                }
                merge(&mut all, found, Strategy::Recurse, false);
            }
            self.depth -= 1;
        }
        merge(&mut all, own, Strategy::Recurse, false);
        Some(all)
    }

    fn includes<'n>(&mut self, path: &str, sls: &str, node: &'n Node) -> Vec<Include<'n>> {
        let Some(items) = node.list().filter(|_| self.depth <= DEEPEST) else {
            let problem = match node.list() {
                Some(_) => "files include one another too deep".to_owned(),
                None => format!("`include` must be a list, not {}", node.described()),
            };
            self.problems.push(Diagnostic::error(problem).at(&node.place));
            return Vec::new();
        };
        let init = path.ends_with("/init.sls");
        let mut found = Vec::new();
        for item in items {
            let (name, options) = match item.map() {
                Some([(name, options)]) => (name, Some(options)),
                _ => (item, None),
            };
            let Some(text) = name.text().filter(|text| !text.is_empty()) else {
                let problem = format!("`include` takes names of pillar files, not {}", item.described());
                self.problems.push(Diagnostic::error(problem).at(&item.place));
                continue;
            };
            let key = options.and_then(|options| options.get("key")?.text().map(str::to_owned));
            let defaults = options.and_then(|options| options.get("defaults")?.map()).unwrap_or_default();
            let defaults: Variables = defaults
                .iter()
                .filter_map(|(name, value)| Some((name.text()?.into(), value.into())))
                .collect();
            for sls in self.expand(&absolute(text, sls, init)) {
                let (key, defaults) = (key.clone(), defaults.clone());
                found.push(Include { sls, place: &name.place, key, defaults });
            }
        }
        found
    }

    /// The files that a pattern means; a name that is none means itself.
    fn expand(&self, name: &str) -> Vec<String> {
        let name = name.replace('/', ".");
        if !crate::glob::is_pattern(&name) {
            return vec![name];
        }
        let fitting = self.files.available().iter().filter(|sls| crate::glob::fits(&name, sls));
        let found: Vec<String> = fitting.cloned().collect();
        if found.is_empty() { vec![name] } else { found }
    }

    fn missing(&mut self, sls: &str, by: Option<&Place>) {
        let path = format!("{}.sls", sls.replace('.', "/"));
        let problem = Diagnostic::error(format!("there is no pillar file `{sls}`"));
        let problem = match by {
            Some(place) => problem.at(place),
            None => problem,
        };
        let known = self.files.available().iter().map(String::as_str);
        self.problems.push(match nearest(sls, known) {
            _ if project::is_secret(&path) => {
                let shown = self.files.shown(&path);
                problem.help(format!("cp secrets.example {shown} && chmod 600 {shown}, then fill it in"))
            }
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("it would be `{}`", self.files.shown(&path))),
        });
    }
}

/// The full name of an include; one dot is the folder of the file that it stands in.
fn absolute(name: &str, sls: &str, init: bool) -> String {
    let relative = name.trim_start_matches('.');
    let levels = name.len() - relative.len();
    if levels == 0 {
        return name.to_owned();
    }
    let mut parts: Vec<&str> = sls.split('.').collect();
    if init {
        parts.push("init");
    }
    parts.truncate(parts.len().saturating_sub(levels));
    parts.push(relative);
    parts.join(".")
}
