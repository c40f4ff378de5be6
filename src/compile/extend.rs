//! What changes declarations from elsewhere: extend, the `_in` requisites, use and exclude.

use std::borrow::Cow;
use std::cell::{LazyCell, OnceCell};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::declaration::{Declaration, Name};
use super::document::Exclude;
use super::findings::Findings;
use super::high::High;
use super::requisite::{self, Keyword, Reference};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::Place;
use crate::yaml::{Node, Shape};

/// Applies everything that changes declarations from elsewhere.
pub fn apply(high: &mut High, findings: &mut Findings) {
    extends(high, findings);
    let changes = changes(high, findings);
    for ((target, _), addition) in changes {
        if let Some(declaration) = high.declarations.get_mut(target) {
            let (key, value) = addition.whole();
            merge(declaration, key, value);
        }
    }
    exclude(high, findings);
}

/// Declarations by ID, and by name once one is asked for.
struct Index {
    ids: HashMap<Arc<str>, Vec<usize>>,
    names: OnceCell<HashMap<Arc<str>, Vec<usize>>>,
}

impl Index {
    fn of(declarations: &[Declaration]) -> Self {
        let mut ids: HashMap<Arc<str>, Vec<usize>> = HashMap::new();
        for (number, declaration) in declarations.iter().enumerate() {
            ids.entry(Arc::clone(&declaration.id.text)).or_default().push(number);
        }
        Self { ids, names: OnceCell::new() }
    }

    /// The declarations of a name, in definition order.
    fn named(&self, high: &High, name: &str) -> &[usize] {
        let names = self.names.get_or_init(|| {
            let mut names: HashMap<Arc<str>, Vec<usize>> = HashMap::new();
            for (number, declaration) in high.declarations.iter().enumerate() {
                let own: HashSet<Arc<str>> = declaration.names().cloned().collect();
                own.into_iter().for_each(|name| names.entry(name).or_default().push(number));
            }
            names
        });
        names.get(name).map_or(&[], Vec::as_slice)
    }

    /// What a reference means: by ID, otherwise by name. Without a module the ID's first.
    fn find(&self, high: &High, reference: &Reference) -> Vec<usize> {
        let target = &*reference.target.text;
        let fits = |number: &&usize| match (&reference.module, high.declarations.get(**number)) {
            (Some(module), Some(declaration)) => declaration.module.text == *module,
            (None, found) => found.is_some(),
            _ => false,
        };
        let by_id: Vec<usize> = self.ids.get(target).into_iter().flatten().filter(fits).copied().collect();
        if !by_id.is_empty() {
            let count = if reference.module.is_none() { 1 } else { by_id.len() };
            return by_id.into_iter().take(count).collect();
        }
        self.named(high, target).iter().filter(fits).copied().collect()
    }
}

fn extends(high: &mut High, findings: &mut Findings) {
    if high.extends.is_empty() {
        return;
    }
    let mut index = Index::of(&high.declarations);
    for extension in std::mem::take(&mut high.extends) {
        if excluded_sls(&high.excludes, &extension.sls) {
            continue;
        }
        let reference =
            Reference { module: Some(extension.module.text.clone()), target: extension.id.clone() };
        let found = index.find(high, &reference);
        let Some(target) = found.first().copied() else {
            add(high, &mut index, extension, findings);
            continue;
        };
        if let Some(declaration) = high.declarations.get_mut(target) {
            if extension.function.is_some() {
                declaration.function = extension.function;
            }
            if extension.arguments.iter().any(|(key, _)| matches!(key.text(), Some("name" | "names"))) {
                index.names.take();
            }
            extension.arguments.into_iter().for_each(|(key, value)| merge(declaration, key, value));
        }
    }
}

/// An extension that gives an ID one more module.
fn add(high: &mut High, index: &mut Index, mut extension: Declaration, findings: &mut Findings) {
    let id = &extension.id;
    let first = index.ids.get(&id.text).and_then(|found| found.first()).copied();
    let Some(sls) = first.and_then(|first| high.declarations.get(first)).map(|found| found.sls.clone())
    else {
        if !high.incomplete && !high.broken.contains(&id.text) {
            let problem =
                Diagnostic::error(format!("`{}` is extended but is in none of the files read", id.text));
            let problem = problem.at(&id.place).state(&id.text);
            let otherwise = "include the state file that holds it";
            findings.add_advised(problem, || hint(&id.text, high, otherwise));
        }
        return;
    };
    if extension.function.is_none() {
        findings.add(
            Diagnostic::error(format!("`{}` has no `{}` to extend", id.text, extension.module.text))
                .at(&extension.module.place)
                .state(&id.text)
                .help(format!("write `{}.FUNCTION:` to add one", extension.module.text)),
        );
        return;
    }
    extension.sls = sls;
    index.names.take();
    index.ids.entry(Arc::clone(&id.text)).or_default().push(high.declarations.len());
    high.declarations.push(extension);
}

/// The nearest ID that there is, or else what to do.
fn hint(id: &str, high: &High, otherwise: &'static str) -> Cow<'static, str> {
    match nearest(id, high.declarations.iter().map(|declaration| &*declaration.id.text)) {
        Some(near) => format!("did you mean `{near}`?").into(),
        None => otherwise.into(),
    }
}

/// Puts an argument into a declaration: lists of requisites grow, everything else is replaced.
fn merge(declaration: &mut Declaration, key: Node, value: Node) {
    let word = key.text().unwrap_or_default().to_owned();
    let same = |other: &&mut (Node, Node)| {
        let name = other.0.text();
        name == Some(&word) || (word == "name" && name == Some("names"))
    };
    let Some(slot) = declaration.arguments.iter_mut().find(same) else {
        declaration.arguments.push((key, value));
        return;
    };
    if !matches!(requisite::keyword(&word), Some(Keyword::Of(_))) {
        *slot = (key, value);
        return;
    }
    let items = listed(&slot.1).iter().chain(listed(&value)).cloned().collect();
    slot.1 = Node { place: slot.1.place.clone(), shape: Shape::List(items) };
}

/// The items of a list, or the value alone.
fn listed(value: &Node) -> &[Node] {
    value.list().unwrap_or(std::slice::from_ref(value))
}

/// Arguments to be merged into declarations, by declaration and word. What thousands of states say of one is
/// gathered first, since each merging copies the list.
type Changes = IndexMap<(usize, String), Addition>;

/// One argument from elsewhere.
struct Addition {
    key: Node,
    value: Node,
    /// Items of requisites that follow those of the value.
    more: Vec<Node>,
}

impl Addition {
    fn whole(self) -> (Node, Node) {
        if self.more.is_empty() {
            return (self.key, self.value);
        }
        let items = listed(&self.value).iter().cloned().chain(self.more).collect();
        (self.key, Node { place: self.value.place.clone(), shape: Shape::List(items) })
    }
}

fn gather(changes: &mut Changes, target: usize, (key, value): (Node, Node)) {
    let word = key.text().unwrap_or_default().to_owned();
    let grows = matches!(requisite::keyword(&word), Some(Keyword::Of(_)));
    match changes.entry((target, word)) {
        Entry::Occupied(mut there) if grows => there.get_mut().more.extend(listed(&value).iter().cloned()),
        Entry::Occupied(mut there) => {
            there.insert(Addition { key, value, more: Vec::new() });
        }
        Entry::Vacant(slot) => {
            slot.insert(Addition { key, value, more: Vec::new() });
        }
    }
}

/// What `_in` requisites and `use` ask for; judged before any of it is done.
fn changes(high: &High, findings: &mut Findings) -> Changes {
    let mut changes = Changes::new();
    let index = LazyCell::new(|| Index::of(&high.declarations));
    for (number, declaration) in high.declarations.iter().enumerate() {
        for (key, value) in &declaration.arguments {
            let Some(word) = key.text() else { continue };
            let Some(keyword) = requisite::keyword(word).filter(|keyword| keyword.changes()) else {
                continue;
            };
            for reference in requisite::references(word, &declaration.id.text, value, findings) {
                let targets = targets(high, &index, &reference, keyword);
                if targets.is_empty() {
                    dangling(high, word, declaration, &reference, findings);
                }
                for target in targets {
                    let change = change(high, keyword, number, target, &reference.target.place);
                    if let Some((target, arguments)) = change {
                        arguments.into_iter().for_each(|entry| gather(&mut changes, target, entry));
                    }
                }
            }
        }
    }
    changes
}

fn targets(high: &High, index: &Index, reference: &Reference, keyword: Keyword) -> Vec<usize> {
    if reference.module.as_deref() == Some("sls") && matches!(keyword, Keyword::In(_)) {
        let all = high.declarations.iter().enumerate();
        return all
            .filter(|(_, other)| *other.sls == *reference.target.text)
            .map(|(number, _)| number)
            .collect();
    }
    index.find(high, reference)
}

fn change(
    high: &High,
    keyword: Keyword,
    number: usize,
    target: usize,
    place: &Place,
) -> Option<(usize, Vec<(Node, Node)>)> {
    let own = high.declarations.get(number)?;
    let other = high.declarations.get(target)?;
    match keyword {
        Keyword::Of(_) => None,
        Keyword::In(requisite) => {
            let entry = (
                Node::string(place, Arc::clone(&own.module.text)),
                Node::string(place, Arc::clone(&own.id.text)),
            );
            let item = Node { place: place.clone(), shape: Shape::Map([entry].into()) };
            let list = Node { place: place.clone(), shape: Shape::List([item].into()) };
            Some((target, vec![(Node::string(place, requisite::word(requisite)), list)]))
        }
        Keyword::Use => Some((number, copied(other, own))),
        Keyword::UseIn => Some((target, copied(own, other))),
    }
}

/// The arguments of one that the other lacks; never names, requisites or the order.
fn copied(from: &Declaration, to: &Declaration) -> Vec<(Node, Node)> {
    let wanted = |key: &str| {
        !matches!(key, "name" | "names" | "order")
            && requisite::keyword(key).is_none()
            && to.argument(key).is_none()
    };
    from.arguments.iter().filter(|(key, _)| key.text().is_some_and(wanted)).cloned().collect()
}

fn dangling(
    high: &High,
    word: &str,
    declaration: &Declaration,
    reference: &Reference,
    findings: &mut Findings,
) {
    let Name { text, place } = &reference.target;
    if high.incomplete || high.broken.contains(text) {
        return;
    }
    if reference.module.as_deref() == Some("sls") && high.sls.iter().any(|sls| **sls == **text) {
        return;
    }
    let problem = Diagnostic::error(format!("`{word}` names `{reference}`, which does not exist"));
    let problem = problem.at(place).state(&declaration.id.text);
    let otherwise = "name the ID of a state, or include the file that holds it";
    findings.add_advised(problem, || hint(text, high, otherwise));
}

fn excluded_sls(excludes: &[Exclude], sls: &str) -> bool {
    excludes.iter().any(|exclude| matches!(exclude, Exclude::Sls(name) if crate::glob::fits(&name.text, sls)))
}

fn exclude(high: &mut High, findings: &mut Findings) {
    if high.excludes.is_empty() {
        return;
    }
    let excludes = std::mem::take(&mut high.excludes);
    let ids: HashSet<&str> = high.declarations.iter().map(|found| &*found.id.text).collect();
    let mut excluded: HashSet<&str> = HashSet::new();
    for exclude in &excludes {
        let (name, there) = match exclude {
            Exclude::Sls(name) => (name, high.sls.iter().any(|sls| crate::glob::fits(&name.text, sls))),
            Exclude::Id(name) => (name, ids.contains(&*name.text)),
        };
        if matches!(exclude, Exclude::Id(_)) {
            excluded.insert(&name.text);
        }
        if !there && !high.incomplete && !high.broken.contains(&name.text) {
            let problem = format!("`exclude` names `{}`, which is in none of the files read", name.text);
            findings.add(Diagnostic::warning(problem).at(&name.place));
        }
    }
    let mut files: HashMap<Arc<str>, bool> = HashMap::new();
    high.declarations.retain(|declaration| {
        let sls = &declaration.sls;
        let whole = files.entry(Arc::clone(sls)).or_insert_with(|| excluded_sls(&excludes, sls));
        !*whole && !excluded.contains(&*declaration.id.text)
    });
    high.excludes = excludes;
}
