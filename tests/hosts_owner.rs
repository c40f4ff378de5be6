//! A host knows whose it is, on real hosts: orders of others end before anything is sent, and leave it as it was.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::PathBuf;

use provision::sandbox::{Guard, Image};
use support::{Project, Run, ask, boot};

const PRODUCTION_SECRET: &str = "of-production-alone-0123456789";

/// A small project with a second environment, and one of a branch.
fn project() -> Project {
    let project = Project::small();
    for environment in ["production", "feature"] {
        project.write(
            &format!("pillar/{environment}/env.sls"),
            &format!("domain: {environment}.example.com\nbranch: main\nhosts: []\nenv: {{}}\n"),
        );
        project.write(
            &format!("pillar/{environment}/secrets.sls"),
            &format!("secrets:\n  DB_PASSWORD: {PRODUCTION_SECRET}\n  SECRET_KEY: {PRODUCTION_SECRET}\n"),
        );
    }
    project
}

fn rename(project: &Project, name: &str) {
    let path = project.root().join("pillar/project.sls");
    let text = std::fs::read_to_string(&path).unwrap();
    project.write(
        "pillar/project.sls",
        &text.replace("project_name: example", &format!("project_name: {name}")),
    );
}

/// Everything of the host but what logins and the system's own timers write.
fn fingerprint(host: &Guard) -> String {
    ask(
        host,
        &[
            "/bin/sh",
            "-c",
            "find /etc /var/lib/provision /var/www /var/spool /usr/local /root /home /opt /srv \
        -not -path '/root/.cache*' -printf '%p %y %s %m %U:%G %T@ %l\\n' 2>/dev/null | sort; getent passwd; \
        find /var/lib/provision -type f -exec sha256sum {} + 2>/dev/null | sort",
        ],
    )
}

fn dump(project: &Project) -> PathBuf {
    project.write("x.dump", "PGDMP");
    project.root().join("x.dump")
}

/// Orders of an environment that change or read data.
fn orders<'a>(environment: &'a str, dump: &'a str) -> Vec<Vec<&'a str>> {
    let e = environment;
    let mut all = vec![
        vec![e],
        vec![e, "apply", "small"],
        vec![e, "--only", "small"],
        vec![e, "deploy"],
        vec![e, "rollback"],
        vec![e, "releases"],
        vec![e, "history"],
        vec![e, "secrets", "diff"],
        vec![e, "secrets", "push"],
        vec![e, "exec", "--", "env"],
        vec![e, "manage", "--", "check"],
        vec![e, "shell", "--", "true"],
        vec![e, "logs"],
        vec![e, "restart"],
        vec![e, "stop"],
        vec![e, "maintenance", "on"],
        vec![e, "cron", "off"],
        vec![e, "lock", "mine"],
        vec![e, "unlock", "--force"],
        vec![e, "upgrade"],
        vec![e, "db", "dump", "out.dump"],
        vec![e, "db", "load", dump, "--i-know"],
        vec![e, "db", "undo", "--i-know"],
    ];
    // Nobody watches a shell of a test.
    all.retain(|words| !words.contains(&"shell") || e != "production");
    all
}

/// Tries every order: each ends with exit code 2 and a sentence with these words, and leaves the host as it was.
#[track_caller]
fn all_refused(project: &Project, host: &Guard, environment: &str, words: &[&str]) {
    refused(project, host, environment, words, usize::MAX);
}

/// The first so many of them.
#[track_caller]
fn refused(project: &Project, host: &Guard, environment: &str, words: &[&str], most: usize) {
    let before = fingerprint(host);
    let dump = dump(project);
    for order in orders(environment, dump.to_str().unwrap()).into_iter().take(most) {
        let json = !order.contains(&"shell");
        let run = if json { project.on(host, "root", &order) } else { plain(project, host, &order) };
        assert_eq!(run.code, 2, "{order:?}: {}", run.text());
        for word in words {
            assert!(run.text().contains(word), "{order:?}: {word}: {}", run.text());
        }
        assert!(!run.text().contains(PRODUCTION_SECRET), "{order:?}");
    }
    assert_eq!(fingerprint(host), before, "{environment}: an order left something");
}

/// As people run it, without `--json`.
fn plain(project: &Project, host: &Guard, order: &[&str]) -> Run {
    let config = project.ssh_config(&[host]);
    let output = std::process::Command::new(support::PROGRAM)
        .current_dir(project.root())
        .args(["-F", config.to_str().unwrap(), "-H", host.name.as_str(), "-u", "root"])
        .args(order)
        .output()
        .unwrap();
    Run::from(output)
}

#[test]
fn orders_of_others_end_before_anything_is_sent() {
    let host = boot(Image::Bare);
    let project = project();
    // A machine that nobody has provisioned is a converge's to begin with, and no other order's.
    let before = fingerprint(&host);
    for order in
        [vec!["staging", "deploy"], vec!["staging", "exec", "--", "env"], vec!["staging", "db", "dump", "x"]]
    {
        let run = project.on(&host, "root", &order).expect(2);
        assert!(run.text().contains("is nobody's yet"), "{}", run.text());
    }
    assert_eq!(fingerprint(&host), before);

    project.on(&host, "root", &["staging"]).expect(0);
    let owner = ask(&host, &["cat", "/etc/provision/owner.json"]);
    for part in [
        "\"project\":\"example\"",
        "\"environment\":\"staging\"",
        host.name.as_str(),
        "\"machine\":\"",
        "\"since\":\"20",
    ] {
        assert!(owner.contains(part), "{owner}");
    }
    assert_eq!(project.on(&host, "root", &["staging"]).expect(0).states("changed"), [] as [&str; 0]);
    assert_eq!(ask(&host, &["cat", "/etc/provision/owner.json"]), owner);

    all_refused(&project, &host, "production", &["`example`", "`staging`", "`production`", "--take-over"]);
    refused(&project, &host, "feature", &["`staging`", "`feature`", "--take-over"], 10);
    rename(&project, "blog");
    refused(&project, &host, "staging", &["`example`", "`blog`", "--take-over"], 10);
    // Looking is allowed, and says whose it is; secrets stay here.
    let plan = project.on(&host, "root", &["production", "plan"]);
    assert!([0, 5].contains(&plan.code), "{}", plan.text());
    assert!(plan.text().contains("belongs to project `example`, environment `staging`"), "{}", plan.text());
    let status = project.on(&host, "root", &["production", "status"]).expect(0);
    assert!(status.text().contains("belongs to project `example`"), "{}", status.text());
    let found = ask(
        &host,
        &["/bin/sh", "-c", &format!("grep -rlF {PRODUCTION_SECRET} /var/lib/provision /etc /tmp /run; true")],
    );
    assert_eq!(found, "");
}

#[test]
fn copies_and_second_names_are_told() {
    let host = boot(Image::Bare);
    let project = project();
    project.on(&host, "root", &["staging"]).expect(0);

    // A copy of the disk: same owner, another machine.
    let own = ask(&host, &["cat", "/etc/machine-id"]);
    ask(&host, &["/bin/sh", "-c", "echo 0123456789abcdef0123456789abcdef > /etc/machine-id"]);
    refused(&project, &host, "staging", &["disk is a copy", "--take-over"], 10);
    let nobody = project.on(&host, "root", &["staging", "--take-over"]).expect(2);
    assert!(nobody.text().contains("--yes"), "{}", nobody.text());
    project.on(&host, "root", &["staging", "--take-over", "--yes"]).expect(0);
    project.on(&host, "root", &["staging"]).expect(0);
    ask(&host, &["/bin/sh", "-c", &format!("echo {} > /etc/machine-id", own.trim())]);
    project.on(&host, "root", &["staging", "--take-over", "--yes"]).expect(0);

    // Two names of one machine, one of them by its address.
    let hosts = |text: &str| {
        let path = project.root().join("pillar/staging/env.sls");
        let old = std::fs::read_to_string(&path).unwrap();
        let kept: Vec<&str> = old.lines().filter(|line| !line.starts_with("hosts:")).collect();
        project.write("pillar/staging/env.sls", &format!("{}\nhosts: {text}\n", kept.join("\n")));
    };
    let config = project.ssh_config(&[&host]);
    let name = host.name.as_str();
    hosts(&format!(
        "{{web1: {{address: {name}, user: root}}, web2: {{address: {}, user: root}}}}",
        host.address
    ));
    let text = std::fs::read_to_string(&config).unwrap();
    let by_address = text.replace(&format!("Host {name}"), &format!("Host {name} {}", host.address));
    std::fs::write(&config, by_address).unwrap();
    let before = fingerprint(&host);
    let run = |words: &[&str]| project.run(&[&["-F", config.to_str().unwrap()], words].concat());
    let twice = run(&["staging"]).expect(2);
    assert!(twice.text().contains("one and the same machine"), "{}", twice.text());
    assert_eq!(fingerprint(&host), before);
    // Renamed in the pillar: that is no harm, and noted.
    hosts(&format!("{{web1: {{address: {name}, user: root}}}}"));
    run(&["staging"]).expect(0);
    assert!(ask(&host, &["cat", "/etc/provision/owner.json"]).contains("\"name\":\"web1\""));
    hosts(&format!("{{web1: {{address: 192.0.2.1, user: root}}, web2: {{address: {name}, user: root}}}}"));
    let before = fingerprint(&host);
    let other = run(&["staging", "--limit", "web2"]).expect(2);
    assert!(other.text().contains("this host is `web1`"), "{}", other.text());
    assert_eq!(fingerprint(&host), before);
    hosts(&format!("{{web1: {{address: {name}}}, web2: {{address: {name}}}}}"));
    let same = run(&["staging"]).expect(2);
    assert!(same.text().contains("the same address"), "{}", same.text());
}

#[test]
fn promoting_the_wrong_way_ends_before_anything_is_asked() {
    let project = project();
    for environment in ["staging", "production"] {
        let text = "domain: example.com\nbranch: main\nhosts: [192.0.2.1]\nenv: {}\n";
        project.write(&format!("pillar/{environment}/env.sls"), text);
    }
    let run = project.run(&["promote", "production", "staging", "--yes"]).expect(2);
    assert!(
        run.text().contains("the wrong way") && run.text().contains("promote staging production"),
        "{}",
        run.text()
    );
}

#[test]
fn a_host_that_is_taken_over_serves_its_new_owner() {
    let host = boot(Image::Stack);
    let project = Project::new();
    project.on(&host, "root", &["staging"]).expect(0);
    rename(&project, "blog");
    let refused = project.on(&host, "root", &["staging"]).expect(2);
    assert!(refused.text().contains("`example`"), "{}", refused.text());
    let said = plain(&project, &host, &["staging", "--take-over", "--yes"]);
    assert_eq!(said.code, 0, "{}", said.text());
    for left in ["/var/www/example", "the account example", "the database example", "/etc/provision/example"]
    {
        assert!(said.text().contains(left), "{left}: {}", said.text());
    }
    let sites = ask(&host, &["/bin/sh", "-c", "cd /etc/nginx/sites-enabled; echo *.conf"]);
    assert_eq!(sites.trim(), "blog.conf");
    ask(&host, &["/bin/sh", "-c", "nginx -t -q && systemctl restart nginx supervisor postgresql"]);
    // What it left is still there.
    ask(
        &host,
        &["/bin/sh", "-c", "test -d /var/www/example && test -f /etc/provision/example/env && id example"],
    );
    assert_eq!(project.on(&host, "root", &["staging"]).expect(0).states("changed"), [] as [&str; 0]);
    rename_back(&project);
    let refused = project.on(&host, "root", &["staging"]).expect(2);
    assert!(refused.text().contains("`blog`"), "{}", refused.text());
}

fn rename_back(project: &Project) {
    let text = std::fs::read_to_string(project.root().join("pillar/project.sls")).unwrap();
    project.write("pillar/project.sls", &text.replace("project_name: blog", "project_name: example"));
}
