//! Each folder under tests/compile is a tree; what becomes of it stands in its `expected.txt`. With
//! UPDATE=1 these files are written anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use provision::compile::Compiled;
use provision::diagnostic::{Problems, Severity};
use provision::facts::Grains;
use provision::functions::Surroundings;
use provision::library::ProjectLibrary;
use provision::pillar;
use provision::tree::Tree;
use serde_json::{Value, json};

#[test]
fn trees_compile_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let mut failed = Vec::new();
    for case in cases.iter().filter(|case| case.is_dir()) {
        let found = outcome(case);
        let golden = case.join("expected.txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if found != expected {
            failed.push(format!(
                "{}\n{}",
                case.display(),
                provision::plan::diff(expected.as_bytes(), found.as_bytes())
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(cases.len() > 20, "the cases were found");
}

/// Each file under tests/mistakes holds one mistake; what is said of it stands beside it.
#[test]
fn each_mistake_gets_its_sentence() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "sls") {
            continue;
        }
        count += 1;
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir(tree.path().join("states")).unwrap();
        fs::copy(&file, tree.path().join("states/main.sls")).unwrap();
        let found = outcome(tree.path());
        let golden = file.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if found != expected || !found.starts_with("error") {
            let difference = provision::plan::diff(expected.as_bytes(), found.as_bytes());
            wrong.push(format!("{}\n{difference}\n{found}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 60, "only {count} mistakes were found");
}

/// What is said 40,000 times takes as long as that, and not its square: minutes in a debug build.
#[test]
fn tens_of_thousands_compile_in_seconds() {
    const MANY: usize = 40_000;
    let each = |line: &dyn Fn(usize) -> String| (0..MANY).map(line).collect::<String>();
    let named = format!("many:\n  test.nop:\n    - names:\n{}", each(&|n| format!("      - a{n}\n")));
    let arguments = format!("one:\n  test.nop:\n{}", each(&|n| format!("    - k{n}: 1\n")));
    let required = each(&|n| format!("s{n}:\n  test.nop:\n    - name: q{n}\n"))
        + "first:\n  test.nop:\n    - require_in:\n"
        + &each(&|n| format!("      - test: q{n}\n"));
    let tree = tempfile::tempdir().unwrap();
    fs::create_dir(tree.path().join("states")).unwrap();
    for (text, states) in [(named, MANY), (arguments, 1), (required, MANY + 1)] {
        fs::write(tree.path().join("states/main.sls"), text).unwrap();
        let started = std::time::Instant::now();
        let surroundings = Surroundings::new("web1", "staging", Grains::new());
        let pillar =
            pillar::compile(&pillar::Request { tree: &Tree::default(), surroundings: &surroundings }).0;
        let library =
            ProjectLibrary::new(Tree::of_folders([tree.path().join("states")]), pillar, surroundings);
        let compiled = library.compile(&["main".to_owned()], &[], false).unwrap();
        assert_eq!(compiled.states.len(), states);
        assert!(started.elapsed().as_secs() < 15, "{states} states took {:?}", started.elapsed());
    }
}

fn outcome(case: &Path) -> String {
    let request = fs::read_to_string(case.join("request.json")).unwrap_or_else(|_| "{}".to_owned());
    let request: Value = serde_json::from_str(&request).unwrap();
    let words = |key: &str| -> Vec<String> {
        let list = request[key].as_array().cloned().unwrap_or_default();
        list.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let mut sls = words("sls");
    if request.get("sls").is_none() && !case.join("states/top.sls").exists() {
        sls.push("main".to_owned());
    }
    let grains = json!({"os": "Debian", "os_family": "Debian", "roles": ["web"], "mem_total": 2048});
    let surroundings = Surroundings::new("web1", "staging", grains.as_object().unwrap().clone());
    let tree = Tree::of_folders([case.join("pillar")]);
    let (pillar, mut problems) =
        pillar::compile(&pillar::Request { tree: &tree, surroundings: &surroundings });
    let mut out = String::new();
    if case.join("pillar").exists() {
        let data = serde_json::to_string_pretty(&*pillar.data).unwrap();
        writeln!(out, "pillar {data}\nsecret {:?}\nvisited {:?}", pillar.secrets, pillar.visited).unwrap();
    }
    if case.join("states").exists() {
        let library = ProjectLibrary::new(Tree::of_folders([case.join("states")]), pillar, surroundings);
        match library.compile(&sls, &words("only"), request["lenient"] == json!(true)) {
            Ok(compiled) => {
                out.push_str(&shown(&compiled));
                problems.extend(compiled.warnings);
            }
            Err(found) => problems.extend(found),
        }
    }
    out + &told(&problems)
}

fn shown(compiled: &Compiled) -> String {
    let mut out = String::new();
    for (number, low) in compiled.states.iter().enumerate() {
        writeln!(out, "{number} {} {} [{}] {:?}", low.function.name, low.name, low.id, low.place.written())
            .unwrap();
        let arguments = low.arguments.to_json();
        for (key, value) in arguments.as_object().unwrap().iter().filter(|(key, _)| *key != "name") {
            writeln!(out, "    {key}: {value}").unwrap();
        }
        for (kind, targets) in &low.requisites {
            writeln!(out, "    → {kind:?} {targets:?}").unwrap();
        }
        if !low.implied.is_empty() {
            writeln!(out, "    → implied {:?}", low.implied).unwrap();
        }
    }
    out
}

fn told(problems: &Problems) -> String {
    let mut out = String::new();
    for problem in &problems.0 {
        let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
        writeln!(out, "{severity}: {}", problem.message).unwrap();
        let mut place = |place: &provision::diagnostic::Excerpt, label: &str| {
            let caret =
                format!("{}{}", " ".repeat(place.column as usize - 1), "^".repeat(place.width as usize));
            writeln!(out, "  {}:{}:{}", place.file, place.line, place.column).unwrap();
            writeln!(out, "  | {}\n  | {}", place.text, format!("{caret} {label}").trim_end()).unwrap();
        };
        if let Some(excerpt) = &problem.place {
            place(excerpt, problem.label.as_deref().unwrap_or_default());
        }
        for also in &problem.also {
            place(&also.place, &also.label);
        }
        if let Some(state) = &problem.state {
            writeln!(out, "  state: {state}").unwrap();
        }
        if let Some(help) = &problem.help {
            writeln!(out, "  help: {help}").unwrap();
        }
    }
    out
}

/// This repository is a project: its states stand over the base tree, which is the same.
#[test]
fn the_environments_of_this_repository_are_right() {
    let temp = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir(temp.path().join("tests")).unwrap();
    for folder in ["pillar", "tests/example-app"] {
        for entry in walkdir::WalkDir::new(root.join(folder)) {
            let entry = entry.unwrap();
            let to = temp.path().join(entry.path().strip_prefix(root).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir(to).unwrap()
            } else {
                drop(fs::copy(entry.path(), to))
            }
        }
    }
    fs::copy(root.join("secrets.example"), temp.path().join("secrets.example")).unwrap();
    let project = provision::project::Project::find(Some(temp.path())).unwrap();
    let spread = "domain: example.com\nhosts:\n  web1: {address: 192.0.2.1, internal: 10.0.0.1, roles: [web]}\n  \
                  db1: {address: 192.0.2.2, internal: 10.0.0.2, roles: [db-master, cache]}\n";
    fs::create_dir(temp.path().join("pillar/spread")).unwrap();
    fs::write(temp.path().join("pillar/spread/env.sls"), spread).unwrap();
    for environment in project.environments() {
        let secrets = "secrets: {DB_PASSWORD: correct horse, SECRET_KEY: 'battery staple'}\n";
        let path = temp.path().join(format!("pillar/{environment}/secrets.sls"));
        fs::write(&path, secrets).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let (states, problems) = provision::agent::check(&project, &environment, None, &Grains::new(), false);
        assert!(problems.is_empty(), "{environment}: {}", told(&problems));
        assert!(states > 50, "{environment}: {states}");
    }
}
