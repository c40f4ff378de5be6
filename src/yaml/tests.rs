use serde_json::json;

use super::{Node, parse};
use crate::source::Source;

fn document(text: &str) -> Option<Node> {
    parse(&Source::new("a.sls", text)).unwrap_or_else(|problems| panic!("{text}: {problems:#?}"))
}

/// `line:column+width message | help (also line:column label)` of each problem.
fn problems(text: &str) -> Vec<String> {
    let problems = parse(&Source::new("a.sls", text)).expect_err(text);
    let told = problems.into_iter().map(|problem| {
        let place = problem.place.unwrap();
        let help = problem.help.map(|help| format!(" | {help}")).unwrap_or_default();
        let also: String = problem
            .also
            .iter()
            .map(|also| format!(" (also {}:{} {})", also.place.line, also.place.column, also.label))
            .collect();
        format!("{}:{}+{} {}{help}{also}", place.line, place.column, place.width, problem.message)
    });
    told.collect()
}

#[test]
fn documents_are_read() {
    let cases = [
        ("a: 1\nb: [x, 'y', \"z\\n\"]\n", json!({"a": 1, "b": ["x", "y", "z\n"]})),
        ("- a\n-\n  - b\n- c: d\n  e: f\n", json!(["a", ["b"], {"c": "d", "e": "f"}])),
        ("a:\n- 1\n- 2\n", json!({"a": [1, 2]})),
        ("a: |\n  x\n   y\n\nb: >\n  x\n  y\n", json!({"a": "x\n y\n", "b": "x y\n"})),
        ("a: &x {b: 1}\nc: *x\n", json!({"a": {"b": 1}, "c": {"b": 1}})),
        ("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", json!({"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}})),
        (
            "a: &x {p: 1, q: 1}\nb: &y {q: 2, r: 2}\nc: {<<: [*x, *y]}\n",
            json!({"a": {"p": 1, "q": 1}, "b": {"q": 2, "r": 2}, "c": {"r": 2, "p": 1, "q": 1}}),
        ),
        ("a: !!str 1\nb: !!int '2'\nc: !!float 3\n", json!({"a": "1", "b": 2, "c": 3.0})),
        ("---\na: 1\n...\n", json!({"a": 1})),
        ("# c\na: b # d\n", json!({"a": "b"})),
        ("a:\n  b\n  c\n", json!({"a": "b c"})),
        ("{a: 1,\n b: 2}\n", json!({"a": 1, "b": 2})),
        ("yes: on\n1: ~\n", json!({"yes": true, "1": null})),
        ("a: http://x:80/?y#z\n", json!({"a": "http://x:80/?y#z"})),
        ("a: \"\\u00e9\\x41\"\n", json!({"a": "éA"})),
        ("? a\n: b\n", json!({"a": "b"})),
        ("a:   \r\n  b: c\r\n", json!({"a": {"b": "c"}})),
        ("\u{feff}a: 1\n", json!({"a": 1})),
        ("1: a\n'1': b\n", json!({"1": "b"})),
    ];
    for (text, value) in cases {
        assert_eq!(document(text).map(|node| node.to_json()), Some(value), "{text}");
    }
    for text in ["", "\n", "# only\n", "---\n", "~\n", "   \n\n"] {
        assert_eq!(document(text), None, "{text:?}");
    }
}

#[test]
fn every_node_knows_its_place() {
    let text =
        "web:\n  pkg.installed:\n    - name: nginx\n    - pkgs: [a, 'b c']\n  é: \"x\"\n  t: |\n    y\n";
    let root = document(text).unwrap();
    let mut places = Vec::new();
    fn walk(node: &Node, places: &mut Vec<String>) {
        let place = &node.place;
        places.push(format!(
            "{}:{}+{} {}",
            place.line,
            place.column,
            place.width,
            node.text().unwrap_or(if node.list().is_some() { "[]" } else { "{}" }).trim()
        ));
        for item in node.list().unwrap_or_default() {
            walk(item, places);
        }
        for (key, value) in node.map().unwrap_or_default() {
            walk(key, places);
            walk(value, places);
        }
    }
    walk(&root, &mut places);
    assert_eq!(
        places,
        [
            "1:1+3 {}",
            "1:1+3 web",
            "2:3+13 {}",
            "2:3+13 pkg.installed",
            "3:5+1 []",
            "3:7+4 {}",
            "3:7+4 name",
            "3:13+5 nginx",
            "4:7+4 {}",
            "4:7+4 pkgs",
            "4:13+1 []",
            "4:14+1 a",
            "4:17+5 b c",
            "5:3+1 é",
            "5:6+3 x",
            "6:3+1 t",
            "7:5+1 y",
        ]
    );
}

#[test]
fn slips_are_explained() {
    let cases: &[(&str, &[&str])] = &[
        (
            "a:\n\tb: 1\n",
            &[
                "2:1+1 a tab stands in the indentation | YAML is indented with spaces: replace the tab by two spaces",
            ],
        ),
        (
            "a: 1\nb: 2\na: 3\n",
            &[
                "3:1+1 `a` is given twice in one map | keep one of the two; where both are lists or maps, join them (also 1:1 first given here)",
            ],
        ),
        (
            "yes: 1\ntrue: 2\n",
            &[
                "2:1+4 `true` is given twice in one map | keep one of the two; where both are lists or maps, join them (also 1:1 first given here)",
            ],
        ),
        ("a:b\nc: d\n", &["1:2+1 a space is missing after `a:` | write `a: b`"]),
        ("c: d\na:b\n", &["2:2+1 a space is missing after `a:` | write `a: b`"]),
        (
            "a: 'b\nc: d\n",
            &[
                "1:4+1 the quote that opens here is not closed | close it, or escape a quote within: `''` in single quotes, `\\\"` in double quotes",
            ],
        ),
        (
            "a: {{ b }}\n",
            &[
                "1:4+2 this is no YAML: a template expression was left in the text | a template expression stands here unrendered; quote it, or check the file's first line (`#!jinja|yaml`) and that the braces are closed",
            ],
        ),
        (
            "{% if x %}\na: b\n",
            &[
                "1:1+2 this is no YAML: a template expression was left in the text | a template expression stands here unrendered; quote it, or check the file's first line (`#!jinja|yaml`) and that the braces are closed",
            ],
        ),
        (
            "a: [b, c\nd: e\n",
            &["1:4+1 `[` is not closed, or a comma is missing (also 2:2 this `:` does not belong here)"],
        ),
        ("a: b: c\n", &["1:5+1 a second `:` stands in this value | put the value in quotes"]),
        (
            "a: b\n  c: d\n",
            &[
                "2:3+4 a key stands where none can be | indent both lines alike, or end the line above with `:` (also 1:1 this already has a value)",
            ],
        ),
        (
            "a:\n  - b\n c: d\n",
            &[
                "3:2+4 the indentation of this key fits nothing above it | items of one list and keys of one map stand in the same column (also 1:1 what began here is indented by 0)",
            ],
        ),
        (
            "a:\n  b: c\n   d: e\n",
            &[
                "3:4+4 a key stands where none can be | indent both lines alike, or end the line above with `:` (also 2:3 this already has a value)",
            ],
        ),
        (
            "a: *x\n",
            &[
                "1:4+2 `*x` names an anchor that does not stand before it | if this is no alias but text that begins with `*`, put it in quotes",
            ],
        ),
        ("a: &x [*x]\n", &["1:8+2 the alias stands within what it names"]),
        (
            "a: \"\\q\"\n",
            &[
                "1:4+1 double quotes do not know this escape | write `\\\\` for a backslash, or use single quotes, which know no escapes",
            ],
        ),
        ("a: @b\n", &["1:4+1 a value cannot begin with `@` | put the value in quotes"]),
        ("a: %b\n", &["1:4+1 a value cannot begin with `%` | put the value in quotes"]),
        (
            "a: 'b' c\n",
            &[
                "1:8+1 text follows after the closing quote | put the whole value in quotes, or none of it; a quote within is written `''` or `\\\"`",
            ],
        ),
        ("a: !foo b\n", &["1:9+1 the tag `!foo` is not supported here"]),
        (
            "a: 1\n---\nb: 2\n",
            &["2:1+3 a second document begins here | one file is one document: remove this `---` line"],
        ),
        ("a: {<<: 3}\n", &["1:9+1 `<<` merges a map or a list of maps, not the number `3`"]),
        (
            "a: ]\n",
            &[
                "1:4+1 a bracket closes that was never opened | put the value in quotes if the bracket belongs to it",
            ],
        ),
        ("a: [b}\n", &["1:4+1 `[` is closed by `}`"]),
        (
            "a\nb: c\n",
            &[
                "1:1+1 a key without `:` stands among the keys of a map | write `a:`, or indent the line as the value of the key above",
            ],
        ),
        ("-a\n-b: c\n", &["1:1+1 a space is missing after the `-` of a list item | write `- a`"]),
        (
            "a: \"b\"c\"\n",
            &[
                "1:7+1 text follows after the closing quote | put the whole value in quotes, or none of it; a quote within is written `''` or `\\\"`",
            ],
        ),
    ];
    let mut wrong = String::new();
    for (text, expected) in cases {
        let found = problems(text);
        if found != *expected {
            wrong += &format!("({text:?}, &{found:#?}),\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn bombs_do_not_go_off() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let before = level - 1;
        text += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 10].join(", "));
    }
    assert!(problems(&text)[0].contains("expand to more than"));
    let deep = "[".repeat(5000);
    assert!(problems(&deep)[0].contains("too many lists and maps"));
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..5000 {
        chain += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    assert!(problems(&chain)[0].contains("more than 100 lists and maps"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in r#"[ \t\na-c0-9:\-\[\]{}&*!|>'"%#,?~<é]{0,60}"#) {
        let _ = parse(&Source::new("a.sls", text));
    }
}

#[test]
fn what_is_written_is_read_again() {
    let values = [
        json!({"a": 1, "b": [1, 2.5, true, null, "x"], "c": {"d": []}, "e": {}}),
        json!([
            "yes", "1", "0644", "", " a", "a: b", "a #b", "-", "- a", "*x", "&x", "'", "\"", "é", "a\nb\n",
            "\n", " x\ny"
        ]),
        json!([[1, [2]], [{"a": [{"b": 1, "c": 2}]}]]),
        json!({"k: x": "tab\there", "multi": "a\n\n  b\nc", "keep": "a\n\n", "1": "~", "null": "=", "d": "2024-01-01"}),
        json!([1e100, 1e-7, -0.5, 12345678901234567890_u64, -1]),
        json!("plain"),
        json!({"l": ["a\nb", {"x": "c\nd\n"}]}),
    ];
    for value in values {
        for style in [
            super::Style::default(),
            super::Style { flow: true, ..super::Style::default() },
            super::Style { indent: 4, indent_lists: true, sort_keys: true, ..super::Style::default() },
        ] {
            let text = super::write(&value, &style);
            let read = parse(&Source::new("a", text.as_str()))
                .unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
            assert_eq!(read.map(|node| node.to_json()), Some(value.clone()), "{text}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_string_is_written_so_that_it_is_read_again(text in "[ -~\n\té\u{85}]{0,30}") {
        let value = json!({"a": [text.clone()], "b": {text.clone(): text.clone()}});
        let written = super::write(&value, &super::Style::default());
        let read = parse(&Source::new("a", written.as_str())).unwrap_or_else(|problems| panic!("{written}\n{problems:?}"));
        proptest::prop_assert_eq!(read.map(|node| node.to_json()), Some(value), "{}", written);
    }
}
