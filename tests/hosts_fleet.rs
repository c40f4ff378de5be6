//! A site on several real hosts: a balancer, two that run the application, one with the database and the cache.
//! What visitors see of deploys, failures and deaths.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_types,
    reason = "a test fails by panicking"
)]

mod support;

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use provision::sandbox::{Guard, Image};
use support::leaks::Watcher;
use support::{DB_PASSWORD, Load, PROGRAM, Project, Run, boot, inside, page};

struct Fleet {
    project: Project,
    config: String,
    balancer: Guard,
    web1: Guard,
    /// Until it dies.
    web2: Option<Guard>,
    worker: Guard,
    db: Guard,
    /// All that the program said.
    said: Mutex<String>,
    watcher: Watcher,
}

impl Fleet {
    fn boot() -> Self {
        let [balancer, web1, web2, worker, db] = std::array::from_fn(|_| boot(Image::Bare));
        let project = Project::new();
        let entry = |name: &str, host: &Guard, roles: &str| {
            let (address, internal) = (&host.name, host.address);
            format!("  {name}: {{address: {address}, internal: {internal}, user: root, roles: [{roles}]}}\n")
        };
        let hosts = [
            entry("lb", &balancer, "balancer"),
            entry("web1", &web1, "web"),
            entry("web2", &web2, "web"),
            entry("worker", &worker, "worker, db-replica"),
            entry("db", &db, "db-master, cache, queue"),
            "celery: {app: example, concurrency: 1, beat: yes}\n".to_owned(),
        ];
        project.secrets(DB_PASSWORD, &more_secrets(""));
        project.write("tests/example-app/requirements.txt", &requirements(&project));
        project.write("tests/example-app/example/__init__.py", "from .celery import app\n");
        project.write(
            "tests/example-app/example/celery.py",
            "from celery import Celery\napp = Celery('example')\n\n@app.task(name='add')\ndef add(a, b):\n    return a + b\n",
        );
        let path = "pillar/staging/env.sls";
        let pillar = std::fs::read_to_string(project.root().join(path)).unwrap();
        project.write(path, &pillar.replace("hosts: []\n", &format!("hosts:\n{}", hosts.concat())));
        let config = project.ssh_config(&[&balancer, &web1, &web2, &worker, &db]).display().to_string();
        let (said, watcher) = (Mutex::default(), Watcher::start(Duration::from_millis(50)));
        Self { project, config, balancer, web1, web2: Some(web2), worker, db, said, watcher }
    }

    fn run(&self, words: &[&str]) -> Run {
        let run = self.project.run(&[&["-F", &self.config, "staging"], words].concat());
        self.said.lock().unwrap().push_str(&run.text());
        run
    }

    fn currents(&self) -> [String; 2] {
        [&self.web1, self.web2.as_ref().unwrap()]
            .map(|host| inside(host, "readlink /var/www/example/current || true"))
    }
}

/// Of RabbitMQ and of the replica; hard to carry in addresses and in a password file.
const QUEUE_PASSWORD: &str = "q/ueue:p@ss w%rd";
const REPLICATION_PASSWORD: &str = "repl:ica\\p'ss";

/// Lines for `secrets`, and what stands behind it.
fn more_secrets(lines: &str) -> String {
    let quote = |text: &str| serde_json::to_string(text).unwrap();
    format!(
        "  QUEUE_PASSWORD: {}\n{lines}postgres:\n  replication_password: {}\n",
        quote(QUEUE_PASSWORD),
        quote(REPLICATION_PASSWORD)
    )
}

/// Those of the example, and Celery.
fn requirements(project: &Project) -> String {
    let path = project.root().join("tests/example-app/requirements.txt");
    std::fs::read_to_string(path).unwrap() + "celery[redis]\n"
}

/// The words that a host's stage came with.
fn said<'a>(run: &'a Run, host: &str, stage: &str) -> &'a serde_json::Value {
    let state = run.events.iter().find(|event| event["host"] == host && event["id"] == stage);
    state.unwrap_or_else(|| panic!("no `{stage}` of {host}: {}", run.text()))
}

#[test]
fn a_fleet_is_made_and_deployed_to_under_load() {
    let fleet = Fleet::boot();
    fleet.run(&[]).expect(0);
    let second = fleet.run(&["--log-dir", "logs", "--junit", "results.xml"]).expect(0);
    recorded(&fleet);
    assert_eq!(second.states("changed"), [] as [&str; 0]);
    assert_eq!(page(&fleet.balancer, "/").0, "503");

    let old_file = "tests/example-app/example/static/example/old.txt";
    fleet.project.write(old_file, "of the first release");
    fleet.run(&["deploy"]).expect(0);
    let (status, body) = page(&fleet.balancer, "/");
    assert_eq!(status, "200", "{body}");
    assert!(body.contains("id=\"postgres\">Grüße") && body.contains("id=\"memcached\">Hello"), "{body}");
    assert_eq!(page(&fleet.balancer, "/static/example/style.css").0, "200");
    // Visitors come by the balancer only, and nobody else to the database.
    for (host, port) in
        [(&fleet.web1, 443), (&fleet.web1, 80), (&fleet.db, 5432), (&fleet.db, 11211), (&fleet.db, 6379)]
    {
        let address = SocketAddr::from((host.address, port));
        assert!(TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_err(), "{address}");
    }

    works(&fleet, "redis-server");
    replicates(&fleet);

    // Host after host, and no visitor is refused.
    let load = Load::on(&fleet.balancer, "/");
    let before = fleet.currents();
    std::fs::remove_file(fleet.project.root().join(old_file)).unwrap();
    let rolling = fleet.run(&["deploy"]).expect(0);
    let after = fleet.currents();
    assert!(before[0] != after[0] && before[1] != after[1]);
    assert!(said(&rolling, "web2", "manage.py migrate").to_string().contains("another host does it"));
    let order: Vec<_> = rolling
        .events
        .iter()
        .filter(|event| event["id"] == "switch" || event["id"] == "back to the balancer")
        .map(|event| event["host"].as_str().unwrap())
        .collect();
    assert_eq!(order, ["web1", "web1", "web2", "web2", "worker"]);
    // All have made the release before the first switches to it.
    let at = |host: &str, stage: &str| {
        rolling.events.iter().position(|event| event["host"] == host && event["id"] == stage).unwrap()
    };
    assert!(at("web2", "bytecode").max(at("worker", "bytecode")) < at("web1", "manage.py migrate"));
    load.none_failed();
    // Pages of the release before still find their files.
    assert_eq!(page(&fleet.balancer, "/static/example/old.txt").0, "200");

    // A broken release ends at the first host, which returns to the old one.
    let load = Load::on(&fleet.balancer, "/");
    let wsgi = "tests/example-app/example/wsgi.py";
    let whole = std::fs::read_to_string(fleet.project.root().join(wsgi)).unwrap();
    fleet.project.write(wsgi, "raise RuntimeError('broken on purpose')\n");
    let broken = fleet.run(&["deploy"]).expect(1);
    assert_eq!(fleet.currents(), after);
    assert_eq!(said(&broken, "web1", "renew")["outcome"], "failed");
    let left =
        broken.events.iter().find(|event| event["host"] == "web2" && event["event"] == "aborted").unwrap();
    assert_eq!(left["message"], "left as it was, since `web1` failed");
    let made = "ls /var/www/example/releases | wc -l";
    assert_eq!(inside(fleet.web2.as_ref().unwrap(), made), inside(&fleet.web1, made));
    fleet.project.write(wsgi, &whole);

    fleet.run(&["rollback"]).expect(0);
    assert_eq!(fleet.currents(), before);
    load.none_failed();

    // So is a change that restarts web processes, on all hosts at once.
    let load = Load::on(&fleet.balancer, "/");
    fleet.project.secrets(DB_PASSWORD, &more_secrets("  EXTRA: new-and-secret\n"));
    let changed = fleet.run(&["--limit", "role:web"]).expect(0);
    assert_eq!(changed.states("changed").len(), 4, "{:?}", changed.states("changed"));
    load.none_failed();

    closed_for_a_release(&fleet);
    // What the page says besides.
    for words in ["fleet.md", "rolling.md"].into_iter().flat_map(support::documented) {
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        if ![&[][..], &["deploy"], &["deploy", "--full"], &["rollback"]].contains(&words.as_slice()) {
            fleet.run(&words).expect(0);
        }
    }
    operated_as_documented(&fleet);
    dies_meanwhile(fleet);
}

/// What docs/operating.md says works on several hosts, too. (What needs a terminal, never ends, restarts hosts or is
/// about another environment is tried elsewhere.)
fn operated_as_documented(fleet: &Fleet) {
    for words in support::documented("operating.md") {
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let elsewhere =
            words == ["upgrade"] || ["-f", "shell", "copy"].iter().any(|word| words.contains(word));
        if !elsewhere {
            fleet.run(&words).expect(0);
        }
    }
    // A name that means nothing anywhere is a mistake; one that some hosts know is none.
    fleet.run(&["restart", "apache"]).expect(1);
    let logs = fleet.run(&["logs", "-n", "1", "rabbitmq", "nginx"]).expect(0).text();
    assert!(logs.contains("\"event\":\"unknown\""), "{logs}");
    assert_eq!(page(&fleet.balancer, "/").0, "200");
}

/// Each host has a log here, and there are results for a CI server.
fn recorded(fleet: &Fleet) {
    for name in ["lb", "web1", "web2", "worker", "db"] {
        let log = std::fs::read_to_string(fleet.project.root().join(format!("logs/{name}.jsonl"))).unwrap();
        assert!(log.lines().last().unwrap().contains("\"event\":\"finished\""), "{log}");
    }
    let results = std::fs::read_to_string(fleet.project.root().join("results.xml")).unwrap();
    assert_eq!(results.matches("<testsuite ").count(), 5, "{results}");
    assert!(results.contains("name=\"pkg.installed nginx\"") && !results.contains("<failure"), "{results}");
}

/// The worker takes what is queued, and one beat runs.
fn works(fleet: &Fleet, queue: &str) {
    let ping = fleet.run(&["exec", "--limit", "web1", "--", "celery", "-A", "example", "inspect", "ping"]);
    assert!(ping.expect(0).text().contains("pong"));
    inside(&fleet.worker, "truncate -s 0 /var/log/supervisor/example-worker.log");
    fleet
        .run(&["exec", "--limit", "web1", "--", "celery", "-A", "example", "call", "add", "-a", "[1, 2]"])
        .expect(0);
    let done =
        "until grep -q 'Task add.* succeeded' /var/log/supervisor/example-worker.log; do sleep 0.1; done";
    inside(&fleet.worker, done);
    let status = fleet.run(&["status", "worker", "beat", queue]).expect(0);
    let mut running: Vec<_> = status
        .events
        .iter()
        .filter(|event| event["event"] == "status")
        .flat_map(|event| event["status"]["processes"].as_array().unwrap())
        .map(|process| {
            format!("{} {}", process["name"].as_str().unwrap(), process["state"].as_str().unwrap())
        })
        .collect();
    running.sort();
    assert_eq!(running, ["example-beat running", "example-worker running", &format!("{queue} active")]);
}

/// The web hosts can read from the replica, and what the master gets arrives there.
fn replicates(fleet: &Fleet) {
    let master = "cd / && su postgres -c \"psql -qd example -c \\\"INSERT INTO example_greeting (text) VALUES ('copied')\\\"\"";
    inside(&fleet.db, master);
    let script = "import os, time, psycopg\n\
        replica = psycopg.connect(host=os.environ['DB_REPLICA_HOSTS'], dbname=os.environ['DB_NAME'], \
        user=os.environ['DB_USER'], password=os.environ['DB_PASSWORD'], autocommit=True)\n\
        while not replica.execute(\"SELECT 1 FROM example_greeting WHERE text = 'copied'\").fetchone(): time.sleep(0.1)\n\
        print('follows', replica.execute('SELECT pg_is_in_recovery()').fetchone()[0])";
    let read = fleet.run(&["exec", "--limit", "role:web", "--", "python", "-c", script]).text();
    assert_eq!(read.matches("follows True").count(), 2, "{read}");
}

/// RabbitMQ in the place of Redis, and the replica in the place of the master.
fn takes_others_in_their_place(fleet: &Fleet) {
    let path = "pillar/staging/env.sls";
    let pillar = std::fs::read_to_string(fleet.project.root().join(path)).unwrap();
    let pillar = pillar
        .replace("{app: example,", "{app: example, broker: rabbitmq,")
        .replace("worker, db-replica", "worker, db-master")
        .replace("db-master, cache, queue", "cache, queue");
    fleet.project.write(path, &pillar);
    fleet.run(&[]).expect(0);
    assert_eq!(fleet.run(&[]).expect(0).states("changed"), [] as [&str; 0]);
    let (status, body) = page(&fleet.balancer, "/");
    assert_eq!(status, "200", "{body}");
    works(fleet, "rabbitmq-server");
    let rows = "cd / && su postgres -c \"psql -Atd example -c 'SELECT pg_is_in_recovery(), text FROM example_greeting'\"";
    assert!(inside(&fleet.worker, rows).contains("f|copied"));
    assert!(!inside(&fleet.db, "ufw status").contains("6379"));
    let env = inside(&fleet.web1, "cat /etc/provision/example/env");
    assert!(
        !env.contains("DB_REPLICA_HOSTS") && env.contains("amqp://example:q%2Fueue%3Ap%40ss%20w%25rd@"),
        "{env}"
    );
}

/// The maintenance page is up while all hosts change, and goes away, also where the release is broken.
fn closed_for_a_release(fleet: &Fleet) {
    let mut seen = Vec::new();
    let wsgi = "tests/example-app/example/wsgi.py";
    let whole = std::fs::read_to_string(fleet.project.root().join(wsgi)).unwrap();
    for (text, code) in [(whole.as_str(), 0), ("raise RuntimeError('broken')\n", 1)] {
        fleet.project.write(wsgi, text);
        std::thread::scope(|scope| {
            let run = scope.spawn(|| fleet.run(&["deploy", "--full"]));
            while !run.is_finished() {
                let (status, body) = page(&fleet.balancer, "/");
                seen.push((status, body.contains("Back in a moment")));
            }
            run.join().unwrap().expect(code);
        });
        assert!(seen.contains(&("503".to_owned(), true)), "{seen:?}");
        assert!(seen.iter().all(|(status, _)| ["200", "503"].contains(&status.as_str())), "{seen:?}");
        assert_eq!(page(&fleet.balancer, "/").0, "200");
        seen.clear();
    }
    fleet.project.write(wsgi, &whole);
}

/// The second host dies while it is deployed to: the first has the new release and answers for both.
fn dies_meanwhile(mut fleet: Fleet) {
    let before = fleet.currents();
    let mut child = Command::new(PROGRAM)
        .current_dir(fleet.project.root())
        .args(["-F", &fleet.config, "--json", "staging", "deploy"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    assert!(
        lines
            .any(|line| line.contains("\"host\":\"web2\"") && line.contains("\"id\":\"leave the balancer\""))
    );
    fleet.web2 = None;
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("web2") && line.contains("was lost")), "{rest:?}");
    assert_ne!(inside(&fleet.web1, "readlink /var/www/example/current"), before[0]);
    for _ in 0..4 {
        assert_eq!(page(&fleet.balancer, "/").0, "200");
    }

    // Taken out of the pillar, it is taken out everywhere.
    let path = "pillar/staging/env.sls";
    let pillar = std::fs::read_to_string(fleet.project.root().join(path)).unwrap();
    let line = pillar.lines().find(|line| line.contains("web2:")).unwrap();
    let address = line.split("internal: ").nth(1).unwrap().split(',').next().unwrap();
    fleet.project.write(path, &pillar.replace(&format!("{line}\n"), ""));
    fleet.run(&[]).expect(0);
    assert_eq!(fleet.run(&[]).expect(0).states("changed"), [] as [&str; 0]);
    for host in [&fleet.balancer, &fleet.db] {
        let found =
            format!("ufw status | grep -F {address}; grep -rlF {address} /etc/nginx /etc/postgresql || true");
        assert_eq!(inside(host, &found), "");
    }
    assert_eq!(page(&fleet.balancer, "/").0, "200");
    takes_others_in_their_place(&fleet);
    let Fleet { balancer, web1, worker, db, said, watcher, .. } = fleet;
    let hosts = [&balancer, &web1, &worker, &db];
    watcher.no_leak(&hosts, &said.into_inner().unwrap(), &[QUEUE_PASSWORD, REPLICATION_PASSWORD]);
}
