use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

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
    Data::from(json!({
        "pillar": {
            "db": {"host": "a", "port": 5432},
            "names": ["x", "y"],
            "users": {"anna": {"uid": 1000}, "bert": {"uid": 1001}},
            "ports": {"80": "http"},
        },
        "grains": {"os": "Debian", "osmajorrelease": 12, "mem": 1.5},
        "sls": "web",
    }))
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

#[test]
fn expressions_come_out_as_from_jinja2() {
    let cases = [
        // Python's faces of values.
        (
            "{{ true }} {{ True }} {{ none }} {{ None }} {{ 1 }} {{ 1.0 }} {{ 1.5 }}",
            "True True None None 1 1.0 1.5",
        ),
        ("{{ [1, 'a', true, none, 1.5] }}", "[1, 'a', True, None, 1.5]"),
        ("{{ {'a': 1, 'b': [\"it's\"]} }}", "{'a': 1, 'b': [\"it's\"]}"),
        ("{{ (1, 'a') }} {{ (1,) }} {{ () }}", "(1, 'a') (1,) ()"),
        ("{{ pillar.db }}", "{'host': 'a', 'port': 5432}"),
        ("{{ pillar.names }}", "['x', 'y']"),
        ("{{ {'a': 'x\\ny'} }}", "{'a': \"x\\ny\"}"),
        ("{{ 'é' }} {{ ['é'] }}", "é ['é']"),
        ("{{ 'a' ~ true ~ none ~ 1.0 }}", "aTrueNone1.0"),
        (
            "{{ 10 / 4 }} {{ 8 / 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 2 ** 10 }}",
            "2.5 2.0 3 -4 1 2 1024",
        ),
        ("{{ 1e16 }} {{ 0.00001 }}", "1e+16 1e-05"),
        // Operators.
        ("{{ [1] + [2] }} {{ 'ab' * 2 }} {{ [0] * 2 }}", "[1, 2] abab [0, 0]"),
        ("{{ 1 in [1, 2] }} {{ 'x' not in 'abc' }} {{ 'host' in pillar.db }}", "True True True"),
        ("{{ 1 < 2 < 3 }} {{ not true }} {{ 1 == 1.0 }}", "True False True"),
        ("{{ 'a' if false else 'b' }}|{{ 'a' if false }}|", "b||"),
        ("{{ 'abc'[0] }} {{ 'abc'[-1] }} {{ 'abcd'[1:3] }} {{ [1, 2, 3][::-1] }}", "a c bc [3, 2, 1]"),
        (
            "{{ '%s-%02d' % ('a', 7) }} {{ '%s' % 'x' }} {{ '%.2f' % 1.005 }} {{ '%5s|' % 'a' }}",
            "a-07 x 1.00     a|",
        ),
        ("{{ '{} {}'.format(1, 'b') }} {{ '{0:>4}|'.format('a') }} {{ '{a}'.format(a=1) }}", "1 b    a| 1"),
        ("{{ 'a' 'b' }}", "ab"),
        // Methods.
        ("{{ 'a,b'.split(',') }} {{ ' a '.strip() }} {{ 'abc'.replace('b', 'x') }}", "['a', 'b'] a axc"),
        (
            "{{ ','.join(['a', 'b']) }} {{ 'a b  c'.split() }} {{ 'a.b.c'.rsplit('.', 1) }}",
            "a,b ['a', 'b', 'c'] ['a.b', 'c']",
        ),
        ("{{ 'abc'.startswith('a') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'abc'.find('c') }}", "True True 2"),
        (
            "{{ '7'.zfill(3) }} {{ 'a'.ljust(3) }}| {{ 'a'.rjust(3) }} {{ 'Ab'.swapcase() }}",
            "007 a  |   a aB",
        ),
        (
            "{{ 'a=b=c'.partition('=') }} {{ 'abc'.removeprefix('a') }} {{ 'x'.isdigit() }}",
            "('a', '=', 'b=c') bc False",
        ),
        ("{{ pillar.db.get('host') }} {{ pillar.db.get('x') }} {{ pillar.db.get('x', 'd') }}", "a None d"),
        ("{% for k, v in pillar.db.items() %}{{ k }}={{ v }};{% endfor %}", "host=a;port=5432;"),
        ("{% for k, v in pillar.db.iteritems() %}{{ k }}{% endfor %}", "hostport"),
        ("{{ pillar.db.keys() | list }} {{ pillar.db.values() | list }}", "['host', 'port'] ['a', 5432]"),
        ("{{ pillar['db']['host'] }} {{ pillar.ports[80] }}", "a http"),
        ("{{ pillar.names[0] }} {{ pillar.names[-1] }} {{ pillar.names | length }}", "x y 2"),
        ("{{ pillar.names.index('y') }} {{ pillar.names.count('x') }}", "1 1"),
        // Undefined values.
        ("{{ nothing | default('d') }} {{ pillar.db.x | default('d') }} {{ x is defined }}", "d d False"),
        ("{{ '' | default('d', true) }}", "d"),
        // Changing lists and maps.
        (
            "{% set x = [] %}{% do x.append(1) %}{% do x.append([2]) %}{% do x[1].append(3) %}{{ x }}",
            "[1, [2, 3]]",
        ),
        ("{% set x = {} %}{% do x.update({'a': 1}) %}{% do x.update(b=2) %}{{ x }}", "{'a': 1, 'b': 2}"),
        (
            "{% set x = {'a': []} %}{% do x.a.append(1) %}{% do x.setdefault('b', []).append(2) %}{{ x }}",
            "{'a': [1], 'b': [2]}",
        ),
        (
            "{% set x = [3, 1, 2] %}{{ x.pop() }}{{ x.pop(0) }}{% do x.extend([5, 4]) %}{% do x.sort() %}{{ x }}",
            "23[1, 4, 5]",
        ),
        ("{% set x = [1] %}{% set y = x %}{% do y.append(2) %}{{ x }}", "[1, 2]"),
        ("{% set x = [] %}{% for i in range(3) %}{% do x.append(i) %}{% endfor %}{{ x }}", "[0, 1, 2]"),
        ("{% set x = [1, 2] + [3] %}{% do x.append(4) %}{{ x }}", "[1, 2, 3, 4]"),
        ("{% set x = 'a,b'.split(',') %}{% do x.append('c') %}{{ x }}", "['a', 'b', 'c']"),
        (
            "{% set x = pillar.names %}{% do x.append('z') %}{{ x }}{{ pillar.names }}",
            "['x', 'y', 'z']['x', 'y', 'z']",
        ),
        (
            "{% set x = pillar.users %}{% do x.anna.update({'gid': 7}) %}{{ pillar.users.anna }}",
            "{'uid': 1000, 'gid': 7}",
        ),
        (
            "{% set ns = namespace(all=[], n=0) %}{% for i in [1, 2] %}{% do ns.all.append(i) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.all }}{{ ns.n }}",
            "[1, 2]3",
        ),
        ("{% set a, b = 1, [2] %}{{ a }}{{ b }}", "1[2]"),
        ("{% set x = {'a': 1} %}{{ x.pop('a') }}{{ x.pop('b', 'c') }}{{ x }}", "1c{}"),
        ("{% set x = dict(a=1, b=2) %}{% do x.update({'a': 3}) %}{{ x }}", "{'a': 3, 'b': 2}"),
        ("{% set x = [1] %}{% set y = x.copy() %}{% do y.append(2) %}{{ x }}{{ y }}", "[1][1, 2]"),
        (
            "{% macro add(l, v) %}{% do l.append(v) %}{% endmacro %}{% set x = [] %}{{ add(x, 1) }}{{ x }}",
            "[1]",
        ),
        ("{% do pillar.names.append('q') if true %}{{ pillar.names }}", "['x', 'y', 'q']"),
        // Statements.
        (
            "{% for i in [1, 2, 3] if i != 2 %}{{ loop.index }}:{{ i }}{{ ',' if not loop.last }}{% else %}none{% endfor %}",
            "1:1,2:3",
        ),
        (
            "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}",
            "02",
        ),
        ("{% macro m(a, b='x') %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }} {{ m(1, b=2) }}", "1x 12"),
        ("{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}in{% endcall %}", "<in>"),
        ("{% filter upper %}abc{% endfilter %}", "ABC"),
        ("{% with a = 1 %}{{ a }}{% endwith %}", "1"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("{# a comment #}x", "x"),
        ("{% set x %}a{{ 1 }}{% endset %}{{ x }}", "a1"),
        ("{% if pillar.db.host == 'a' and not pillar.get('x') %}y{% endif %}", "y"),
        // Loading.
        (
            "{% load_yaml as x %}\na: 1\nb: [yes, 0644, '1']\n{% endload %}{{ x }}",
            "{'a': 1, 'b': [True, 644, '1']}",
        ),
        (
            "{%- load_yaml as x %}\na: {{ grains.os }}\n{%- endload %}{% do x.update({'b': 2}) %}{{ x }}",
            "{'a': 'Debian', 'b': 2}",
        ),
        ("{% load_json as x %}[1, {\"a\": null}]{% endload %}{{ x }}", "[1, {'a': None}]"),
        ("{% load_text as x %}a\nb{% endload %}{{ x }}", "a\nb"),
        ("{{ 'a: [1, 2]' | load_yaml }}", "{'a': [1, 2]}"),
        // Salt's functions.
        (
            "{{ salt['test.echo']('a') }} {{ salt.test.echo([1]) }} {{ salt['test.named'](a=1) }}",
            "a [1] {'a': 1}",
        ),
        ("{% set x = salt['test.echo']({'a': 1}) %}{% do x.update(b=2) %}{{ x }}", "{'a': 1, 'b': 2}"),
        (
            "{{ 'test.echo' in salt }} {{ 'no.such' in salt }} {{ salt['no.such'] is defined }}",
            "True False False",
        ),
        // White space.
        ("a\n{% if true %}\nb\n{% endif %}\nc\n", "a\n\nb\n\nc\n"),
        ("a\n{%- if true %}\nb\n{%- endif %}\nc\n", "a\nb\nc\n"),
        ("a  {%- if true -%}  b  {%- endif -%}  c", "abc"),
        ("a{% if true -%}\n{% endif %}\n", "a\n"),
        ("x\n\n", "x\n\n"),
        ("{{ 'x' }}\r\ny\r\n", "x\ny\n"),
        // Filters.
        (
            "{{ {'b': 1, 'a': [x for_ in y]} if false else 'k' }}",
            "! template syntax: unexpected identifier, expected `,`",
        ),
        ("{{ {'b': 1, 'a': [1, 'x']} | yaml }}", "{a: [1, x], b: 1}"),
        ("{{ {'b': 1, 'a': [1, 'x']} | yaml(False) }}", "a:\n- 1\n- x\nb: 1"),
        (
            "{{ 'yes' | yaml_encode }} {{ 1 | yaml_encode }} {{ true | yaml_encode }} {{ none | yaml_encode }}",
            "\"yes\" 1 true null",
        ),
        ("{{ 'a\"b\\n' | yaml_dquote }} {{ \"it's\" | yaml_squote }}", "\"a\\\"b\\n\" 'it''s'"),
        ("{{ {'b': [1, true, none], 'a': 'é<'} | json }}", "{\"a\": \"é<\", \"b\": [1, true, null]}"),
        ("{{ {'b': 1.0, 'a': 'é<'} | tojson }}", "{\"b\": 1.0, \"a\": \"\\u00e9\\u003c\"}"),
        ("{{ {'b': [1]} | tojson(indent=2) }}", "{\n  \"b\": [\n    1\n  ]\n}"),
        (
            "{{ 'abc123' | regex_search('([a-z]+)(\\\\d+)') }} {{ 'abc' | regex_search('b') }} {{ 'abc' | regex_search('x') }}",
            "('abc', '123') ('b',) None",
        ),
        ("{{ 'abc' | regex_match('b') }} {{ 'aBc' | regex_match('AB', ignorecase=True) }}", "None ('aB',)"),
        (
            "{{ 'a-b' | regex_replace('(\\\\w)-(\\\\w)', '\\\\2-\\\\1') }} {{ '$' | regex_replace('x', '$1') }}",
            "b-a $",
        ),
        (
            "{{ 'yes' | to_bool }} {{ 'no' | to_bool }} {{ 1 | to_bool }} {{ [] | to_bool }}",
            "True False True False",
        ),
        ("{{ \"it's\" | quote }} {{ 'abc' | quote }} {{ '' | quote }}", "'it'\"'\"'s' abc ''"),
        ("{{ {'b': 1, 'a': 2} | dictsort }}", "[('a', 2), ('b', 1)]"),
        (
            "{{ [1, 2, 1] | unique }} {{ [1, 2] | union([2, 3]) }} {{ [1, 2] | difference([2]) }}",
            "[1, 2] [1, 2, 3] [1]",
        ),
        ("{{ [1, 2] | intersect([2]) }} {{ [1, 2] | symmetric_difference([2, 3]) }}", "[2] [1, 3]"),
        (
            "{{ '10.0.0.1' | is_ip }} {{ 'x' | is_ip }} {{ '::1' | is_ipv6 }} {{ ['10.0.0.1/24', 'x'] | ipaddr }}",
            "True False True ['10.0.0.1/24']",
        ),
        (
            "{{ '10.0.0.0/30' | network_hosts }} {{ '10.0.0.0/24' | network_size }}",
            "['10.0.0.1', '10.0.0.2'] 256",
        ),
        (
            "{{ 'a' | md5 }} {{ 'a' | sha1 }}",
            "0cc175b9c0f1b6a831c399e269772661 86f7e437faa5a7fce15d1ddcb9eaeaea377667b8",
        ),
        ("{{ 'a' | base64_encode }} {{ 'YQ==' | base64_decode }}", "YQ== a"),
        (
            "{{ 1700000000 | strftime('%Y-%m-%d %H') }} {{ '2002/12/25' | strftime('%d.%m.') }}",
            "2023-11-14 22 25.12.",
        ),
        (
            "{{ '/a' | path_join('b', 'c') }} {{ 'x' | sequence }} {{ ['x'] | sequence }}",
            "/a/b/c ['x'] ['x']",
        ),
        ("{{ [true, false] | exactly_n_true(1) }} {{ [true, true] | exactly_one_true }}", "True False"),
        ("{{ {'a': {'b': [1, 2]}} | traverse('a:b:1') }} {{ {} | traverse('a', 'd') }}", "2 d"),
        ("{{ [[1, [2]], 3] | flatten }} {{ {'a': 1} | to_entries }}", "[1, 2, 3] [{'key': 'a', 'value': 1}]"),
        ("{{ 'a\nb\n\nc' | indent(2) }}", "a\n  b\n\n  c"),
        ("{{ 'a\nb' | indent(2, true) }} {{ 'a\nb' | indent(width=1, first=True) }}", "  a\n  b  a\n b"),
        (
            "{{ [3, 1] | sort }} {{ [1, 2] | join('-') }} {{ [1, 2] | first }} {{ [1, 2] | sum }} {{ 'abc' | upper }}",
            "[1, 3] 1-2 1 3 ABC",
        ),
        (
            "{{ ['a', 'b'] | map('upper') | list }} {{ [{'n': 1}] | map(attribute='n') | list }}",
            "['A', 'B'] [1]",
        ),
        ("{{ [1, 2, 3] | select('odd') | list }} {{ [1, 2] | reject('equalto', 1) | list }}", "[1, 3] [2]"),
        (
            "{{ '5' | int + 1 }} {{ 'x' | int }} {{ '1.5' | float }} {{ 3.7 | round }} {{ 3.14159 | round(2) }}",
            "6 0 1.5 4.0 3.14",
        ),
        (
            "{{ [1, 2, 3] | batch(2) | list }} {{ 'ab' | list }} {{ {'a': 1} | list }}",
            "[[1, 2], [3]] ['a', 'b'] ['a']",
        ),
        (
            "{{ 'abc' is match('a') }} {{ [1] is list }} {{ 'a' is string }} {{ {} is mapping }} {{ 1 is number }}",
            "True True True True True",
        ),
        ("{{ 'hello_world' | to_camelcase }} {{ 'helloWorld' | to_snake_case }}", "helloWorld hello_world"),
        ("{{ [1] | tojson | load_json }}", "[1]"),
    ];
    let mut wrong = String::new();
    for (text, expected) in cases {
        let found = render(text);
        if found != expected {
            wrong += &format!("{text}\n  is       {found:?}\n  expected {expected:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
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
