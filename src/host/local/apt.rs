//! One transaction of the package manager: apt-get without questions, lists refreshed only when they are
//! too old, an interrupted dpkg repaired. Decides nothing about what to install.

use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::sync::PoisonError;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use super::apt_error::{Trouble, explain};
use super::{Local, at, program};
use crate::fault::{Fault, Result};
use crate::host::{Command, Output, PackageRequest, Packages};

const LIMIT: Duration = Duration::from_secs(1800);

/// How long another package manager is waited for: fresh hosts upgrade themselves in their first minutes.
const LOCK_WAIT: Duration = Duration::from_secs(300);

const LISTS: &str = "/var/lib/apt/lists";

/// Performs a request; what apt-get said at last.
pub(super) fn transact(host: &Local, request: &Packages) -> Result<Option<Output>> {
    refuse_odd_names(request)?;
    let _turn = host.packages.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(age) = request.refresh
        && outdated(age)?
    {
        update(host)?;
    }
    if !request.debconf.is_empty() {
        // Answers may be passwords: over standard input, and never shown.
        let lines = request.debconf.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
        program::run_accepted(host, &base(["debconf-set-selections"]).stdin(lines).secret())
            .map_err(|fault| fault.context("answering the questions of packages"))?;
    }
    mark(host, "unhold", &request.unhold)?;
    let mut said = None;
    for arguments in transactions(request) {
        said = Some(apt_get(host, &arguments)?);
    }
    mark(host, "hold", &request.hold)?;
    Ok(said)
}

/// The argument lists of the calls to apt-get that a request needs: nearly always one.
fn transactions(request: &Packages) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    let call = |verb: &str, flags: &[String], names: Vec<String>| {
        let mut call = vec![verb.to_owned()];
        call.extend(flags.iter().cloned());
        call.push("--".to_owned());
        call.extend(names);
        call
    };
    let mut flags = Vec::new();
    match request.recommends {
        Some(true) => flags.push("--install-recommends".to_owned()),
        Some(false) => flags.push("--no-install-recommends".to_owned()),
        None => {}
    }
    if let Some(release) = &request.release {
        flags.push(format!("--target-release={release}"));
    }
    if request.skip_verify {
        flags.push("--allow-unauthenticated".to_owned());
    }
    if !request.purge.is_empty() {
        calls.push(call("purge", &[], request.purge.clone()));
    }
    if let Some(full) = request.upgrade {
        calls.push(call(if full { "dist-upgrade" } else { "upgrade" }, &flags, Vec::new()));
    }
    if request.install.is_empty() {
        if !request.remove.is_empty() {
            calls.push(call("remove", &[], request.remove.clone()));
        }
        return calls;
    }
    for (wanted, flag) in [
        (request.only_upgrade, "--only-upgrade"),
        (request.reinstall, "--reinstall"),
        (request.install.iter().any(|package| package.version.is_some()), "--allow-downgrades"),
    ] {
        if wanted {
            flags.push(flag.to_owned());
        }
    }
    let names = request.install.iter().map(|package| match package {
        PackageRequest { file: Some(file), .. } => file.to_string_lossy().into_owned(),
        PackageRequest { name, version: Some(version), .. } => format!("{name}={version}"),
        PackageRequest { name, .. } => name.clone(),
    });
    // In one transaction with what is installed, so that one may replace the other.
    let names = names.chain(request.remove.iter().map(|name| format!("{name}-"))).collect();
    calls.push(call("install", &flags, names));
    calls
}

fn refuse_odd_names(request: &Packages) -> Result<()> {
    let install =
        request.install.iter().filter(|package| package.file.is_none()).map(|package| &package.name);
    for name in
        install.chain(&request.remove).chain(&request.purge).chain(&request.hold).chain(&request.unhold)
    {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.:".contains(&byte);
        if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) || !name.bytes().all(fits) {
            return Err(Fault::new(format!("`{name}`: not the name of a package")));
        }
    }
    Ok(())
}

/// A command in the environment that keeps packages from asking.
fn base<'a>(argv: impl IntoIterator<Item = &'a str>) -> Command {
    Command::new(argv)
        .timeout(LIMIT)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("APT_LISTCHANGES_FRONTEND", "none")
        .env("NEEDRESTART_MODE", "a")
        .env("UCF_FORCE_CONFFOLD", "1")
}

fn apt_get(host: &Local, arguments: &[String]) -> Result<Output> {
    let mut lists_tried = false;
    let mut repair_tried = false;
    let mut completion_tried = false;
    loop {
        let wait = format!("DPkg::Lock::Timeout={}", LOCK_WAIT.as_secs());
        let mut command = base([
            "apt-get",
            "--yes",
            "--quiet",
            "-o",
            &wait,
            "-o",
            "Dpkg::Options::=--force-confdef",
            "-o",
            "Dpkg::Options::=--force-confold",
            "-o",
            "Dpkg::Use-Pty=0",
            "-o",
            "Acquire::Retries=3",
        ]);
        let options = command.argv.clone();
        command.argv.extend(arguments.iter().cloned());
        let output = program::run(host, &command)?;
        if output.success() {
            return Ok(output);
        }
        let trouble = explain(&output);
        match trouble {
            // Somebody unpacked a package without what it depends on: apt does nothing else before it is whole.
            Trouble::Incomplete if !completion_tried => {
                completion_tried = true;
                let argv = options.iter().map(String::as_str).chain(["--fix-broken", "install"]);
                let completed = program::run(host, &base(argv))?;
                if !completed.success() {
                    return Err(Trouble::Incomplete.fault(&completed));
                }
            }
            Trouble::Interrupted if !repair_tried => {
                repair_tried = true;
                let argv = ["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"];
                program::run_accepted(host, &base(argv))
                    .map_err(|fault| fault.context("finishing what an interrupted dpkg left"))?;
            }
            // Lists of packages that have meanwhile moved on, or none at all on a bare host.
            Trouble::Unknown(_) | Trouble::Unreachable if !lists_tried => {
                lists_tried = true;
                update(host)?;
            }
            trouble => return Err(trouble.fault(&output)),
        }
    }
}

fn mark(host: &Local, verb: &str, names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let mut command = base(["apt-mark", verb, "--"]);
    command.argv.extend(names.iter().cloned());
    program::run_accepted(host, &command).map(drop)
}

/// Whether the package lists are missing, older than so many seconds or older than the list of sources.
fn outdated(age: u64) -> Result<bool> {
    let modified = |path: &Path| fs::metadata(path).and_then(|stat| stat.modified()).ok();
    let lists = Path::new(LISTS);
    let Some(refreshed) = modified(lists) else { return Ok(true) };
    let filled = fs::read_dir(lists)
        .map_err(at(lists))?
        .filter_map(std::result::Result::ok)
        .any(|entry| entry.file_name().to_string_lossy().contains("Release"));
    let old = SystemTime::now().duration_since(refreshed).is_ok_and(|since| since.as_secs() >= age);
    if !filled || old {
        return Ok(true);
    }
    let parts = Path::new("/etc/apt/sources.list.d");
    let mut sources = vec![Path::new("/etc/apt/sources.list").to_owned(), parts.to_owned()];
    if let Ok(entries) = fs::read_dir(parts) {
        sources.extend(entries.filter_map(std::result::Result::ok).map(|entry| entry.path()));
    }
    Ok(sources.iter().filter_map(|path| modified(path)).any(|changed| changed > refreshed))
}

fn update(host: &Local) -> Result<()> {
    let deadline = Instant::now() + LOCK_WAIT;
    // A source that cannot be reached is an error; older apt does not know the setting and lets it pass.
    let command = base([
        "apt-get",
        "--quiet",
        "-o",
        "APT::Update::Error-Mode=any",
        "-o",
        "Acquire::Retries=3",
        "update",
    ]);
    loop {
        let output = program::run(host, &command)?;
        if output.success() {
            break;
        }
        match explain(&output) {
            // The lock of the lists is one that apt-get does not wait for by itself.
            Trouble::Locked(_) if Instant::now() < deadline => sleep(Duration::from_secs(2)),
            trouble => return Err(trouble.fault(&output).context("refreshing the package lists")),
        }
    }
    // apt-get leaves the time alone when nothing had changed; we go by it.
    let lists = Path::new(LISTS);
    let now = FileTimes::new().set_modified(SystemTime::now());
    File::open(lists).and_then(|folder| folder.set_times(now)).map_err(at(lists))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &str, version: Option<&str>) -> PackageRequest {
        PackageRequest { name: name.to_owned(), version: version.map(str::to_owned), file: None }
    }

    #[test]
    fn a_request_is_as_few_calls_as_apt_allows() {
        let lines = |request: &Packages| -> Vec<String> {
            transactions(request).iter().map(|call| call.join(" ")).collect()
        };
        let both = Packages {
            install: vec![request("nginx", None), request("redis", Some("7.0-1"))],
            remove: vec!["apache2".to_owned()],
            recommends: Some(false),
            ..Packages::default()
        };
        assert_eq!(
            lines(&both),
            ["install --no-install-recommends --allow-downgrades -- nginx redis=7.0-1 apache2-"]
        );
        let purge = Packages {
            purge: vec!["exim4".to_owned()],
            remove: vec!["vim".to_owned()],
            upgrade: Some(false),
            ..Packages::default()
        };
        assert_eq!(lines(&purge), ["purge -- exim4", "upgrade --", "remove -- vim"]);
        assert!(lines(&Packages { refresh: Some(0), ..Packages::default() }).is_empty());
    }

    #[test]
    fn names_cannot_become_options() {
        for name in ["-oDebug=1", "a b", "", "a;b", "../x"] {
            let request = Packages { install: vec![request(name, None)], ..Packages::default() };
            assert!(refuse_odd_names(&request).is_err(), "{name}");
        }
        let fine = Packages { install: vec![request("g++-12:amd64", None)], ..Packages::default() };
        assert!(refuse_odd_names(&fine).is_ok());
    }
}
