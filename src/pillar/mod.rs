//! The pillar of one host: which files its top file gives it, rendered one after another and laid over one
//! another. Must not know what states make of it.

mod include;
mod redact;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diagnostic::Problems;
use crate::functions::{Catalog, Surroundings};
use crate::merge::{Strategy, merge};
use crate::sls::{Files, Variables};
use crate::source::{Place, Source};
use crate::target::Subject;
use crate::template::{Data, Key};
use crate::top::Entry;
use crate::tree::Tree;
use crate::yaml::{Node, Shape, from_json};

use self::include::Reader;

/// What to compile.
pub struct Request<'a> {
    pub tree: &'a Tree,
    pub surroundings: &'a Surroundings,
}

/// All that a host may know.
#[derive(Clone, Debug, Default)]
pub struct Pillar {
    pub data: Arc<Map<String, Value>>,
    /// The values that nobody may read: for the mask.
    pub secrets: Vec<String>,
    /// The files that were read, as paths in the pillar's tree.
    pub visited: Vec<String>,
    /// Something in it could not be read: what states miss may be there.
    pub incomplete: bool,
    /// What its files without secrets say, the last of them over the others.
    said: Vec<Node>,
}

impl Pillar {
    /// Whether the project asks that what Salt would let pass is only warned of (`strict: false`).
    pub fn lenient(&self) -> bool {
        self.data.get("strict") == Some(&Value::Bool(false))
    }

    /// Where the pillar says something: the key, or the item of a list by its number. `None`: in a file that holds
    /// secrets, or nowhere.
    pub fn place(&self, path: &[&str]) -> Option<Place> {
        self.said.iter().rev().find_map(|node| place(node, path))
    }
}

impl Pillar {
    /// All of it as one value that knows where each part was said. What is in files that hold secrets has no place.
    pub fn node(&self) -> Node {
        let mut path = Vec::new();
        self.placed(&Value::Object(self.data.as_ref().clone()), &mut path)
    }

    fn placed(&self, value: &Value, path: &mut Vec<String>) -> Node {
        let place = self.said.iter().rev().find_map(|node| value_place(node, path)).unwrap_or_else(nowhere);
        let shape = match value {
            Value::Array(items) => {
                let item = |(at, item): (usize, &Value)| self.within(at.to_string(), item, path);
                Shape::List(items.iter().enumerate().map(item).collect())
            }
            Value::Object(entries) => {
                let places: Vec<Place> = entries
                    .keys()
                    .map(|key| {
                        self.said
                            .iter()
                            .rev()
                            .find_map(|node| key_place(node, path, key))
                            .unwrap_or_else(nowhere)
                    })
                    .collect();
                let entry = |((key, value), place): ((&String, &Value), Place)| {
                    (Node::string(&place, key.as_str()), self.within(key.clone(), value, path))
                };
                Shape::Map(entries.iter().zip(places).map(entry).collect())
            }
            scalar => return from_json(scalar, &place),
        };
        Node { place, shape }
    }

    fn within(&self, key: String, value: &Value, path: &mut Vec<String>) -> Node {
        path.push(key);
        let node = self.placed(value, path);
        path.pop();
        node
    }
}

/// Where nothing stands.
fn nowhere() -> Place {
    Place::start(&Source::new("", ""))
}

/// Where the value of a path stands.
fn value_place(node: &Node, path: &[String]) -> Option<Place> {
    value(node, path).map(|node| node.place.clone())
}

/// Where a key of the map of a path stands.
fn key_place(node: &Node, path: &[String], key: &str) -> Option<Place> {
    value(node, path)?
        .map()?
        .iter()
        .find(|(own, _)| own.text() == Some(key))
        .map(|(own, _)| own.place.clone())
}

fn value<'a>(node: &'a Node, path: &[String]) -> Option<&'a Node> {
    path.iter().try_fold(node, |node, part| match node.list() {
        Some(items) => items.get(part.parse::<usize>().ok()?),
        None => node.get(part),
    })
}

/// Compiles the pillar as far as it can be, with everything that is wrong.
pub fn compile(request: &Request<'_>) -> (Pillar, Problems) {
    let catalog = Catalog::new(request.surroundings.clone(), None);
    let files = Files::new(request.tree.clone(), Arc::clone(&catalog) as Arc<_>);
    let mut reader = Reader::new(&files, request.surroundings);
    let mut data = Map::new();
    for entry in top(&files, &mut reader) {
        let Some(found) = reader.file(&entry.sls, entry_place(&entry), entry.optional, &data) else {
            continue;
        };
        merge(&mut data, found, Strategy::Recurse, false);
        catalog.set_pillar(Arc::new(data.clone()));
    }
    let mut secrets = reader.secrets;
    if let Some(value) = data.get("secrets") {
        leaves(value, &mut |leaf| secrets.extend(crate::pillar::text(leaf)));
    }
    // What everything is called cannot be hidden; `check` tells of such secrets.
    let names = names(&data, &request.surroundings.environment);
    secrets.retain(|secret| !names.contains(secret.as_str()));
    secrets.sort();
    secrets.dedup();
    let mut problems = Problems(reader.problems);
    redact::redact(&mut problems, request.tree, &reader.visited);
    let (visited, incomplete) = (reader.visited, problems.fatal());
    (Pillar { data: Arc::new(data), secrets, visited, incomplete, said: reader.said }, problems)
}

fn place(node: &Node, path: &[&str]) -> Option<Place> {
    let (first, rest) = path.split_first()?;
    let (key, value) = match node.list() {
        Some(items) => items.get(first.parse::<usize>().ok()?).map(|item| (item, item))?,
        None => {
            node.map()?.iter().find(|(key, _)| key.text() == Some(first)).map(|(key, value)| (key, value))?
        }
    };
    if rest.is_empty() { Some(key.place.clone()) } else { place(value, rest) }
}

/// Entries of the top that applies where the project has none have no place.
fn entry_place(entry: &Entry) -> Option<&Place> {
    Some(&entry.place).filter(|place| !place.source.text.is_empty())
}

fn top(files: &Files, reader: &mut Reader<'_>) -> Vec<Entry> {
    let environment = reader.surroundings.environment.as_str();
    if !files.tree().has("top.sls") {
        return usual(environment);
    }
    reader.visited.push("top.sls".to_owned());
    match files.node("top.sls", "top", &reader.context(&Map::new())) {
        Ok(node) => {
            let surroundings = reader.surroundings;
            let subject = Subject { id: &surroundings.id, grains: &surroundings.grains, pillar: &Map::new() };
            let (entries, problems) = crate::top::read(node.as_ref(), &subject);
            reader.problems.extend(problems);
            entries
        }
        Err(problems) => {
            reader.problems.extend(problems);
            Vec::new()
        }
    }
}

/// The files that a host gets where there is no top file.
fn usual(environment: &str) -> Vec<Entry> {
    let place = Place::start(&Source::new("pillar/top.sls", ""));
    let entry = |sls: String| Entry { sls, place: place.clone(), optional: true };
    let common = ["project", "devs"].into_iter().map(str::to_owned);
    let own = ["env", "secrets"].into_iter().map(|name| format!("{environment}.{name}"));
    common.chain(own.filter(|_| !environment.is_empty())).map(entry).collect()
}

/// What every template sees besides the pillar.
pub fn context(surroundings: &Surroundings) -> Variables {
    let opts = serde_json::json!({
        "id": surroundings.id,
        "environment": surroundings.environment,
        "test": surroundings.plan,
        "saltenv": "base",
        "pillarenv": "base",
        "file_client": "local",
        // Formulas tell by it that no master is asked.
        "__cli": "salt-call",
        "__role": "minion",
    });
    let entries = [
        ("grains", Data::from_serialize(&*surroundings.grains)),
        ("opts", Data::from(opts)),
        ("env", Data::from("base")),
        ("saltenv", Data::from("base")),
    ];
    entries.into_iter().map(|(name, data)| (Key::from(name), data)).collect()
}

/// What stands in every report: names of the project, its environment, hosts, people and database.
pub fn names<'a>(data: &'a Map<String, Value>, environment: &'a str) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::from([environment]);
    let text = |value: Option<&'a Value>| value.and_then(Value::as_str);
    names.extend(["project_name", "domain", "branch"].into_iter().filter_map(|key| text(data.get(key))));
    let postgres = data.get("postgres");
    names.extend(["name", "user"].into_iter().filter_map(|key| text(postgres.and_then(|map| map.get(key)))));
    for key in ["users", "hosts"] {
        names.extend(
            data.get(key).and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str()),
        );
    }
    names
}

/// Calls with every scalar of a value.
fn leaves(value: &Value, call: &mut dyn FnMut(&Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| leaves(item, call)),
        Value::Object(map) => map.values().for_each(|item| leaves(item, call)),
        leaf => call(leaf),
    }
}

/// A scalar that could be a secret, as text.
fn text(leaf: &Value) -> Option<String> {
    match leaf {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
