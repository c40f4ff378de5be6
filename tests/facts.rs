//! Each file under tests/facts is the grains of a real fresh host of one release. The base states compile
//! for it without problems to what stands beside it: in full for one release, as differences from that for
//! the others. With UPDATE=1 these files are written anew.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use provision::facts::Grains;
use provision::functions::Surroundings;
use provision::library::ProjectLibrary;
use provision::pillar;
use provision::site::Site;
use provision::states::{Library, RenderRequest};
use provision::tree::Tree;
use serde_json::Value;

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
    let model = compiled(here, &here.join(format!("tests/facts/{MODEL}.json")), "web1", "");
    let mut failed = Vec::new();
    for path in &recorded {
        let mut found = compiled(here, path, "web1", "");
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

/// Addresses as people write them; `all` has everything of its own and asks nobody.
const HOSTS: &str = "hosts: {all: 'ada@192.0.2.1:2222', web: {address: '[2001:db8::2]:22', roles: [web]}, \
     web2: {address: ada@192.0.2.4, roles: [web]}, \
     db: {address: 192.0.2.3, internal: 10.0.0.3, roles: [db-master, cache]}}\n";

#[test]
fn hosts_of_a_site_open_themselves_to_those_that_need_them() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let grains = here.join(format!("tests/facts/{MODEL}.json"));
    let on = |id: &str| compiled(here, &grains, id, HOSTS);
    let lines = |text: &str, sign: &str| -> Vec<String> {
        text.lines().filter(|line| line.contains(sign)).map(|line| line.trim().to_owned()).collect()
    };
    let db = on("db");
    assert_eq!(lines(&db, "  | -l "), ["| -l 127.0.0.1,10.0.0.3"]);
    assert_eq!(lines(&db, "listen_addresses"), ["| listen_addresses = '*'"]);
    assert_eq!(
        lines(&db, "hostssl"),
        ["2001:db8::2/128", "192.0.2.4/32"]
            .map(|peer| format!("| hostssl \"example\"  \"example\"  {peer}  scram-sha-256"))
    );
    assert_eq!(
        lines(&db, "ufw.allow"),
        ["22-tcp-from-any", "5432-tcp-from-2001:db8::2", "5432-tcp-from-192.0.2.4"]
            .into_iter()
            .chain(["11211-tcp-from-2001:db8::2", "11211-tcp-from-192.0.2.4"])
            .map(|rule| format!("ufw.allow allow-{rule}"))
            .collect::<Vec<_>>()
    );
    assert_eq!(lines(&db, "nginx"), [] as [&str; 0]);
    let all = on("all");
    assert_eq!(lines(&all, "  | -l "), ["| -l 127.0.0.1,192.0.2.1"]);
}

/// The page's example: a job that one host has.
#[test]
fn what_is_done_once_is_done_on_the_first_host_of_a_role() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let grains = here.join(format!("tests/facts/{MODEL}.json"));
    let folder = tempfile::tempdir().unwrap();
    let copied =
        std::process::Command::new("cp").arg("-r").arg(here.join("pillar")).arg(folder.path()).status();
    assert!(copied.unwrap().success());
    let page = fs::read_to_string(here.join("docs/fleet.md")).unwrap();
    let lines = page.lines().filter_map(|line| line.strip_prefix("    "));
    let lines = lines.skip_while(|line| !line.starts_with("{% from")).take(8).collect::<Vec<_>>().join("\n");
    fs::create_dir(folder.path().join("states")).unwrap();
    fs::write(folder.path().join("states/jobs.sls"), lines).unwrap();
    let hosts = "hosts: {db: {roles: [db-master]}, web1: {roles: [web]}, web2: {roles: [web]}}\n";
    for (id, jobs) in [("db", 0), ("web1", 1), ("web2", 0)] {
        let library = library(folder.path(), &grains, id, hosts);
        let compiled = library.compile(&["jobs".to_owned()], &[], false).unwrap();
        assert_eq!(compiled.states.len(), jobs, "{id}");
    }
}

/// What cannot be meant is told before anything is changed.
#[test]
fn roles_that_cannot_work_are_refused() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let grains = here.join(format!("tests/facts/{MODEL}.json"));
    let replica = "db: {roles: [db-master]}, a: {roles: [db-replica]}";
    for (id, hosts, more, told) in [
        ("a", replica, "", "replication_password"),
        ("db", replica, "", "replication_password"),
        ("a", "a: {roles: [db-replica]}", "postgres: {replication_password: x}\n", "needs another host"),
        (
            "a",
            "a: {roles: [db-master, db-replica]}",
            "postgres: {replication_password: x}\n",
            "cannot have both",
        ),
        ("a", "a: {roles: [web, balancer]}", "", "cannot have both"),
        ("a", "a: {roles: [worker]}", "", "celery: {app"),
        ("a", "a: {roles: [worker]}", "celery: {app: x, broker: kafka}\n", "`rabbitmq` or `redis`"),
        ("a", "a: {roles: [queue]}", "celery: {app: x, broker: rabbitmq}\n", "QUEUE_PASSWORD"),
        (
            "a",
            "a: {roles: [web]}",
            "https: {certificate: selfsigned}\n",
            "one of `none`, `own` or `self-signed`",
        ),
    ] {
        let library = library(here, &grains, id, &format!("{more}hosts: {{{hosts}}}\n"));
        let states = Tree::over_base(here.join("states"));
        let (_, mut problems) = Site::read(&library.pillar_data().node(), &states);
        problems.extend(library.compile(&[], &[], false).err().unwrap_or_default());
        assert!(problems.fatal(), "{hosts} is right");
        let texts: Vec<&str> = problems.0.iter().map(|problem| problem.message.as_str()).collect();
        assert!(texts.iter().any(|text| text.contains(told)), "{hosts}: {texts:?}");
    }
}

/// This repository's states for a host like that of these grains, with more lines in its pillar.
fn library(project: &Path, grains: &Path, id: &str, hosts: &str) -> ProjectLibrary {
    let grains: Grains = serde_json::from_str(&fs::read_to_string(grains).unwrap()).unwrap();
    let surroundings = Surroundings::new(id, "staging", grains);
    let own = BTreeMap::from([
        // The last of the pillar's files, and so over the others.
        ("staging/secrets.sls".to_owned(), format!("{SECRETS}{hosts}").into_bytes()),
        ("devs.sls".to_owned(), DEVS.as_bytes().to_vec()),
    ]);
    let tree = Tree::of_folders([project.join("pillar")]).with_memory(own);
    let (pillar, problems) = pillar::compile(&pillar::Request { tree: &tree, surroundings: &surroundings });
    assert!(problems.0.is_empty(), "{problems:?}");
    ProjectLibrary::new(Tree::over_base(project.join("states")), pillar, surroundings)
}

/// The states in order with what they are about, and the files that they make of templates.
fn compiled(project: &Path, grains: &Path, id: &str, hosts: &str) -> String {
    let library = library(project, grains, id, hosts);
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
                variables: &arguments["context"].as_object().cloned().unwrap_or_default(),
            };
            for line in library.render(&request).unwrap().lines() {
                writeln!(out, "{}", format!("  | {line}").trim_end()).unwrap();
            }
        }
    }
    out
}
