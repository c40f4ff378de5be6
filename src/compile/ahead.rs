//! State files rendered and read before it is their turn, several at once. What is read, and in which order,
//! decides nothing: [`High`](super::high::High) takes each file when it comes to it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Request;
use super::document::{self, Document};
use super::findings::Findings;
use super::high::{RequestedSls, absolute};
use crate::diagnostic::Diagnostic;

/// Files for which a thread pays.
const WORTH_A_THREAD: usize = 4;

/// One state file as it was read.
pub struct Read {
    pub sls: Arc<str>,
    pub path: String,
    pub document: Result<Document, Vec<Diagnostic>>,
    pub findings: Findings,
}

/// Files that were read and not taken yet, by name.
pub struct Ahead(HashMap<String, Read>);

impl Ahead {
    /// Reads these files and all that they include, but for those that are not there.
    pub fn read(request: &Request<'_>, wanted: &[RequestedSls]) -> Self {
        let mut known: HashSet<String> = HashSet::new();
        let mut all = HashMap::new();
        let mut wave: Vec<String> = wanted.iter().map(|wanted| wanted.sls.clone()).collect();
        while !wave.is_empty() {
            wave.retain(|sls| known.insert(sls.clone()));
            let read = crate::parallel::map(&wave, WORTH_A_THREAD, |sls| Read::file(request, sls));
            wave.clear();
            for read in read.into_iter().flatten() {
                wave.extend(read.includes(request).into_iter().map(|wanted| wanted.sls));
                all.insert(read.sls.to_string(), read);
            }
        }
        Self(all)
    }

    /// A file; `None` if there is no such file.
    pub fn take(&mut self, request: &Request<'_>, sls: &str) -> Option<Read> {
        self.0.remove(sls).or_else(|| Read::file(request, sls))
    }
}

impl Read {
    fn file(request: &Request<'_>, sls: &str) -> Option<Self> {
        let path = request.files.path(sls)?;
        let sls: Arc<str> = sls.into();
        let mut findings = Findings::new(request.lenient);
        let node = request.files.node(&path, &sls, request.context);
        let document = node.map(|node| document::read(&sls, node.as_ref(), &mut findings));
        Some(Self { sls, path, document, findings })
    }

    fn includes(&self, request: &Request<'_>) -> Vec<RequestedSls> {
        let includes = self.document.as_ref().map_or(&[][..], |document| &document.includes);
        // Whoever takes the file tells what is wrong with them.
        let mut unheard = Findings::default();
        let wanted = includes
            .iter()
            .filter_map(|include| absolute(include.clone(), &self.sls, is_init(&self.path), &mut unheard));
        wanted.flat_map(|wanted| wanted.expand(request.files)).collect()
    }
}

/// Whether a file is its folder's, which counts for relative includes.
pub fn is_init(path: &str) -> bool {
    path.ends_with("/init.sls")
}
