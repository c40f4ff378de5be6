//! What can be switched off for a while: the site for its visitors, the work of crontabs.

use std::path::{Path, PathBuf};

use crate::facts::Facts;
use crate::fault::{Context as _, Result};
use crate::host::{Action, Command};

/// Nginx shows the maintenance page while this is there.
pub fn page(project: &str) -> PathBuf {
    Path::new("/var/www").join(project).join("maintenance")
}

/// Switches the maintenance page. Says what was done.
pub fn maintenance(project: &str, on: bool, facts: &Facts) -> Result<String> {
    let path = page(project);
    let there = facts.host().stat(&path)?.is_some();
    if on && !there {
        facts.host().perform(&Action::Touch { path, accessed: None, modified: None })?;
    } else if !on && there {
        facts.host().perform(&Action::Remove { path })?;
    }
    Ok(said("the maintenance page", on, there == on))
}

/// Starts or stops the service that runs crontabs. What it has started goes on. Says what was done.
pub fn cron(on: bool, facts: &Facts) -> Result<String> {
    let ask = |verb: &str| facts.host().ask(&Command::new(["systemctl", verb, "cron.service"]));
    let runs = ask("is-active")?.success();
    if runs != on {
        let verb = if on { "start" } else { "stop" };
        let command = Command::new(["systemctl", verb, "cron.service"]);
        facts.host().perform(&Action::Run(command)).context(format!("could not {verb} cron"))?;
    }
    Ok(said("cron", on, runs == on))
}

fn said(what: &str, on: bool, already: bool) -> String {
    format!("{what} is {}{}", if on { "on" } else { "off" }, if already { ", as it was" } else { "" })
}
