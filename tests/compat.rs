//! Trees of state files come to the same low chunks, in the same order, with the same results as under Salt
//! 3008. The recordings are made by `make compat-record`; where we differ on purpose, the tree says why.

#![allow(clippy::indexing_slicing, reason = "a JSON value that is not there is null")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::Command;

use provision::source::Source;
use provision::yaml;
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_provision");
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compat");

type Anything = Box<dyn Error>;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Tree {
    name: String,
    /// The one file `a.sls`, which is applied.
    state: Option<String>,
    #[serde(default)]
    states: BTreeMap<String, String>,
    #[serde(default)]
    pillar: BTreeMap<String, String>,
    /// Instead of what the top file says.
    #[serde(default)]
    sls: Vec<String>,
    /// Whether it is applied, too.
    #[serde(default)]
    run: bool,
    /// Why we come to something else on purpose.
    differs: Option<String>,
}

#[test]
fn trees_come_to_what_salt_makes_of_them() -> Result<(), Anything> {
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(Path::new(FOLDER).join("low"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let trees: Vec<Tree> = serde_yaml::from_str(&std::fs::read_to_string(&path)?)?;
        let recorded: Value = serde_json::from_str(&std::fs::read_to_string(path.with_extension("json"))?)?;
        for tree in trees {
            count += 1;
            let compared = compare(&tree, &recorded[&tree.name]);
            let wrongly = match (&tree.differs, compared) {
                (None, Err(difference)) => difference.to_string(),
                (Some(_), Ok(())) => "it does not differ any more".to_owned(),
                (None, Ok(())) | (Some(_), Err(_)) => continue,
            };
            wrong.push(format!("{} of {}: {wrongly}", tree.name, path.display()));
        }
    }
    assert!(count >= 150, "only {count} trees were found");
    assert!(wrong.is_empty(), "{} of {count} trees differ\n\n{}", wrong.len(), wrong.join("\n\n"));
    Ok(())
}

fn compare(tree: &Tree, recorded: &Value) -> Result<(), Anything> {
    let root = tempfile::tempdir()?;
    let one = tree.state.iter().map(|text| ("a.sls".to_owned(), text.clone()));
    let states = tree.states.clone().into_iter().chain(one).collect();
    for (folder, files) in [("states", &states), ("pillar", &tree.pillar)] {
        std::fs::create_dir_all(root.path().join(folder))?;
        for (path, text) in files {
            let path = root.path().join(folder).join(path);
            std::fs::create_dir_all(path.parent().ok_or("a path")?)?;
            std::fs::write(path, text)?;
        }
    }
    let asked = |words: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(words).current_dir(root.path());
        command.args(["--file-root", "states", "--pillar-root", "pillar", "--json", "--id", "web1"]);
        command.args(["--grains", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compat/low/grains.json")]);
        command.args(tree.state.as_ref().map(|_| "a")).args(&tree.sls).output()
    };
    let shown = asked(&["show", "low"])?;
    let text = String::from_utf8(shown.stdout)?;
    let low = &recorded["low"];
    if low.as_array().is_none_or(|chunks| chunks.iter().any(Value::is_string)) {
        let refused = shown.status.code() == Some(2);
        return if refused { Ok(()) } else { Err(format!("Salt refuses it: {low}\n{text}").into()) };
    }
    let ours: Value = serde_json::from_str(&text).map_err(|_| text)?;
    same(low, &ours)?;
    if tree.run {
        let ran = asked(&["--local", "--verbose"])?;
        same(&salts_results(&recorded["run"])?, &our_results(&String::from_utf8(ran.stdout)?)?)?;
    }
    Ok(())
}

/// Documents that we read otherwise on purpose, each with why.
const READ_OTHERWISE: &[(&str, &str)] = &[
    ("a: 123456789012345678901234567890", "JSON has no such number: it stays as it is written"),
    ("a: =", "a type of YAML 1.1 that nothing constructs: a text like any other"),
    ("a: &x {b: 1}⏎y: &y {b: 3, e: 4}⏎c: {<<: [*x, *y]}", "the first wins, as YAML's merge keys say"),
    ("a: !!binary aGVsbG8=", "no argument of a state is of bytes: `file.decode` takes base64"),
    ("⇥a: 1", "a tab before the first key of a file is no indentation of anything"),
];

#[test]
fn documents_are_read_as_by_salts_loader() -> Result<(), Anything> {
    let folder = Path::new(FOLDER).join("yaml");
    let documents = std::fs::read_to_string(folder.join("documents.txt"))?;
    let recorded = std::fs::read_to_string(folder.join("recorded.txt"))?;
    assert_eq!(documents.lines().count(), recorded.lines().count(), "make compat-record");
    assert!(documents.lines().count() >= 100);
    let mut wrong = Vec::new();
    for (line, theirs) in documents.lines().zip(recorded.lines()) {
        let source = Source::new("a.sls", line.replace('⏎', "\n").replace('⇥', "\t"));
        let ours = match yaml::parse(&source) {
            Ok(document) => serde_json::to_string(&document.map_or(Value::Null, |node| node.to_json()))?,
            Err(_) => "!".to_owned(),
        };
        let theirs = match theirs {
            "!" => "!".to_owned(),
            json => serde_json::to_string(&serde_json::from_str::<Value>(json)?)?,
        };
        let on_purpose = READ_OTHERWISE.iter().any(|(document, _)| *document == line);
        if (ours != theirs) != on_purpose {
            wrong.push(format!("{line}\n  Salt {theirs}\n  ours {ours}"));
        }
    }
    let unused =
        READ_OTHERWISE.iter().filter(|(document, _)| !documents.lines().any(|line| line == *document));
    wrong.extend(unused.map(|(document, _)| format!("{document} is no document")));
    assert!(wrong.is_empty(), "{} differ\n\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

/// What matters of a result: how it ended, and why it was not run.
fn result(id: &Value, name: &Value, result: bool, changed: bool, comment: &str) -> Value {
    let reasons = [
        ("requisite failed", "requisite"),
        ("onfail", "onfail"),
        ("onchanges", "onchanges"),
        ("unless condition", "unless"),
        ("onlyif condition", "onlyif"),
    ];
    let comment = comment.replace('`', "");
    let reason = reasons.iter().find(|(words, _)| comment.contains(words)).map(|(_, reason)| reason);
    json!({ "id": id, "name": name, "result": result, "changed": result && changed, "reason": reason })
}

fn salts_results(recorded: &Value) -> Result<Value, Anything> {
    let all = recorded.as_array().ok_or("nothing was recorded of its run")?.iter();
    let one = |of: &Value| {
        let comment = of["comment"].as_str().unwrap_or_default();
        // What a `listen` brings is a state of its own there.
        let id = of["id"].as_str().unwrap_or_default();
        let id = Value::from(id.strip_prefix("listener_").unwrap_or(id));
        result(&id, &of["name"], of["result"] == true, of["changed"] == true, comment)
    };
    Ok(all.map(one).collect())
}

fn our_results(events: &str) -> Result<Value, Anything> {
    let mut results = BTreeMap::new();
    for line in events.lines() {
        let event: Value = serde_json::from_str(line)?;
        if event["event"] != "state" {
            continue;
        }
        let outcome = event["outcome"].as_str().unwrap_or_default();
        let comment = event["comment"].as_str().unwrap_or_default();
        let good = !matches!(outcome, "failed" | "blocked");
        let result = result(&event["id"], &event["name"], good, outcome == "changed", comment);
        // Parallel ones are told when they end. What a `listen` brings has the number of its state.
        let number = event["number"].as_u64();
        let again = results.contains_key(&(false, number));
        results.insert((again, number), result);
    }
    Ok(results.into_values().collect())
}

fn same(salt: &Value, ours: &Value) -> Result<(), Anything> {
    let (Some(left), Some(right)) = (salt.as_array(), ours.as_array()) else {
        return Err(format!("not two lists:\n{salt}\n{ours}").into());
    };
    for (left, right) in left.iter().zip(right) {
        if left != right {
            return Err(format!("\n  Salt {left}\n  ours {right}").into());
        }
    }
    let (left, right) = (left.len(), right.len());
    if left == right { Ok(()) } else { Err(format!("Salt has {left} chunks, we have {right}").into()) }
}
