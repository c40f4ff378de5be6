//! `pkg.removed` and `pkg.purged`.

use serde::Deserialize;

use super::version::Leniency;
use super::{DesiredPackage, wanted};
use crate::facts::Package;
use crate::fault::Result;
use crate::host::{Action, Packages};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::Pairs;

/// Packages that are not there; their configuration files may be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    name: String,
    version: Option<String>,
    pkgs: Option<Pairs<Option<String>>>,
    ignore_epoch: Option<bool>,
    #[serde(default, rename = "normalize")]
    _normalize: Option<bool>,
}

/// Packages that are not there, nor their configuration files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purged {
    name: String,
    version: Option<String>,
    pkgs: Option<Pairs<Option<String>>>,
    ignore_epoch: Option<bool>,
    #[serde(default, rename = "normalize")]
    _normalize: Option<bool>,
}

/// The packages to take away: those that dpkg knows by that very name, not what else provides it.
fn plan(
    context: &Context<'_>,
    wanted: &[DesiredPackage],
    ignore_epoch: Option<bool>,
    there: impl Fn(&Package) -> bool,
    step: impl Fn(&str, &Package) -> (Change, Packages),
) -> Result<Plan> {
    let table = context.facts.packages()?;
    let mut plan = Plan::default();
    for package in wanted {
        let Some(found) = table.named(&package.name).filter(|found| there(found)) else { continue };
        let leniency = Leniency { ignore_epoch, allow_updates: false };
        if let Some(demand) = package.demand()
            && !demand.met_by(&found.version, leniency)
        {
            plan.note(format!("package `{}` is there as {}, which may stay", package.name, found.version));
            continue;
        }
        let (change, packages) = step(&package.name, found);
        plan.push(change, Action::Packages(packages));
    }
    Ok(plan)
}

impl State for Removed {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let wanted = wanted(&self.name, self.version.as_deref(), self.pkgs.as_ref())?;
        plan(
            context,
            &wanted,
            self.ignore_epoch,
            |found| found.installed,
            |name, found| {
                let change = Change::new(format!("package {name}")).from(&found.version).to("removed");
                (change, Packages { remove: vec![name.to_owned()], ..Packages::default() })
            },
        )
    }
}

impl State for Purged {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let wanted = wanted(&self.name, self.version.as_deref(), self.pkgs.as_ref())?;
        plan(
            context,
            &wanted,
            self.ignore_epoch,
            |found| found.installed || found.config_files,
            |name, found| {
                let from =
                    if found.installed { &found.version } else { "removed, its configuration still there" };
                let change = Change::new(format!("package {name}")).from(from).to("purged");
                (change, Packages { purge: vec![name.to_owned()], ..Packages::default() })
            },
        )
    }
}

impl Function for Removed {
    const NAME: &'static str = "pkg.removed";
    const ABOUT: &'static str = "Packages are not installed; their configuration files stay.";
    const EXAMPLE: &'static str = "apache2:\n  pkg.removed\n";
}

impl Function for Purged {
    const NAME: &'static str = "pkg.purged";
    const ABOUT: &'static str = "Packages are not installed, and their configuration files are gone.";
    const EXAMPLE: &'static str =
        "no mail:\n  pkg.purged:\n    - pkgs:\n      - exim4-base\n      - exim4-config\n";
}
