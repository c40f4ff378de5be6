//! Each file under tests/facts is the grains of a real fresh host of one release. The base states compile
//! for it without problems to what stands beside it: in full for one release, as differences from that for
//! the others. With UPDATE=1 these files are written anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use provision::facts::Grains;
use provision::functions::Surroundings;
use provision::library::ProjectLibrary;
use provision::pillar;
use provision::states::{Library, RenderRequest};
use provision::tree::Tree;
use serde_json::{Map, Value};

/// The release that is shown in full.
const MODEL: &str = "bookworm";
const SECRETS: &str = "secrets: {DB_PASSWORD: one, SECRET_KEY: two}\n";
const DEVS: &str = "users: {ada: {groups: [admin, login], public_key: [ssh-ed25519 AAAA ada]}}\n";

#[test]
fn base_states_fit_every_release() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut recorded: Vec<PathBuf> = fs::read_dir(here.join("tests/facts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .collect();
    recorded.sort();
    let model = compiled(here, &here.join(format!("tests/facts/{MODEL}.json")));
    let mut failed = Vec::new();
    for path in &recorded {
        let mut found = compiled(here, path);
        if path.file_stem().is_some_and(|name| name != MODEL) {
            found = provision::plan::diff(model.as_bytes(), found.as_bytes());
        }
        let golden = path.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if found != expected {
            let difference = provision::plan::diff(expected.as_bytes(), found.as_bytes());
            failed.push(format!("{}\n{difference}", golden.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(recorded.len() > 3, "the recordings were found");
}

/// The states in order with what they are about, and the files that they make of templates.
fn compiled(project: &Path, grains: &Path) -> String {
    let grains: Grains = serde_json::from_str(&fs::read_to_string(grains).unwrap()).unwrap();
    let surroundings = Surroundings::new("web1", "staging", grains);
    let own = BTreeMap::from([
        ("staging/secrets.sls".to_owned(), SECRETS.as_bytes().to_vec()),
        ("devs.sls".to_owned(), DEVS.as_bytes().to_vec()),
    ]);
    let tree = Tree::of_folders([project.join("pillar")]).with_memory(own);
    let (pillar, problems) = pillar::compile(&pillar::Request { tree: &tree, surroundings: &surroundings });
    assert!(problems.0.is_empty(), "{problems:?}");
    let library = ProjectLibrary::new(Tree::over_base(project.join("states")), pillar, surroundings);
    let compiled = library.compile(&[], &[], false).unwrap();
    assert!(compiled.warnings.0.is_empty(), "{:?}", compiled.warnings);
    let mut out = String::new();
    for low in &compiled.states {
        let arguments = low.arguments.to_json();
        let packages: Vec<&str> =
            arguments["pkgs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        writeln!(out, "{}", format!("{} {} {}", low.function.name, low.name, packages.join(" ")).trim_end())
            .unwrap();
        // Those of file.recurse are folders, and the same everywhere.
        let template = arguments["source"].as_str().filter(|_| arguments["template"] == "jinja");
        if let Some(source) = template
            && let Some(bytes) = library.read(source).unwrap()
        {
            let request = RenderRequest {
                name: source,
                text: std::str::from_utf8(&bytes).unwrap(),
                source,
                sls: &low.sls,
                variables: &Map::new(),
            };
            for line in library.render(&request).unwrap().lines() {
                writeln!(out, "{}", format!("  | {line}").trim_end()).unwrap();
            }
        }
    }
    out
}
