use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Data, Functions, Loader, Templates};
use crate::diagnostic::Diagnostic;
use crate::fault::Fault;
use crate::source::{Place, Source};
use crate::yaml;

#[derive(Default)]
struct Files(BTreeMap<&'static str, &'static str>);

impl Loader for Files {
    fn load(&self, path: &str) -> Result<Option<Arc<Source>>, Fault> {
        Ok(self.0.get(path).map(|text| Source::new(format!("states/{path}"), *text)))
    }
}

struct Few;

impl Functions for Few {
    fn call(
        &self,
        name: &str,
        args: Vec<serde_json::Value>,
        named: serde_json::Map<String, serde_json::Value>,
    ) -> Result<Data, Fault> {
        match name {
            "test.echo" => Ok(args.into_iter().next().unwrap_or_default().into()),
            "test.named" => Ok(serde_json::Value::Object(named).into()),
            _ => Err(Fault::new(format!("`{name}` fails")).help("do something else")),
        }
    }

    fn names(&self) -> Vec<&str> {
        vec!["pillar.get", "test.echo", "test.named", "test.fails"]
    }
}

fn variables() -> Data {
    let text = include_str!("../../tests/compat/templates/variables.json");
    serde_json::from_str::<serde_json::Value>(text).unwrap().into()
}

fn templates(files: &[(&'static str, &'static str)]) -> Arc<Templates> {
    Templates::new(Arc::new(Files(files.iter().copied().collect())), Arc::new(Few))
}

fn try_render(files: &[(&'static str, &'static str)], text: &str) -> Result<Arc<Source>, Box<Diagnostic>> {
    templates(files).render(&Source::new("states/web.sls", text), "web/init.sls", &variables())
}

fn render(text: &str) -> String {
    match try_render(&[], text) {
        Ok(source) => source.text.clone(),
        Err(problem) => format!("! {}", problem.message),
    }
}

/// Expressions that come out otherwise than from Salt, each with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    (".iteritems()", "Python 2's name still works, as old trees use it"),
    ("pillar.ports[80]", "data that came as JSON has lost that a key was a number; both forms find it"),
    ("salt['no.such'] is defined", "a function that is not there is not defined"),
    ("{'a': 'x\\ny', 'b': 'yes'", "a text of several lines is written as a block"),
    ("'12:30', '~', 'null'", "long lines are not broken"),
    ("{{ pillar.users.items() }}", "what items() and keys() give prints as a list"),
    ("{{ pillar.users.keys() }}", "what items() and keys() give prints as a list"),
    ("{{ range(3) }}", "a range prints as the list of its numbers"),
    ("groupby('t') }}", "Salt fails on printing the groups"),
    ("is callable", "the variable is not defined, and not being defined is no calling"),
    ("m.arguments", "a macro's arguments are a list"),
    ("'aab' | unique", "Salt gives a set, whose order is random"),
    ("'1457456400' | strftime", "seconds in quotes are seconds; Salt reads a year of 6400"),
    ("encode('utf-8')", "text stays text"),
];

#[test]
fn expressions_come_out_as_from_salt() {
    let expressions = include_str!("../../tests/compat/templates/expressions.txt").lines();
    let recorded = include_str!("../../tests/compat/templates/recorded.txt").lines();
    let plain = |line: &str| line.replace('␍', "\r").replace('⏎', "\n");
    let mut wrong = String::new();
    let mut needed = std::collections::BTreeSet::new();
    for (text, expected) in expressions.zip(recorded) {
        let found = render(&plain(text));
        let expected = plain(expected);
        let same = found == expected || (found.starts_with('!') && expected == "!");
        let known = DIFFERENT.iter().find(|(part, _)| text.contains(part));
        if let (false, Some((part, _))) = (same, known) {
            needed.insert(*part);
        } else if !same {
            wrong += &format!("{text}\n    ours {found:?}\n    salt {expected:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(needed.len(), DIFFERENT.len(), "a difference that is none any more");
}

#[test]
fn files_include_and_import_one_another() {
    let files = [
        ("web/map.jinja", "{% set x = {'a': 1} %}{% macro m(v) %}<{{ v }}{{ grains.os }}>{% endmacro %}"),
        ("web/part.sls", "part of {{ sls }}\n"),
        ("web/data.yaml", "a: {{ grains.os }}\nb: [1]\n"),
        ("web/data.json", "{\"a\": 1}"),
        ("other.txt", "text\n"),
        ("web/deep/x.jinja", "{% from '../map.jinja' import x %}{% set y = x.a + 1 %}"),
        ("web/loop.sls", "{% include 'web/loop.sls' %}"),
    ];
    let cases = [
        ("{% from 'web/map.jinja' import x, m with context %}{{ x.a }}{{ m(2) }}", "1<2Debian>"),
        ("{% from './map.jinja' import x as z %}{% do z.update(b=2) %}{{ z }}", "{'a': 1, 'b': 2}"),
        ("{% import 'salt://web/map.jinja' as map %}{{ map.x.a }}{{ map.m('v') }}", "1<vDebian>"),
        ("{% set root = 'web' %}{% from root ~ '/map.jinja' import x with context %}{{ x }}", "{'a': 1}"),
        ("{% include 'web/part.sls' %}", "part of web"),
        ("{% include 'none.sls' ignore missing %}x", "x"),
        (
            "{% import_yaml 'web/data.yaml' as d %}{{ d }}{% do d.b.append(2) %}{{ d.b }}",
            "{'a': 'Debian', 'b': [1]}[1, 2]",
        ),
        ("{%- import_json 'web/data.json' as d -%}\n {{ d.a }}", "1"),
        ("{% import_text 'other.txt' as t %}[{{ t }}]", "[text]"),
        ("{% from 'web/deep/x.jinja' import y %}{{ y }}", "2"),
    ];
    for (text, expected) in cases {
        let found = try_render(&files, text).map(|source| source.text.clone());
        assert_eq!(found.as_deref().ok(), Some(expected), "{text}: {found:?}");
    }
}

/// `file:line:column+width message | help` and the other places.
fn told(problem: &Diagnostic) -> String {
    let place = problem
        .place
        .as_ref()
        .map(|place| format!("{}:{}:{}+{} ", place.file, place.line, place.column, place.width));
    let help = problem.help.as_ref().map(|help| format!(" | {help}")).unwrap_or_default();
    let also: String = problem
        .also
        .iter()
        .map(|also| format!(" ({} {}:{})", also.label, also.place.file, also.place.line))
        .collect();
    format!("{}{}{help}{also}", place.unwrap_or_default(), problem.message)
}

#[test]
fn errors_name_place_and_remedy() {
    let files = [
        ("web/bad.sls", "ok\n{{ pillar.db.hots }}\n"),
        ("web/macro.jinja", "{% macro m(x) %}\n{{ x.y }}{% endmacro %}"),
        ("web/syntax.jinja", "{% if %}"),
        ("web/loop.sls", "{% include 'web/loop.sls' %}"),
    ];
    // A template in one line, `⏎` for line breaks, and what is told of it in the next.
    let cases: Vec<&str> = include_str!("errors.txt").lines().collect();
    let mut wrong = String::new();
    for case in cases.chunks(2) {
        let [text, expected] = case else { panic!("{case:?} stands alone") };
        let found = match try_render(&files, &text.replace('⏎', "\n")) {
            Ok(source) => format!("no error: {}", source.text),
            Err(problem) => told(&problem),
        };
        if found != expected.trim_start() {
            wrong += &format!("{text}\n    {found}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Where the YAML node with a text leads back to, as `line:column+width`.
fn written(text: &str, wanted: &str) -> String {
    fn find<'a>(node: &'a yaml::Node, wanted: &str) -> Option<&'a Place> {
        if node.text() == Some(wanted) {
            return Some(&node.place);
        }
        let items = node.list().unwrap_or_default().iter();
        let entries = node.map().unwrap_or_default().iter().flat_map(|(key, value)| [key, value]);
        items.chain(entries).find_map(|node| find(node, wanted))
    }
    let rendered =
        try_render(&[("web/map.jinja", "{% macro m(v) %}\n  - deep: {{ v }}\n{% endmacro %}")], text)
            .unwrap();
    let document =
        yaml::parse(&rendered).unwrap_or_else(|problems| panic!("{}: {problems:?}", rendered.text));
    let document = document.unwrap_or_else(|| panic!("{:?} is empty", rendered.text));
    let place = find(&document, wanted).unwrap_or_else(|| panic!("{wanted} in {}", rendered.text)).written();
    format!("{}:{}+{}", place.line, place.column, place.width)
}

#[test]
fn places_lead_back_to_the_template() {
    let cases = [
        ("a:\n  b: c\n", "c", "2:6+1"),
        ("{% if true %}\na:\n  b: c\n{% endif %}\n", "c", "3:6+1"),
        ("{%- if true %}\na:\n  b: c\n{%- endif %}\n", "c", "3:6+1"),
        ("{% set m = '0888' %}\na:\n  b: {{ m }}\n", "0888", "3:6+7"),
        ("{% for u in ['x', 'y'] %}\n{{ u }}:\n  n: 1\n{% endfor %}\nlast: z\n", "y", "2:1+7"),
        ("{% for u in ['x', 'y'] %}\n{{ u }}:\n  n: 1\n{% endfor %}\nlast: z\n", "z", "5:7+1"),
        (
            "{%- for u in ['x', 'y'] -%}\n{{ u }}:\n  n: {{ u }}{{ u }}\n{% endfor -%}\nlast: z\n",
            "z",
            "5:7+1",
        ),
        ("a:\n{{ ['p', 'q'] | yaml(False) | indent(2, true) }}\nb: c\n", "q", "2:1+48"),
        ("a:\n{{ ['p', 'q'] | yaml(False) | indent(2, true) }}\nb: c\n", "c", "3:4+1"),
        ("{% load_yaml as x %}\nq: r\n{% endload %}\na: {{ x.q }}\n", "r", "4:4+9"),
        ("{% set x %}one\ntwo{% endset %}\na: {{ x | length }}\nb: c\n", "c", "4:4+1"),
        ("{% macro m(v) %}\n  - in: {{ v }}\n{% endmacro %}\na:\n{{ m('w') }}\nb: c\n", "w", "2:9+7"),
        ("{% macro m(v) %}\n  - in: {{ v }}\n{% endmacro %}\na:\n{{ m('w') }}\nb: c\n", "c", "6:4+1"),
        ("{% from 'web/map.jinja' import m %}\na:\n{{ m('w') }}\nb: c\n", "w", "3:1+12"),
        ("{# one\ntwo #}\na: b\n", "b", "3:4+1"),
        ("a: {{ 'x\\n' }}\nb: c\n", "c", "2:4+1"),
        ("{% set x = 'p' -%}\n\n   a: {{ x }}\nb: c\n", "c", "4:4+1"),
        ("{%- set x = [] -%}\na:\n  {%- if x is defined %}\n  b: c\n  {%- endif %}\n", "c", "4:6+1"),
        ("{% raw %}\na: b\n{% endraw %}\n", "b", "2:4+1"),
        ("{{ 'a: b' }}\n", "b", "1:1+12"),
    ];
    let mut wrong = String::new();
    for (text, wanted, expected) in cases {
        let found = written(text, wanted);
        if found != expected {
            wrong += &format!("{text:?} {wanted}: {found}, expected {expected}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_names_for_advice_are_names() {
    let templates = templates(&[]);
    for name in super::filters::NAMES {
        let source = Source::new("x", format!("{{{{ '{name}' is filter }}}}"));
        let text = templates.render(&source, "", &variables()).map(|source| source.text.clone());
        assert_eq!(text.as_deref().ok(), Some("True"), "{name}");
    }
    for name in super::filters::TESTS {
        let source = Source::new("x", format!("{{{{ '{name}' is test }}}}"));
        let text = templates.render(&source, "", &variables()).map(|source| source.text.clone());
        assert_eq!(text.as_deref().ok(), Some("True"), "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn no_template_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
        "{{", "}}", "{%", "%}", "{#", "#}", "-", " ", "\n", "\r\n", "a", "'", "\"", "[", "]", "{", "}", "(", ")",
        "set x = ", "do x.append(1)", "if true", "endif", "for i in [1, 2]", "endfor", "|", "yaml", "load_yaml as x",
        "endload", "import_yaml 'a' as b", "%", "~", ",", ".", ":", "x", "é", "raw", "endraw", "macro m()",
        "endmacro", "pillar", "1",
    ]), 0..25)) {
        let text = parts.concat();
        if let Ok(rendered) = try_render(&[], &text)
            && let Ok(Some(node)) = yaml::parse(&rendered)
        {
            let _ = node.place.written();
        }
    }
}

#[test]
fn a_text_that_several_threads_ask_for_at_once_is_there_for_all() {
    let templates = templates(&[]);
    for round in 0..200 {
        let text = format!("{{{{ 1 + 1 }}}} {round}");
        let source = Source::new("states/web.conf", text.as_str());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let rendered = templates.render(&source, "web/web.conf", &variables());
                    assert!(rendered.is_ok(), "{rendered:?}");
                });
            }
        });
    }
}
