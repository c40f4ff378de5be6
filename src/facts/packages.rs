//! Installed packages, from one read of /var/lib/dpkg/status. Starts no program.

use std::collections::BTreeMap;
use std::path::Path;

use crate::fault::{Fault, Result};
use crate::host::Host;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    pub version: String,
    pub architecture: String,
    /// `install ok installed`: unpacked and configured.
    pub installed: bool,
    /// Removed, its configuration still there.
    pub config_files: bool,
    pub held: bool,
    pub provides: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct PackageTable {
    /// By name; a second architecture of the same name is under `name:arch`.
    pub packages: BTreeMap<String, Package>,
}

impl PackageTable {
    /// An installed package of that name (`name` or `name:arch`), or one that provides it.
    pub fn installed(&self, name: &str) -> Option<&Package> {
        self.named(name).filter(|package| package.installed).or_else(|| {
            self.packages
                .values()
                .find(|package| package.installed && package.provides.iter().any(|provided| provided == name))
        })
    }

    /// The package of that name (`name` or `name:arch`) in whatever state dpkg knows it.
    pub fn named(&self, name: &str) -> Option<&Package> {
        self.packages.get(name).or_else(|| {
            let (bare, architecture) = name.split_once(':')?;
            let fits = |package: &&Package| {
                package.architecture == architecture || matches!(architecture, "any" | "native")
            };
            self.packages.get(bare).filter(fits)
        })
    }
}

pub(super) fn read(host: &dyn Host) -> Result<PackageTable> {
    let path = Path::new("/var/lib/dpkg/status");
    let status = host.read(path)?.ok_or_else(|| {
        Fault::new(format!("`{}` is not there", path.display()))
            .help("packages need a Debian or Ubuntu system")
    })?;
    // Only a host with foreign architectures has the file; its first line is the host's own.
    let own = host.read(Path::new("/var/lib/dpkg/arch"))?.unwrap_or_default();
    let own = String::from_utf8_lossy(&own).lines().next().unwrap_or_default().to_owned();
    Ok(parse(&String::from_utf8_lossy(&status), &own))
}

/// Reads dpkg's status file. Only the lines that matter are looked at: the file has most of a megabyte.
fn parse(status: &str, own: &str) -> PackageTable {
    let mut table = PackageTable::default();
    let mut package = None;
    for line in status.split('\n') {
        match line.as_bytes().first() {
            None => add(&mut table, package.take(), own),
            Some(b'P') => {
                if let Some(name) = value(line, "Package:") {
                    add(&mut table, package.take(), own);
                    package = Some(Package { name, ..Package::default() });
                } else if let (Some(package), Some(list)) = (&mut package, value(line, "Provides:")) {
                    package.provides = provided(&list);
                }
            }
            Some(b'S') => {
                if let (Some(package), Some(status)) = (&mut package, value(line, "Status:")) {
                    package.held = status.starts_with("hold ");
                    package.installed = status.ends_with(" ok installed");
                    package.config_files = status.ends_with(" config-files");
                }
            }
            Some(b'V') => {
                if let (Some(package), Some(version)) = (&mut package, value(line, "Version:")) {
                    package.version = version;
                }
            }
            Some(b'A') => {
                if let (Some(package), Some(architecture)) = (&mut package, value(line, "Architecture:")) {
                    package.architecture = architecture;
                }
            }
            Some(_) => {}
        }
    }
    add(&mut table, package, own);
    table
}

fn value(line: &str, field: &str) -> Option<String> {
    Some(line.strip_prefix(field)?.trim().to_owned())
}

/// `mail-transport-agent, foo (= 1)` without the versions.
fn provided(list: &str) -> Vec<String> {
    list.split(',').filter_map(|item| item.split_whitespace().next()).map(str::to_owned).collect()
}

fn add(table: &mut PackageTable, package: Option<Package>, own: &str) {
    let Some(package) = package else { return };
    let Some(there) = table.packages.get(&package.name) else {
        table.packages.insert(package.name.clone(), package);
        return;
    };
    // The bare name belongs to the host's own architecture, else to one that is installed.
    let foreign =
        |package: &Package| !own.is_empty() && package.architecture != own && package.architecture != "all";
    let (bare, other) = if (foreign(there), !there.installed) > (foreign(&package), !package.installed) {
        (package, there.clone())
    } else {
        (there.clone(), package)
    };
    table.packages.insert(format!("{}:{}", other.name, other.architecture), other);
    table.packages.insert(bare.name.clone(), bare);
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "\
Package: exim4
Status: install ok installed
Architecture: all
Version: 4.96-15
Provides: mail-transport-agent, smtp (= 1)
Description: Provides: nothing
 Status: deinstall ok config-files

Package: libc6
Status: hold ok installed
Architecture: i386
Version: 2.36-9

Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9

Package: nginx
Status: deinstall ok config-files
Architecture: amd64
Version: 1.22.1-9

Package: half
Status: install ok half-configured
Architecture: amd64
Version: 1
";

    #[test]
    fn the_status_file_says_what_is_installed() {
        let table = parse(STATUS, "amd64");
        assert_eq!(table.installed("mail-transport-agent").unwrap().name, "exim4");
        assert_eq!(table.installed("smtp").unwrap().version, "4.96-15");
        assert_eq!(table.installed("libc6").unwrap().architecture, "amd64");
        assert_eq!(table.installed("libc6:amd64").unwrap().architecture, "amd64");
        assert!(table.installed("libc6:i386").unwrap().held);
        assert!(!table.installed("libc6").unwrap().held);
        assert!(table.installed("nginx").is_none() && table.installed("half").is_none());
        assert!(table.named("nginx").unwrap().config_files);
        assert!(table.installed("libc6:arm64").is_none());
    }
}
