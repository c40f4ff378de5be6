//! Where a Vagrant machine is: what `vagrant ssh-config` says.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Login, Target};
use crate::fault::{Fault, Result};

/// Asks Vagrant for the machines of a folder that holds a Vagrantfile. The answer is kept in `keep` as an ssh
/// configuration, since it also says which host keys and identities belong to them.
pub fn ssh_config(folder: &Path, keep: &Path) -> Result<Vec<Target>> {
    let output =
        Command::new("vagrant").arg("ssh-config").current_dir(folder).stdin(Stdio::null()).output().map_err(
            |error| {
                Fault::new(format!("cannot start vagrant: {error}"))
                    .help("install Vagrant, or give the machine's address with -H")
            },
        )?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Fault::new("`vagrant ssh-config` failed")
            .output(errors)
            .help(format!("start the machine first: cd {} && vagrant up", folder.display())));
    }
    let names = hosts(&text);
    if names.is_empty() {
        return Err(Fault::new("`vagrant ssh-config` names no machine")
            .help(format!("start it first: cd {} && vagrant up", folder.display())));
    }
    crate::private::write(keep, text.as_bytes())?;
    let login = Login { config: Some(keep.to_owned()), ..Login::default() };
    Ok(names
        .into_iter()
        .map(|name| Target { name: name.clone(), address: name, login: login.clone() })
        .collect())
}

/// The names in an ssh configuration's `Host` lines, without patterns.
fn hosts(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("Host "))
        .flat_map(str::split_whitespace)
        .filter(|name| !name.contains(['*', '?', '!']) && !name.starts_with('-'))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_found_in_a_recorded_answer() {
        let recorded = "Host default\n  HostName 127.0.0.1\n  User vagrant\n  Port 2222\n  \
                        UserKnownHostsFile /dev/null\n  StrictHostKeyChecking no\n  \
                        IdentityFile \"/home/me/my site/.vagrant/private_key\"\n\nHost db\n  HostName 127.0.0.1\n";
        assert_eq!(hosts(recorded), ["default", "db"]);
    }
}
