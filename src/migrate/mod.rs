//! Reads a tree that was written for masterless Salt and tells what of it runs here: every state file is
//! compiled by itself, and each problem is sorted by whether a change in the tree helps. Changes nothing.

mod minion;
mod roots;

use std::collections::{BTreeMap, BTreeSet};

use crate::agent::{Files, Inspection};
use crate::diagnostic::{Diagnostic, Problems, Severity};
use crate::facts::Grains;
use crate::fault::{Fault, Result};
use crate::states::FUNCTIONS;
use crate::tree::Tree;

pub use roots::Roots;

/// What became of a tree.
#[derive(Debug, Default, serde::Serialize)]
pub struct Report {
    pub state_files: usize,
    pub pillar_files: usize,
    /// State files in which nothing has to be done.
    pub run: usize,
    /// State files that need a change unless `--lenient` is given.
    pub run_leniently: usize,
    pub needs_change: Vec<Diagnostic>,
    pub not_supported: Vec<Diagnostic>,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        self.needs_change.is_empty() && self.not_supported.is_empty()
    }

    fn add(&mut self, problem: Diagnostic) {
        let list = if is_unsupported(&problem) { &mut self.not_supported } else { &mut self.needs_change };
        // A file that several others include is compiled several times.
        if !list.contains(&problem) {
            list.push(problem);
        }
    }
}

/// Folders for modules in Python, which no program of ours runs.
const PYTHON: [&str; 8] =
    ["_states", "_modules", "_renderers", "_pillar", "_returners", "_utils", "_matchers", "_serializers"];

/// Compiles every file of the tree for a host of this ID with these grains, put over the usual ones.
///
/// # Errors
/// A folder cannot be read, or there is no state file in it.
pub fn examine(roots: &Roots, id: Option<&str>, grains: &Grains) -> Result<Report> {
    let files = Files::bare(&roots.states, &roots.pillar);
    let names = sls(&files.states)?;
    if names.is_empty() {
        return Err(Fault::new(format!("there is no state file in {}", roots.shown(&roots.states))));
    }
    let pillar_names = sls(&files.pillar)?;
    let mut report =
        Report { state_files: names.len(), pillar_files: pillar_names.len(), ..Report::default() };
    roots.problems.iter().for_each(|problem| report.add(problem.clone()));
    python(&files.states, &mut report)?;

    let (as_given, problems) = inspected(Files::bare(&roots.states, &roots.pillar), id, grains)?;
    let mut found = problems;
    if files.states.has("top.sls") {
        found.extend(problems_of(as_given.compiled(&[], true)));
    }
    // A state file may be meant for a host that gets other pillar files: it is compiled with all of them.
    let top = serde_json::json!({ "base": { "*": pillar_names.keys().collect::<Vec<_>>() } });
    let all = Files {
        pillar: files
            .pillar
            .with_memory(BTreeMap::from([("top.sls".to_owned(), top.to_string().into_bytes())])),
        states: files.states,
    };
    let (with_all, problems) = inspected(all, id, grains)?;
    found.extend(problems.0);
    for name in names.keys() {
        found.extend(problems_of(with_all.compiled(std::slice::from_ref(name), true)));
    }
    count(&names, &found, &mut report);
    found.0.into_iter().for_each(|problem| report.add(problem));
    Ok(report)
}

fn inspected(files: Files, id: Option<&str>, grains: &Grains) -> Result<(Inspection, Problems)> {
    Inspection::of_tree(files, id, Some(grains.clone()))
}

fn problems_of(compiled: Result<crate::compile::Compiled, Problems>) -> Vec<Diagnostic> {
    match compiled {
        Ok(compiled) => compiled.warnings.0,
        Err(problems) => problems.0,
    }
}

/// State files by name, each with how people know its path. The top file is none.
fn sls(tree: &Tree) -> Result<BTreeMap<String, String>> {
    let mut names = BTreeMap::new();
    for path in tree.files("")?.unwrap_or_default() {
        let Some(stem) = path.strip_suffix(".sls").filter(|stem| *stem != "top") else { continue };
        let stem = stem.strip_suffix("/init").unwrap_or(stem);
        // A dot in a path cannot be said in a name.
        if !stem.contains('.') {
            let shown = tree.read(&path)?.map_or_else(|| tree.shown(&path), |file| file.shown);
            names.insert(stem.replace('/', "."), shown);
        }
    }
    Ok(names)
}

fn python(tree: &Tree, report: &mut Report) -> Result<()> {
    for folder in PYTHON {
        for file in tree.files(folder)?.unwrap_or_default() {
            let Some(module) = file.strip_suffix(".py") else { continue };
            let module = module.rsplit('/').next().unwrap_or(module);
            let built_in = FUNCTIONS.iter().any(|row| row.name.split('.').next() == Some(module));
            if module == "__init__" || built_in {
                continue;
            }
            let shown = tree.shown(&format!("{folder}/{file}"));
            report.add(
                Diagnostic::error(format!("`{shown}` is Python, which is not supported: none runs here"))
                    .help("say the same with states such as file and cmd, with pillar, or with a program in `facts.d/` that prints JSON"),
            );
        }
    }
    Ok(())
}

fn count(names: &BTreeMap<String, String>, found: &Problems, report: &mut Report) {
    let with = |wanted: fn(&Diagnostic) -> bool| -> BTreeSet<&str> {
        let places =
            found.0.iter().filter(|problem| wanted(problem)).filter_map(|problem| problem.place.as_ref());
        places.map(|place| place.file.as_str()).collect()
    };
    let touched = with(|_| true);
    // What is not supported is left out by a lenient run: that is no running.
    let wrong = with(|problem| problem.severity == Severity::Error || is_unsupported(problem));
    let without =
        |files: &BTreeSet<&str>| names.values().filter(|shown| !files.contains(shown.as_str())).count();
    report.run = without(&touched);
    report.run_leniently = without(&wrong).saturating_sub(report.run);
}

/// Whether nothing in the tree's own words would help.
fn is_unsupported(problem: &Diagnostic) -> bool {
    let says = |words: &str| problem.message.contains(words);
    let python = problem.help.as_ref().is_some_and(|help| help.contains("is Python"));
    says("not supported") || says("is Python") || says("templates cannot call") || python
}
