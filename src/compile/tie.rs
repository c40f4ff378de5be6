//! Requisites to numbers: which states each reference means. What means nothing is a problem.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::chunk::Chunk;
use super::findings::Findings;
use super::high::High;
use super::low::Requisite;
use super::requisite::{self, Keyword, Reference};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::Place;

/// What one state depends on by one word.
pub struct Tie {
    pub requisite: Requisite,
    /// Where the reference stands.
    pub place: Place,
    /// The states meant, in definition order.
    pub targets: Arc<[usize]>,
}

/// The ties of every chunk, in the order in which Salt looks at them.
pub fn tie(high: &High, chunks: &[Chunk], findings: &mut Findings) -> Vec<Vec<Tie>> {
    let mut index = Index::of(high, chunks);
    let mut all: Vec<Vec<Tie>> = chunks.iter().map(|chunk| ties(high, chunk, &mut index, findings)).collect();
    for (number, chunk) in chunks.iter().enumerate() {
        for (key, value) in chunk.arguments.iter().filter(|(key, _)| key.text() == Some(LISTEN_IN)) {
            for reference in requisite::references(LISTEN_IN, &chunk.id.text, value, findings) {
                let Some(targets) = index.find(&reference) else {
                    dangling(high, LISTEN_IN, chunk, &reference, &index, findings);
                    continue;
                };
                for &target in targets.iter() {
                    if let Some(ties) = all.get_mut(target) {
                        let targets = Arc::from([number]);
                        ties.push(Tie { requisite: Requisite::Listen, place: key.place.clone(), targets });
                    }
                }
            }
        }
    }
    all
}

const LISTEN_IN: &str = "listen_in";

fn ties(high: &High, chunk: &Chunk, index: &mut Index<'_>, findings: &mut Findings) -> Vec<Tie> {
    let mut ties = Vec::new();
    for (key, value) in &chunk.arguments {
        let Some(word) = key.text() else { continue };
        let Some(Keyword::Of(requisite)) = requisite::keyword(word) else { continue };
        for reference in requisite::references(word, &chunk.id.text, value, findings) {
            match index.find(&reference) {
                Some(targets) => {
                    let place = reference.target.place;
                    ties.push(Tie { requisite, place, targets });
                }
                None => dangling(high, word, chunk, &reference, index, findings),
            }
        }
    }
    ties.sort_by_key(|tie| tie.requisite.turn());
    ties
}

impl Requisite {
    /// When Salt adds a requisite's edges: they decide ties among states that are free to run.
    fn turn(self) -> u8 {
        match self {
            Self::Require => 0,
            Self::RequireAny => 1,
            Self::Watch => 2,
            Self::WatchAny => 3,
            Self::Prereq => 4,
            Self::Onfail => 5,
            Self::OnfailAny => 6,
            Self::OnfailAll => 7,
            Self::Onchanges => 8,
            Self::OnchangesAny => 9,
            Self::Listen => 10,
        }
    }
}

/// The module (none: any) and target of a reference.
type Meant = (Option<String>, String);

/// States by what requisites call them.
struct Index<'a> {
    /// By module (none: any) and ID or name.
    names: HashMap<(Option<&'a str>, &'a str), Vec<usize>>,
    /// All IDs and names, sorted, by module; made when the first pattern is asked.
    sorted: HashMap<Option<String>, Vec<(&'a str, usize)>>,
    /// By the name of their state file and of those that included it.
    sls: BTreeMap<Arc<str>, Vec<usize>>,
    /// What references have been found to mean.
    known: HashMap<Meant, Option<Arc<[usize]>>>,
}

impl<'a> Index<'a> {
    fn of(high: &High, chunks: &'a [Chunk]) -> Self {
        let mut names: HashMap<_, Vec<usize>> = HashMap::with_capacity(chunks.len() * 4);
        let mut sls: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
        for name in &high.sls {
            // A file without states is there all the same.
            sls.entry(Arc::clone(name)).or_default();
        }
        let mut lineages: HashMap<&str, Vec<Arc<str>>> = HashMap::new();
        for (number, chunk) in chunks.iter().enumerate() {
            let mut add = |word: &'a str| {
                for module in [Some(chunk.module.as_str()), None] {
                    names.entry((module, word)).or_default().push(number);
                }
            };
            add(&chunk.id.text);
            if chunk.name.text != chunk.id.text {
                add(&chunk.name.text);
            }
            for name in lineages.entry(&chunk.sls).or_insert_with(|| high.lineage(&chunk.sls)) {
                sls.entry(Arc::clone(name)).or_default().push(number);
            }
        }
        Self { names, sorted: HashMap::new(), sls, known: HashMap::new() }
    }

    fn find(&mut self, reference: &Reference) -> Option<Arc<[usize]>> {
        let key = (reference.module.clone(), reference.target.text.clone());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = self.look(reference);
        self.known.insert(key, found.clone());
        found
    }

    fn look(&mut self, reference: &Reference) -> Option<Arc<[usize]>> {
        let target = reference.target.text.as_str();
        let module = reference.module.as_deref();
        let pattern = crate::glob::is_pattern(target);
        let mut found: Vec<usize> = if module == Some("sls") {
            if !pattern {
                return self.sls.get(target).map(|found| found.as_slice().into());
            }
            let fitting = self.sls.iter().filter(|(sls, _)| crate::glob::fits(target, sls));
            fitting.flat_map(|(_, found)| found.iter().copied()).collect()
        } else if let Some(found) = self.names.get(&(module, target)) {
            found.clone()
        } else if pattern {
            let prefix = crate::glob::prefix(target);
            let sorted = self.sorted(module);
            let start = sorted.partition_point(|(name, _)| *name < prefix);
            let near = sorted.iter().skip(start).take_while(|(name, _)| name.starts_with(prefix));
            near.filter(|(name, _)| crate::glob::fits(target, name)).map(|(_, number)| *number).collect()
        } else {
            Vec::new()
        };
        found.sort_unstable();
        found.dedup();
        (!found.is_empty()).then(|| found.into())
    }

    fn sorted(&mut self, module: Option<&str>) -> &[(&'a str, usize)] {
        let names = &self.names;
        self.sorted.entry(module.map(str::to_owned)).or_insert_with(|| {
            let of_module = names.iter().filter(|((other, _), _)| *other == module);
            let mut sorted: Vec<_> = of_module
                .flat_map(|((_, name), found)| found.iter().map(|number| (*name, *number)))
                .collect();
            sorted.sort_unstable();
            sorted
        })
    }
}

fn dangling(
    high: &High,
    word: &str,
    chunk: &Chunk,
    reference: &Reference,
    index: &Index<'_>,
    findings: &mut Findings,
) {
    let target = &reference.target;
    if high.incomplete || high.broken.contains(&target.text) {
        return;
    }
    let problem = Diagnostic::error(format!("`{word}` names `{reference}`, which does not exist"));
    let problem = problem.at(&target.place).state(&chunk.id.text);
    findings.add(problem.help(hint(reference, index)));
}

/// The nearest thing that there is, or how to find it.
fn hint(reference: &Reference, index: &Index<'_>) -> Cow<'static, str> {
    let target = reference.target.text.as_str();
    let module = reference.module.as_deref();
    if module == Some("sls") {
        return match nearest(target, index.sls.keys().map(|sls| &**sls)) {
            Some(near) => format!("did you mean `sls: {near}`?").into(),
            None => "a state file that is not included cannot be named; add it to `include`".into(),
        };
    }
    let others = index.names.keys().filter(|(other, name)| *name == target && other.is_some());
    if let Some((Some(other), _)) = others.min() {
        return format!("there is `{other}: {target}`").into();
    }
    let known = index.names.keys().filter(|(other, _)| *other == module).map(|(_, name)| *name);
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    match (nearest(target, known), module) {
        (Some(near), Some(module)) => format!("did you mean `{module}: {near}`?").into(),
        (Some(near), None) => format!("did you mean `{near}`?").into(),
        (None, _) => "name the ID or the name of a state; if it is in another file, include that file".into(),
    }
}
