//! What can be switched off for a while: the site for its visitors, the work of crontabs.

use std::path::{Path, PathBuf};

use crate::facts::Facts;
use crate::fault::{Context as _, Result};
use crate::host::{Action, Command};

/// Nginx shows the maintenance page while this is there.
pub fn page(project: &str) -> PathBuf {
    Path::new("/var/www").join(project).join("maintenance")
}

/// Cron was stopped together with the site. A restart of the host starts it, and takes this away.
fn stopped(project: &str) -> PathBuf {
    Path::new("/run").join(format!("{project}-cron-stopped"))
}

/// Switches the maintenance page. Where that is asked for, cron rests while it is on, and runs again after it if
/// it did before. Says what was done.
pub fn maintenance(project: &str, on: bool, with_cron: bool, facts: &Facts) -> Result<String> {
    let path = page(project);
    let mark = stopped(project);
    let host = facts.host();
    if with_cron && on && runs(facts)? {
        host.perform(&Action::Touch { path: mark, accessed: None, modified: None })?;
        cron(false, facts)?;
    } else if !on && host.stat(&mark)?.is_some() {
        cron(true, facts)?;
        host.perform(&Action::Remove { path: mark })?;
    }
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
    let runs = runs(facts)?;
    if runs != on {
        let verb = if on { "start" } else { "stop" };
        let command = Command::new(["systemctl", verb, "cron.service"]);
        facts.host().perform(&Action::Run(command)).context(format!("could not {verb} cron"))?;
    }
    Ok(said("cron", on, runs == on))
}

fn runs(facts: &Facts) -> Result<bool> {
    Ok(facts.host().ask(&Command::new(["systemctl", "is-active", "cron.service"]))?.success())
}

fn said(what: &str, on: bool, already: bool) -> String {
    format!("{what} is {}{}", if on { "on" } else { "off" }, if already { ", as it was" } else { "" })
}
