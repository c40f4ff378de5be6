//! What runs on staging goes to production as it is, on real hosts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use provision::sandbox::{Guard, Image};
use support::leaks::Watcher;
use support::{Load, PROGRAM, Project, Run, boot, inside, page};

#[test]
fn what_runs_on_staging_goes_to_production() {
    let (staging, production) = (boot(Image::Bare), boot(Image::Bare));
    let watcher = Watcher::start(std::time::Duration::from_millis(20));
    let project = Project::new();
    let secrets = std::fs::read(project.root().join("pillar/staging/secrets.sls")).unwrap();
    std::fs::write(project.root().join("pillar/production/secrets.sls"), secrets).unwrap();
    for (environment, host, policy) in [("staging", &staging, "no"), ("production", &production, "yes")] {
        project.write(
            &format!("pillar/{environment}/env.sls"),
            &format!(
                "domain: staging.example.com\nhosts:\n  {environment}1: {{address: {}, user: root}}\n\
                 kernel: {{vm: no}}\npromote_only: {policy}\nenv: {{SITE_TITLE: {environment}}}\n\
                 db: {{scrub: [\"touch $MEDIA_ROOT/scrubbed\"]}}\n",
                host.name
            ),
        );
    }
    let config = project.ssh_config(&[&staging, &production]).display().to_string();
    let said = Mutex::new(String::new());
    let run = |words: &[&str]| {
        let run = project.run(&[&["-F", config.as_str()], words].concat());
        said.lock().unwrap().push_str(&run.text());
        run
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run(&["production"]));
        run(&["staging"]).expect(0);
        other.join().unwrap().expect(0);
    });
    let promote = ["promote", "staging", "production", "--yes"];
    assert!(run(&promote).expect(2).text().contains("nothing is deployed in `staging`"));
    run(&["staging", "deploy"]).expect(0);
    assert!(run(&["production", "deploy"]).expect(2).text().contains("promote_only"));
    assert!(run(&promote[..3]).expect(2).text().contains("--yes"));
    assert_eq!(page(&production, "/").0, "503");

    run(&promote).expect(0);
    let (status, body) = page(&production, "/");
    assert_eq!(status, "200", "{body}");
    assert!(body.contains("production") && !body.contains("staging"), "{body}");
    // The same code, the same packages, and what the working copy became since is not among it.
    let sums = "cd /var/www/example/current && find . -type f ! -name '*.pyc' ! -name '.*' | sort | xargs sha256sum; \
                .venv/bin/python -m pip freeze";
    let first = inside(&production, "readlink -f /var/www/example/current");
    assert_eq!(inside(&staging, sums), inside(&production, sums));

    project.write("tests/example-app/example/static/example/new.txt", "new");
    run(&["staging", "deploy"]).expect(0);
    assert_eq!(page(&production, "/static/example/new.txt").0, "404");
    run(&promote).expect(0);
    assert_eq!(page(&production, "/static/example/new.txt").0, "200");
    let history = run(&["production", "history"]).expect(0);
    let list = history.events.iter().find(|event| event["event"] == "history").unwrap();
    let tasks: Vec<_> =
        list["deploys"].as_array().unwrap().iter().map(|deployed| &deployed["task"]).collect();
    assert_eq!(tasks, ["promote", "promote"]);
    for words in support::documented("promoting.md") {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        // Without `--yes` it asks on a terminal.
        if words != promote[..3] && !words.iter().any(|word| ["db", "--data-from", "--fresh"].contains(word))
        {
            run(&words).expect(0);
        }
    }
    run(&["production", "rollback", first.trim().rsplit('/').next().unwrap()]).expect(0);
    assert_eq!(inside(&production, "readlink -f /var/www/example/current"), first);
    asks_on_a_terminal(&project, &config, &staging, &production);
    by_ports(&staging, &project, &run);
    with_data(&staging, &production, &project, &run);
    watcher.no_leak(&[&staging, &production], &said.lock().unwrap(), &[]);
}

/// Database and media go along, and come back where the release fails; or the environment begins with nothing.
fn with_data(staging: &Guard, production: &Guard, project: &Project, run: &dyn Fn(&[&str]) -> Run) {
    let greetings = |host: &Guard| {
        inside(
            host,
            "cd / && su postgres -c \"psql -Atd example -c 'SELECT text FROM example_greeting ORDER BY id'\"",
        )
    };
    let media = |host: &Guard| {
        inside(host, "ls /var/www/example/shared/media | sort; cat /var/www/example/shared/media/*")
    };
    let sql = |host: &Guard, text: &str| {
        inside(host, &format!("cd / && su postgres -c \"psql -qd example -c \\\"{text}\\\"\""))
    };
    sql(staging, "INSERT INTO example_greeting (text) VALUES ('of staging')");
    sql(production, "INSERT INTO example_greeting (text) VALUES ('of production')");
    inside(staging, "echo staged > /var/www/example/shared/media/picture");
    inside(production, "echo produced > /var/www/example/shared/media/poster");
    let (old_rows, old_media) = (greetings(production), media(production));
    let bring = ["promote", "staging", "production", "--yes", "--data-from", "staging"];
    assert!(run(&["promote", "staging", "production", "--yes", "--data-from", "production"]).code == 2);

    // What fails brings nothing.
    let env = "pillar/production/env.sls";
    let pillar = std::fs::read_to_string(project.root().join(env)).unwrap();
    project.write(env, &format!("{pillar}deploy: {{hooks: {{before-switch: ['false']}}}}\n"));
    run(&bring).expect(1);
    assert_eq!((greetings(production), media(production)), (old_rows.clone(), old_media.clone()));
    assert_eq!(page(production, "/").0, "200");
    project.write(env, &pillar);

    run(&bring).expect(0);
    assert_eq!(greetings(production), greetings(staging));
    // Production's data is not made harmless.
    assert_eq!(media(production), "picture\nstaged\n");
    let owners = "stat -c %U /var/www/example/shared/media /var/www/example/shared/media/picture";
    assert_eq!(inside(production, owners), "example\nexample\n");
    assert_eq!(page(production, "/media/picture").1, "staged\n");
    assert_eq!(page(production, "/").0, "200");
    run(&["production", "db", "undo", "--media"]).expect(2);
    run(&["production", "db", "undo", "--media", "--i-know"]).expect(0);
    assert_eq!((greetings(production), media(production)), (old_rows, old_media));
    assert_eq!(page(production, "/").0, "200");

    // The other way, the database alone.
    let of_staging = greetings(staging);
    run(&["staging", "db", "copy", "--from", "production"]).expect(0);
    assert_eq!(greetings(staging), greetings(production));
    run(&["staging", "db", "undo"]).expect(0);
    assert_eq!(greetings(staging), of_staging);

    // Tables are made anew, though the code is that of the current release.
    run(&["promote", "staging", "production", "--yes", "--fresh"]).expect(0);
    assert!(!greetings(production).contains("of production"), "{}", greetings(production));
    assert_eq!(inside(production, "ls /var/www/example/shared/media; systemctl is-active cron"), "active\n");
    let (status, body) = page(production, "/");
    assert_eq!(status, "200", "{body}");
}

/// From one web program at a socket to one for each port, under load; each can be renewed by itself.
fn by_ports(host: &Guard, project: &Project, run: &dyn Fn(&[&str]) -> Run) {
    let env = "pillar/staging/env.sls";
    let pillar = std::fs::read_to_string(project.root().join(env)).unwrap();
    project.write(env, &format!("{pillar}gunicorn: {{ports: [8001, 8002]}}\n"));
    let load = Load::one_by_one(host, "/");
    run(&["staging"]).expect(0);
    load.none_failed();
    let load = Load::on(host, "/");
    let programs = "supervisorctl status | awk '{print $1, $2}'";
    assert_eq!(inside(host, programs), "example-web-8001 RUNNING\nexample-web-8002 RUNNING\n");
    assert_eq!(run(&["staging"]).expect(0).states("changed"), [] as [&str; 0]);
    let done = run(&["staging", "restart", "web-8001"]).expect(0).text();
    assert!(done.contains("example-web-8001 renewed") && !done.contains("8002"), "{done}");
    // Another version of the program takes the place of the one that serves.
    inside(host, "cp /usr/local/bin/provision /root/new && mv /root/new /usr/local/bin/provision");
    run(&["staging", "deploy"]).expect(0);
    let status = run(&["staging", "status", "web"]).expect(0).text();
    assert!(status.contains("example-web-8001") && status.contains("example-web-8002"), "{status}");
    load.none_failed();
    run(&["staging", "stop", "web-8002"]).expect(0);
    for _ in 0..6 {
        assert_eq!(page(host, "/").0, "200");
    }
    project.write(env, &pillar);
    run(&["staging"]).expect(0);
    assert_eq!(inside(host, programs), "example-web RUNNING\n");
    assert_eq!(page(host, "/").0, "200");
}

/// Both releases' names are to be typed; anything else changes nothing.
fn asks_on_a_terminal(project: &Project, config: &str, staging: &Guard, production: &Guard) {
    let current =
        |host: &Guard| inside(host, "basename $(readlink /var/www/example/current)").trim().to_owned();
    let command = shell_words::join([PROGRAM, "-F", config, "promote", "staging", "production"]);
    let (there, here) = (current(staging), current(production));
    for (typed, code) in [(there.clone(), 2), (format!("{there}  {here}"), 0)] {
        let mut child = Command::new("script")
            .current_dir(project.root())
            .args(["-qec", &command, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{typed}").unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(&format!("production runs {here}")), "{said}");
        assert_eq!(current(production) == here, code != 0, "{said}");
    }
}
