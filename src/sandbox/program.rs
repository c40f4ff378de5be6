//! The programs sandboxes are made with: whether they are installed, and running one to its end.
//! It must not know what they are used for, and never builds a shell string.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Program and Debian package, for all that a sandbox needs.
const NEEDED: &[(&str, &str)] = &[
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("mmdebstrap", "mmdebstrap"),
    ("mount", "mount"),
    ("setsid", "util-linux"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("systemd-nspawn", "systemd-container"),
    ("umount", "mount"),
];

/// One error for everything that is missing, with the line that installs it.
pub fn need_all() -> Result<()> {
    let missing: Vec<_> = NEEDED.iter().filter(|(program, _)| find(program).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let programs: Vec<_> = missing.iter().map(|(program, _)| format!("`{program}`")).collect();
    let mut packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    packages.dedup();
    bail!(
        "not installed on this machine: {}; install with `sudo apt-get install -y {}`",
        programs.join(", "),
        packages.join(" ")
    )
}

/// Looks in PATH, then where a root shell without login may not look.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
}

/// A command whose program was looked up, speaking English so that its answers can be read.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(find(program).unwrap_or_else(|| PathBuf::from(program)));
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// Runs to the end and gives what it wrote to stdout; a failure carries the last lines of stderr.
pub fn run<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) -> Result<String> {
    let mut command = command(program);
    command.args(arguments);
    let output = command.output().with_context(|| format!("failed to start `{}`", spelled(&command)))?;
    if !output.status.success() {
        bail!("`{}` failed ({}): {}", spelled(&command), output.status, tail(&output.stderr, 10));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Like [`run`], for long work: each line of stderr is shown to `line` as it comes.
pub fn run_watched(mut command: Command, line: &dyn Fn(&str)) -> Result<()> {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start `{}`", spelled(&command)))?;
    let mut seen = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        for text in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            line(&String::from_utf8_lossy(&text));
            seen.extend_from_slice(&text);
            seen.push(b'\n');
        }
    }
    let status = child.wait().with_context(|| format!("failed to wait for `{}`", spelled(&command)))?;
    if !status.success() {
        bail!("`{}` failed ({status}):\n{}", spelled(&command), tail(&seen, 20));
    }
    Ok(())
}

pub fn tail(output: &[u8], lines: usize) -> String {
    let text = String::from_utf8_lossy(output);
    let all: Vec<_> = text.trim_end().lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

fn spelled(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| shell_words::quote(&word.to_string_lossy()).into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_are_sorted_so_that_packages_are_listed_once() {
        assert!(NEEDED.is_sorted());
    }

    #[test]
    fn a_failure_says_the_command_and_its_last_words() {
        let error = run("ls", ["/nowhere at all"]).unwrap_err().to_string();
        assert!(error.starts_with("`ls '/nowhere at all'` failed"), "{error}");
        assert!(error.contains("No such file"), "{error}");
    }

    #[test]
    fn tail_keeps_the_end() {
        assert_eq!(tail(b"a\nb\nc\n", 2), "b\nc");
        assert_eq!(tail(b"", 2), "");
    }
}
