//! `pkg.held` and `pkg.unheld`.

use serde::Deserialize;

use super::{key, wanted};
use crate::fault::{Fault, Result};
use crate::host::{Action, Packages};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::Pairs;

/// Packages that stay at the version they have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    name: String,
    pkgs: Option<Pairs<Option<String>>>,
    #[serde(default)]
    replace: bool,
    /// apt holds packages whatever their version.
    #[serde(rename = "version")]
    _version: Option<String>,
}

/// Packages that may be upgraded again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unheld {
    name: String,
    pkgs: Option<Pairs<Option<String>>>,
    #[serde(default)]
    all: bool,
    #[serde(rename = "version")]
    _version: Option<String>,
}

pub(super) fn change(name: &str, hold: bool) -> Change {
    let say = |hold: bool| if hold { "held" } else { "not held" };
    Change::new(format!("package {name}")).from(say(!hold)).to(say(hold))
}

pub(super) fn action(name: &str, hold: bool) -> Action {
    let names = vec![name.to_owned()];
    Action::Packages(if hold {
        Packages { hold: names, ..Packages::default() }
    } else {
        Packages { unhold: names, ..Packages::default() }
    })
}

impl State for Held {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let table = context.facts.packages()?;
        let wanted = wanted(&self.name, None, self.pkgs.as_ref())?;
        let mut plan = Plan::default();
        for package in &wanted {
            match table.named(&package.name) {
                Some(found) if found.held => {}
                None if !context.facts.coming(&key(&package.name)) => {
                    return Err(Fault::new(format!("package `{}` is not there to be held", package.name))
                        .help("install it first, with `pkg.installed` and `hold: true`"));
                }
                _ => plan.push(change(&package.name, true), action(&package.name, true)),
            }
        }
        if self.replace {
            let kept = |name: &str| wanted.iter().any(|package| package.name == name);
            for name in
                table.packages.iter().filter(|(name, found)| found.held && !kept(name)).map(|(name, _)| name)
            {
                plan.push(change(name, false), action(name, false));
            }
        }
        Ok(plan)
    }
}

impl State for Unheld {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let table = context.facts.packages()?;
        let held = |name: &str| table.named(name).is_some_and(|found| found.held);
        let names: Vec<String> = if self.all {
            table.packages.iter().filter(|(_, found)| found.held).map(|(name, _)| name.clone()).collect()
        } else {
            let wanted = wanted(&self.name, None, self.pkgs.as_ref())?;
            wanted.into_iter().map(|package| package.name).filter(|name| held(name)).collect()
        };
        let mut plan = Plan::default();
        for name in names {
            plan.push(change(&name, false), action(&name, false));
        }
        Ok(plan)
    }
}

impl Function for Held {
    const NAME: &'static str = "pkg.held";
    const ABOUT: &'static str = "Packages stay at the version they have.";
    const EXAMPLE: &'static str = "postgresql-15:\n  pkg.held\n";
}

impl Function for Unheld {
    const NAME: &'static str = "pkg.unheld";
    const ABOUT: &'static str = "Packages may be upgraded again.";
    const EXAMPLE: &'static str = "nothing is held:\n  pkg.unheld:\n    - all: true\n";
}
