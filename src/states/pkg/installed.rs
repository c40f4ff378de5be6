//! `pkg.installed`.

use serde::Deserialize;

use super::version::{Demand, Leniency};
use super::{DesiredPackage, FRESH, apt, key, keys, wanted};
use crate::facts::{Key, PackageTable};
use crate::fault::{Fault, Result};
use crate::host::{Action, PackageRequest, Packages};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::Pairs;

/// Packages that are there, in versions that will do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installed {
    name: String,
    version: Option<String>,
    pkgs: Option<Pairs<Option<String>>>,
    refresh: Option<bool>,
    cache_valid_time: Option<u64>,
    hold: Option<bool>,
    #[serde(default)]
    update_holds: bool,
    install_recommends: Option<bool>,
    fromrepo: Option<String>,
    debconf: Option<String>,
    #[serde(default)]
    only_upgrade: bool,
    #[serde(default)]
    reinstall: bool,
    #[serde(default)]
    skip_verify: bool,
    #[serde(default)]
    allow_updates: bool,
    ignore_epoch: Option<bool>,
    /// apt says itself what is not to be had.
    #[serde(default, rename = "skip_suggestions")]
    _skip_suggestions: bool,
    /// Names are taken as written in any case.
    #[serde(default, rename = "normalize")]
    _normalize: Option<bool>,
}

impl State for Installed {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let facts = context.facts;
        let table = facts.packages()?;
        let wanted = wanted(&self.name, self.version.as_deref(), self.pkgs.as_ref())?;
        let newest = self.newest(context, &wanted, &table)?;
        let mut plan = Plan::default();
        for package in &wanted {
            let there = table.installed(&package.name);
            let current = there.map(|there| there.version.as_str());
            let coming = there.is_none() && facts.coming(&key(&package.name));
            if coming {
                plan.note(format!("package `{}` comes with an earlier state", package.name));
            } else if let Some(change) = self.change(package, current, newest.get(&package.name)) {
                let held = there.is_some_and(|there| there.held);
                if held && !self.update_holds && self.hold != Some(false) {
                    return Err(Fault::new(format!(
                        "package `{}` is held at {}",
                        package.name,
                        current.unwrap_or("its version")
                    ))
                    .help("write `update_holds: true` to change it and hold it again"));
                }
                let version = self.choose(context, package, newest.get(&package.name))?;
                let mut request = self.request(context, &package.name, version)?;
                if held {
                    request.unhold.push(package.name.clone());
                    if self.hold != Some(false) {
                        request.hold.push(package.name.clone());
                    }
                }
                plan.push(change, Action::Packages(request));
            }
            if let Some(hold) = self.hold
                && (there.is_some() || coming || !self.only_upgrade)
                && there.is_some_and(|there| there.held) != hold
            {
                plan.push(super::hold::change(&package.name, hold), super::hold::action(&package.name, hold));
            }
        }
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        keys(&self.name, self.pkgs.as_ref())
    }

    /// `reinstall` is asked for anew on every run, as under Salt.
    fn settles(&self) -> bool {
        !self.reinstall
    }

    fn merges(&self) -> bool {
        true
    }
}

impl Installed {
    /// The candidates of those packages that shall be the newest and are there.
    fn newest(
        &self,
        context: &Context<'_>,
        wanted: &[DesiredPackage],
        table: &PackageTable,
    ) -> Result<std::collections::BTreeMap<String, String>> {
        let there = |package: &&DesiredPackage| package.newest() && table.installed(&package.name).is_some();
        let names: Vec<&str> = wanted.iter().filter(there).map(|package| package.name.as_str()).collect();
        if !names.is_empty() && self.refresh == Some(true) {
            apt::refresh(context.facts, self.cache_valid_time.unwrap_or(FRESH))?;
        }
        apt::candidates(context.facts, &names)
    }

    fn change(
        &self,
        package: &DesiredPackage,
        current: Option<&str>,
        newest: Option<&String>,
    ) -> Option<Change> {
        let change = Change::new(format!("package {}", package.name));
        let demand = package.demand();
        let Some(current) = current else {
            let to = demand.map_or_else(|| "installed".to_owned(), |demand| demand.text);
            return (!self.only_upgrade).then(|| change.to(to));
        };
        let change = change.from(current);
        if self.reinstall {
            return Some(change.to("reinstalled"));
        }
        if package.newest() {
            return newest.filter(|newest| *newest != current).map(|newest| change.to(newest));
        }
        let demand = demand.filter(|demand| !demand.met_by(current, self.leniency()))?;
        Some(change.to(demand.text))
    }

    fn leniency(&self) -> Leniency {
        Leniency { ignore_epoch: self.ignore_epoch, allow_updates: self.allow_updates }
    }

    /// The version to ask apt for; `None` leaves it to apt.
    fn choose(
        &self,
        context: &Context<'_>,
        package: &DesiredPackage,
        newest: Option<&String>,
    ) -> Result<Option<String>> {
        if package.newest() {
            return Ok(newest.cloned());
        }
        let Some(demand) = package.demand() else { return Ok(None) };
        if !demand.has_ceiling() {
            return Ok(demand.exact().map(str::to_owned));
        }
        let versions = apt::versions(context.facts, &package.name)?;
        match versions.iter().find(|version| demand.met_by(version, self.leniency())) {
            Some(version) => Ok(Some(version.clone())),
            None => Err(none_fits(&package.name, &demand, &versions)),
        }
    }

    fn request(&self, context: &Context<'_>, name: &str, version: Option<String>) -> Result<Packages> {
        let refresh = match self.refresh {
            Some(false) => None,
            Some(true) => Some(self.cache_valid_time.unwrap_or(0)),
            None => Some(self.cache_valid_time.unwrap_or(FRESH)),
        };
        Ok(Packages {
            refresh,
            install: vec![PackageRequest { name: name.to_owned(), version, file: None }],
            recommends: self.install_recommends,
            only_upgrade: self.only_upgrade,
            reinstall: self.reinstall,
            release: self.fromrepo.clone(),
            debconf: self.answers(context)?,
            skip_verify: self.skip_verify,
            ..Packages::default()
        })
    }

    /// The lines of the answers file that `debconf` names.
    fn answers(&self, context: &Context<'_>) -> Result<Vec<String>> {
        let Some(url) = &self.debconf else { return Ok(Vec::new()) };
        let bytes = context.library.read(url)?.ok_or_else(|| {
            Fault::new(format!("`{url}` is not there"))
                .help("`debconf` names a file of answers, as `salt://…`")
        })?;
        let text = String::from_utf8_lossy(&bytes);
        let meant = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        Ok(text.lines().filter(meant).map(str::to_owned).collect())
    }
}

fn none_fits(name: &str, demand: &Demand, versions: &[String]) -> Fault {
    let fault = Fault::new(format!("package `{name}`: no version fits `{}`", demand.text));
    if versions.is_empty() {
        return fault.help("apt's lists hold no version of it: are they there, and is its repository?");
    }
    fault.help(format!("apt knows {}", versions.join(", ")))
}

impl Function for Installed {
    const NAME: &'static str = "pkg.installed";
    const ABOUT: &'static str = "Packages are installed, in the versions asked for.";
    const EXAMPLE: &'static str = "web server:\n  pkg.installed:\n    - pkgs:\n      - nginx\n      - openssl: '>=3.0'\n    - install_recommends: false\n    - cache_valid_time: 3600\n";
    const LATER: &'static [&'static str] = &[
        "sources",
        "pkg_verify",
        "resolve_capabilities",
        "dist_upgrade",
        "verify_ssl",
        "force_conf_new",
        "force_yes",
        "report_reboot_exit_codes",
    ];
}
