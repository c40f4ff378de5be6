//! `ufw.enabled` and `ufw.disabled`.

use serde::Deserialize;

use super::{file, package, run, variable};
use crate::facts::Key;
use crate::fault::Result;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// The firewall is on, now and after a boot.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enabled {
    #[serde(rename = "name")]
    _name: String,
}

/// The firewall is off.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disabled {
    #[serde(rename = "name")]
    _name: String,
}

fn is_on(context: &Context<'_>) -> Result<bool> {
    let settings = file(context, "/etc/ufw/ufw.conf")?;
    Ok(settings.as_deref().and_then(|text| variable(text, "ENABLED")) == Some("yes"))
}

impl State for Enabled {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        if !is_on(context)? {
            // Without `--force` it asks whether ssh connections may be cut.
            plan.push(Change::new("firewall").from("off").to("on"), run(["--force", "enable"]));
        }
        Ok(plan)
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, _context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        plan.push(Change::new("reloaded"), run(["reload"]));
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        package()
    }
}

impl State for Disabled {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        if is_on(context)? {
            plan.push(Change::new("firewall").from("on").to("off"), run(["disable"]));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        package()
    }
}

impl Function for Enabled {
    const NAME: &'static str = "ufw.enabled";
    const ABOUT: &'static str =
        "The firewall is on, now and after a boot; reloaded when something that it watches has changed.";
    const EXAMPLE: &'static str = "firewall:\n  ufw.enabled:\n    - require:\n      - ufw: ssh may come in\n";
}

impl Function for Disabled {
    const NAME: &'static str = "ufw.disabled";
    const ABOUT: &'static str = "The firewall is off.";
    const EXAMPLE: &'static str = "firewall:\n  ufw.disabled\n";
}
