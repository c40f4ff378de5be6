//! Secrets of today and of yesterday, on a real host: after a rotation neither is seen anywhere.
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
use support::{Project, boot, inside};

const OLD: [&str; 3] = ["old-Pass%4d'word-1", "old-key-0123456789-abc", "old-of-the-file-$x-77"];
const NEW: [&str; 3] = ["new-Pass%4d'word-2", "new-key-9876543210-xyz", "new-of-the-file-$y-88"];
/// Was in the file and the environment, and is nowhere in the pillar any more.
const GONE: &str = "gone-altogether-55aa";

fn secrets(project: &Project, values: [&str; 3], more: &str) {
    let quote = |text: &str| serde_json::to_string(text).unwrap();
    let [password, key, file] = values.map(quote);
    let text = format!("secrets:\n  DB_PASSWORD: {password}\n  SECRET_KEY: {key}\n  FILE: {file}\n{more}");
    project.write("pillar/staging/secrets.sls", &text);
}

#[test]
fn a_rotated_secret_is_seen_no_more_than_a_new_one() {
    let host = boot(Image::Stack);
    let project = Project::new();
    let path = project.root().join("pillar/project.sls");
    let text = std::fs::read_to_string(&path).unwrap();
    project.write("pillar/project.sls", &text.replace("#states: [site]", "states: [site]"));
    project.write(
        "states/site.sls",
        "/etc/site.conf:\n  file.managed:\n    - mode: '0600'\n    - contents: |\n        title = shop\n        \
         password = {{ pillar.secrets.FILE }}; # kept\n{%- if pillar.secrets.get('EXTRA') %}\n        \
         extra = {{ pillar.secrets.EXTRA }}\n{%- endif %}\n\
         /etc/site.env:\n  file.keyvalue:\n    - key_values: {TOKEN: {{ pillar.secrets.FILE | yaml_dquote }}}\n    \
         - create_if_missing: true\n    - append_if_not_found: true\n\
         told:\n  cmd.run:\n    - name: cat /etc/site.conf /etc/site.env\n    - order: first\n    - onlyif: test -e /etc/site.conf\n",
    );
    secrets(&project, OLD, &format!("  EXTRA: {GONE}\n"));
    let watcher = Watcher::start(std::time::Duration::from_millis(20));
    project.on(&host, "root", &["staging"]).expect(0);
    project.on(&host, "root", &["staging", "deploy"]).expect(0);
    inside(&host, "touch /run/rotated");

    secrets(&project, NEW, "");
    let logs = project.root().join("logs");
    let logged = ["--log-dir", logs.to_str().unwrap(), "-v"];
    let mut said = String::new();
    for words in [
        &["staging", "plan"][..],
        // The environment's file still has the old values.
        &["staging", "exec", "--", "env"],
        &["staging", "secrets", "diff"],
        &["staging"],
        &["staging", "exec", "--", "env"],
        &["staging"],
    ] {
        let run = project.on(&host, "root", &[&logged, words].concat());
        assert!([0, 5].contains(&run.code), "{words:?}: {}", run.text());
        said.push_str(&run.text());
        for file in std::fs::read_dir(&logs).into_iter().flatten() {
            said.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }
    watcher.no_leak(&[], &said, &[OLD[0], OLD[1], NEW[0], NEW[1], GONE]);
    // What is told of the files is worth reading all the same.
    assert!(said.contains("-********") && said.contains("password = ********; # kept"), "{said}");
    for secret in OLD.iter().chain(&NEW).chain([&GONE]) {
        assert!(!said.contains(secret), "`{secret}` was said");
        let quoted = serde_json::to_string(secret).unwrap();
        assert!(!said.contains(quoted.trim_matches('"')), "`{secret}` was said as JSON");
    }
    for secret in OLD.iter().chain([&GONE]) {
        let quoted = shell_words::quote(secret).into_owned();
        let found = inside(
            &host,
            &format!(
                "grep -rlF -e {quoted} /etc /var/lib/provision /var/log /root /tmp /run 2>/dev/null; \
                      journalctl --no-pager -q | grep -F -e {quoted}; true"
            ),
        );
        // Postgres keeps a verifier, and no file the value.
        assert_eq!(found, "", "`{secret}` is still on the host");
    }
}
