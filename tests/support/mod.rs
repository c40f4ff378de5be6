//! What the tests on real hosts share: a project in a temporary folder, and runs of the program on hosts.
#![allow(dead_code, reason = "each test program uses its part")]

pub mod leaks;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use provision::sandbox::{Guard, Image, Options};
use serde_json::Value;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_provision");

/// Values that are hard to carry: quotes, `%`, `$`, backslashes, lines, other scripts.
pub const DB_PASSWORD: &str = "p%4d'\"$HOME\\n`x`";
pub const SECRET_KEY: &str = "a-secret-key-of-the-tests-0123456789";
pub const HARD: &str = "first ' \" %s %% $PATH ${X} \\ line\nsecond 🐘 line\n";

pub fn boot(image: Image) -> Guard {
    Guard::up(&Options { image, ..Options::default() }, &|_| ()).expect("a throw-away host")
}

/// A project like the one in this repository, with secrets and a key of its own.
pub struct Project {
    folder: tempfile::TempDir,
    pub configs: Vec<String>,
}

/// What a run of the program left.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub events: Vec<Value>,
}

impl Project {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (from, to) in [("pillar", "pillar"), ("tests/example-app", "tests/example-app")] {
            copy(&here.join(from), &folder.path().join(to));
        }
        std::fs::copy(here.join("secrets.example"), folder.path().join("secrets.example")).unwrap();
        let project = Self { folder, configs: Vec::new() };
        project.secrets(DB_PASSWORD, "");
        project.devs("users: {}\n");
        project
    }

    /// A project with a single state that is quick, for all environments.
    pub fn small() -> Self {
        let project = Self::new();
        project.write("states/top.sls", "base:\n  '*': [small]\n");
        project.write("states/small.sls", "/root/proof:\n  file.managed:\n    - contents: made\n");
        let secrets = std::fs::read(project.root().join("pillar/staging/secrets.sls")).unwrap();
        std::fs::write(project.root().join("pillar/vagrant/secrets.sls"), secrets).unwrap();
        project
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        if path.ends_with("secrets.sls") {
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        }
    }

    /// A file that may be executed.
    pub fn executable(&self, path: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.write(path, text);
        std::fs::set_permissions(self.root().join(path), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn devs(&self, text: &str) {
        self.write("pillar/devs.sls", text);
    }

    /// Writes staging's secrets; `more` are further lines under `secrets`.
    pub fn secrets(&self, password: &str, more: &str) {
        let quote = |text: &str| serde_json::to_string(text).unwrap();
        let text = format!(
            "secrets:\n  DB_PASSWORD: {}\n  SECRET_KEY: {}\n  HARD: {}\n{more}",
            quote(password),
            quote(SECRET_KEY),
            quote(HARD)
        );
        self.write("pillar/staging/secrets.sls", &text);
    }

    /// A new key pair; gives the private key's path and the public key's line.
    pub fn key(&self, name: &str) -> (PathBuf, String) {
        let path = self.root().join(format!("key-{name}"));
        let status = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
            .arg(&path)
            .status()
            .unwrap();
        assert!(status.success());
        let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        (path, public.trim().to_owned())
    }

    /// An ssh configuration for hosts, so that their names can be used as addresses.
    pub fn ssh_config(&self, hosts: &[&Guard]) -> PathBuf {
        let path = self.root().join("ssh_config");
        // Who logs in and with which key is the tests' business.
        let text: String = hosts
            .iter()
            .flat_map(|host| host.ssh_config().lines().map(str::to_owned).collect::<Vec<_>>())
            .filter(|line| !line.trim_start().starts_with("User "))
            .map(|line| line + "\n")
            .collect();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs the program in this project and takes its events.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_as("ada", arguments)
    }

    /// As somebody of this name.
    pub fn run_as(&self, person: &str, arguments: &[&str]) -> Run {
        let mut command = Command::new(PROGRAM);
        command.current_dir(self.root()).env("USER", person).arg("--json").args(arguments);
        Run::from(command.output().unwrap())
    }

    /// Runs the program against one host as a user.
    pub fn on(&self, host: &Guard, user: &str, arguments: &[&str]) -> Run {
        self.on_as("ada", host, user, arguments)
    }

    /// As somebody of this name, who logs in as a user.
    pub fn on_as(&self, person: &str, host: &Guard, user: &str, arguments: &[&str]) -> Run {
        let config = self.ssh_config(&[host]);
        let mut all = vec!["-F", config.to_str().unwrap(), "-H", host.name.as_str(), "-u", user];
        all.extend(arguments);
        self.run_as(person, &all)
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        Self {
            code: output.status.code().unwrap_or(-1),
            events: stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
            stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Run {
    /// The states with this outcome, as `function id`, in order.
    pub fn states(&self, outcome: &str) -> Vec<String> {
        self.events
            .iter()
            .filter(|event| event["event"] == "state" && event["outcome"] == outcome)
            .map(|event| {
                format!(
                    "{} {} {}",
                    event["function"].as_str().unwrap_or(""),
                    event["id"].as_str().unwrap_or(""),
                    event["name"].as_str().unwrap_or("")
                )
            })
            .collect()
    }

    /// Fails with all that is known unless the run ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        let failed: Vec<String> = self
            .events
            .iter()
            .filter(|event| {
                event["event"] == "aborted"
                    || event["event"] == "problem"
                    || ["failed", "blocked"].contains(&event["outcome"].as_str().unwrap_or(""))
            })
            .map(Value::to_string)
            .collect();
        assert_eq!(self.code, code, "stderr: {}\nfailed: {}", self.stderr, failed.join("\n"));
        self
    }

    /// All text that came out.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// The output of a command on the host as root; it must succeed.
#[track_caller]
pub fn ask(host: &Guard, argv: &[&str]) -> String {
    let output = host.ssh(argv).output().unwrap();
    assert!(
        output.status.success(),
        "{argv:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A shell script on the host as root, run past ssh's refusal of root: from outside, through the container.
#[track_caller]
pub fn inside(host: &Guard, script: &str) -> String {
    let leader = host.pid.expect("a running host");
    let output = Command::new("nsenter")
        .args(["--all", "--target", &init_of(leader).to_string(), "--", "/bin/sh", "-c", script])
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{script}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The container's PID 1 as seen from outside: the first below its supervisor in a namespace of its own.
fn init_of(supervisor: u32) -> u32 {
    let space = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/pid")).unwrap();
    let mut pid = supervisor;
    while space(pid) == space(supervisor) {
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        let child = children.split_whitespace().next().and_then(|pid| pid.parse().ok());
        pid = child.expect("the container's init");
    }
    pid
}

/// A page of the site, fetched from outside through Nginx over HTTPS.
pub fn page(host: &Guard, path: &str) -> (String, String) {
    let output = Command::new("curl")
        .args(["--silent", "--insecure", "--max-time", "20", "--write-out", "\n%{http_code}", "--resolve"])
        .arg(format!("staging.example.com:443:{}", host.address))
        .arg(format!("https://staging.example.com{path}"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = text.rsplit_once('\n').unwrap_or(("", ""));
    (status.to_owned(), body.to_owned())
}

/// Visitors who ask for pages one after another until they are stopped.
pub struct Load(Option<std::process::Child>);

impl Drop for Load {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ended = child.kill().and_then(|()| child.wait());
        }
    }
}

impl Load {
    pub fn on(host: &Guard, path: &str) -> Self {
        Self::start(host, path, &[])
    }

    /// Each request on a connection of its own. When Nginx reads its configuration anew, its old workers close
    /// connections that rest, which a server may do at any time (RFC 9112, 9.3.1): a client that sends at this very
    /// moment asks again, and wrk does not.
    pub fn one_by_one(host: &Guard, path: &str) -> Self {
        Self::start(host, path, &["-H", "Connection: close"])
    }

    fn start(host: &Guard, path: &str, more: &[&str]) -> Self {
        let mut command = Command::new("wrk");
        command.args(["-t1", "-c4", "-d600s", "--timeout", "20s", "-H", "Host: staging.example.com"]);
        command.args(more).arg(format!("https://{}{path}", host.address));
        Self(Some(command.stdout(std::process::Stdio::piped()).spawn().expect("wrk")))
    }

    /// Fails unless every request got the page.
    #[track_caller]
    pub fn none_failed(mut self) {
        let child = self.0.take().unwrap();
        let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let requests =
            text.lines().find_map(|line| line.trim().split_once(" requests in ")).map(|(count, _)| count);
        assert!(
            requests.and_then(|count| count.parse::<u32>().ok()).is_some_and(|count| count > 20),
            "{text}"
        );
        assert!(!text.contains("Non-2xx") && !text.contains("Socket errors"), "{text}");
    }
}

/// The commands of a page in docs/, as words behind the program's name; what follows three spaces describes them.
pub fn documented(page: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("    provision "));
    let commands = lines.map(|line| shell_words::split(line.split("   ").next().unwrap()).unwrap());
    // Events are always asked for in tests.
    let commands = commands.map(|words| words.into_iter().filter(|word| word != "--json").collect());
    let commands: Vec<Vec<String>> = commands.collect();
    assert!(commands.len() > 3, "{page} has commands");
    commands
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_name() != "secrets.sls" {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
