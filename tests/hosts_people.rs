//! Who may come in, on real hosts: developers with keys, root refused, removed developers locked out; and two
//! hosts in one run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use provision::sandbox::{Guard, Image};
use support::{Project, boot, inside};

/// devs.sls with these developers, all of them administrators.
fn devs(people: &[(&str, &str)]) -> String {
    let entries: String = people
        .iter()
        .map(|(name, key)| format!("  {name}:\n    groups: [admin, login]\n    public_key:\n      - {key}\n"))
        .collect();
    format!("users:\n{entries}")
}

/// Whether ssh lets somebody in with a key.
fn may_log_in(host: &Guard, user: &str, key: &std::path::Path) -> bool {
    std::process::Command::new("ssh")
        .args([
            "-F",
            "/dev/null",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "ConnectTimeout=10",
        ])
        .args([
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "LogLevel=ERROR",
        ])
        .arg("-i")
        .arg(key)
        .arg(format!("{user}@{}", host.address))
        .arg("true")
        .status()
        .unwrap()
        .success()
}

#[test]
fn developers_come_in_by_key_and_go_when_they_are_taken_off_the_list() {
    let host = boot(Image::Stack);
    let project = Project::new();
    let (ada_key, ada) = project.key("ada");
    let (bob_key, bob) = project.key("bob");

    // Root stays able to come in as long as nobody else could.
    project.on(&host, "root", &["staging", "--only", "users,sudo,ssh"]).expect(0);
    assert!(may_log_in(&host, "root", &host.key));

    project.devs(&devs(&[("ada", &ada)]));
    project.on(&host, "root", &["staging"]).expect(0);
    assert!(may_log_in(&host, "ada", &ada_key));
    assert!(!may_log_in(&host, "root", &host.key));
    let refused = project.on(&host, "root", &["staging"]).expect(3);
    assert!(refused.text().contains("permission denied as `root`"), "{}", refused.text());

    // As a developer with sudo: nothing to do, and then just the new developer.
    let config = project.ssh_config(&[&host]);
    let as_ada = |arguments: &[&str]| {
        let text = std::fs::read_to_string(&config).unwrap();
        let key = format!("  IdentityFile {}", ada_key.display());
        let text: String = text
            .lines()
            .map(|line| if line.trim_start().starts_with("IdentityFile") { &key } else { line })
            .map(|line| format!("{line}\n"))
            .collect();
        std::fs::write(&config, text).unwrap();
        let mut all = vec!["-F", config.to_str().unwrap(), "-H", host.name.as_str(), "-u", "ada"];
        all.extend(arguments);
        project.run(&all)
    };
    let again = as_ada(&["staging"]).expect(0);
    assert_eq!(again.states("changed"), [] as [&str; 0]);
    project.devs(&devs(&[("ada", &ada), ("bob", &bob)]));
    let plan = as_ada(&["staging", "plan"]).expect(5);
    let grown = as_ada(&["staging"]).expect(0);
    assert_eq!(plan.states("would_change"), grown.states("changed"));
    assert!(
        grown.states("changed").iter().all(|state| state.contains("bob")),
        "{:?}",
        grown.states("changed")
    );
    assert!(may_log_in(&host, "bob", &bob_key));

    // Taken off the list: no login any more, and nobody else is touched.
    project.devs(&devs(&[("ada", &ada)]));
    let shrunk = as_ada(&["staging"]).expect(0);
    assert!(
        shrunk.states("changed").iter().all(|state| state.contains("bob")),
        "{:?}",
        shrunk.states("changed")
    );
    assert!(!may_log_in(&host, "bob", &bob_key));
    assert!(may_log_in(&host, "ada", &ada_key));
    inside(&host, "! sudo -l -U bob | grep NOPASSWD");
    assert_eq!(as_ada(&["staging"]).expect(0).states("changed"), [] as [&str; 0]);

    // Nobody left who could administer the host, in one way or another: refused, and the last way in stays.
    let before = state_of(&host);
    let keyed = format!("    public_key: [{ada}]\n");
    for nobody in [
        "users: {}\n".to_owned(),
        String::new(),
        format!("users:\n  ada:\n    groups: [login]\n{keyed}"),
        format!("users:\n  ada:\n    groups: [admin]\n{keyed}"),
        format!("sudo: {{nopasswd: no}}\nusers:\n  ada:\n    groups: [admin, login]\n{keyed}"),
    ] {
        project.devs(&nobody);
        for task in [&["staging"][..], &["staging", "plan"], &["staging", "--only", "users"]] {
            let refused = as_ada(task).expect(2);
            let told = "nobody in devs.sls could administer the host any more; until now `ada` could";
            assert!(refused.text().contains(told), "{nobody}: {}", refused.text());
            assert!(refused.text().contains("users: {ada: {groups: [admin, login]"), "{}", refused.text());
        }
        is_as_before(&host, &before, &nobody);
    }
    assert!(may_log_in(&host, "ada", &ada_key));
    assert!(!may_log_in(&host, "root", &host.key));
    // What is not about people may be done all the same.
    as_ada(&["staging", "--only", "logrotate"]).expect(0);

    // Who takes himself off the list sees his run end well, and cannot return; who comes back can come in.
    project.devs(&devs(&[("bob", &bob)]));
    let handed_over = as_ada(&["staging"]).expect(0);
    let changed = handed_over.states("changed");
    assert!(changed.iter().any(|state| state.contains("former-ada")), "{changed:?}");
    assert!(may_log_in(&host, "bob", &bob_key));
    assert!(!may_log_in(&host, "ada", &ada_key));
}

/// All that says who may do what on a host.
fn state_of(host: &Guard) -> String {
    inside(
        host,
        "getent passwd; getent group; cat /etc/shadow; /usr/sbin/sshd -T | sort; \
         find /etc /home /root -xdev -path '*/.cache/provision*' -prune -o -type f -exec sha256sum {} + | sort; \
         find /etc /home /var/www -xdev -path '*/.cache*' -prune -o -printf '%p %u %g %m\\n' | sort; \
         cat /var/lib/provision/made.json 2>/dev/null; ps -eo user,args | grep '[s]leep 7777' | sort",
    )
}

/// Fails with the lines that differ.
#[track_caller]
fn is_as_before(host: &Guard, before: &str, after_what: &str) {
    let now = state_of(host);
    let differ = |one: &str, other: &str| -> Vec<String> {
        one.lines().filter(|line| !other.lines().any(|known| known == *line)).map(str::to_owned).collect()
    };
    assert_eq!(differ(before, &now), differ(&now, before), "{after_what}");
}

#[test]
fn what_belongs_to_others_is_refused_before_anything_changes() {
    let host = boot(Image::Stack);
    let project = Project::new();
    let (_, ada) = project.key("ada");
    let keyed = format!("    groups: [admin, login]\n    public_key: [{ada}]\n");
    let name = |name: &str| {
        let text = std::fs::read_to_string(project.root().join("pillar/project.sls")).unwrap();
        let lines = text.lines().map(|line| match line.starts_with("project_name:") {
            true => format!("project_name: {name}\n"),
            false => format!("{line}\n"),
        });
        project.write("pillar/project.sls", &lines.collect::<String>());
    };
    // Made by hand, or by packages that nobody here knows of.
    inside(
        &host,
        "useradd --system robot; useradd -m crew; groupadd squad; install -d /srv/crew; \
         su postgres -c 'createuser ledger && createdb archive'",
    );
    let before = state_of(&host);
    let refuse = |sentence: &str| {
        for task in [&["staging", "plan"][..], &["staging"]] {
            let refused = project.on(&host, "root", task).expect(2);
            assert!(refused.text().contains(sentence), "{sentence}: {}", refused.text());
            assert_eq!(refused.states("changed"), [] as [&str; 0]);
        }
        is_as_before(&host, &before, sentence);
    };
    for person in ["root", "www-data", "postgres", "mail"] {
        project.devs(&format!("users:\n  {person}:\n{keyed}"));
        refuse("is an account of the system");
    }
    project.devs(&format!("users:\n  robot:\n{keyed}"));
    refuse("`robot` of devs.sls is an account of the system on this host (uid ");
    project.devs(&format!("users:\n  ada:\n    groups: [admin, login, docker]\n    public_key: {ada}\n"));
    refuse("`ada` cannot be in `docker`: there is no such group on this host");
    project.devs(&format!("users:\n  ada:\n{}", keyed.replace("groups", "group")));
    refuse("`group` of `ada` is not known; did you mean `groups`?");
    project.devs(&format!("users:\n  ada:\n{}", keyed.replace("admin", "admins")));
    refuse("`ada` cannot be in `admins`");

    project.devs("users: {}\n");
    for taken in ["news", "games", "mail", "backup", "postgres", "pg_shop", "."] {
        name(taken);
        refuse(&format!("`project_name: {taken}` is "));
    }
    for (taken, what) in [
        ("crew", "an account `crew`"),
        ("squad", "a group `squad`"),
        ("ledger", "a role of Postgres `ledger`"),
        ("archive", "a database of Postgres `archive`"),
    ] {
        name(taken);
        refuse(&format!("this host has {what} that provision did not make"));
    }
    assert!(may_log_in(&host, "root", &host.key));

    // A project that was here before the list was kept goes on; so does one whose owner says that it is its own.
    inside(&host, "mkdir -p /etc/provision/crew");
    name("crew");
    project.on(&host, "root", &["staging", "--only", "app,postgres"]).expect(0);
    let again = project.on(&host, "root", &["staging", "--only", "app,postgres"]).expect(0);
    assert_eq!(again.states("changed"), [] as [&str; 0]);
    let list = inside(&host, "cat /var/lib/provision/made.json; stat -c %a:%U /var/lib/provision/made.json");
    assert!(list.contains("\"crew\":") && list.contains("600:root"), "{list}");
}

#[test]
fn only_accounts_that_provision_made_are_locked() {
    let host = boot(Image::Stack);
    let project = Project::new();
    let (ada_key, ada) = project.key("ada");
    let (eve_key, eve) = project.key("eve");
    let (bob_key, bob) = project.key("bob");
    let only = ["staging", "--only", "users,users.former,sudo"];
    let entry =
        |name: &str, key: &str| format!("  {name}:\n    groups: [admin, login]\n    public_key: {key}\n");
    let ada = entry("ada", &ada);
    let bob = entry("bob", &bob);

    // eve was here before; her key and her program too.
    inside(&host, "useradd -m -s /bin/sh eve; useradd --system robot");
    project.devs(&format!("users:\n{ada}{bob}{}", entry("eve", &eve)));
    project.on(&host, "root", &only).expect(0);
    for (name, key) in [("ada", &ada_key), ("bob", &bob_key), ("eve", &eve_key)] {
        assert!(may_log_in(&host, name, key), "{name}: a key that is text is a key");
    }
    let list = inside(&host, "cat /var/lib/provision/made.json");
    assert!(list.contains("\"bob\":") && !list.contains("\"eve\":"), "{list}");
    for name in ["bob", "eve", "robot", "www-data"] {
        inside(
            &host,
            &format!("setpriv --reuid {name} --clear-groups sh -c 'sleep 7777 >/dev/null 2>&1 & :'"),
        );
    }
    // As versions did that kept no list.
    inside(&host, "usermod -aG provision-devs,admin www-data; usermod -aG provision-devs robot");
    let sleeps = |name: &str| inside(&host, &format!("pgrep -c -u {name} sleep || true")).trim() == "1";

    project.devs(&format!("users:\n{ada}"));
    let plan = project.on(&host, "root", &["staging", "--only", "users,users.former,sudo", "plan"]).expect(5);
    let gone = project.on(&host, "root", &only).expect(0);
    assert_eq!(plan.states("would_change"), gone.states("changed"));
    assert!(!may_log_in(&host, "bob", &bob_key) && !may_log_in(&host, "eve", &eve_key));
    assert!(!sleeps("bob"), "bob's account was made for him");
    for name in ["eve", "robot", "www-data"] {
        assert!(sleeps(name), "{name}'s programs are not ours to end");
    }
    let shell = |name: &str| {
        inside(&host, &format!("getent passwd {name}")).trim().rsplit(':').next().unwrap().to_owned()
    };
    assert_eq!(shell("bob"), "/usr/sbin/nologin");
    assert_ne!(shell("eve"), "/usr/sbin/nologin");
    assert!(inside(&host, "chage -l eve").contains("Account expires\t\t\t\t\t\t: never"));
    assert_eq!(inside(&host, "id -nG eve").trim(), "eve");
    assert!(gone.text().contains("`eve` is not in devs.sls any more; the account was here before provision"));
    assert!(inside(&host, "id -nG www-data").contains("admin"), "not touched at all");
    assert!(gone.text().contains("`www-data` is an account of the system and was in devs.sls once"));
    assert_eq!(project.on(&host, "root", &only).expect(0).states("changed"), [] as [&str; 0]);

    // An account of the same name that somebody else made since is somebody else's.
    inside(&host, "userdel -r bob; useradd -m -u 1500 -s /bin/bash -G provision-devs bob");
    project.on(&host, "root", &only).expect(0);
    assert_eq!(shell("bob"), "/bin/bash");

    // Where no list was kept yet, the people who were in devs.sls count as made.
    project.devs(&format!("users:\n{ada}{}", entry("eve", &eve)));
    project.on(&host, "root", &only).expect(0);
    inside(&host, "rm /var/lib/provision/made.json");
    project.devs(&format!("users:\n{ada}"));
    project.on(&host, "root", &only).expect(0);
    assert_eq!(shell("eve"), "/usr/sbin/nologin");
    assert!(may_log_in(&host, "ada", &ada_key));
}

#[test]
fn two_hosts_are_made_in_one_run() {
    let (one, two) = (boot(Image::Stack), boot(Image::Stack));
    let project = Project::new();
    let config = project.ssh_config(&[&one, &two]);
    let hosts = ["-F", config.to_str().unwrap(), "-H", &one.name, "-H", &two.name, "-u", "root"];
    let run = |task: &[&str]| project.run(&[&hosts[..], &["staging", "--only", "base,users"], task].concat());
    let first = run(&[]).expect(0);
    for host in [&one, &two] {
        let finished = first
            .events
            .iter()
            .any(|event| event["event"] == "finished" && event["host"] == host.name.as_str());
        assert!(finished, "{} has no end", host.name);
    }
    assert!(!first.states("changed").is_empty());
    assert_eq!(run(&[]).expect(0).states("changed"), [] as [&str; 0]);
}
