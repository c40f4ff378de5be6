//! All state files of a run, includes followed, as one pool of declarations: Salt's high state. Knows
//! nothing of what the functions mean.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Request;
use super::ahead::{self, Ahead, Read};
use super::declaration::{Declaration, Name};
use super::document::Exclude;
use super::findings::Findings;
use crate::diagnostic::{Diagnostic, nearest};
use crate::sls::Files;

/// What all state files together say.
#[derive(Debug, Default)]
pub struct High {
    /// A file's own come before those of the files that it includes, though these count as defined first.
    pub declarations: Vec<Declaration>,
    pub extends: Vec<Declaration>,
    pub excludes: Vec<Exclude>,
    /// The state files in the order in which they were read.
    pub sls: Vec<Arc<str>>,
    /// Which file included a file first.
    pub parents: HashMap<Arc<str>, Arc<str>>,
    /// IDs of which something could not be understood.
    pub broken: BTreeSet<Arc<str>>,
    /// A file could not be read: what refers to its states must not be called a mistake.
    pub incomplete: bool,
    /// How many definitions have been counted.
    pub count: usize,
    /// How many of them have no `order` of their own.
    unordered: usize,
}

/// A file whose includes are being followed.
struct Frame {
    sls: Arc<str>,
    includes: std::vec::IntoIter<RequestedSls>,
    /// Its own declarations.
    own: std::ops::Range<usize>,
}

impl High {
    /// Reads these state files and all that they include.
    pub fn gather(request: &Request<'_>, wanted: &[RequestedSls], findings: &mut Findings) -> Self {
        let mut high = Self::default();
        let mut seen = BTreeSet::new();
        let wanted: Vec<RequestedSls> =
            wanted.iter().flat_map(|wanted| wanted.expand(request.files)).collect();
        let mut ahead = Ahead::read(request, &wanted);
        for wanted in wanted {
            let mut stack: Vec<Frame> =
                high.open(request, &wanted, &mut ahead, &mut seen, findings).into_iter().collect();
            while let Some(frame) = stack.last_mut() {
                let parent = Arc::clone(&frame.sls);
                if let Some(include) = frame.includes.next() {
                    if let Some(frame) = high.open(request, &include, &mut ahead, &mut seen, findings) {
                        high.parents.insert(Arc::clone(&frame.sls), parent);
                        stack.push(frame);
                    }
                } else if let Some(frame) = stack.pop() {
                    high.define(frame.own);
                }
            }
        }
        high.refuse_doubles(findings);
        high
    }

    /// Reads one file unless that was done before.
    fn open(
        &mut self,
        request: &Request<'_>,
        wanted: &RequestedSls,
        ahead: &mut Ahead,
        seen: &mut BTreeSet<String>,
        findings: &mut Findings,
    ) -> Option<Frame> {
        if !seen.insert(wanted.sls.clone()) {
            return None;
        }
        let files = request.files;
        let Some(Read { sls, path, document, findings: found }) = ahead.take(request, &wanted.sls) else {
            self.incomplete = true;
            findings.add(missing(files, &wanted.sls, wanted.by.as_ref()));
            return None;
        };
        self.sls.push(Arc::clone(&sls));
        let document = match document {
            Ok(document) => document,
            Err(problems) => {
                self.incomplete = true;
                problems.into_iter().for_each(|problem| findings.add(problem));
                return None;
            }
        };
        findings.append(found);
        let start = self.declarations.len();
        self.declarations.extend(document.declarations);
        self.extends.extend(document.extends);
        self.excludes.extend(document.excludes);
        self.broken.extend(document.broken);
        let init = ahead::is_init(&path);
        let includes: Vec<RequestedSls> = document
            .includes
            .into_iter()
            .filter_map(|include| absolute(include, &sls, init, findings))
            .flat_map(|wanted| wanted.expand(files))
            .collect();
        Some(Frame { own: start..self.declarations.len(), includes: includes.into_iter(), sls })
    }

    /// Counts a file's own declarations as defined now.
    fn define(&mut self, own: std::ops::Range<usize>) {
        for declaration in self.declarations.get_mut(own).unwrap_or_default() {
            declaration.number = Some(self.count);
            self.count += 1;
            if declaration.argument("order").is_none() {
                declaration.automatic = Some(self.unordered);
                self.unordered += 1;
            }
        }
    }

    /// An ID may stand in one file only.
    fn refuse_doubles(&mut self, findings: &mut Findings) {
        let mut first: HashMap<&str, &Name> = HashMap::with_capacity(self.declarations.len());
        let mut told = BTreeSet::new();
        for declaration in &self.declarations {
            let id = &declaration.id;
            match first.entry(&id.text) {
                Entry::Vacant(slot) => {
                    slot.insert(id);
                }
                Entry::Occupied(other) if other.get().place != id.place && told.insert(id.text.clone()) => {
                    findings.add(
                        Diagnostic::error(format!("the ID `{}` is there twice", id.text))
                            .at(&id.place)
                            .also(&other.get().place, "the first is here")
                            .state(&id.text)
                            .help("IDs are unique across all files; `name` says what a state is about where the ID cannot"),
                    );
                }
                Entry::Occupied(_) => {}
            }
        }
        self.broken.extend(told);
    }

    /// The files to which a file's states belong for `sls: …`: itself and what included it.
    pub fn lineage(&self, sls: &Arc<str>) -> Vec<Arc<str>> {
        let mut lineage = vec![Arc::clone(sls)];
        while let Some(parent) = lineage.last().and_then(|last| self.parents.get(last)) {
            if lineage.contains(parent) {
                break;
            }
            lineage.push(Arc::clone(parent));
        }
        lineage
    }
}

/// A state file to read, and where that is asked for.
#[derive(Clone, Debug)]
pub struct RequestedSls {
    pub sls: String,
    pub by: Option<Name>,
}

impl RequestedSls {
    /// The files that a pattern means; a name that is none means itself.
    pub fn expand(&self, files: &Files) -> Vec<Self> {
        if !crate::glob::is_pattern(&self.sls) {
            return vec![self.clone()];
        }
        let fitting = files.available().iter().filter(|sls| crate::glob::fits(&self.sls, sls));
        let found: Vec<Self> = fitting.map(|sls| Self { sls: sls.clone(), by: self.by.clone() }).collect();
        if found.is_empty() { vec![self.clone()] } else { found }
    }
}

fn missing(files: &Files, sls: &str, by: Option<&Name>) -> Diagnostic {
    let path = sls.replace('.', "/");
    let problem = Diagnostic::error(format!("there is no state file `{sls}`"));
    let problem = match by {
        Some(name) => problem.at(&name.place),
        None => problem,
    };
    match nearest(sls, files.available().iter().map(String::as_str)) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem
            .help(format!("it would be `{}` or `{path}/init.sls`", files.shown(&format!("{path}.sls")))),
    }
}

/// The full name of an include, where it is relative to the file that it stands in.
pub fn absolute(include: Name, sls: &str, init: bool, findings: &mut Findings) -> Option<RequestedSls> {
    let relative = include.text.trim_start_matches('.');
    let levels = include.text.len() - relative.len();
    let mut parts: Vec<&str> = sls.split('.').collect();
    if init {
        parts.push("init");
    }
    if levels > parts.len() {
        findings.add(
            Diagnostic::error(format!("`{}` leads out of the tree of state files", include.text))
                .at(&include.place)
                .help("one dot is this folder, each further dot one folder up"),
        );
        return None;
    }
    parts.truncate(parts.len() - levels);
    parts.push(relative);
    let sls = if levels == 0 { relative.to_owned() } else { parts.join(".") };
    Some(RequestedSls { sls, by: Some(include) })
}
