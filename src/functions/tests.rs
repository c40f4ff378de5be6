use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Catalog, Surroundings};
use crate::template::{Functions as _, Templates};

struct NoFiles;

impl crate::template::Loader for NoFiles {
    fn load(&self, _path: &str) -> crate::fault::Result<Option<Arc<crate::source::Source>>> {
        Ok(None)
    }
}

fn catalog() -> Arc<Catalog> {
    let grains = json!({"os": "Debian", "os_family": "Debian", "osfinger": "Debian-12", "roles": ["db", "web"],
        "host": "web1", "fqdn": "web1.example.com", "ipv4": ["10.0.3.7", "127.0.0.1"],
        "ip_interfaces": {"lo": ["127.0.0.1"], "eth0": ["10.0.3.7", "fd00::7"]},
        "ip4_interfaces": {"lo": ["127.0.0.1"], "eth0": ["10.0.3.7", "203.0.113.9"]},
        "ip6_interfaces": {"lo": ["::1"], "eth0": ["fd00::7"]},
        "hwaddr_interfaces": {"eth0": "aa:bb"}, "ip4_gw": "10.0.3.1", "ip6_gw": false});
    let mut surroundings = Surroundings::new("web1", "staging", grains.as_object().unwrap().clone());
    let peer = json!({"host": "db1", "ip4_interfaces": {"eth0": ["10.0.3.8"]}, "mem_total": 4096});
    surroundings.mine = Arc::new(BTreeMap::from([("db1".to_owned(), peer.as_object().unwrap().clone())]));
    let catalog = Catalog::new(surroundings, None);
    let pillar = json!({"site": {"name": "shop", "ports": [80, 443], "tls": {"on": true}}, "roles": "web"});
    catalog.set_pillar(Arc::new(pillar.as_object().unwrap().clone()));
    catalog
}

/// What an expression of a template gives, as JSON.
fn evaluate(expression: &str) -> Result<Value, String> {
    let templates = Templates::new(Arc::new(NoFiles), catalog());
    let source = crate::source::Source::new("test", format!("{{{{ ({expression}) | tojson }}}}"));
    let data = crate::template::Data::from(json!({}));
    match templates.render(&source, "test", &data) {
        Ok(rendered) => Ok(serde_json::from_str(&rendered.text).unwrap()),
        Err(problem) => Err(format!("{} / {}", problem.message, problem.help.unwrap_or_default())),
    }
}

#[test]
fn functions_answer_as_salt_has_it() {
    for (expression, expected) in [
        ("salt['pillar.get']('site:name')", json!("shop")),
        ("salt.pillar.get('site:ports:1')", json!(443)),
        ("salt['pillar.get']('none')", json!("")),
        ("salt['pillar.get']('none', default=[1])", json!([1])),
        ("salt['pillar.get']('site/name', delimiter='/')", json!("shop")),
        (
            "salt['pillar.get']('site:tls', {'on': false, 'port': 1}, merge=True)",
            json!({"on": true, "port": 1}),
        ),
        ("salt['config.get']('site:tls', merge='recurse')", json!({"on": true})),
        ("salt['config.get']('roles', omit_grains=True)", json!("web")),
        ("salt['config.get']('roles')", json!(["db", "web"])),
        ("salt['config.get']('site|name', delimiter='|')", json!("shop")),
        ("salt['log.debug']('x')", json!(true)),
        ("salt['environ.get']('HOME')", json!("/root")),
        ("salt['environ.get']('NOPE', 'x')", json!("x")),
        ("salt['cmd.has_exec']('nginx')", json!(false)),
        ("salt['service.available']('nginx')", json!(false)),
        ("salt['service.missing']('nginx')", json!(true)),
        ("salt['pkg.version_cmp']('1.0', '1.0~rc1')", json!(1)),
        ("salt['pkg.list_pkgs']()", json!({})),
        ("salt['network.is_private']('10.0.0.1')", json!(true)),
        ("salt['network.is_loopback']('10.0.0.1')", json!(false)),
        ("salt['file.read']('/etc/motd')", json!("")),
        ("salt['cp.get_file_str']('salt://x')", json!(false)),
        ("salt['timezone.get_zone']()", json!("UTC")),
        ("salt['grains.filter_by']({'Debian': {'a': 1}}, merge=salt['pillar.get']('none'))", json!({"a": 1})),
        ("salt['pillar.keys']('site')", json!(["name", "ports", "tls"])),
        ("salt['pillar.items']().roles", json!("web")),
        ("salt['grains.get']('os')", json!("Debian")),
        ("salt['grains.get']('roles:0')", json!("db")),
        ("salt['grains.get']('none', 'x')", json!("x")),
        ("salt['grains.has_value']('roles')", json!(true)),
        ("salt['config.get']('id')", json!("web1")),
        ("salt['config.get']('roles')", json!(["db", "web"])),
        ("salt['config.get']('site:name')", json!("shop")),
        ("salt['grains.filter_by']({'Debian': {'a': 1}, 'RedHat': {'a': 2}})", json!({"a": 1})),
        ("salt['grains.filter_by']({'default': {'a': 1}, 'Suse': {}}, grain='os')", json!({"a": 1})),
        ("salt['grains.filter_by']({'RedHat': 1}, default='none')", json!(null)),
        (
            "salt['grains.filter_by']({'Debian-1?': {'b': 2}, 'base': {'a': 1, 'b': 1}}, grain='osfinger', base='base', merge={'c': 3})",
            json!({"a": 1, "b": 2, "c": 3}),
        ),
        ("salt['grains.filter_by']({'web': 'w', 'db': 'd'}, grain='roles')", json!("d")),
        ("salt['defaults.merge']({'a': {'b': 1}}, {'a': {'c': 2}})", json!({"a": {"b": 1, "c": 2}})),
        ("salt['slsutil.merge']({'a': [1]}, {'a': [2]}, merge_lists=True)", json!({"a": [1, 2]})),
        ("salt['slsutil.merge']({'a': [1]}, {'a': [2]}, 'aggregate')", json!({"a": [1, 2]})),
        ("salt['slsutil.merge_all']([{'a': 1}, {'b': 2}])", json!({"a": 1, "b": 2})),
        ("salt['slsutil.update']({'a': 1}, {'a': 2})", json!({"a": 2})),
        ("salt['match.glob']('web*')", json!(true)),
        ("salt['match.compound']('G@os:Debian and not web*')", json!(false)),
        ("salt['match.list'](['db1', 'web1'])", json!(true)),
        ("salt['match.filter_by']({'db*': 1, 'G@os:Debian': 2})", json!(2)),
        ("salt['network.ip_addrs']()", json!(["10.0.3.7", "203.0.113.9"])),
        ("salt['network.ip_addrs'](cidr='10.0.0.0/8')", json!(["10.0.3.7"])),
        ("salt['network.ip_addrs'](type='public')", json!(["203.0.113.9"])),
        ("salt['network.ip_addrs']('lo', True)", json!(["127.0.0.1"])),
        ("salt['network.ip_addrs6']()", json!(["fd00::7"])),
        ("salt['network.interfaces']().eth0.inet[0].address", json!("10.0.3.7")),
        ("salt['network.interfaces']().eth0.hwaddr", json!("aa:bb")),
        ("salt['network.default_route']('inet')[0].gateway", json!("10.0.3.1")),
        ("salt['network.default_route']('inet6')", json!([])),
        ("salt['mine.get']('db*', 'network.ip_addrs')", json!({"db1": ["10.0.3.8"]})),
        ("salt['mine.get']('*', 'mem_total').db1", json!(4096)),
        ("salt['hashutil.digest']('x', 'md5')", json!("9dd4e461268c8034f5c8564e155c67a6")),
        ("salt['hashutil.base64_b64encode']('ä')", json!("w6Q=")),
        ("salt['hashutil.base64_b64decode']('w6Q=')", json!("ä")),
        ("salt['random.seed'](60) == salt['random.seed'](60)", json!(true)),
        ("salt['test.ping']()", json!(true)),
        // Nothing is there where there is no host.
        ("salt['file.file_exists']('/etc/passwd')", json!(false)),
        ("salt['user.info']('root')", json!({})),
        ("salt['pkg.version']('nginx')", json!("")),
    ] {
        assert_eq!(evaluate(expression), Ok(expected), "{expression}");
    }
}

#[test]
fn merges_change_the_map_that_they_are_given() {
    for (text, expected) in [
        (
            "{% set a = {'x': {'y': 1}} %}{% do salt['defaults.merge'](a, {'x': {'z': 2}}) %}{{ a }}",
            "{'x': {'y': 1, 'z': 2}}",
        ),
        (
            "{% set a = {'x': 1} %}{% set b = salt['defaults.merge'](a, {'x': 2}, in_place=False) %}{{ a }}{{ b }}",
            "{'x': 1}{'x': 2}",
        ),
        (
            "{% set a = {'x': 1} %}{% set b = salt['slsutil.merge'](a, {'x': 2}) %}{{ a }}{{ b }}",
            "{'x': 1}{'x': 2}",
        ),
    ] {
        let templates = Templates::new(Arc::new(NoFiles), catalog());
        let source = crate::source::Source::new("test", text);
        let rendered = templates.render(&source, "test", &crate::template::Data::from(json!({}))).unwrap();
        assert_eq!(rendered.text, expected, "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_call_is_said() {
    for (expression, expected) in [
        ("salt['pillar.gte']('x')", "did you mean `pillar.get`?"),
        ("salt['pillar.get']()", "`pillar.get`: `key` is missing"),
        ("salt['pillar.get']('x', defualt=1)", "has no argument `defualt` / did you mean `default`?"),
        ("salt['test.ping'](1)", "too many arguments"),
        ("salt['slsutil.merge']({}, {}, 'clever')", "`clever` is no way to merge"),
        ("salt['match.compound']('x and')", "ends where a host must be named"),
        ("salt['cmd.run']('rm -rf /')", "list it word for word under `safe_commands`"),
        ("salt['random.get_str'](8)", "another value each time"),
        ("salt['mine.get']('*', 'my.alias')", "nothing is known of `my.alias` on other hosts"),
    ] {
        let told = evaluate(expression).unwrap_err();
        assert!(told.contains(expected), "{expression}: {told}");
    }
}

#[test]
fn no_function_is_there_twice() {
    let catalog = catalog();
    let mut names = catalog.names();
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before);
}

#[test]
fn an_account_is_made_or_others_or_the_systems() {
    use crate::facts::Facts;
    use crate::host::Made;
    use crate::host::fake::{Fake, FakeKind};

    let fake = Fake::debian();
    let passwd = "root:x:0:0::/:/bin/sh\nbin:x:2:2::/:/bin/sh\nada:x:1001:1001::/:/bin/sh\neve:x:1002:1002::/:/bin/sh\n";
    fake.put("/etc/passwd", FakeKind::File(passwd.into()));
    let mut made = Made::default();
    // A number that is no more the account's.
    made.users.extend([
        ("ada".to_owned(), Some(1001)),
        ("eve".to_owned(), Some(1009)),
        ("root".to_owned(), Some(0)),
    ]);
    let mut surroundings = Surroundings::new("web1", "staging", serde_json::Map::new());
    surroundings.facts = Some(Arc::new(Facts::new(Arc::new(fake))));
    surroundings.made = Arc::new(made);
    let catalog = Catalog::new(surroundings, None);
    for (name, whose) in
        [("ada", "made"), ("eve", "others"), ("bin", "system"), ("root", "system"), ("no", "")]
    {
        let answer = catalog.answer("provision.account", vec![json!(name)], serde_json::Map::new());
        assert_eq!(answer.unwrap(), json!(whose), "{name}");
    }
    assert_eq!(evaluate("salt['provision.account']('ada')"), Ok(json!("")), "no host, no account");
}
