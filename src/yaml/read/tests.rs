use serde::Deserialize;

use crate::source::Source;
use crate::yaml::{Mode, ModeOrKeep, Node, OneOrMany, Pairs, Seconds, fields_of, parse};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Managed {
    name: String,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    dir_mode: Option<ModeOrKeep>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    enable: Option<bool>,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    source: OneOrMany<String>,
    #[serde(default)]
    pkgs: Pairs<Option<String>>,
    #[serde(default)]
    env: Pairs<String>,
    #[serde(default)]
    kind: Option<Colour>,
    #[serde(default)]
    splay: Option<Seconds>,
    #[serde(default)]
    context: Option<Node>,
    #[serde(default)]
    data: serde_json::Value,
    #[serde(default)]
    part: Option<Part>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    key: String,
    value: u8,
}

fn node(text: &str) -> Node {
    parse(&Source::new("a.sls", text)).unwrap().unwrap()
}

fn read(text: &str) -> Managed {
    node(text).read(&[]).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// `line:column message | help` of each problem.
fn problems(text: &str) -> Vec<String> {
    let problems = node(text).read::<Managed>(&["later_one"]).unwrap_err();
    problems
        .into_iter()
        .map(|problem| {
            let place = problem.place.unwrap();
            let help = problem.help.map(|help| format!(" | {help}")).unwrap_or_default();
            format!("{}:{} {}{help}", place.line, place.column, problem.message)
        })
        .collect()
}

#[test]
fn values_are_read_as_they_were_meant() {
    let value = read(
        "name: 0644\nmode: 0644\ndir_mode: keep\nversion: 1.10\nenable: yes\nport: '8080'\nsource: salt://a\n\
         pkgs: [vim, nginx: 1.2, {git: ~}]\nenv:\n  - A: 1\n  - B: off\nkind: green\nsplay: 1.5\n\
         context: {a: [0644]}\ndata: {b: 0x10, c: [~, no]}\npart: {key: k, value: 7}\n",
    );
    assert_eq!(value.name, "0644");
    assert_eq!(value.mode, Some(Mode(0o644)));
    assert_eq!(value.dir_mode, Some(ModeOrKeep::Keep));
    assert_eq!(value.version.as_deref(), Some("1.10"));
    assert_eq!(value.enable, Some(true));
    assert_eq!(value.port, Some(8080));
    assert_eq!(value.source.0, ["salt://a"]);
    let pkgs: Vec<_> =
        value.pkgs.0.iter().map(|(name, version)| (name.as_str(), version.as_deref())).collect();
    assert_eq!(pkgs, [("vim", None), ("nginx", Some("1.2")), ("git", None)]);
    assert_eq!(value.env.0, [("A".to_owned(), "1".to_owned()), ("B".to_owned(), "off".to_owned())]);
    assert_eq!(value.kind, Some(Colour::Green));
    assert_eq!(value.splay.unwrap().0.as_millis(), 1500);
    let context = value.context.unwrap();
    assert_eq!(context.get("a").unwrap().list().unwrap()[0].place.to_string(), "a.sls:14:15");
    assert_eq!(value.data, serde_json::json!({"b": 16, "c": [null, false]}));
    assert_eq!(value.part.map(|part| (part.key, part.value)), Some(("k".to_owned(), 7)));
}

#[test]
fn modes_are_what_people_write() {
    let cases = [
        ("0644", Some(0o644)),
        ("644", Some(0o644)),
        ("'0644'", Some(0o644)),
        ("\"4755\"", Some(0o4755)),
        ("0o600", Some(0o600)),
        ("0", Some(0)),
        ("0888", None),
        ("888", None),
        ("75", None),
        ("17777", None),
        ("rw-r--r--", None),
        ("-644", None),
    ];
    for (text, mode) in cases {
        let found = node(text).read::<Mode>(&[]).ok().map(|mode| mode.0);
        assert_eq!(found, mode, "{text}");
    }
}

#[test]
fn every_problem_is_told_at_its_place() {
    let cases: &[(&str, &[&str])] = &[
        ("mode: 0644", &["1:1 `name` is missing"]),
        ("name: [a]", &["1:7 `name` must be a string, not a list"]),
        (
            "name:",
            &[
                "1:5 `name` must be a string, not nothing | write a value after the `:`, or `''` for an empty string",
            ],
        ),
        ("name: a\nmode: 0888", &["2:7 `0888` is no file mode such as `0644`"]),
        (
            "mdoe: 0644\nname: a\nenable: maybe\nport: 70000\nlater_one: 1",
            &[
                "1:1 `mdoe` is not known here | did you mean `mode`?",
                "3:9 `enable` must be true or false, not the string `maybe`",
                "4:7 `port` must be a whole number from 0 to 65535, not the number `70000`",
                "5:1 `later_one` is not supported yet",
            ],
        ),
        (
            "name: a\nenable: 'True'",
            &["2:9 `enable` must be true or false, not the string `True` | write it without quotes"],
        ),
        (
            "name: a\nkind: gren",
            &["2:7 `kind` must be one of `green` or `red`, not `gren` | did you mean `green`?"],
        ),
        ("name: a\nsource: [x, {y: 1}]", &["2:13 an item of `source` must be a string, not a map"]),
        ("name: a\nsource: {y: 1}", &["2:9 `source` must be a string, not a map"]),
        (
            "name: a\nenv: [A: 1, B]",
            &["2:13 an item of `env` must be a name with its value, not the string `B` | write `B: VALUE`"],
        ),
        (
            "name: a\npart: {key: [], valeu: 3}",
            &[
                "2:7 `value` is missing",
                "2:13 `key` must be a string, not an empty list",
                "2:17 `valeu` is not known here | did you mean `value`?",
            ],
        ),
        ("name: a\npart: 3", &["2:7 `part` must be a map, not the number `3`"]),
        ("- a", &["1:1 this must be a map, not a list"]),
    ];
    for (text, expected) in cases {
        assert_eq!(problems(text), *expected, "{text}");
    }
}

#[test]
fn a_struct_tells_its_fields() {
    assert_eq!(fields_of::<Part>(), ["key", "value"]);
    assert_eq!(fields_of::<String>(), [""; 0]);
}
