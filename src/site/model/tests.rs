use serde_json::{Value, json};

use super::*;
use crate::source::Source;
use crate::yaml;

/// A project that has a state file `shop`, and the base tree's states.
struct Ours;

impl Scope for Ours {
    fn is_own(&self, name: &str) -> bool {
        name == "shop"
    }

    fn base_reads(&self, _sls: &str) -> bool {
        true
    }

    fn has_base_top(&self) -> bool {
        true
    }
}

/// A tree of somebody else's.
struct Theirs;

impl Scope for Theirs {
    fn is_own(&self, _name: &str) -> bool {
        false
    }

    fn base_reads(&self, _sls: &str) -> bool {
        false
    }

    fn has_base_top(&self) -> bool {
        false
    }
}

const NEEDED: &str =
    "project_name: shop\ndomain: shop.example\nsettings_module: shop.settings\nwsgi: shop.wsgi\n";

fn told(text: &str, scope: &dyn Scope) -> Vec<String> {
    let source = Source::new("env.sls", text);
    let node = yaml::parse(&source).unwrap().unwrap();
    let (_, problems) = Site::read(&node, scope);
    let line = |problem: Diagnostic| {
        let place =
            problem.place.map(|place| format!("{}:{}: ", place.line, place.column)).unwrap_or_default();
        let help = problem.help.map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{place}{}{help}", problem.message)
    };
    problems.0.into_iter().map(line).collect()
}

#[test]
fn the_documentation_has_every_key_with_its_meaning() {
    fn complete(fields: &[crate::site::Field]) {
        for field in fields {
            assert!(field.about.ends_with('.'), "{}: {}", field.name, field.about);
            assert!(field.example.starts_with(&format!("{}:", field.name)), "{}", field.example);
            complete(&field.fields);
        }
    }
    let fields = <Site as crate::site::Setting>::fields();
    assert!(fields.len() > 35);
    complete(&fields);
    let deploy = fields.iter().find(|field| field.name == "deploy").unwrap();
    assert_eq!(deploy.fields.first().unwrap().default.as_deref(), Some("5"));
}

#[test]
fn what_is_right_is_taken() {
    for text in [
        "",
        "hosts: []",
        "hosts:",
        "hosts: [203.0.113.10, web1.example.com]",
        "hosts: {web1: {address: 203.0.113.10, internal: 10.0.0.1, user: ada, port: 2222, roles: [web, shop]}, web2:}",
        "shop: {anything: [1]}",
        "extra_keys: [mailing]\nmailing: yes",
        "env: {A: 1, B: text, C: yes}",
        "deploy:",
        "deploy: {keep: , hooks: {after-switch: ['true']}}",
        "aliases: [example.com]",
        "postgres: {settings: {max_connections: 100, random_page_cost: 1.1}}",
        "firewall: {allow: [{port: 8125, proto: udp, from: 10.0.0.0/8}]}",
        "gunicorn: {ports: [8001, 8002]}",
        "celery: {app: shop, broker: rabbitmq}",
        "unattended_upgrades: {reboot_time: '04:00'}",
    ] {
        let text = format!("{NEEDED}{text}\n");
        assert_eq!(told(&text, &Ours), [] as [&str; 0], "{text}");
    }
}

#[test]
fn each_slip_is_told_at_its_place() {
    let own = |name: &str| {
        format!(
            "if your own states read it: name it as one of them (states/{name}.sls), or declare it with `extra_keys: \
             [{name}]`"
        )
    };
    for (text, expected) in [
        ("promot_only: yes", format!("5:1: there is no setting `promot_only` (did you mean `promote_only`? Or, {})", own("promot_only"))),
        ("weather: fine", format!("5:1: there is no setting `weather` (`provision doc site` lists the settings; {})", own("weather"))),
        ("promote_only: maybe", "5:15: `promote_only` must be true or false, not the string `maybe`".into()),
        ("deploy: {keeps: 2}", "5:10: `keeps` is not known here (did you mean `keep`?)".into()),
        ("deploy: {keep: 0}", "5:16: `0` is too few: write a number from 1 upwards".into()),
        ("deploy: {health: health}", "5:18: `health` is not a path of the site: begin it with a slash, as in `/health/`".into()),
        ("deploy: 5", "5:9: `deploy` must be a map, not the number `5`".into()),
        ("postgres: {nmae: x}", "5:12: `nmae` is not known here (did you mean `name`?)".into()),
        ("https: {certificate: letsencrpt}", "5:22: `certificate` must be one of `none`, `own` or `self-signed`, not `letsencrpt`".into()),
        ("memcached: {memory: lots}", "5:21: `memory` must be a whole number, not the string `lots`".into()),
        ("nginx: {max_upload: 20 megabytes}", "5:21: `20 megabytes` is not a size: write a number and `k`, `m` or `g`, as in `20m`".into()),
        ("ssh: {port: 70000}", "5:13: `port` must be a whole number from 0 to 65535, not the number `70000`".into()),
        ("env: {A-B: 1}", "5:7: `A-B` cannot name a variable of a process: use letters, digits and `_`, as in `SECRET_KEY`".into()),
        ("env: {A: [1]}", "5:10: `A` must be a string, not a list".into()),
        ("hosts: [10.77.1]", "5:9: `10.77.1` is neither an IPv4 address, which has four numbers, nor a host name (in pillar/ENV/env.sls: `hosts: [203.0.113.10]`, or `hosts: {web1: {address: 203.0.113.10, user: ada}}`)".into()),
        ("hosts: [root@192.0.2.1]", "5:9: `root@192.0.2.1` has a user in it (write them apart: `{address: 192.0.2.1, user: root}` under the host's name)".into()),
        ("hosts: {a: {adress: 192.0.2.1}}", "5:13: `adress` is not known here (did you mean `address`?)".into()),
        ("hosts: {a: {roles: [wbe]}}", "5:21: there is no role `wbe` (did you mean `web`?)".into()),
        ("hosts: {a: 192.0.2.1, b: 192.0.2.1}", "5:26: `a` and `b` in `hosts` have the same address, `192.0.2.1` (one machine has one name: take one of them out, or correct its address)".into()),
        ("celery: {concurrency: 2}", "5:9: `celery` has no `app` (write what `celery -A` is given, as in `celery: {app: shop}`)".into()),
        ("aliases: example.com", "5:10: `aliases` must be a list, not the string `example.com` (write it as a list: `- example.com`)".into()),
        ("aliases: [https://example.com/]", "5:11: `https://example.com/` is a URL: leave out `https://`, as in `example.com`".into()),
        ("fail2ban: {bantime: ten minutes}", "5:21: `ten minutes` is not a length of time: write a number and `s`, `m`, `h`, `d` or `w`, as in `10m`".into()),
        ("firewall: {allow: [{from: 10.0.0.1}]}", "5:19: a rule of `firewall: {allow: …}` has no `port` (write it as in `- {port: 8125}`)".into()),
    ] {
        assert_eq!(told(&format!("{NEEDED}{text}\n"), &Ours), [expected], "{text}");
    }
}

#[test]
fn all_is_told_at_once_and_what_is_missing_with_its_file() {
    assert_eq!(
        told("domian: shop.example\ndeploy: {keeps: 1, patiens: 2}\n", &Ours).len(),
        3 + 4,
        "three slips and four keys that are missing"
    );
    assert_eq!(
        told("project_name: shop\nsettings_module: a.b\nwsgi: a.c\n", &Ours),
        [
            "the pillar has no `domain` (write it into the env.sls of the environment, as in `domain: www.example.com`)"
        ]
    );
}

#[test]
fn a_tree_of_somebody_elses_has_its_own_pillar() {
    assert_eq!(
        told(
            "postgres: {users: {}}\nhost: x\nusers: [a]\nweather: fine\nhosts: {a: {rack: 7, roles: [x]}}\n",
            &Theirs
        ),
        [] as [&str; 0]
    );
    assert_eq!(told("promot_only: yes\n", &Theirs).len(), 1);
}

#[test]
fn hosts_without_roles_have_the_default_ones() {
    let read = |pillar: Value| Site::of(pillar.as_object().unwrap()).unwrap();
    let site =
        read(json!({"hosts": {"a": "192.0.2.1", "b": {"address": "192.0.2.2", "roles": ["balancer"]}}}));
    let [a, b] = site.hosts.all.as_slice() else { panic!("two hosts") };
    assert_eq!(site.roles_of(a), ["web", "db-master", "cache"]);
    assert!(!site.does(a, "balancer") && !site.does(a, "anything") && site.does(b, "balancer"));
    assert!(site.is_balanced());
    let site = read(json!({"hosts": ["192.0.2.1"], "celery": {"app": "x"}}));
    assert_eq!(site.roles_of(&site.hosts.all[0]), ["web", "worker", "queue", "db-master", "cache"]);
}

#[test]
fn a_task_needs_what_it_reads_to_be_right() {
    for wrong in [
        json!({"deploy": {"keeps": 2}}),
        json!({"deploy": {"hooks": {"after-swich": ["true"]}}}),
        json!({"deploy": {"health": ".evil.example/"}}),
        json!({"hosts": "x"}),
        json!({"hosts": [1]}),
        json!({"hosts": {"a": {"port": 0}}}),
        json!({"hosts": {"a": {"roles": "web"}}}),
        json!({"hosts": ["192.0.2.1", "192.0.2.1"]}),
    ] {
        assert!(Site::of(wrong.as_object().unwrap()).is_err(), "{wrong}");
    }
}
