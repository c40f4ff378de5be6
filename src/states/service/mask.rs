//! `service.masked` and `service.unmasked`.

use serde::Deserialize;

use super::{Found, find, step, wants};
use crate::facts::{Key, Unit, full_name};
use crate::fault::Result;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// A service that nothing can start. It may be masked before its package is there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masked {
    name: String,
    #[serde(default)]
    runtime: bool,
}

/// A service that can be started again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unmasked {
    name: String,
    #[serde(default)]
    runtime: bool,
}

fn is_masked(unit: &Unit, runtime: bool) -> bool {
    unit.file_state == if runtime { "masked-runtime" } else { "masked" }
}

fn words(verb: &'static str, runtime: bool) -> Vec<&'static str> {
    if runtime { vec![verb, "--runtime"] } else { vec![verb] }
}

pub(super) fn unmask(plan: &mut Plan, unit: &Unit, runtime: bool) {
    let change = Change::new("service").from("masked").to("unmasked");
    step::tell(plan, change, &words("unmask", runtime), &unit.name);
}

impl State for Masked {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        if !matches!(find(context.facts, &self.name)?, Found::Here(unit) if is_masked(&unit, self.runtime)) {
            let change =
                Change::new("service").to(if self.runtime { "masked until reboot" } else { "masked" });
            step::tell(&mut plan, change, &words("mask", self.runtime), &full_name(&self.name));
        }
        Ok(plan)
    }
}

impl State for Unmasked {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        if let Found::Here(unit) = find(context.facts, &self.name)?
            && is_masked(&unit, self.runtime)
        {
            unmask(&mut plan, &unit, self.runtime);
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.name)
    }
}

impl Function for Masked {
    const NAME: &'static str = "service.masked";
    const ABOUT: &'static str =
        "A service cannot be started by anything; `runtime: true` until the next boot.";
    const EXAMPLE: &'static str = "systemd-networkd:\n  service.masked\n";
}

impl Function for Unmasked {
    const NAME: &'static str = "service.unmasked";
    const ABOUT: &'static str = "A service is not masked.";
    const EXAMPLE: &'static str = "systemd-networkd:\n  service.unmasked\n";
}
