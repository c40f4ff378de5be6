//! The host's packages, all of them, and its restart.

use std::path::Path;
use std::time::Duration;

use crate::facts::Facts;
use crate::fault::{Context as _, Result};
use crate::host::{Action, Command, Packages};

/// Upgrades all packages as far as no other goes (`apt-get upgrade` with new ones). Gives the names of those that
/// have another version now.
pub fn upgrade(facts: &Facts) -> Result<Vec<String>> {
    let before = facts.packages()?;
    let all = Packages { refresh: Some(0), upgrade: Some(false), ..Packages::default() };
    facts.host().perform(&Action::Packages(all)).context("could not upgrade the packages")?;
    facts.forget();
    let after = facts.packages()?;
    let differs = |name: &&String| {
        let version = |table: &crate::facts::PackageTable| {
            table
                .packages
                .get(*name)
                .filter(|package| package.installed)
                .map(|package| package.version.clone())
        };
        version(&before) != version(&after)
    };
    Ok(after.packages.keys().filter(differs).cloned().collect())
}

/// Whether an upgrade waits for the host's restart.
pub fn restart_is_due(facts: &Facts) -> Result<bool> {
    Ok(facts.host().stat(Path::new("/run/reboot-required"))?.is_some())
}

/// Tells one start of the host from another, also where a container shares its kernel.
pub fn boot(facts: &Facts) -> Result<String> {
    let kernel = facts.host().read(Path::new("/proc/sys/kernel/random/boot_id"))?.unwrap_or_default();
    let system = Command::new(["systemctl", "show", "--property=UserspaceTimestampMonotonic", "--value"]);
    let system = facts.host().ask(&system)?.text();
    Ok(format!("{} {}", String::from_utf8_lossy(&kernel).trim(), system.trim()))
}

/// Restarts the host, a moment from now, so that this can still be told.
pub fn reboot(facts: &Facts) -> Result<()> {
    let mut command = Command::new(["/bin/sh", "-c", "sleep 1; exec systemctl reboot"]);
    command.timeout = Duration::from_secs(10);
    command.detached = true;
    facts.host().perform(&Action::Run(command))?;
    Ok(())
}
