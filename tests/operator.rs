//! What the operator is told when the project or the command line is wrong: sentence, what to do, exit code.
//! No host is needed for any of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_provision");

struct Project(tempfile::TempDir);

impl Project {
    /// As `provision init` writes it.
    fn unfilled() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = Self(folder);
        std::fs::create_dir(project.0.path().join("shop")).unwrap();
        assert!(project.run(&["init", "."]).status.success());
        project
    }

    /// With secrets for staging and somebody who may log in.
    fn new() -> Self {
        let project = Self::unfilled();
        project.fill("staging");
        project.write("pillar/devs.sls", &devs(""));
        project
    }

    fn fill(&self, environment: &str) {
        let example = std::fs::read_to_string(self.root().join("secrets.example")).unwrap();
        let mut number = 0;
        let secrets: String = example
            .lines()
            .map(|line| match line.split_once(": '") {
                Some((name, _)) if !line.starts_with('#') => {
                    number += 1;
                    format!("{name}: 'real-{number}'\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        self.write(&format!("pillar/{environment}/secrets.sls"), &secrets);
    }

    fn root(&self) -> std::path::PathBuf {
        self.0.path().join("shop")
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.root().join(path), text).unwrap();
        if path.ends_with("secrets.sls") {
            std::fs::set_permissions(
                self.root().join(path),
                std::os::unix::fs::PermissionsExt::from_mode(0o600),
            )
            .unwrap();
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run_in(&self.root(), arguments)
    }
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVkO1i3vVlH6ZLvqOUj3uMZZq4lO1Qzq5bV3m3dZ0aB ada";

/// ada, who may administer, and more lines.
fn devs(more: &str) -> String {
    format!("users:\n  ada:\n    groups: [admin, login]\n    public_key:\n      - {KEY}\n{more}")
}

fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(PROGRAM).current_dir(folder).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Compares what is said with the sentence, line for line.
#[track_caller]
fn says(output: &Output, code: i32, expected: &str) {
    let found = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{found}");
    assert_eq!(found.trim_end(), expected);
    assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
}

#[test]
fn each_mistake_has_its_sentence() {
    let project = Project::new();
    let table: &[(&[&str], &str)] = &[
        (
            &["stagin"],
            "error: there is no environment `stagin`; did you mean `staging`?\n  help: there are: production, staging, vagrant",
        ),
        (
            &["qa", "plan"],
            "error: there is no environment `qa`\n  help: there are: production, staging, vagrant",
        ),
        (
            &["plan", "staging"],
            "error: `plan` is a task, not an environment\n  help: write the environment first: provision ENV plan",
        ),
        (
            &["staging"],
            "error: no hosts are known for `staging`\n  help: write them into pillar/staging/env.sls (`hosts: [203.0.113.10]`), or give one with -H",
        ),
        (&["-u", "root"], "error: which environment?\n  help: write it last: provision [OPTIONS] ENV [TASK]"),
        (&["-H", "web1:22x", "staging"], "error: `22x` in `web1:22x` is no port: write 1 to 65535"),
        (&["-H", "web1:22:x", "staging"], "error: `web1:22:x` is neither HOST:PORT nor an IPv6 address"),
        (
            &["--host=-oProxyCommand=x", "staging"],
            "error: `-oProxyCommand=x` is no host: write an address or a name, as in -H 203.0.113.10",
        ),
        (
            &["-H", "ada@", "staging"],
            "error: `ada@` is no host: write an address or a name, as in -H 203.0.113.10",
        ),
        (
            &["-H", "192.0.2.1", "-i", "no-key", "staging"],
            "error: there is no private key `no-key`\n  help: give the path of a private key with -i, or leave it out to use your agent's",
        ),
        (
            &["-H", "192.0.2.1", "-F", "no-config", "staging"],
            "error: there is no ssh configuration `no-config`\n  help: give its path with -F, or leave it out to use ~/.ssh/config",
        ),
        (
            &["-H", "192.0.2.1", "-u", "", "staging"],
            "error: -u names no user\n  help: write the user that logs in, as in -u root",
        ),
        (
            &["--project", "states", "staging"],
            "error: there is no project in `@root@/states`: it has no `pillar` folder\n  help: go to your project's root, give it with --project, or start one: provision init DIR",
        ),
        (
            &["init", "."],
            "error: `./pillar/README.md` is there already\n  help: init starts a new project and overwrites nothing; give another folder",
        ),
        (
            &["--file-root", "states"],
            "error: --file-root is for this machine only\n  help: add --local, or leave it out",
        ),
    ];
    let root = std::fs::canonicalize(project.root()).unwrap();
    for (arguments, expected) in table {
        says(&project.run(arguments), 2, &expected.replace("@root@", &root.display().to_string()));
    }
    // From a folder below the root, the project is found.
    says(&run_in(&project.root().join("pillar/staging"), table[3].0), 2, table[3].1);
}

#[test]
fn unknown_options_and_tasks_are_usage_errors() {
    let project = Project::new();
    for arguments in [
        &["--bogus", "staging"][..],
        &["staging", "--bogus"],
        &["staging", "bogus"],
        &["staging", "plan", "deploy"],
        &["-p", "0", "staging"],
        &["-p", "ssh", "staging"],
        &["init", "a", "b"],
        &["completions", "tcsh"],
        &["sandbox", "up", "-H", "web1"],
    ] {
        let output = project.run(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.starts_with("error: ") && said.contains("--help"), "{arguments:?}: {said}");
    }
}

#[test]
fn help_and_completions_come_on_standard_output() {
    let project = Project::new();
    for arguments in [&["--help"][..], &["-h"], &["help"], &["staging", "--help"], &["staging", "help"]] {
        let output = project.run(arguments);
        let help = text(&output.stdout);
        assert!(output.status.success(), "{arguments:?}");
        for line in ["  0  converged", "  2  the project's files", "  4  another run", "  5  plan:"] {
            assert!(help.contains(line), "{arguments:?} does not tell of `{line}`: {help}");
        }
    }
    for (arguments, sign) in [
        (&["--list"][..], "rollback "),
        (&["help", "deploy"], "--working-tree"),
        (&["help", "promote"], "--data-from"),
    ] {
        let output = project.run(arguments);
        let help = text(&output.stdout);
        assert!(output.status.success() && help.contains(sign), "{arguments:?}: {help}");
    }
    assert!(!project.run(&["help", "fly"]).status.success());
    for shell in ["bash", "zsh", "fish"] {
        let output = project.run(&["completions", shell]);
        assert!(output.status.success() && text(&output.stdout).contains("provision"), "{shell}");
    }
}

#[test]
fn secrets_that_are_not_filled_in_stop_everything_and_are_never_shown() {
    let secrets = "pillar/staging/secrets.sls";
    let change = |from: &str, to: &str| {
        let project = Project::new();
        let text = std::fs::read_to_string(project.root().join(secrets)).unwrap();
        assert!(text.contains(from));
        project.write(secrets, &text.replace(from, to));
        project
    };
    let absent = change("  SECRET_KEY: 'real-2'\n", "");
    let empty = change("'real-2'", "''");
    let example = change("'real-2'", "'another one'");
    for (project, what) in
        [(&absent, "is absent from"), (&empty, "is empty in"), (&example, "still has the example's value in")]
    {
        for task in [&["-H", "192.0.2.1", "staging"][..], &["staging", "check"], &["staging", "deploy"]] {
            let output = project.run(task);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}");
            let sentence = format!("error: the secret `SECRET_KEY` {what} `{secrets}`");
            assert!(said.starts_with(&sentence), "{task:?}: {said}");
            assert!(said.contains(&format!("under `secrets:` in {secrets}")), "{said}");
            assert!(!said.contains("real-"), "{said}");
        }
    }

    let missing = Project::new();
    std::fs::remove_file(missing.root().join(secrets)).unwrap();
    // The same pass reports a mistake in another file.
    let env = "pillar/staging/env.sls";
    let right = std::fs::read_to_string(missing.root().join(env)).unwrap();
    missing.write(env, &format!("{right}promot_only: yes\n"));
    let said = text(&missing.run(&["staging", "check"]).stderr);
    assert!(said.contains("secrets.sls` is missing") || said.contains("cp secrets.example"), "{said}");
    assert!(
        said.contains("there is no setting `promot_only`") && said.contains("did you mean `promote_only`?"),
        "{said}"
    );
    missing.write(env, &right);
    for task in [&["-H", "192.0.2.1", "staging"][..], &["staging", "plan"], &["staging", "check"]] {
        let output = missing.run(task);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("cp secrets.example pillar/staging/secrets.sls"), "{said}");
        assert_eq!(said.matches("error: ").count(), 1, "what follows from it is not told: {said}");
    }
}

#[test]
fn a_new_project_is_right_once_it_is_filled_in() {
    let project = Project::unfilled();
    project.fill("staging");
    let output = project.run(&["staging", "check"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: `example-user` has no public key\n  --> pillar/devs.sls:"), "{said}");
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    project.write("pillar/devs.sls", &devs(""));
    for environment in ["staging", "production", "vagrant"] {
        project.fill(environment);
        let output = project.run(&[environment, "check"]);
        assert!(output.status.success(), "{environment}: {}", text(&output.stderr));
        assert!(text(&output.stdout).starts_with(&format!("{environment} is right: ")));
    }
    // Nothing half-written where something is there already.
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("site/pillar")).unwrap();
    std::fs::write(folder.path().join("site/pillar/devs.sls"), "mine").unwrap();
    let output = run_in(folder.path(), &["init", "site"]);
    says(
        &output,
        2,
        "error: `site/pillar/devs.sls` is there already\n  help: init starts a new project and overwrites nothing; give another folder",
    );
    assert!(!folder.path().join("site/README.md").exists());
    assert_eq!(std::fs::read_to_string(folder.path().join("site/pillar/devs.sls")).unwrap(), "mine");
    says(
        &run_in(folder.path(), &["init", "9lives"]),
        2,
        &format!(
            "error: `{}/9lives` makes no project name\n  help: give a folder whose name begins with a letter",
            std::fs::canonicalize(folder.path()).unwrap().display()
        ),
    );
}

#[test]
fn problems_are_events_where_those_are_asked_for() {
    let project = Project::new();
    project.write("pillar/staging/secrets.sls", "secrets: {}\n");
    let output = project.run(&["--json", "-H", "192.0.2.1", "staging"]);
    assert_eq!(output.status.code(), Some(2));
    let problems: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(problems.len() > 1 && problems.iter().all(|event| event["event"] == "problem"), "{problems:?}");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn people_that_cannot_be_meant_stop_everything() {
    let project = Project::new();
    let keyed = format!("    public_key: {KEY}\n");
    for (more, place, sentence) in [
        (
            format!("  www-data:\n{keyed}"),
            "6:3",
            "`www-data` is an account of the system, which provision would take over",
        ),
        (
            format!("  shop:\n{keyed}"),
            "6:3",
            "`shop` is the project's own account, which the application runs as",
        ),
        (
            format!("  bob:\n    group: [admin]\n{keyed}"),
            "7:5",
            "`group` of `bob` is not known; did you mean `groups`?",
        ),
        (
            format!("  bob:\n    groups: [login, admins]\n{keyed}"),
            "7:21",
            "`bob` cannot be in `admins`: there is no such group; did you mean `admin`?",
        ),
        ("  bob:\n    groups: [login]\n".to_owned(), "6:3", "`bob` has no public key"),
        (
            "  bob:\n    public_key: [ssh-rsa AAAA]\n".to_owned(),
            "7:18",
            "`public_key` of `bob`: `ssh-rsa AAAA` is not a public key",
        ),
        ("  bob:\n".to_owned(), "6:3", "`bob` in `users` must be a map, not nothing"),
        (
            format!("  bob:\n    pasword: $6$a$b\n{keyed}"),
            "6:3",
            "`pasword` of `bob` is not known; did you mean `password`?",
        ),
    ] {
        project.write("pillar/devs.sls", &devs(&more));
        for task in [&["-H", "192.0.2.1", "staging"][..], &["staging", "check"], &["staging", "plan"]] {
            let output = project.run(task);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.starts_with(&format!("error: {sentence}\n")), "{task:?}: {said}");
            assert!(said.contains(&format!("--> pillar/devs.sls:{place}\n")), "{place}: {said}");
            assert_eq!(said.matches("error: ").count(), 1, "what follows from it is not told: {said}");
            assert!(!said.contains("$6$"), "{said}");
        }
    }
    // Declared, it is made; states of the project's own decide by themselves.
    let deployers = format!("  bob:\n    groups: [deployers]\n{keyed}");
    project.write("pillar/devs.sls", &format!("{}groups: [deployers]\n", devs(&deployers)));
    assert!(project.run(&["staging", "check"]).status.success());
    std::fs::create_dir_all(project.root().join("states/users")).unwrap();
    for file in ["init.sls", "former.sls", "map.jinja"] {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("states/users").join(file);
        std::fs::copy(base, project.root().join("states/users").join(file)).unwrap();
    }
    project.write("pillar/devs.sls", &devs(&format!("  bob:\n    team: web\n{keyed}")));
    let output = project.run(&["staging", "check"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_projects_name_is_nobody_elses() {
    let project = Project::new();
    let lines = std::fs::read_to_string(project.root().join("pillar/project.sls")).unwrap();
    for name in [".", "a b", "x$(id)", "news", "games", "mail", "postgres", "template1", "pg_shop"] {
        project.write(
            "pillar/project.sls",
            &lines.replace("project_name: shop", &format!("project_name: {name}")),
        );
        let output = project.run(&["staging", "check"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains(&format!("error: `project_name: {name}` is ")), "{said}");
        assert!(said.contains("--> pillar/project.sls:6:1\n"), "{said}");
    }
}
