//! `provision sandbox …`: the arguments and what is written for people or programs.
//! It must not hold logic of sandboxes.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use super::{BuiltImage, Image, Options, Sandbox, life, store};

/// Throw-away hosts on this machine, to try things on
///
/// Each is a whole Debian or Ubuntu with systemd, sshd, apt and an address of its own, up in two seconds and
/// gone without trace. Needs root. The first start of a release builds its image, which takes half a minute.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Start a fresh host and wait until it can be used
    Up(Up),
    /// Show the hosts that are up
    List {
        /// Write JSON: one array of hosts
        #[arg(long)]
        json: bool,
    },
    /// Log in as root, or run a command
    ///
    /// As with ssh itself, the words of the command are joined and read by the host's shell, and its exit
    /// status is ours.
    Ssh {
        /// The host's name, as `list` shows it
        name: String,
        /// What to run there instead of a shell
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
        command: Vec<String>,
    },
    /// Print a block for ~/.ssh/config, or for a file to use with `ssh -F`
    SshConfig {
        /// The host's name, as `list` shows it
        name: String,
    },
    /// End hosts and remove all that belonged to them
    Down {
        /// The hosts' names, as `list` shows them
        #[arg(required_unless_present = "all", value_name = "NAME")]
        names: Vec<String>,
        /// End every host that is up
        #[arg(long, conflicts_with = "names")]
        all: bool,
    },
    /// Show the images that hosts are made from
    Images {
        /// Remove those that no host stands on, and what was downloaded; all of it is made again when needed
        #[arg(long)]
        prune: bool,
        /// Write JSON: one array of images
        #[arg(long, conflicts_with = "prune")]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Up {
    /// Its host name [default: the first free of box1, box2 …]
    name: Option<String>,
    /// Release, such as bookworm, trixie, jammy or noble [default: this machine's, where that is Debian]
    #[arg(long)]
    suite: Option<String>,
    /// How much is installed already
    #[arg(long, value_enum, default_value_t)]
    image: Image,
    /// File of public keys that may log in as root too, such as ~/.ssh/id_ed25519.pub; may be repeated
    #[arg(long, value_name = "FILE")]
    authorize: Vec<PathBuf>,
    /// Write JSON: name, address, key and all else that is known of the host
    #[arg(long)]
    json: bool,
}

impl SandboxCommand {
    /// Gives the exit code.
    pub fn run(self, out: &mut dyn Write, progress: &dyn Fn(&str)) -> Result<u8> {
        match self {
            Self::Up(up) => return up.run(out, progress).map(|()| 0),
            Self::List { json } => list(out, json)?,
            Self::Ssh { name, command } => return ssh(&name, &command),
            Self::SshConfig { name } => write!(out, "{}", super::ssh_config(&name)?)?,
            Self::Images { prune: true, .. } => {
                for id in store::prune()? {
                    progress(&format!("`{id}` is removed"));
                }
            }
            Self::Images { json, .. } => images(out, json)?,
            Self::Down { all: true, .. } => {
                for name in life::down_all()? {
                    progress(&format!("`{name}` is gone"));
                }
            }
            Self::Down { names, .. } => {
                for name in names {
                    life::down(&name)?;
                    progress(&format!("`{name}` is gone"));
                }
            }
        }
        Ok(0)
    }
}

impl Up {
    fn run(self, out: &mut dyn Write, progress: &dyn Fn(&str)) -> Result<()> {
        let read = |path: &PathBuf| {
            fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))
        };
        let options = Options {
            name: self.name,
            suite: self.suite,
            image: self.image,
            authorized_keys: self.authorize.iter().map(read).collect::<Result<_>>()?,
            die_with: None,
        };
        let sandbox = life::up(&options, progress)?;
        if self.json {
            return write_json(out, &sandbox);
        }
        let Sandbox { name, address, .. } = sandbox;
        writeln!(
            out,
            "`{name}` is up at {address}\n  log in: provision sandbox ssh {name}\n  end it: provision sandbox down {name}"
        )?;
        Ok(())
    }
}

fn list(out: &mut dyn Write, json: bool) -> Result<()> {
    let sandboxes = life::list()?;
    if json {
        return write_json(out, &sandboxes);
    }
    if sandboxes.is_empty() {
        writeln!(out, "no sandbox is up; start one with `provision sandbox up`")?;
    }
    let widest = sandboxes.iter().map(|sandbox| sandbox.name.len()).max().unwrap_or_default();
    for sandbox in sandboxes {
        let Sandbox { name, address, suite, image, state, since, .. } = sandbox;
        let (address, state, image) = (address.to_string(), state.name(), image.name());
        writeln!(out, "{name:widest$}  {address:15}  {state:7}  {suite} {image}  since {since}")?;
    }
    Ok(())
}

fn images(out: &mut dyn Write, json: bool) -> Result<()> {
    let images = store::images()?;
    if json {
        return write_json(out, &images);
    }
    if images.is_empty() {
        writeln!(out, "no image is built; `provision sandbox up` builds what it needs")?;
    }
    let widest = images.iter().map(|image| image.id.len()).max().unwrap_or_default();
    for BuiltImage { id, bytes, used_by } in images {
        let (megabytes, users) = (bytes / 1_000_000, used_by.join(", "));
        let users = if users.is_empty() { "not in use".to_owned() } else { format!("in use by {users}") };
        writeln!(out, "{id:widest$}  {megabytes:5} MB  {users}")?;
    }
    Ok(())
}

fn ssh(name: &str, command: &[String]) -> Result<u8> {
    let mut ssh = super::ssh_command::<&str>(name, &[])?;
    if !command.is_empty() {
        ssh.arg("--").args(command);
    }
    let status = ssh.status().context("failed to start `ssh`")?;
    // Without a code it was ended by a signal, for which ssh's own code of failure serves.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(255))
}

fn write_json(out: &mut dyn Write, value: &impl serde::Serialize) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, value).context("failed to write JSON")?;
    writeln!(out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(subcommand)]
        command: SandboxCommand,
    }

    #[test]
    fn a_remote_commands_options_are_not_ours() {
        let parsed = Program::try_parse_from(["sandbox", "ssh", "web", "ls", "-l", "--all"]).unwrap();
        let SandboxCommand::Ssh { name, command } = parsed.command else { panic!("not ssh") };
        assert_eq!((name.as_str(), command), ("web", vec!["ls".into(), "-l".into(), "--all".into()]));
    }

    #[test]
    fn down_wants_to_know_whom() {
        assert!(Program::try_parse_from(["sandbox", "down"]).is_err());
        assert!(Program::try_parse_from(["sandbox", "down", "--all"]).is_ok());
        assert!(Program::try_parse_from(["sandbox", "down", "a", "b"]).is_ok());
        assert!(Program::try_parse_from(["sandbox", "down", "a", "--all"]).is_err());
    }
}
