//! `sysctl`: settings of the kernel, now (/proc/sys) and at the next boot (a file).

use std::path::PathBuf;

use serde::Deserialize;

use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Command, Host};
use crate::plan::{Change, Plan};
use crate::states::edit::{Edit, joined};
use crate::states::{Context, Function, State};

/// A setting has a value, and keeps it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    name: String,
    value: String,
    /// The file that keeps it.
    #[serde(default = "config")]
    config: PathBuf,
}

fn config() -> PathBuf {
    PathBuf::from("/etc/sysctl.d/99-provision.conf")
}

/// Where the kernel shows a setting. Dots part its name; where the first mark is a slash, slashes do, so
/// that the dot in an interface's name can be written.
fn place(name: &str) -> Result<PathBuf> {
    let path =
        if name.find(['.', '/']).is_some_and(|at| name.get(at..).is_some_and(|rest| rest.starts_with('/'))) {
            name.to_owned()
        } else {
            name.chars()
                .map(|char| match char {
                    '.' => '/',
                    '/' => '.',
                    other => other,
                })
                .collect()
        };
    if path.is_empty() || path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return Err(Fault::new(format!("`{name}` is no setting of the kernel")));
    }
    Ok(PathBuf::from("/proc/sys").join(path))
}

/// Values of several numbers are parted by tabs in /proc and by spaces in files.
fn plain(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The mount that makes a path read-only, as in containers.
fn read_only(host: &dyn Host, path: &std::path::Path) -> Result<Option<String>> {
    let mounts = host.read("/proc/self/mounts".as_ref())?.unwrap_or_default();
    let mounts = String::from_utf8_lossy(&mounts);
    let mut found = None;
    for line in mounts.lines() {
        let mut words = line.split(' ').skip(1);
        if let (Some(at), _, Some(options)) = (words.next(), words.next(), words.next())
            && path.starts_with(at)
        {
            // Later mounts lie over earlier ones.
            found = Some((at, options));
        }
    }
    Ok(found
        .filter(|(_, options)| options.split(',').any(|option| option == "ro"))
        .map(|(at, _)| at.to_owned()))
}

impl State for Present {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let path = place(&self.name)?;
        let wanted = plain(&self.value);
        let Some(bytes) = host.read(&path)? else {
            return Err(Fault::new(format!("the kernel has no setting `{}`", self.name))
                .help("is the module that brings it loaded (`kmod.present`)?"));
        };
        let is = plain(&String::from_utf8_lossy(&bytes));
        let mut plan = Plan::default();
        let file = Edit::of(host, &self.config)?;
        let value = |line: &str| {
            let (name, value) = line.trim_start_matches('-').split_once('=')?;
            (place(name.trim()).ok()? == path).then(|| plain(value))
        };
        if file.lines().filter_map(value).next_back().is_none_or(|kept| kept != wanted) {
            let line = format!("{} = {wanted}", self.name);
            let mut written = false;
            let mut lines: Vec<&str> = Vec::new();
            for old in file.lines() {
                if value(old).is_none() {
                    lines.push(old);
                } else if !written {
                    lines.push(&line);
                    written = true;
                }
            }
            if !written {
                lines.push(&line);
            }
            file.write(joined(lines), &mut plan);
        }
        if is != wanted {
            if let Some(mount) = read_only(host, &path)? {
                return Err(Fault::new(format!(
                    "`{}` cannot be set on this host: `{mount}` is read-only",
                    self.name
                ))
                .help("containers share such settings with their host; leave the state out here"));
            }
            // Written through a program, since a file of the kernel cannot be replaced by renaming.
            let path = path.display().to_string();
            let set = Command::new(["tee", "--", &path]).stdin(format!("{wanted}\n"));
            plan.push(Change::new("value").from(is).to(wanted), Action::Run(set));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        self.config.parent().map(|folder| Key::Path(folder.to_owned())).into_iter().collect()
    }
}

impl Function for Present {
    const NAME: &'static str = "sysctl.present";
    const ABOUT: &'static str = "The kernel's setting has this value, now and after the next boot.";
    const EXAMPLE: &'static str = "net.core.somaxconn:\n  sysctl.present:\n    - value: 1024\n    - config: /etc/sysctl.d/60-app.conf\n";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_places() {
        let table = [
            ("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"),
            ("net/ipv4/conf/eth0.1/forwarding", "/proc/sys/net/ipv4/conf/eth0.1/forwarding"),
            ("net.ipv4.conf.eth0/1.forwarding", "/proc/sys/net/ipv4/conf/eth0.1/forwarding"),
        ];
        for (name, path) in table {
            assert_eq!(place(name).unwrap(), PathBuf::from(path));
        }
        for wrong in ["", "/etc/passwd", "net/../../../etc/passwd", "a..b"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
