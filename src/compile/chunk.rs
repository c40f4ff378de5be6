//! Declarations as single states: `names` expanded, the last of doubled arguments taken. Salt's low
//! chunks before they are typed and tied to one another.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::declaration::{Declaration, Name};
use super::findings::Findings;
use super::requisite::{self, Keyword};
use crate::diagnostic::Diagnostic;
use crate::source::Place;
use crate::yaml::{Meaning, Node, Shape};

/// Arguments and items of lists among them that one declaration may have by its `names`.
const MOST: usize = 2_000_000;

/// A state with its arguments as written.
#[derive(Clone, Debug)]
pub struct Chunk {
    pub sls: Arc<str>,
    pub id: Name,
    pub module: Arc<str>,
    pub function: Arc<str>,
    /// Where the function stands.
    pub place: Place,
    pub name: Name,
    /// Without `name` and `names`; each key once.
    pub arguments: Vec<(Node, Node)>,
    /// The number of its definition; none where an extension added it.
    pub number: Option<usize>,
    /// As in [`Declaration`].
    pub automatic: Option<usize>,
    /// Its place among the `names` of its declaration, counted from 1; 0 without `names`.
    pub part: usize,
}

impl Chunk {
    /// `file.managed`.
    pub fn title(&self) -> String {
        format!("{}.{}", self.module, self.function)
    }

    /// The arguments that are wanted as one map, `name` first, at the function's place.
    pub fn node(&self, mut wanted: impl FnMut(&Node) -> bool) -> Node {
        let arguments = self.arguments.iter().filter(|(key, _)| wanted(key)).cloned();
        self.map(arguments.collect())
    }

    /// All arguments as one map, `name` first, at the function's place.
    pub fn into_node(mut self) -> Node {
        let arguments = std::mem::take(&mut self.arguments);
        self.map(arguments)
    }

    fn map(&self, mut arguments: Vec<(Node, Node)>) -> Node {
        let place = &self.name.place;
        arguments.insert(0, (Node::string(place, "name"), Node::string(place, Arc::clone(&self.name.text))));
        Node { place: self.place.clone(), shape: Shape::Map(arguments.into()) }
    }
}

/// The states of one declaration.
pub fn expand(declaration: &Declaration, findings: &mut Findings) -> Vec<Chunk> {
    let Some(function) = &declaration.function else { return Vec::new() };
    let mut chunk = Chunk {
        sls: Arc::clone(&declaration.sls),
        id: declaration.id.clone(),
        module: declaration.module.text.clone(),
        function: function.text.clone(),
        place: declaration.module.place.clone(),
        name: declaration.id.clone(),
        arguments: Vec::with_capacity(declaration.arguments.len()),
        number: declaration.number,
        automatic: declaration.automatic,
        part: 0,
    };
    let mut names = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::with_capacity(declaration.arguments.len());
    for (key, value) in &declaration.arguments {
        match key.text() {
            Some("names") => names.extend(self::names(declaration, value, findings)),
            Some("name") => {
                if let Some(name) = name(declaration, value, findings) {
                    chunk.name = name;
                }
            }
            Some(word) => {
                let there = known.get(word).and_then(|at| chunk.arguments.get_mut(*at));
                if let Some(slot) = there {
                    let first = std::mem::replace(slot, (key.clone(), value.clone())).0.place;
                    findings.add(twice(declaration, word, &key.place, &first));
                } else {
                    known.insert(word, chunk.arguments.len());
                    chunk.arguments.push((key.clone(), value.clone()));
                }
            }
            None => {
                let problem = format!("an argument's name must be a string; found {}", key.described());
                findings.add(Diagnostic::error(problem).at(&key.place).state(&declaration.id.text));
            }
        }
    }
    if names.is_empty() {
        return vec![chunk];
    }
    let said = |(_, value): &(Node, Node)| value.list().map_or(1, |items| items.len().max(1));
    let each: usize = 1 + chunk.arguments.iter().map(said).sum::<usize>();
    if names.len().saturating_mul(each) > MOST {
        let problem = format!("`names` makes {} states of {each} arguments each", names.len());
        findings.add(
            Diagnostic::error(problem)
                .at(&declaration.id.place)
                .state(&declaration.id.text)
                .help(format!("names and arguments multiplied may be {MOST}: name fewer, or give each less")),
        );
        return Vec::new();
    }
    let several = names.into_iter().enumerate().map(|(part, (name, overrides))| {
        let mut chunk = Chunk { name, part: part + 1, ..chunk.clone() };
        for (key, value) in overrides {
            if let Some(name) =
                (key.text() == Some("name")).then(|| self::name(declaration, value, findings)).flatten()
            {
                chunk.name = name;
            } else if key.text() != Some("name") {
                set(&mut chunk.arguments, key, value);
            }
        }
        chunk
    });
    several.collect()
}

/// Sets an argument.
fn set(arguments: &mut Vec<(Node, Node)>, key: &Node, value: &Node) {
    match arguments.iter_mut().find(|(other, _)| other.text() == key.text()) {
        Some(slot) => *slot = (key.clone(), value.clone()),
        None => arguments.push((key.clone(), value.clone())),
    }
}

fn twice(declaration: &Declaration, word: &str, place: &Place, first: &Place) -> Diagnostic {
    Diagnostic::warning(format!("`{word}` is given twice; only the last counts"))
        .at(place)
        .also(first, "the first is here")
        .state(&declaration.id.text)
}

/// The `name` of a state: a string that says something.
fn name(declaration: &Declaration, value: &Node, findings: &mut Findings) -> Option<Name> {
    let text = value.text().unwrap_or_default();
    if matches!(value.meaning(), Some(Meaning::Text(text)) if !text.is_empty()) {
        return Some(Name::of(value));
    }
    let problem = Diagnostic::error(format!("`name` must be a string; found {}", value.described()));
    let problem = problem.at(&value.place).state(&declaration.id.text);
    findings.strict(if text.is_empty() {
        problem
    } else {
        problem.help(format!("put it in quotes: `'{text}'`"))
    });
    None
}

/// The items of `names`, each once, with the arguments that it overrides.
fn names<'a>(
    declaration: &Declaration,
    value: &'a Node,
    findings: &mut Findings,
) -> Vec<(Name, Vec<&'a (Node, Node)>)> {
    let Some(items) = value.list() else {
        let problem = format!("`names` must be a list; found {}", value.described());
        findings.add(Diagnostic::error(problem).at(&value.place).state(&declaration.id.text));
        return Vec::new();
    };
    let mut names: Vec<(Name, Vec<&(Node, Node)>)> = Vec::with_capacity(items.len());
    let mut seen: HashSet<&str> = HashSet::with_capacity(items.len());
    for item in items {
        let (key, overrides) = match item.map() {
            Some([(key, value)]) => (key, overrides(declaration, value, findings)),
            _ => (item, Vec::new()),
        };
        let Some(text) = key.text().filter(|text| !text.is_empty() && !key.is_null()) else {
            let problem = format!(
                "an item of `names` is a name, or a name with arguments below it; found {}",
                item.described()
            );
            findings.add(Diagnostic::error(problem).at(&item.place).state(&declaration.id.text));
            continue;
        };
        if seen.insert(text) || !overrides.is_empty() {
            names.push((Name::of(key), overrides));
        }
    }
    names
}

fn overrides<'a>(
    declaration: &Declaration,
    value: &'a Node,
    findings: &mut Findings,
) -> Vec<&'a (Node, Node)> {
    let maps = value.list().unwrap_or(std::slice::from_ref(value));
    let mut found = Vec::new();
    for map in maps {
        match map.map() {
            Some(entries) => found.extend(entries),
            None if value.is_null() => {}
            None => {
                let problem = format!("below a name there is a list of arguments; found {}", map.described());
                findings.add(Diagnostic::error(problem).at(&map.place).state(&declaration.id.text));
            }
        }
    }
    for (key, _) in &found {
        if let Some(Keyword::In(_) | Keyword::Use | Keyword::UseIn) = key.text().and_then(requisite::keyword)
        {
            let word = key.text().unwrap_or_default();
            findings.strict(
                Diagnostic::error(format!("`{word}` has no effect below a single name"))
                    .at(&key.place)
                    .state(&declaration.id.text)
                    .help("put it among the state's own arguments, or make it a state of its own"),
            );
        }
    }
    found
}
