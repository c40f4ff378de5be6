//! `service.dead`.

use serde::Deserialize;

use super::step::{self, Manner};
use super::{Found, find, wants};
use crate::facts::Key;
use crate::fault::Result;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::Seconds;

/// A service that does not run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dead {
    name: String,
    enable: Option<bool>,
    init_delay: Option<Seconds>,
    #[serde(default)]
    no_block: bool,
    timeout: Option<Seconds>,
    #[serde(rename = "sig")]
    _sig: Option<String>,
}

impl State for Dead {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        let unit = match find(context.facts, &self.name)? {
            Found::Here(unit) => unit,
            Found::Written => return Ok(Plan::nothing("its unit is new, and nothing has started it")),
            Found::Packaged => {
                return Ok(Plan::nothing(
                    "depends on the packages to come, whether one brings it and starts it",
                ));
            }
            Found::Nowhere => return Ok(Plan::nothing("there is no such service")),
        };
        let stopping = self.no_block && unit.active == "deactivating";
        if !matches!(unit.active.as_str(), "inactive" | "failed") && !stopping {
            let manner = Manner {
                no_block: self.no_block,
                timeout: self.timeout.map(|Seconds(limit)| limit),
                delay: self.init_delay.map(|Seconds(delay)| delay),
            };
            let change = Change::new("service").from(&unit.active).to("stopped");
            step::job(&mut plan, change, "stop", &unit.name, manner);
        }
        if let Some(wanted) = self.enable {
            step::at_boot(&mut plan, &unit, wanted);
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.name)
    }
}

impl Function for Dead {
    const NAME: &'static str = "service.dead";
    const ABOUT: &'static str =
        "A service does not run; with `enable: false` it does not start with the system either.";
    const EXAMPLE: &'static str = "apache2:\n  service.dead:\n    - enable: false\n";
}
