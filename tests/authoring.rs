//! The tools for those who write states: show, render, graph, doc. They need no host, and give no secret away.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

const FILES: &[(&str, &str)] = &[
    ("pillar/top.sls", "base:\n  '*': [project, staging.env, staging.secrets]\n"),
    ("pillar/project.sls", "project_name: shop\n"),
    ("pillar/staging/env.sls", "domain: shop.example\nhosts: [192.0.2.7, 192.0.2.8]\nenv: staging\n"),
    ("pillar/staging/secrets.sls", "secrets:\n  TOKEN: hush-hush-hush\n"),
    ("secrets.example", "secrets:\n  TOKEN: ''\n"),
    ("states/top.sls", "base:\n  '*': [web]\n"),
    (
        "states/web.sls",
        "\
first:
  test.nop:
    - token: {{ pillar.secrets.TOKEN }}
say \"hi\":
  cmd.run:
    - name: echo {{ pillar.domain }}
    - onchanges:
      - test: first
last:
  test.nop:
    - require:
      - cmd: say \"hi\"
",
    ),
];

fn provision(root: &Path, line: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_provision");
    Command::new(program).args(line.split(' ')).current_dir(root).output().unwrap()
}

fn project() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in FILES {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

/// What a line prints, when it ends well.
fn printed(root: &Path, line: &str) -> String {
    let output = provision(root, line);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{line}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The page's lines work in a project as it describes it; what follows three spaces is their description.
#[test]
fn the_lines_of_the_page_for_authors_work() {
    let page = include_str!("../docs/authoring.md");
    let root = project();
    let lines = page.lines().filter_map(|line| line.strip_prefix("    provision "));
    let commands: Vec<&str> = lines.map(|line| line.split("   ").next().unwrap_or(line)).collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        assert!(!printed(root.path(), command).trim().is_empty() || command.ends_with("check"), "{command}");
    }
}

#[test]
fn a_tree_brings_facts_of_its_own() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("states/facts.d")).unwrap();
    let write = |path: &str, text: &str| std::fs::write(root.path().join("states").join(path), text).unwrap();
    write("facts.d/rack", "#!/bin/sh\necho '{\"rack\": \"b7\"}'\n");
    write("web.sls", "{{ grains.rack }}:\n  test.nop: []\n");
    let low = printed(root.path(), "show low --file-root states --json web");
    let low: serde_json::Value = serde_json::from_str(&low).unwrap();
    assert_eq!(low.pointer("/0/name"), Some(&serde_json::json!("b7")));
    write("facts.d/rack", "#!/bin/sh\nexit 3\n");
    let output = provision(root.path(), "show low --file-root states --json web");
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("facts.d/rack` failed"), "{told}");
}

#[test]
fn graphs_are_drawn_as_dot_mermaid_and_svg() {
    let root = project();
    let dot = "\
digraph states {
  rankdir=LR;
  node [shape=box];
  s0 [label=\"test.nop\\nfirst\"];
  s1 [label=\"cmd.run\\nsay \\\"hi\\\"\"];
  s2 [label=\"test.nop\\nlast\"];
  s0 -> s1 [label=\"onchanges\"];
  s1 -> s2;
}
";
    assert_eq!(printed(root.path(), "staging graph"), dot);
    let mermaid = "\
flowchart LR
  s0[\"test.nop<br/>first\"]
  s1[\"cmd.run<br/>say #quot;hi#quot;\"]
  s2[\"test.nop<br/>last\"]
  s0 -->|onchanges| s1
  s1 --> s2
";
    assert_eq!(printed(root.path(), "staging graph --format mermaid"), mermaid);
    let svg = printed(root.path(), "staging graph --format svg");
    assert!(svg.starts_with("<svg ") && svg.contains(">say \"hi\"<") && svg.contains(">onchanges<"), "{svg}");
}

#[test]
fn what_is_shown_hides_secrets_unless_they_are_asked_for() {
    let root = project();
    for line in ["show low", "show high", "show pillar", "show low --json", "render web.sls"] {
        let hidden = printed(root.path(), &format!("staging {line}"));
        assert!(!hidden.contains("hush"), "{line}: {hidden}");
        let revealed = printed(root.path(), &format!("staging {line} --reveal"));
        assert!(revealed.contains("hush-hush-hush"), "{line}: {revealed}");
    }
}

#[test]
fn the_host_is_chosen_by_its_name() {
    let root = project();
    let line = "staging show grains --json";
    assert!(printed(root.path(), line).contains("\"id\": \"192.0.2.7\""), "the first by default");
    assert!(printed(root.path(), &format!("{line} --host 192.0.2.8")).contains("\"id\": \"192.0.2.8\""));
    let unknown = provision(root.path(), &format!("{line} --host 192.0.2.9"));
    let said = String::from_utf8_lossy(&unknown.stderr);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(said.contains("it has 192.0.2.7, 192.0.2.8"), "{said}");
}

#[test]
fn a_bare_tree_is_shown_and_what_is_wrong_with_it() {
    let root = project();
    std::fs::write(root.path().join("states/wrong.sls"), "a:\n  test.nope: []\n").unwrap();
    let bare = "--file-root states --pillar-root pillar --id web1";
    let top = printed(root.path(), &format!("show top {bare}"));
    assert_eq!(top, "base:\n- web\n");
    let order = printed(root.path(), &format!("show order {bare} web"));
    assert_eq!(order.lines().next(), Some("   1  web  test.nop  first"));
    let wrong = provision(root.path(), &format!("show low {bare} wrong"));
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("states/wrong.sls:2:3"));
    let near = provision(root.path(), &format!("render wev.sls {bare}"));
    assert_eq!(near.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&near.stderr).contains("did you mean `web.sls`?"));
}

/// Each role has its row in the documentation, its state files, and a host in a test.
#[test]
fn every_role_is_documented_made_and_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let (page, top) = (read("docs/fleet.md"), read("states/top.sls"));
    let tests = ["fleet", "site", "promote"].map(|name| read(&format!("tests/hosts_{name}.rs"))).concat();
    for role in provision::site::ROLES {
        assert!(
            page.contains(&format!("| `{}` | {} |", role.name, role.about)),
            "{}: docs/fleet.md",
            role.name
        );
        assert!(top.contains(&format!("'{}' in roles", role.name)), "{}: states/top.sls", role.name);
        assert!(!role.sls.is_empty(), "{}", role.name);
        for sls in role.sls {
            assert!(root.join("states").join(sls).join("init.sls").is_file(), "{}: {sls}", role.name);
        }
        assert!(tests.contains(role.name), "{}: no test on a real host", role.name);
    }
}

#[test]
fn the_page_of_settings_is_what_the_program_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = root.join("docs/settings.md");
    let printed = printed(root, "doc site --markdown");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&page, &printed).unwrap();
    }
    let kept = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(kept == printed, "docs/settings.md is not current: UPDATE=1 cargo test --test authoring");
}

#[test]
fn the_page_of_state_functions_is_what_the_program_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = root.join("docs/states.md");
    let printed = printed(root, "doc --markdown");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&page, &printed).unwrap();
    }
    let kept = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(kept == printed, "docs/states.md is not current: UPDATE=1 cargo test --test authoring");
}

#[test]
fn a_function_is_described_and_a_wrong_name_gets_the_nearest() {
    let root = project();
    let described = "\
sysctl.present
  The kernel's setting has this value, now and after the next boot.

  must have:
    value  the setting

  may have:
    config  the file that keeps the setting for the next boot

  example:
    net.core.somaxconn:
      sysctl.present:
        - value: 1024
        - config: /etc/sysctl.d/60-app.conf
";
    assert_eq!(printed(root.path(), "doc sysctl.present"), described);
    assert_eq!(printed(root.path(), "doc sysctl"), described, "a module is all its functions");
    let all = printed(root.path(), "doc");
    assert!(all.lines().any(|line| line.starts_with("file.managed ")), "{all}");
    let wrong = provision(root.path(), "doc file.manged");
    assert_eq!(wrong.status.code(), Some(2));
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(said.contains("did you mean `file.managed`?"), "{said}");
}

#[test]
fn every_argument_is_explained() {
    let text = include_str!("../src/states/arguments.txt");
    let explained: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split("  ").next())
        .collect();
    let mut missing = Vec::new();
    let mut used = std::collections::BTreeSet::new();
    for row in provision::states::FUNCTIONS {
        let module = row.name.split('.').next().unwrap();
        for name in (row.arguments)().iter().filter(|name| **name != "name") {
            let wanted = [format!("{}.{name}", row.name), format!("{module}.{name}"), (*name).to_owned()];
            match wanted.into_iter().find(|wanted| explained.contains(&wanted.as_str())) {
                Some(found) => drop(used.insert(found)),
                None => missing.push(format!("{} {name}", row.name)),
            }
        }
    }
    assert!(missing.is_empty(), "without a line in src/states/arguments.txt: {missing:?}");
    let unused: Vec<_> = explained.iter().filter(|name| !used.contains(**name)).collect();
    assert!(unused.is_empty(), "no function has: {unused:?}");
}
