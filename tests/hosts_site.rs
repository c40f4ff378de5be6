//! A whole site on a real host, from a bare image to the second deploy, as a user would go through it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use provision::sandbox::Image;
use support::leaks::Watcher;
use support::{DB_PASSWORD, HARD, Load, Project, SECRET_KEY, ask, boot, inside, page};

/// Everything that must not be found anywhere but in the process environment and its file.

#[test]
fn a_bare_host_becomes_a_site_and_stays_one() {
    let host = boot(Image::Bare);
    let project = Project::new();

    // The plan on a bare host tells what the run then does.
    let plan = project.on(&host, "root", &["staging", "plan"]).expect(5);
    assert_eq!(plan.states("failed"), [] as [&str; 0]);
    let watcher = Watcher::start(std::time::Duration::from_millis(5));
    let first = project.on(&host, "root", &["staging"]).expect(0);
    assert_eq!(plan.states("would_change"), first.states("changed"));
    let second = project.on(&host, "root", &["staging"]).expect(0);
    assert_eq!(second.states("changed"), [] as [&str; 0]);
    project.on(&host, "root", &["staging", "plan"]).expect(0);
    let (status, body) = page(&host, "/");
    assert_eq!(status, "503", "{body}");

    // Deploy, and provision again: nothing but what waited for the code.
    project.executable(
        "tests/example-app/deploy/hooks/after-switch",
        "#!/bin/sh\nid -un >> media/hooked\ntest -n \"$SECRET_KEY\"\n",
    );
    let deploy = project.on(&host, "root", &["staging", "deploy"]).expect(0);
    let (status, body) = page(&host, "/");
    assert_eq!(status, "200", "{body}");
    for sign in [
        "id=\"postgres\">Grüße",
        "id=\"memcached\">Hello",
        "id=\"DB_PASSWORD\">present",
        "id=\"SECRET_KEY\">present",
    ] {
        assert!(body.contains(sign), "{sign}: {body}");
    }
    assert_eq!(page(&host, "/static/example/style.css").0, "200");
    let after = project.on(&host, "root", &["staging"]).expect(0);
    assert_eq!(after.states("changed"), [] as [&str; 0]);

    // Hard values arrive byte for byte.
    let environment = inside(&host, "cat /proc/$(pgrep -n -x gunicorn)/environ | base64 -w0");
    let environment = decode(&environment);
    let expected = format!("HARD={HARD}\0");
    assert!(contains(&environment, expected.as_bytes()), "{}", String::from_utf8_lossy(&environment));

    // Deployed again, and then a broken release: the site stays up on the old one. Nobody who asks meanwhile
    // is refused.
    let load = Load::on(&host, "/");
    let before = inside(&host, "readlink /var/www/example/current");
    let again = project.on(&host, "root", &["staging", "deploy"]).expect(0);
    assert!(again.text().contains("not needed: code"), "{}", again.text());
    assert_eq!(inside(&host, "cat /var/www/example/shared/media/hooked"), "example\nexample\n");
    let current = inside(&host, "readlink /var/www/example/current");
    assert_ne!(before, current);
    let wsgi = std::fs::read_to_string(project.root().join("tests/example-app/example/wsgi.py")).unwrap();
    project.write("tests/example-app/example/wsgi.py", "raise RuntimeError('broken on purpose')\n");
    let broken = project.on(&host, "root", &["staging", "deploy"]).expect(1);
    assert_eq!(inside(&host, "readlink /var/www/example/current"), current);
    assert_eq!(page(&host, "/").0, "200");
    project.write("tests/example-app/example/wsgi.py", &wsgi);

    assert!(broken.text().contains("broken on purpose"), "the end of the log: {}", broken.text());

    returned(&host, &project, before.trim(), current.trim());
    load.none_failed();
    remembered(&host, &project);
    operated(&host, &project);
    loaded(&host, &project);
    as_documented(&host, &project);

    // A changed secret restarts the program that uses it, and nothing else.
    let pid = |program: &str| inside(&host, &format!("pgrep -o -x {program}"));
    let (nginx, postgres) = (pid("nginx"), pid("postgres"));
    let gunicorn = inside(&host, "pgrep -n -x gunicorn");
    project.secrets(DB_PASSWORD, "  EXTRA: new-and-secret\n");
    let load = Load::on(&host, "/");
    let told = project.on(&host, "root", &["staging", "secrets", "diff"]).expect(5);
    let named = told.events.iter().find(|event| event["event"] == "secrets").unwrap();
    assert_eq!(named["missing"], serde_json::json!(["EXTRA"]), "{named}");
    assert_eq!((&named["changed"], &named["surplus"]), (&serde_json::json!([]), &serde_json::json!([])));
    let changed = project.on(&host, "root", &["staging", "secrets", "push"]).expect(0);
    project.on(&host, "root", &["staging", "secrets", "diff"]).expect(0);
    assert_eq!(changed.states("changed").len(), 2, "{:?}", changed.states("changed"));
    load.none_failed();
    let renewed = inside(&host, "pgrep -n -x gunicorn");
    assert_ne!(renewed, gunicorn);
    let environment = inside(&host, &format!("cat /proc/{}/environ | base64 -w0", renewed.trim()));
    assert!(contains(&decode(&environment), b"EXTRA=new-and-secret\0"));
    assert_eq!((pid("nginx"), pid("postgres")), (nginx, postgres));

    let runs = [&plan, &first, &second, &deploy, &again, &broken, &told, &changed].map(|run| run.text());
    watcher.no_leak(&[&host], &runs.concat(), &[]);
    ask(&host, &["systemctl", "is-active", "nginx", "postgresql", "supervisor", "memcached"]);
}

/// Back to the release before, and to the newer one again by its name; a release that does not come up is left.
fn returned(host: &provision::sandbox::Guard, project: &Project, before: &str, current: &str) {
    let on = |words: &[&str]| project.on(host, "root", &[&["staging"], words].concat());
    let now = || inside(host, "readlink /var/www/example/current").trim().to_owned();
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let listed = on(&["releases"]).expect(0);
    let list = listed.events.iter().find(|event| event["event"] == "releases").unwrap();
    let names: Vec<_> = list["releases"].as_array().unwrap().iter().map(|release| &release["name"]).collect();
    assert_eq!(names, [&name(before), &name(current)]);

    on(&["rollback"]).expect(0);
    assert_eq!(now(), before);
    assert_eq!(page(host, "/").0, "200");
    on(&["rollback"]).expect(1);
    on(&["rollback", "20010101T000000Z"]).expect(1);
    assert_eq!(now(), before);
    on(&["rollback", &name(current)]).expect(0);
    assert_eq!(now(), current);

    inside(
        host,
        &format!("find {before}/ -path '*/example/wsgi.py' -exec sh -c 'echo broken! > $0' {{}} ';'"),
    );
    on(&["rollback"]).expect(1);
    assert_eq!(now(), current);
    assert_eq!(page(host, "/").0, "200");
}

/// What was done is remembered, and a host that somebody locked is left alone by others.
fn remembered(host: &provision::sandbox::Guard, project: &Project) {
    let on =
        |person: &str, words: &[&str]| project.on_as(person, host, "root", &[&["staging"], words].concat());
    let told = on("bob", &["history"]).expect(0);
    let list = told.events.iter().find(|event| event["event"] == "history").unwrap();
    let done: Vec<String> = list["deploys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|deployed| {
            assert!(deployed["operator"].as_str().unwrap().starts_with("ada@"), "{deployed}");
            let word = |key: &str| deployed[key].as_str().unwrap_or("done").to_owned();
            format!("{} {}", word("task"), word("failed"))
        })
        .collect();
    assert_eq!(
        done,
        ["deploy done", "deploy done", "deploy renew", "rollback done", "rollback done", "rollback renew"]
    );

    on("ada", &["lock", "counting", "stock"]).expect(0);
    let refused = on("bob", &["deploy"]).expect(4);
    assert!(
        refused.text().contains("ada@") && refused.text().contains("counting stock"),
        "{}",
        refused.text()
    );
    on("bob", &["unlock"]).expect(4);
    on("bob", &["plan"]).expect(0);
    on("ada", &["rollback", "20010101T000000Z"]).expect(1);
    on("bob", &["unlock", "--force"]).expect(0);
    on("ada", &["unlock"]).expect(0);
}

/// What operators do every day.
fn operated(host: &provision::sandbox::Guard, project: &Project) {
    let on = |words: &[&str]| project.on(host, "root", &[&["staging"], words].concat());
    let status = on(&["status"]).expect(0);
    let status = &status.events.iter().find(|event| event["event"] == "status").unwrap()["status"];
    assert_eq!(status["health"], "answers", "{status}");
    let process = |name: &str| {
        let all = status["processes"].as_array().unwrap();
        let found = all.iter().find(|process| process["name"].as_str().unwrap().starts_with(name));
        found.unwrap_or_else(|| panic!("{name}: {status}")).clone()
    };
    for name in ["example-web", "nginx", "postgresql@", "memcached"] {
        let process = process(name);
        assert!(["running", "active"].contains(&process["state"].as_str().unwrap()), "{process}");
        assert!(
            process["pid"].as_u64().unwrap() > 1 && process["memory"].as_u64().unwrap() > 1 << 20,
            "{process}"
        );
        assert!(process["seconds"].as_u64().unwrap() < 3600, "{process}");
    }

    // Commands are the application's own user's, in its release and environment.
    let lines = |run: &support::Run| -> Vec<String> {
        let lines = run.events.iter().filter(|event| event["event"] == "line");
        lines.map(|event| event["text"].as_str().unwrap().to_owned()).collect()
    };
    let script = "id -un; pwd -P; test -n \"$SECRET_KEY\" && echo set; command -v python; echo \"$SECRET_KEY\"; exit 3";
    let run = on(&["exec", "--", "sh", "-c", script]).expect(1);
    let said = lines(&run);
    let current = inside(host, "readlink /var/www/example/current");
    assert_eq!(said[..3], ["example", current.trim(), "set"]);
    assert!(said[3].ends_with("/.venv/bin/python") && !said[4].contains(SECRET_KEY), "{said:?}");
    assert!(run.text().contains("exit code 3"));
    let plan = on(&["manage", "--", "migrate", "--plan"]).expect(0);
    assert!(lines(&plan).iter().any(|line| line.contains("No planned migration")), "{:?}", lines(&plan));

    // Whoever looks need not wait for a run.
    std::thread::scope(|scope| {
        let run = scope.spawn(|| on(&["deploy"]).expect(0));
        while !run.is_finished() {
            on(&["status"]).expect(0);
        }
    });
    let current = inside(host, "readlink /var/www/example/current");

    let config = project.ssh_config(&[host]);
    let shell = std::process::Command::new(env!("CARGO_BIN_EXE_provision"))
        .current_dir(project.root())
        .args(["-F", config.to_str().unwrap(), "-H", &host.name, "-u", "root"])
        .args(["staging", "shell", "--", "sh", "-c", "id -un; pwd; test -n \"$SECRET_KEY\""])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&shell.stdout).replace('\r', "");
    assert!(shell.status.success() && said.ends_with(&format!("example\n{current}")), "{shell:?}");

    page(host, "/");
    let logs = on(&["logs", "-n", "3", "nginx", "web"]).expect(0);
    let sources: std::collections::BTreeSet<_> =
        logs.events.iter().filter_map(|event| event["source"].as_str()).collect();
    assert!(sources.contains("nginx access") && sources.contains("gunicorn"), "{sources:?}");
    assert!(on(&["logs", "nothing"]).expect(1).text().contains("\"names\":[\"nothing\"]"));
    followed(host, project);
    interrupted(host, project);

    let load = Load::on(host, "/");
    on(&["restart"]).expect(0);
    load.none_failed();
    on(&["stop", "web"]).expect(0);
    assert_eq!(page(host, "/").0, "502");
    on(&["start", "web", "nginx"]).expect(0);
    assert_eq!(page(host, "/").0, "200");
    assert!(on(&["restart", "apache"]).expect(1).text().contains("no program, service or log `apache`"));
    on(&["maintenance", "on"]).expect(0);
    assert_eq!(page(host, "/").0, "503");
    on(&["maintenance", "off"]).expect(0);
    assert_eq!(page(host, "/").0, "200");
    on(&["cron", "off"]).expect(0);
    assert_eq!(inside(host, "systemctl is-active cron || true"), "inactive\n");
    on(&["cron", "on"]).expect(0);
    assert_eq!(inside(host, "systemctl is-active cron"), "active\n");
}

/// The database is saved, loaded and put back; what cannot be loaded changes nothing.
fn loaded(host: &provision::sandbox::Guard, project: &Project) {
    use std::os::unix::fs::PermissionsExt;
    let on = |words: &[&str]| project.on(host, "root", &[&["staging"], words].concat());
    let sql =
        |sql: &str| inside(host, &format!("cd / && runuser -u postgres -- psql -qAt example -c \"{sql}\""));
    sql("SET ROLE example; CREATE TABLE note (t text); INSERT INTO note VALUES ('one')");
    on(&["db", "dump", "one.dump"]).expect(0);
    let file = project.root().join("one.dump");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    on(&["db", "dump", "one.dump"]).expect(2);
    sql("INSERT INTO note VALUES ('two')");
    let rows = || sql("SELECT t FROM note ORDER BY t");

    on(&["db", "load", "one.dump"]).expect(0);
    assert_eq!(rows(), "one\n");
    assert_eq!(sql("SELECT tableowner FROM pg_tables WHERE tablename = 'note'"), "example\n");
    assert_eq!(page(host, "/").0, "200");
    on(&["db", "undo"]).expect(0);
    assert_eq!(rows(), "one\ntwo\n");
    on(&["db", "undo"]).expect(1);

    project.write("broken.dump", "no dump");
    on(&["db", "load", "broken.dump"]).expect(1);
    let path = "pillar/staging/env.sls";
    let pillar = std::fs::read_to_string(project.root().join(path)).unwrap();
    project.write(path, &format!("{pillar}db: {{scrub: ['test -n \"$SECRET_KEY\"', 'false']}}\n"));
    on(&["db", "load", "one.dump"]).expect(1);
    project.write(path, &pillar);
    assert_eq!(rows(), "one\ntwo\n");
    assert_eq!(page(host, "/").0, "200");
    project.run(&["production", "db", "load", "one.dump"]).expect(2);
}

/// The pages' commands work as they stand there. (What needs a terminal, never ends or is about workers is tried
/// elsewhere.)
fn as_documented(host: &provision::sandbox::Guard, project: &Project) {
    let secrets = std::fs::read(project.root().join("pillar/staging/secrets.sls")).unwrap();
    std::fs::write(project.root().join("pillar/production/secrets.sls"), secrets).unwrap();
    for arguments in [&["init", "-q"][..], &["add", "."], &["commit", "-qm", "all of it"]] {
        let mut git = std::process::Command::new("git");
        git.current_dir(project.root().join("tests/example-app"));
        git.args(["-c", "user.name=ada", "-c", "user.email=ada@example.com"]).args(arguments);
        assert!(git.status().unwrap().success());
    }
    // The upgrade finds that the host is to be restarted.
    let boot = "systemctl show -p UserspaceTimestampMonotonic; touch /run/reboot-required";
    let before = inside(host, boot);
    for page in ["deploying.md", "operating.md"] {
        for words in support::documented(page) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            if words.contains(&"copy") {
                // The one host that there is here is staging's, and production's data is not on it.
                let refused = project.on(host, "root", &words).expect(2);
                assert!(refused.text().contains("belongs to project `example`"), "{}", refused.text());
            } else if !["-f", "shell", "worker"].iter().any(|word| words.contains(word)) {
                project.on(host, "root", &words).expect(0);
            }
        }
    }
    assert_ne!(inside(host, boot), before);
    assert_eq!(page(host, "/").0, "200");
}

/// Whoever interrupts a deploy with the site closed need not open it by hand: it opens when the host is done.
fn interrupted(host: &provision::sandbox::Guard, project: &Project) {
    use std::io::{BufRead, BufReader};
    let config = project.ssh_config(&[host]);
    let before = inside(host, "readlink /var/www/example/current");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_provision"))
        .current_dir(project.root())
        .args(["-F", config.to_str().unwrap(), "-H", &host.name, "-u", "root", "--json"])
        .args(["staging", "deploy", "--full"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("\"id\":\"code\"")));
    let page_is_up = "test -e /var/www/example/maintenance && ! systemctl is-active cron";
    inside(host, page_is_up);
    let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
    let said: Vec<String> = lines.map_while(Result::ok).collect();
    let status = child.wait().unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert_eq!(signal, Some(2), "{status:?} {said:?}");
    assert_eq!(page(host, "/").0, "200");
    inside(host, "systemctl is-active cron");
    assert_ne!(inside(host, "readlink /var/www/example/current"), before);
}

/// A log that is followed shows what comes, and nothing is left on the host when the reader goes away.
fn followed(host: &provision::sandbox::Guard, project: &Project) {
    use std::io::{BufRead, BufReader};
    let config = project.ssh_config(&[host]);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_provision"))
        .current_dir(project.root())
        .args(["-F", config.to_str().unwrap(), "-H", &host.name, "-u", "root", "--json"])
        .args(["staging", "logs", "-f", "-n0", "nginx"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    wait(host, "pgrep -x tail");
    page(host, "/followed");
    assert!(lines.any(|line| line.unwrap().contains("GET /followed")));
    let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
    child.wait().unwrap();
    wait(host, "! pgrep -x tail");
}

/// Until a command on the host succeeds.
#[track_caller]
fn wait(host: &provision::sandbox::Guard, condition: &str) {
    let loops = format!(
        "for i in $(seq 200); do if {condition} >/dev/null; then echo so; break; fi; sleep 0.1; done"
    );
    assert_eq!(inside(host, &loops), "so\n", "{condition}");
}

fn decode(base64: &str) -> Vec<u8> {
    use base64ct::Encoding;
    base64ct::Base64::decode_vec(base64.trim()).unwrap()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
