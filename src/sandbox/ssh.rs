//! Reaching a sandbox by ssh without a question: its keys, its known_hosts, its block for ~/.ssh/config.
//! It must not touch the operator's own keys, agent or known_hosts.

use std::fs::{self, Permissions};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::layout::{Layout, replace};
use super::program;

/// How to log in to one sandbox.
#[derive(Debug, Clone)]
pub struct Access {
    pub name: String,
    pub address: Ipv4Addr,
    pub key: PathBuf,
    pub known_hosts: PathBuf,
}

impl Access {
    /// A block for ~/.ssh/config or `ssh -F`, in the form of `vagrant ssh-config`.
    pub fn config(&self) -> String {
        let mut text = format!("Host {}\n", self.name);
        for (keyword, value) in [
            ("HostName", self.address.to_string()),
            ("User", "root".into()),
            ("Port", "22".into()),
            ("UserKnownHostsFile", self.known_hosts.display().to_string()),
            ("StrictHostKeyChecking", "yes".into()),
            ("PasswordAuthentication", "no".into()),
            ("IdentityFile", self.key.display().to_string()),
            ("IdentitiesOnly", "yes".into()),
            ("LogLevel", "ERROR".into()),
        ] {
            text.push_str(&format!("  {keyword} {value}\n"));
        }
        text
    }

    /// ssh to its root, without command; the operator's own configuration plays no part.
    pub fn command(&self) -> Command {
        let mut command = program::command("ssh");
        command.stdin(Stdio::inherit()).args(["-F", "none", "-l", "root", "-o", "BatchMode=yes"]);
        command.args(["-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR"]);
        command.arg("-o").arg(format!("UserKnownHostsFile={}", self.known_hosts.display()));
        command.arg("-i").arg(&self.key).arg(self.address.to_string());
        command
    }

    /// ssh that runs exactly this argument vector, whatever characters it holds.
    pub fn run<A: AsRef<str>>(&self, arguments: &[A]) -> Command {
        let mut command = self.command();
        if !arguments.is_empty() {
            command.arg("--").arg(shell_words::join(arguments));
        }
        command
    }
}

/// The key that all sandboxes accept; made once. The caller holds the lock of the state.
pub fn provide_key(layout: &Layout) -> Result<String> {
    let key = layout.key();
    if !key.is_file() {
        generate(&key, "provision-sandbox")?;
    }
    public_half(&key)
}

/// A key of the host's own, so that no two sandboxes look the same; known before the first connection.
pub fn provide_host_key(root: &Path, name: &str, address: Ipv4Addr, known_hosts: &Path) -> Result<()> {
    let key = root.join("etc/ssh/ssh_host_ed25519_key");
    generate(&key, &format!("root@{name}"))?;
    let public = public_half(&key)?;
    replace(known_hosts, format!("{address} {public}\n").as_bytes())?;
    fs::set_permissions(known_hosts, Permissions::from_mode(0o600))
        .with_context(|| format!("failed to protect `{}`", known_hosts.display()))
}

fn generate(key: &Path, comment: &str) -> Result<()> {
    let options = ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"].map(AsRef::as_ref);
    program::run("ssh-keygen", options.into_iter().chain([key.as_os_str()]))?;
    Ok(())
}

fn public_half(key: &Path) -> Result<String> {
    let path = key.with_extension("pub");
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    Ok(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access {
            name: "web".into(),
            address: Ipv4Addr::new(10, 77, 0, 2),
            key: "/run/x/id_ed25519".into(),
            known_hosts: "/run/x/web.known_hosts".into(),
        }
    }

    #[test]
    fn the_config_block_reads_like_vagrants() {
        assert_eq!(
            access().config(),
            "Host web\n  HostName 10.77.0.2\n  User root\n  Port 22\n  \
             UserKnownHostsFile /run/x/web.known_hosts\n  StrictHostKeyChecking yes\n  \
             PasswordAuthentication no\n  IdentityFile /run/x/id_ed25519\n  IdentitiesOnly yes\n  \
             LogLevel ERROR\n"
        );
    }

    #[test]
    fn arguments_survive_the_remote_shell() {
        let command = access().run(&["printf", "%s", "a b'c $HOME"]);
        let last = command.get_args().last().unwrap().to_string_lossy().into_owned();
        assert_eq!(shell_words::split(&last).unwrap(), ["printf", "%s", "a b'c $HOME"]);
    }
}
