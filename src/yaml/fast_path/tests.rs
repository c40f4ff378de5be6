//! Whatever the line reader reads, the general parser reads the same from it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::yaml::parse::general;

/// Whether the line reader read it; if it did, the general parser must agree.
fn agrees(name: &str, text: &str) -> bool {
    let source = Source::new(name, text);
    let Some(node) = read(&source) else { return false };
    match general(&source) {
        Ok(other) => assert_eq!(Some(node), other, "{name}:\n{text}"),
        Err(problems) => panic!("{name} is wrong for the general parser: {problems:?}\n{text}"),
    }
    true
}

#[test]
fn the_files_of_this_project_are_read_alike() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut plain, mut all) = (0, 0);
    for folder in ["states", "pillar", "tests"] {
        for entry in walkdir::WalkDir::new(root.join(folder)) {
            let entry = entry.unwrap();
            let yaml = entry.path().extension().is_some_and(|extension| {
                ["sls", "yaml", "yml", "txt"].iter().any(|known| extension == *known)
            });
            if let Some(text) = std::fs::read_to_string(entry.path()).ok().filter(|_| yaml) {
                all += 1;
                plain += usize::from(agrees(&entry.path().display().to_string(), &text));
                // Every beginning of a file, too.
                for (end, _) in text.match_indices('\n').take(200) {
                    agrees("a beginning", &text[..=end]);
                }
            }
        }
    }
    assert!(plain > 100, "only {plain} of {all} files are plain");
}

#[test]
fn what_people_write_is_plain() {
    for text in [
        "a: b\n",
        "a:\n  - b\n  - c: d\n    e: 'f'\n",
        "a:\n- b\n- c\nd: []\n",
        "# a comment\n\na: b # another\n\n\nc:\n  d: {e: f, g: [1, 'two', \"three\"]}\n",
        "a:\n  - - b\n    - c\n  -\n    d: e\n  -\n",
        "'a b': \"c\"\n/etc/x:\n  file.managed:\n    - mode: '0644'\n    - contents: |\n        one\n\n          two\n    - user: root\n",
        "a: |-\n  b\nc: |+\n  d\n\ne: http://f:80/#g\n",
        "a:\nb:\n",
        "- [ a, b ]\n- {}\n- -1\n",
    ] {
        assert!(agrees("a text", text), "not plain:\n{text}");
    }
}

#[test]
fn what_is_not_plain_is_left_alone() {
    for text in [
        "a: b",
        "a: b\n  c\n",
        "a: *b\n",
        "a: !!str b\n",
        "a: >\n  b\n",
        "a: b: c\n",
        "a: b\na: c\n",
        "a:\tb\n",
        "- []# b\n",
        "- 'a'# b\n",
        "---\na: b\n",
        "<<: {a: b}\n",
        "é: a\n",
        "a: 'b\n",
        "? a\n: b\n",
        "[a, b: c]\n",
        "a:\n   b: c\n  d: e\n",
    ] {
        assert!(!agrees("a text", text), "plain:\n{text}");
    }
}

/// Lines of what people write and what they get wrong, at any depth.
fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("a".to_owned()),
        Just("b c".to_owned()),
        Just("'q'".to_owned()),
        Just("\"r s\"".to_owned()),
        Just("x:y".to_owned()),
        Just("k: v".to_owned()),
        Just("m:".to_owned()),
        Just("-".to_owned()),
        Just("- s".to_owned()),
        Just("- t: u".to_owned()),
        Just("- ".to_owned()),
        Just("#".to_owned()),
        Just("[]".to_owned()),
        Just("[d, 'e']".to_owned()),
        Just("{f: g}".to_owned()),
        Just("|".to_owned()),
        Just("''".to_owned()),
        Just("~".to_owned()),
        Just("0644".to_owned()),
        Just("? h".to_owned()),
        "[-a-c:#'\"\\[\\]{},|>&*!%@`? ]{0,6}",
    ];
    let key = prop_oneof![
        Just(String::new()),
        Just("- ".to_owned()),
        Just("- - ".to_owned()),
        "[a-z]{1,2}: ",
        "- [a-z]{1,2}: ",
        "'[a-z]': ",
        "[a-z] [a-z]:  ",
    ];
    (0usize..5, key, word, prop_oneof![4 => Just(""), 1 => Just(" # n"), 1 => Just("  ")]).prop_map(
        |(depth, key, word, end)| format!("{}{key}{word}{end}\n", " ".repeat(depth * 2 / (1 + depth % 2))),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]
    #[test]
    fn random_lines_are_read_alike(lines in proptest::collection::vec(line(), 1..7)) {
        agrees("lines", &lines.concat());
    }
}

#[test]
fn a_text_as_the_first_item_of_a_list_at_its_key_is_read_alike() {
    assert!(agrees("a text", " a: #\n - |\n    a\n"));
}
