//! No tree of files, however broken, makes the compiler panic or go on for ever. The seeds are the state files of
//! this repository and of the trees that Salt was asked about; each case is some of them, cut, doubled and mixed.
//! More of it: `PROPTEST_CASES=100000 cargo test --release --test fuzz`. What was found is kept in fuzz-seeds.txt.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::FileFailurePersistence;
use provision::functions::Surroundings;
use provision::library::ProjectLibrary;
use provision::pillar;
use provision::tree::Tree;
use serde_json::json;

/// Far beyond what any small tree takes, even where a debug build renders until its fuel is gone.
const LONGEST: Duration = Duration::from_secs(60);
/// How much of a file is taken.
const MOST_LINES: usize = 60;

/// The lines of all seeds, file by file.
fn seeds() -> &'static [Vec<String>] {
    static SEEDS: OnceLock<Vec<Vec<String>>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        for folder in ["states", "pillar", "tests/compile", "tests/mistakes", "tests/compat", "tests/on_host"]
        {
            for entry in walkdir::WalkDir::new(root.join(folder)).sort_by_file_name() {
                let path = entry.unwrap().into_path();
                if path.extension().is_some_and(|extension| extension == "sls" || extension == "yaml") {
                    paths.push(path);
                }
            }
        }
        let lines = |path: &std::path::PathBuf| {
            let text = std::fs::read_to_string(path).ok()?;
            Some(text.lines().map(str::to_owned).collect::<Vec<_>>()).filter(|lines| !lines.is_empty())
        };
        let seeds: Vec<Vec<String>> = paths.iter().filter_map(lines).collect();
        assert!(seeds.len() > 100, "the seeds were found");
        seeds
    })
}

/// One change to the lines of a file.
#[derive(Clone, Debug)]
enum Change {
    Drop(Index),
    Double(Index),
    Swap(Index, Index),
    Indent(Index),
    Outdent(Index),
    Cut(Index, Index),
    Insert(Index, Index, &'static str),
    Borrow(Index, Index, Index),
}

/// What files are made of.
const WORDS: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{% if x %}",
    "{% endif %}",
    "{% for i in range(3) %}",
    "{% endfor %}",
    "- ",
    ": ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "<<: *a",
    "|",
    ">",
    "'",
    "\"",
    "#",
    "!!str ",
    "? ",
    "---",
    "include:",
    "extend:",
    "exclude:",
    "- require:",
    "- watch_in:",
    "- names:",
    "- use:",
    "- prereq:",
    "- sls: '*'",
    "name",
    "pkg: x",
    "~",
    "0644",
    "é",
    "\u{85}",
    "{{ pillar }}",
    "{{ salt['cmd.run']('true') }}",
    "{% do x.append(x) %}",
    "{% set x = x ~ x %}",
    "{{ [x] * 1000000 }}",
    "{{ 'x' * 1000000 * 1000000 }}",
    "{% for i in range(100000) %}{% for j in range(100000) %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "\r",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        at().prop_map(Change::Drop),
        at().prop_map(Change::Double),
        (at(), at()).prop_map(|(one, other)| Change::Swap(one, other)),
        at().prop_map(Change::Indent),
        at().prop_map(Change::Outdent),
        (at(), at()).prop_map(|(line, place)| Change::Cut(line, place)),
        (at(), at(), prop::sample::select(WORDS))
            .prop_map(|(line, place, word)| Change::Insert(line, place, word)),
        (at(), at(), at()).prop_map(|(line, seed, from)| Change::Borrow(line, seed, from)),
    ]
}

/// Somewhere in a line, between two characters.
fn place(line: &str, at: &Index) -> usize {
    let places: Vec<usize> = line.char_indices().map(|(place, _)| place).chain([line.len()]).collect();
    *at.get(&places)
}

fn mutated(seed: &Index, changes: &[Change]) -> String {
    let mut lines: Vec<String> = seed.get(seeds()).iter().take(MOST_LINES).cloned().collect();
    for change in changes {
        let count = lines.len();
        match change {
            Change::Drop(at) if count > 1 => drop(lines.remove(at.index(count))),
            Change::Double(at) => lines.insert(at.index(count), at.get(&lines).clone()),
            Change::Swap(one, other) => lines.swap(one.index(count), other.index(count)),
            Change::Indent(at) => lines[at.index(count)].insert_str(0, "  "),
            Change::Outdent(at) => {
                let line = &mut lines[at.index(count)];
                *line = line.strip_prefix("  ").unwrap_or(line).to_owned();
            }
            Change::Cut(at, to) => {
                let line = &mut lines[at.index(count)];
                line.truncate(place(line, to));
            }
            Change::Insert(at, to, word) => {
                let line = &mut lines[at.index(count)];
                line.insert_str(place(line, to), word);
            }
            Change::Borrow(at, seed, from) => {
                lines.insert(at.index(count), from.get(seed.get(seeds()).as_slice()).clone());
            }
            Change::Drop(_) => {}
        }
    }
    lines.join("\n") + "\n"
}

fn compile(main: &str, other: &str, data: &str) {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("pillar/top.sls", "base: {'*': [data]}\n");
    write("pillar/data.sls", data);
    write("states/top.sls", "base: {'*': [main, other]}\n");
    write("states/main.sls", main);
    write("states/other.sls", other);
    let grains = json!({"os": "Debian", "os_family": "Debian", "roles": ["web"]});
    let surroundings = Surroundings::new("web1", "staging", grains.as_object().unwrap().clone());
    let tree = Tree::of_folders([folder.path().join("pillar")]);
    let (pillar, _) = pillar::compile(&pillar::Request { tree: &tree, surroundings: &surroundings });
    let library = ProjectLibrary::new(Tree::of_folders([folder.path().join("states")]), pillar, surroundings);
    for lenient in [false, true] {
        if let Ok(compiled) = library.compile(&[], &[], lenient) {
            // Every place leads back to what was written.
            compiled.states.iter().for_each(|low| drop(low.place.written()));
        }
    }
    if let Ok(shown) = library.show(&[], true) {
        drop((shown.high(), shown.low(|chunk| chunk)));
    }
}

/// A debug build takes its time: without being asked for more, only as many cases as the other tests take.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if asked { usual.cases } else { 96 },
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/fuzz-seeds.txt"))),
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn no_tree_makes_the_compiler_panic_or_hang(
        main in any::<Index>(),
        other in any::<Index>(),
        data in any::<Index>(),
        changes in prop::collection::vec(change(), 0..12),
        others in prop::collection::vec(change(), 0..4),
    ) {
        let (main, other, data) = (mutated(&main, &changes), mutated(&other, &others), mutated(&data, &others));
        let started = Instant::now();
        compile(&main, &other, &data);
        prop_assert!(started.elapsed() < LONGEST, "it took {:?}", started.elapsed());
    }
}
