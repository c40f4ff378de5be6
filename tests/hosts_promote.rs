//! What runs on staging goes to production as it is, on real hosts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use provision::sandbox::Image;
use support::{Project, boot, inside, page};

#[test]
fn what_runs_on_staging_goes_to_production() {
    let (staging, production) = (boot(Image::Bare), boot(Image::Bare));
    let project = Project::new();
    let secrets = std::fs::read(project.root().join("pillar/staging/secrets.sls")).unwrap();
    std::fs::write(project.root().join("pillar/production/secrets.sls"), secrets).unwrap();
    for (environment, host, policy) in [("staging", &staging, "no"), ("production", &production, "yes")] {
        project.write(
            &format!("pillar/{environment}/env.sls"),
            &format!(
                "domain: staging.example.com\nhosts:\n  {environment}1: {{address: {}, user: root}}\n\
                 kernel: {{vm: no}}\npromote_only: {policy}\nenv: {{SITE_TITLE: {environment}}}\n",
                host.name
            ),
        );
    }
    let config = project.ssh_config(&[&staging, &production]).display().to_string();
    let run = |words: &[&str]| project.run(&[&["-F", config.as_str()], words].concat());
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
        if words != promote[..3] && words[1] != "db" {
            run(&words).expect(0);
        }
    }
    run(&["production", "rollback", first.trim().rsplit('/').next().unwrap()]).expect(0);
    assert_eq!(inside(&production, "readlink -f /var/www/example/current"), first);
}
