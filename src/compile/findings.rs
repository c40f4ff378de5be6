//! Where the compiler's problems are collected, and how hard each is taken. Decides nothing else.

use crate::diagnostic::{Diagnostic, Problems, Severity};

/// What is wrong with the files so far.
#[derive(Debug, Default)]
pub struct Findings {
    pub problems: Problems,
    /// What Salt would let pass is a warning.
    pub lenient: bool,
}

impl Findings {
    pub fn new(lenient: bool) -> Self {
        Self { problems: Problems::default(), lenient }
    }

    /// A problem whatever the strictness.
    pub fn add(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// A problem that only strictness makes one: a warning where files are read leniently.
    pub fn strict(&mut self, mut problem: Diagnostic) {
        if self.lenient {
            problem.severity = Severity::Warning;
        }
        self.problems.push(problem);
    }

    pub fn fatal(&self) -> bool {
        self.problems.fatal()
    }
}
