//! `service.enabled` and `service.disabled`.

use serde::Deserialize;

use super::{Found, find, step, unknown, wants};
use crate::facts::{Key, full_name};
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// A service that starts with the system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enabled {
    name: String,
}

/// A service that does not start with the system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disabled {
    name: String,
}

impl State for Enabled {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        match find(context.facts, &self.name)? {
            Found::Here(unit) if unit.load == "masked" => {
                return Err(Fault::new(format!("`{}` is masked, so it cannot be enabled", unit.name))
                    .help("use `service.unmasked` first"));
            }
            Found::Here(unit) => step::at_boot(&mut plan, &unit, true),
            Found::Written => {
                step::reread_all(&mut plan);
                step::enable(&mut plan, &full_name(&self.name));
            }
            Found::Packaged => plan.note("comes with its package, which enables it"),
            Found::Nowhere => return Err(unknown(context.facts, &self.name)),
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.name)
    }
}

impl State for Disabled {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        match find(context.facts, &self.name)? {
            Found::Here(unit) => step::at_boot(&mut plan, &unit, false),
            Found::Written => plan.note("its unit is new, and nothing has enabled it"),
            Found::Packaged => {
                plan.note("depends on the packages to come, whether one brings it and enables it")
            }
            Found::Nowhere => plan.note("there is no such service"),
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.name)
    }
}

impl Function for Enabled {
    const NAME: &'static str = "service.enabled";
    const ABOUT: &'static str = "A service starts with the system.";
    const EXAMPLE: &'static str = "cron:\n  service.enabled\n";
}

impl Function for Disabled {
    const NAME: &'static str = "service.disabled";
    const ABOUT: &'static str = "A service does not start with the system.";
    const EXAMPLE: &'static str = "apache2:\n  service.disabled\n";
}
