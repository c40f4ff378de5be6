//! Where the compiler's problems are collected, and how hard each is taken. Decides nothing else.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Problems, Severity};

/// How many problems get advice: each takes a search through all names.
const ADVISED: usize = 100;
/// How many problems are shown.
const TOLD: usize = 1000;

/// What is wrong with the files so far.
#[derive(Debug, Default)]
pub struct Findings {
    problems: Problems,
    /// What Salt would let pass is a warning.
    lenient: bool,
}

impl Findings {
    pub fn new(lenient: bool) -> Self {
        Self { problems: Problems::default(), lenient }
    }

    /// What was found elsewhere.
    pub fn append(&mut self, other: Self) {
        other.problems.into_iter().for_each(|problem| self.problems.push(problem));
    }

    /// A problem whatever the strictness.
    pub fn add(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// A problem with advice that takes a search, which is left out where much else is wrong already.
    pub fn add_advised(&mut self, problem: Diagnostic, advice: impl FnOnce() -> Cow<'static, str>) {
        let many = self.problems.0.len() >= ADVISED;
        self.add(if many { problem } else { problem.help(advice()) });
    }

    /// A problem that only strictness makes one: a warning where files are read leniently.
    pub fn strict(&mut self, mut problem: Diagnostic) {
        if self.lenient {
            problem.severity = Severity::Warning;
        }
        self.problems.push(problem);
    }

    /// All problems, each once (one declaration may stand for many states), by file and line.
    pub fn told(self) -> Problems {
        let mut seen = HashSet::new();
        let mut files: Vec<String> = Vec::new();
        let mut problems = Vec::new();
        for problem in self.problems {
            let place = problem.place.as_ref();
            if !seen.insert((
                place.map(|place| (place.file.clone(), place.line, place.column)),
                problem.message.clone(),
            )) {
                continue;
            }
            // Files in the order in which something was found in them; what has no place comes first.
            let key = place.map(|place| {
                let known = files.iter().position(|file| *file == place.file);
                let file = known.unwrap_or_else(|| {
                    files.push(place.file.clone());
                    files.len() - 1
                });
                (file, place.line, place.column)
            });
            problems.push((key, problem));
        }
        problems.sort_by_key(|(key, _)| *key);
        let count = problems.len();
        let fatal = problems.iter().skip(TOLD).any(|(_, problem)| problem.severity == Severity::Error);
        let mut problems: Vec<Diagnostic> =
            problems.into_iter().take(TOLD).map(|(_, problem)| problem).collect();
        if let Some(more) = count.checked_sub(TOLD).filter(|more| *more > 0) {
            let message = format!("{more} more are not told");
            problems.push(if fatal { Diagnostic::error(message) } else { Diagnostic::warning(message) });
        }
        Problems(problems)
    }
}
