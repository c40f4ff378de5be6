//! Runs the cases of tests/cases: one file per function, each with named cases of what is given, the state
//! as in an SLS, and the plan that follows. CONTRIBUTING tells how to write one; `UPDATE=1` rewrites the
//! plans, `CASE=text` runs only the cases with the text in their file's or own name.

// A test may panic; clippy only knows that of the functions marked as tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod case;
mod given;
mod golden;
mod library;
mod show;

use std::path::{Path, PathBuf};

use provision::source::{Place, Source};
use provision::states::FUNCTIONS;
use provision::yaml::{Node, Shape};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn parse(name: &str, text: String) -> Result<Option<Node>, String> {
    let source = Source::new(name, text);
    provision::yaml::parse(&source).map_err(|problems| show::problems(&problems))
}

#[test]
fn every_case_holds() {
    let filter = std::env::var("CASE").unwrap_or_default();
    let update = std::env::var_os("UPDATE").is_some();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    let mut ran = 0;
    let mut failures = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let node = match parse(&name, text.clone()) {
            Ok(Some(node)) => node,
            Ok(None) => continue,
            Err(problems) => {
                failures.push(format!("{name}: {problems}"));
                continue;
            }
        };
        let mut edits = Vec::new();
        let cases = node.map().expect("a case file is a map from a case's name to the case");
        for (index, (title, case)) in cases.iter().enumerate() {
            let title_text = title.text().unwrap_or_default();
            if !name.contains(&filter) && !title_text.contains(&filter) {
                continue;
            }
            ran += 1;
            let end = cases.get(index + 1).map(|(next, _)| next.place.line);
            let outcome = case::run(case);
            let expected = golden::expected(case);
            if outcome.found != expected && update {
                edits.extend(golden::edits(case, &text, end, &outcome.found));
            } else if outcome.found != expected {
                failures
                    .push(format!("{name}: {title_text}\n{}", golden::difference(&expected, &outcome.found)));
            }
            failures.extend(outcome.broken.iter().map(|text| format!("{name}: {title_text}: {text}")));
        }
        if !edits.is_empty() {
            std::fs::write(&file, golden::apply(&text, edits)).unwrap();
        }
    }
    assert!(failures.is_empty(), "{} of {ran} cases\n\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn every_function_has_cases_and_an_example_that_reads() {
    let mut problems = Vec::new();
    for row in FUNCTIONS {
        if !folder().join(format!("{}.yaml", row.name)).exists() {
            problems.push(format!("{}: has no tests/cases/{}.yaml", row.name, row.name));
        }
        let example = match library::render_example(row.example) {
            Ok(text) => text,
            Err(fault) => {
                problems.push(format!("{}: {fault}", row.name));
                continue;
            }
        };
        match parse(row.name, example) {
            Ok(Some(example)) => {
                let states = example.map().expect("an example is a map from an ID to a body");
                let mut named = false;
                for (id, body) in states {
                    match case::state(body, id.text().unwrap_or_default()) {
                        Ok((read, _)) => named |= read.name == row.name,
                        Err(text) => problems.push(format!("{}: {text}", row.name)),
                    }
                }
                if !named {
                    problems.push(format!("{}: the example has no such state", row.name));
                }
            }
            Ok(None) => problems.push(format!("{}: the example is empty", row.name)),
            Err(text) => problems.push(format!("{}: {text}", row.name)),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A map Node at the place of another.
fn map(place: &Place, entries: Vec<(Node, Node)>) -> Node {
    Node { place: place.clone(), shape: Shape::Map(entries.into()) }
}
