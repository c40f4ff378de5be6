//! What an account of the host tries in order to become root through us, on a real host: by links, by hooks, by dumps.
//! docs/safety.md lists the attempts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::process::Command;

use provision::sandbox::{Guard, Image};
use support::{Project, boot, inside, page};

/// What is root's and must stay as it is.
fn roots(host: &Guard) -> String {
    inside(
        host,
        "find /etc/shadow /etc/passwd /etc/cron.d /etc/sudoers.d /root -printf '%p %y %s %m %U:%G %T@ %l\\n' | sort; \
         ls -d /pwned /tmp/pwned* /var/lib/postgresql/pwned 2>/dev/null || true",
    )
}

#[test]
fn the_applications_account_does_not_become_root() {
    let host = boot(Image::Stack);
    let project = Project::new();
    project.on(&host, "root", &["staging"]).expect(0);
    project.on(&host, "root", &["staging", "deploy"]).expect(0);
    // What somebody does who has the application's account: links wherever it can write.
    let plant = |name: &str, target: &str| {
        let link = format!("rm -rf {name} && ln -s {target} {name}");
        inside(&host, &format!("runuser -u example -- sh -c '{link}'"));
    };
    let current = inside(&host, "readlink /var/www/example/current").trim().to_owned();
    let venv = inside(&host, &format!("readlink {current}/.venv")).trim().to_owned();
    inside(&host, &format!("runuser -u example -- sh -c 'echo x=1 > {current}/static/evil.py'"));
    plant(&format!("{current}/static/__pycache__"), "/etc/cron.d");
    plant(&format!("{venv}/.packages"), "/etc/shadow");
    plant(&format!("{venv}/.complete"), "/etc/shadow");
    plant("/run/example/draining", "/etc/shadow");
    plant("/var/www/example/shared/log/evil.log", "/etc/shadow");
    plant("/var/www/example/shared/media/pictures", "/etc");
    plant("/var/www/example/shared/tmp/x", "/root");
    let before = roots(&host);

    let shadow = inside(&host, "head -n 1 /etc/shadow").trim().to_owned();
    let logs = project.on(&host, "root", &["staging", "logs"]);
    assert!(!logs.text().contains(&shadow), "{}", logs.text());
    project.on(&host, "root", &["staging", "deploy"]).expect(0);
    project.on(&host, "root", &["staging"]).expect(0);
    project.on(&host, "root", &["staging", "restart"]).expect(0);
    project.on(&host, "root", &["staging", "status"]).expect(0);
    project.on(&host, "root", &["staging", "rollback"]).expect(0);
    project.on(&host, "root", &["staging", "deploy"]).expect(0);
    assert_eq!(roots(&host), before);
    assert_eq!(page(&host, "/").0, "200");

    // Code that brings a link in the place of bytecode, as a hostile branch would.
    let code = project.root().join("tests/example-app");
    std::os::unix::fs::symlink("/etc/cron.d", code.join("example/__pycache__")).unwrap();
    // Only of a commit or the files as they are does it arrive: a folder without git leaves bytecode out.
    for words in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ] {
        assert!(Command::new("git").arg("-C").arg(&code).args(words).status().unwrap().success());
    }
    let refused = project.on(&host, "root", &["staging", "deploy"]).expect(1);
    assert!(refused.text().contains("`example/__pycache__` is no folder"), "{}", refused.text());
    assert_eq!(roots(&host), before);
    assert_eq!(page(&host, "/").0, "200");
    dumps(&host, &project);
    assert_eq!(roots(&host), before);
}

/// A dump whose functions try to run a program of the server's account, or to become its superuser.
fn dumps(host: &Guard, project: &Project) {
    let sql = |text: &str| {
        let text = shell_words::quote(text).into_owned();
        inside(
            host,
            &format!("cd / && echo {text} | runuser -u postgres -- psql -Xqd example -v ON_ERROR_STOP=1"),
        )
    };
    let evil = |body: &str| {
        format!(
            "CREATE OR REPLACE FUNCTION evil(x int) RETURNS bool LANGUAGE plpgsql AS $evil$ BEGIN {body} RETURN true; END $evil$;"
        )
    };
    sql(&format!("SET ROLE example; {}", evil("")));
    sql("SET ROLE example; CREATE TABLE trap (x int CHECK (evil(x))); INSERT INTO trap VALUES (1);");
    let program = "COPY (SELECT 1) TO PROGRAM 'touch /var/lib/postgresql/pwned';";
    for (body, code) in [
        // Not allowed, and so the load fails and the database is as it was.
        (program.to_owned(), 1),
        // Says nothing of it.
        (format!("BEGIN {program} EXCEPTION WHEN OTHERS THEN NULL; END;"), 0),
        (format!("BEGIN EXECUTE 'RESET SESSION AUTHORIZATION'; EXECUTE 'RESET ROLE'; {program} EXCEPTION WHEN OTHERS THEN NULL; END;"), 0),
        ("BEGIN EXECUTE 'ALTER ROLE example SUPERUSER'; EXCEPTION WHEN OTHERS THEN NULL; END;".to_owned(), 0),
        ("BEGIN EXECUTE 'SET SESSION AUTHORIZATION postgres'; EXECUTE 'ALTER ROLE example SUPERUSER'; EXCEPTION WHEN OTHERS THEN NULL; END;".to_owned(), 0),
    ] {
        sql(&format!("SET ROLE example; {}", evil(&body)));
        let file = project.root().join("evil.dump");
        let _none_yet = std::fs::remove_file(&file);
        project.on(host, "root", &["staging", "db", "dump", file.to_str().unwrap()]).expect(0);
        let loaded = project.on(host, "root", &["staging", "db", "load", file.to_str().unwrap()]);
        assert_eq!(loaded.code, code, "{body}: {}", loaded.text());
        inside(host, "test ! -e /var/lib/postgresql/pwned");
        let superuser = sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'example'");
        assert!(superuser.contains('f'), "{body}: {superuser}");
        // What is theirs is there.
        assert!(sql("SELECT count(*) FROM trap").contains('1'));
    }
}

#[test]
fn states_below_a_home_are_not_led_out_of_it() {
    let host = boot(Image::Bare);
    let project = Project::small();
    inside(
        &host,
        "useradd -m -s /bin/bash eve; mkdir -p /root/.ssh; touch /root/.ssh/config; \
         runuser -u eve -- sh -c 'cd; rm -rf .ssh; ln -s /root/.ssh .ssh; ln -s /etc/shadow .profile2; mkdir app; \
           ln -s /etc app/etc; ln -s /root app/dir; mkdir -p venv/bin repo'; cp /etc/shadow /root/shadow-before",
    );
    let before = roots(&host);
    let shadow = inside(&host, "head -n 1 /etc/shadow").trim().to_owned();
    let attempts: &[(&str, &str)] = &[
        ("managed", "/home/eve/.ssh/config:\n  file.managed: [{user: eve}, {mode: '0600'}, {contents: x}]\n"),
        (
            "managed, made folders",
            "/home/eve/.ssh/a/b:\n  file.managed: [{user: eve}, {makedirs: true}, {contents: x}]\n",
        ),
        ("directory", "/home/eve/.ssh/keys:\n  file.directory: [{user: eve}, {mode: '0777'}]\n"),
        (
            "recurse",
            "/home/eve/app/dir/.ssh:\n  file.directory: [{user: eve}, {recurse: [user, mode]}, {mode: '0777'}]\n",
        ),
        ("append", "/home/eve/.profile2:\n  file.append: [{text: x}]\n"),
        ("replace", "/home/eve/.profile2:\n  file.replace: [{pattern: root}, {repl: eve}]\n"),
        (
            "line",
            "/home/eve/app/etc/passwd:\n  file.line: [{content: 'eve2::0:0::/:/bin/sh'}, {mode: ensure}, {after: root}]\n",
        ),
        ("copy", "/home/eve/stolen:\n  file.copy: [{source: /home/eve/app/etc/shadow}, {user: eve}]\n"),
        ("symlink", "/home/eve/app/etc/cron.d/x:\n  file.symlink: [{target: /home/eve/x}]\n"),
        ("hardlink", "/home/eve/stolen:\n  file.hardlink: [{target: /home/eve/app/etc/shadow}]\n"),
        ("absent", "/home/eve/app/dir/shadow-before:\n  file.absent: []\n"),
        ("clean", "/home/eve/app/dir:\n  file.directory: [{clean: true}, {user: eve}]\n"),
        ("tidied", "/home/eve/app/dir/:\n  file.tidied: [{matches: ['.*']}]\n"),
        ("rename", "/home/eve/stolen:\n  file.rename: [{source: /home/eve/app/etc/shadow}]\n"),
        ("touch", "/home/eve/app/etc/cron.d/x:\n  file.touch: []\n"),
        (
            "serialize",
            "/home/eve/app/etc/x.json:\n  file.serialize: [{dataset: {a: 1}}, {serializer: json}, {user: eve}]\n",
        ),
        (
            "keys",
            "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl:\n  ssh_auth.present: [{user: eve}, {enc: ssh-ed25519}]\n",
        ),
        (
            "known hosts",
            "example.com:\n  ssh_known_hosts.present: [{user: eve}, {enc: ssh-ed25519}, {key: AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl}]\n",
        ),
    ];
    for (what, state) in attempts {
        project.write("states/small.sls", state);
        let run = project.on(&host, "root", &["staging"]);
        // Refused, or done to the link itself: never to what it leads to.
        assert!([0, 1].contains(&run.code), "{what}: {}", run.text());
        assert!(!run.text().contains(&shadow), "{what}: {}", run.text());
        assert_eq!(roots(&host), before, "{what}");
        let stolen =
            inside(&host, "cat /home/eve/stolen /home/eve/.profile2 2>/dev/null | grep -c '^root:' || true");
        let links = inside(&host, "readlink /home/eve/.profile2 || true");
        assert!(stolen.trim() == "0" || links.contains("shadow"), "{what}: {stolen}");
    }

    // Programs in a folder of hers run as her, whoever asks for them.
    inside(
        &host,
        "runuser -u eve -- sh -c 'cd; printf \"#!/bin/sh\\nid -u >> /tmp/ran\\n\" > venv/bin/python; chmod +x venv/bin/python; \
           touch venv/pyvenv.cfg; mkdir -p venv/lib/python3.11/site-packages'",
    );
    project.write("states/small.sls", "six:\n  pip.installed: [{bin_env: /home/eve/venv}]\n");
    let _fails_since_it_is_no_pip = project.on(&host, "root", &["staging"]);
    let uid = inside(&host, "id -u eve").trim().to_owned();
    let ran = inside(&host, "sort -u /tmp/ran").trim().to_owned();
    assert_eq!(ran, uid);
    assert_eq!(roots(&host), before);
}

#[test]
fn a_package_that_was_unpacked_without_its_dependencies_does_not_stop_a_run() {
    let host = boot(Image::Bare);
    let project = Project::small();
    inside(
        &host,
        "cd /tmp && mkdir -p half/DEBIAN && printf 'Package: half\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@example.com>\\n\
         Description: x\\nDepends: tree\\n' > half/DEBIAN/control && dpkg-deb -b half >/dev/null && apt-get update -qq && \
         ! dpkg -i half.deb 2>/dev/null",
    );
    project.write("states/small.sls", "less:\n  pkg.installed: [{install_recommends: false}]\n");
    project.on(&host, "root", &["staging"]).expect(0);
    inside(&host, "dpkg -s half tree less | grep -c '^Status: install ok installed' | grep -qx 3");
}
