//! `pkg.uptodate`.

use serde::Deserialize;

use super::{FRESH, apt};
use crate::fault::Result;
use crate::host::{Action, PackageRequest, Packages};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::Pairs;

/// A system with all upgrades that apt's lists hold, or those of some packages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uptodate {
    #[serde(rename = "name")]
    _name: String,
    pkgs: Option<Pairs<Option<String>>>,
    #[serde(default)]
    refresh: bool,
    cache_valid_time: Option<u64>,
    #[serde(default)]
    dist_upgrade: bool,
    #[serde(default)]
    skip_verify: bool,
}

impl State for Uptodate {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        if self.refresh {
            apt::refresh(context.facts, self.cache_valid_time.unwrap_or(FRESH))?;
        }
        let mut upgrades = apt::upgrades(context.facts, self.dist_upgrade)?;
        if let Some(Pairs(pkgs)) = &self.pkgs {
            upgrades.retain(|(name, ..)| pkgs.iter().any(|(wanted, _)| wanted == name));
        }
        let mut plan = Plan::default();
        for (name, old, new) in upgrades {
            let mut change = Change::new(format!("package {name}")).to(&new);
            change.from = old;
            let mut packages = Packages { skip_verify: self.skip_verify, ..Packages::default() };
            if self.pkgs.is_some() {
                packages.install.push(PackageRequest { name, version: Some(new), file: None });
                packages.only_upgrade = true;
            } else {
                packages.upgrade = Some(self.dist_upgrade);
            }
            plan.push(change, Action::Packages(packages));
        }
        Ok(plan)
    }
}

impl Function for Uptodate {
    const NAME: &'static str = "pkg.uptodate";
    const ABOUT: &'static str = "All packages, or those in `pkgs`, have the upgrades that apt's lists hold; `refresh: true` has the lists read again first.";
    const EXAMPLE: &'static str =
        "upgrades:\n  pkg.uptodate:\n    - refresh: true\n    - dist_upgrade: true\n";
    const LATER: &'static [&'static str] = &["resolve_capabilities", "fromrepo"];
}
