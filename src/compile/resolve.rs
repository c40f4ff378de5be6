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
pub struct Resolved {
    pub requisite: Requisite,
    /// Where the reference stands.
    pub place: Place,
    /// The states meant, in definition order.
    pub targets: Arc<[usize]>,
}

/// The ties of every chunk, in the order in which Salt looks at them.
pub fn resolve(
    high: &High,
    chunks: &[Chunk],
    said: Vec<Vec<Said>>,
    findings: &mut Findings,
) -> Vec<Vec<Resolved>> {
    let mut index = Index::of(high, chunks);
    let each = chunks.iter().zip(said);
    let mut all: Vec<Vec<Resolved>> =
        each.map(|(chunk, said)| ties(high, chunk, said, &mut index, findings)).collect();
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
                        ties.push(Resolved {
                            requisite: Requisite::Listen,
                            place: key.place.clone(),
                            targets,
                        });
                    }
                }
            }
        }
    }
    all
}

const LISTEN_IN: &str = "listen_in";

/// What a state says that it depends on; which states are meant is open.
pub struct Said {
    requisite: Requisite,
    reference: Reference,
}

/// What a chunk's requisites say.
pub fn said(chunk: &Chunk, findings: &mut Findings) -> Vec<Said> {
    let mut said = Vec::new();
    for (key, value) in &chunk.arguments {
        let Some(word) = key.text() else { continue };
        let Some(Keyword::Of(requisite)) = requisite::keyword(word) else { continue };
        let references = requisite::references(word, &chunk.id.text, value, findings);
        said.extend(references.into_iter().map(|reference| Said { requisite, reference }));
    }
    said
}

fn ties(
    high: &High,
    chunk: &Chunk,
    said: Vec<Said>,
    index: &mut Index<'_>,
    findings: &mut Findings,
) -> Vec<Resolved> {
    let mut ties = Vec::with_capacity(said.len());
    for Said { requisite, reference } in said {
        match index.find(&reference) {
            Some(targets) => ties.push(Resolved { requisite, place: reference.target.place, targets }),
            None => dangling(high, requisite::word(requisite), chunk, &reference, index, findings),
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
type Meant = (Option<Arc<str>>, Arc<str>);

/// States by what requisites call them.
struct Index<'a> {
    chunks: &'a [Chunk],
    /// By ID and by name, whatever the module.
    names: HashMap<&'a str, Vec<usize>, foldhash::fast::RandomState>,
    /// By module, made when its first pattern is asked.
    sorted: HashMap<Option<String>, Sorted<'a>>,
    /// By the name of their state file and of those that included it.
    sls: BTreeMap<Arc<str>, Vec<usize>>,
    /// What patterns and the names of state files have been found to mean: they may mean very many.
    known: HashMap<Meant, Option<Arc<[usize]>>>,
}

impl<'a> Index<'a> {
    fn of(high: &High, chunks: &'a [Chunk]) -> Self {
        let mut names: HashMap<&str, Vec<usize>, _> =
            HashMap::with_capacity_and_hasher(chunks.len() * 2, foldhash::fast::RandomState::default());
        let mut sls: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
        for name in &high.sls {
            // A file without states is there all the same.
            sls.entry(Arc::clone(name)).or_default();
        }
        let mut last: Option<(&str, Vec<Arc<str>>)> = None;
        for (number, chunk) in chunks.iter().enumerate() {
            names.entry(&chunk.id.text).or_default().push(number);
            if chunk.name.text != chunk.id.text {
                names.entry(&chunk.name.text).or_default().push(number);
            }
            // States of one file mostly stand together.
            let lineage = match &mut last {
                Some((sls, lineage)) if *sls == &*chunk.sls => lineage,
                _ => &mut last.insert((&chunk.sls, high.lineage(&chunk.sls))).1,
            };
            for name in lineage {
                if let Some(found) = sls.get_mut(name) {
                    found.push(number);
                }
            }
        }
        Self { chunks, names, sorted: HashMap::new(), sls, known: HashMap::new() }
    }

    fn find(&mut self, reference: &Reference) -> Option<Arc<[usize]>> {
        let target = &*reference.target.text;
        let module = reference.module.as_deref();
        if module != Some("sls") {
            let found = self.named(module, target);
            if !found.is_empty() || !crate::glob::is_pattern(target) {
                return (!found.is_empty()).then(|| found.into());
            }
        }
        let key = (reference.module.clone(), reference.target.text.clone());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = self.many(module, target);
        self.known.insert(key, found.clone());
        found
    }

    /// The states of that ID or name, in definition order.
    fn named(&self, module: Option<&str>, word: &str) -> Vec<usize> {
        let found = self.names.get(word).into_iter().flatten().copied();
        found.filter(|number| self.is_of(*number, module)).collect()
    }

    fn is_of(&self, number: usize, module: Option<&str>) -> bool {
        module.is_none_or(|module| self.chunks.get(number).is_some_and(|chunk| *chunk.module == *module))
    }

    /// What a pattern or a state file's name means.
    fn many(&mut self, module: Option<&str>, target: &str) -> Option<Arc<[usize]>> {
        let mut found: Vec<usize> = if module != Some("sls") {
            self.sorted(module).fitting(target)
        } else if crate::glob::is_pattern(target) {
            let pattern = crate::glob::Pattern::new(target);
            let fitting = self.sls.iter().filter(|(sls, _)| pattern.fits(sls));
            fitting.flat_map(|(_, found)| found.iter().copied()).collect()
        } else {
            return self.sls.get(target).map(|found| found.as_slice().into());
        };
        found.sort_unstable();
        found.dedup();
        (!found.is_empty()).then(|| found.into())
    }

    fn sorted(&mut self, module: Option<&str>) -> &Sorted<'a> {
        let (chunks, names) = (self.chunks, &self.names);
        let is_of = |number: &usize| {
            module.is_none_or(|module| chunks.get(*number).is_some_and(|chunk| *chunk.module == *module))
        };
        self.sorted.entry(module.map(str::to_owned)).or_insert_with(|| {
            let all = names.iter().flat_map(|(name, found)| found.iter().map(|number| (*name, *number)));
            Sorted::of(all.filter(|(_, number)| is_of(number)).collect())
        })
    }

    /// The words by which states of a module, or of any, can be called.
    fn words(&self, module: Option<&str>) -> Vec<&'a str> {
        let called =
            |(_, found): &(&&'a str, &Vec<usize>)| found.iter().any(|number| self.is_of(*number, module));
        let mut words: Vec<&str> = self.names.iter().filter(called).map(|(word, _)| *word).collect();
        words.sort_unstable();
        words
    }
}

/// IDs and names in which those that fit a pattern are found by its beginning or by its end.
struct Sorted<'a> {
    forwards: Vec<(&'a str, usize)>,
    /// With the bytes of the names from the last to the first.
    backwards: Vec<(Vec<u8>, &'a str, usize)>,
}

impl<'a> Sorted<'a> {
    fn of(mut forwards: Vec<(&'a str, usize)>) -> Self {
        let reversed = |(name, number): &(&'a str, usize)| (name.bytes().rev().collect(), *name, *number);
        let mut backwards: Vec<(Vec<u8>, &str, usize)> = forwards.iter().map(reversed).collect();
        forwards.sort_unstable();
        backwards.sort_unstable();
        Self { forwards, backwards }
    }

    fn fitting(&self, target: &str) -> Vec<usize> {
        let (prefix, suffix) = (crate::glob::prefix(target), crate::glob::suffix(target));
        let pattern = crate::glob::Pattern::new(target);
        if prefix.len() >= suffix.len() {
            let start = self.forwards.partition_point(|(name, _)| *name < prefix);
            let near = self.forwards.iter().skip(start).take_while(|(name, _)| name.starts_with(prefix));
            near.filter(|(name, _)| pattern.fits(name)).map(|(_, number)| *number).collect()
        } else {
            let end: Vec<u8> = suffix.bytes().rev().collect();
            let start = self.backwards.partition_point(|(name, ..)| *name < end);
            let near = self.backwards.iter().skip(start).take_while(|(name, ..)| name.starts_with(&end));
            near.filter(|(_, name, _)| pattern.fits(name)).map(|(.., number)| *number).collect()
        }
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
    findings.add_advised(problem, || hint(reference, index));
}

/// The nearest thing that there is, or how to find it.
fn hint(reference: &Reference, index: &Index<'_>) -> Cow<'static, str> {
    let target = &*reference.target.text;
    let module = reference.module.as_deref();
    if module == Some("sls") {
        return match nearest(target, index.sls.keys().map(|sls| &**sls)) {
            Some(near) => format!("did you mean `sls: {near}`?").into(),
            None => "a state file that is not included cannot be named; add it to `include`".into(),
        };
    }
    let others = index.named(None, target);
    let modules = others.iter().filter_map(|number| index.chunks.get(*number)).map(|chunk| &chunk.module);
    if let Some(other) = modules.min() {
        return format!("there is `{other}: {target}`").into();
    }
    let known = index.words(module);
    match (nearest(target, known), module) {
        (Some(near), Some(module)) => format!("did you mean `{module}: {near}`?").into(),
        (Some(near), None) => format!("did you mean `{near}`?").into(),
        (None, _) => "name the ID or the name of a state; if it is in another file, include that file".into(),
    }
}
