//! `service.running`.

use serde::Deserialize;

use super::step::{self, Manner};
use super::{Found, find, unknown, wants};
use crate::facts::{Key, Unit, full_name};
use crate::fault::{Fault, Result};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::Seconds;

/// A service that runs, and restarts or reloads when something that it watches has changed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    name: String,
    enable: Option<bool>,
    #[serde(default)]
    reload: bool,
    /// systemd's restart is always a full one.
    #[serde(default, rename = "full_restart")]
    _full_restart: bool,
    /// A reload that the service cannot do becomes a restart anyway.
    #[serde(default, rename = "force")]
    _force: bool,
    init_delay: Option<Seconds>,
    #[serde(default)]
    no_block: bool,
    timeout: Option<Seconds>,
    #[serde(default)]
    unmask: bool,
    #[serde(default)]
    unmask_runtime: bool,
    /// systemd knows a service's processes; nothing has to be searched for.
    #[serde(rename = "sig")]
    _sig: Option<String>,
}

impl Running {
    fn manner(&self) -> Manner {
        Manner {
            no_block: self.no_block,
            timeout: self.timeout.map(|Seconds(limit)| limit),
            delay: self.init_delay.map(|Seconds(delay)| delay),
        }
    }

    fn runs(&self, unit: &Unit) -> bool {
        match unit.active.as_str() {
            "active" | "reloading" | "refreshing" => true,
            // Nobody waits for a start that is not to block.
            "activating" => self.no_block,
            _ => false,
        }
    }

    fn start(&self, plan: &mut Plan, unit: &str, from: &str) {
        let change = Change::new("service").from(from).to("running");
        step::job(plan, change, "start", unit, self.manner());
    }
}

impl State for Running {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        let unit = match find(context.facts, &self.name)? {
            Found::Here(unit) => unit,
            Found::Written => {
                let unit = full_name(&self.name);
                step::reread_all(&mut plan);
                if self.enable == Some(true) {
                    step::enable(&mut plan, &unit);
                }
                self.start(&mut plan, &unit, "new");
                return Ok(plan);
            }
            // Debian's packages start their services, and enable them.
            Found::Packaged if self.enable == Some(false) => {
                step::disable(&mut plan, &full_name(&self.name));
                return Ok(plan);
            }
            Found::Packaged => return Ok(Plan::nothing("comes with its package, which starts it")),
            Found::Nowhere => return Err(unknown(context.facts, &self.name)),
        };
        let masked = unit.load == "masked";
        if masked && !self.unmask {
            return Err(Fault::new(format!("`{}` is masked, so it cannot be started", unit.name))
                .help("write `unmask: true`, or use `service.unmasked`"));
        }
        if masked {
            super::mask::unmask(&mut plan, &unit, self.unmask_runtime);
        }
        let runs = self.runs(&unit);
        match self.enable {
            // What it was before the mask is only seen once that is gone; both are harmless if it is so.
            Some(true) if masked => step::enable(&mut plan, &unit.name),
            Some(false) if masked => step::disable(&mut plan, &unit.name),
            Some(wanted) => step::at_boot(&mut plan, &unit, wanted),
            None => {}
        }
        if !runs {
            step::reread(&mut plan, &unit);
            self.start(&mut plan, &unit.name, &unit.active);
        }
        Ok(plan)
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        let (name, runs) = match find(context.facts, &self.name)? {
            Found::Here(unit) => {
                step::reread(&mut plan, &unit);
                let runs = self.runs(&unit);
                (unit.name, runs)
            }
            Found::Written | Found::Packaged => (full_name(&self.name), true),
            Found::Nowhere => return Err(unknown(context.facts, &self.name)),
        };
        if !runs {
            self.start(&mut plan, &name, "stopped");
        } else if self.reload {
            step::job(&mut plan, Change::new("reloaded"), "reload-or-restart", &name, self.manner());
        } else {
            step::job(&mut plan, Change::new("restarted"), "restart", &name, self.manner());
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.name)
    }
}

impl Function for Running {
    const NAME: &'static str = "service.running";
    const ABOUT: &'static str = "A service runs, and starts with the system where `enable` says so; what it watches restarts it, or reloads it with `reload: true`.";
    const EXAMPLE: &'static str = "nginx:\n  service.running:\n    - enable: true\n    - reload: true\n    - watch:\n      - file: /etc/nginx/nginx.conf\n";
}
