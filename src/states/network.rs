//! `network`: the host's own name. Interfaces are left to the system that the host came with.

use serde::Deserialize;
use serde_json::Value;

use crate::fault::{Fault, Result};
use crate::host::{Action, Command};
use crate::plan::{Change, Plan};
use crate::states::edit::{Edit, joined};
use crate::states::{Context, Function, State};

/// The host's name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    #[serde(rename = "name")]
    _name: String,
    hostname: String,
    /// Now, and not only from the next boot on.
    #[serde(default)]
    apply_hostname: bool,
    /// Has no effect: the network is on.
    #[serde(default, rename = "enabled")]
    _enabled: Value,
    /// Has no effect: what is not named stays as it is.
    #[serde(default, rename = "retain_settings")]
    _retain_settings: Value,
}

impl State for System {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        // hostname(7)
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && label.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
        };
        if self.hostname.len() > 64 || !self.hostname.split('.').all(label) {
            return Err(Fault::new(format!("`{}` is no name of a host", self.hostname))
                .help("write letters, digits and hyphens: `web1`"));
        }
        let host = context.facts.host();
        let mut plan = Plan::default();
        Edit::of(host, "/etc/hostname")?.write(joined([&self.hostname]), &mut plan);
        let now = host.read("/proc/sys/kernel/hostname".as_ref())?.unwrap_or_default();
        let now = String::from_utf8_lossy(&now).trim().to_owned();
        if self.apply_hostname && now != self.hostname {
            let change = Change::new("host name").from(now).to(&self.hostname);
            plan.push(change, Action::Run(Command::new(["hostname", "--", &self.hostname])));
        }
        Ok(plan)
    }
}

impl Function for System {
    const NAME: &'static str = "network.system";
    const ABOUT: &'static str =
        "The host has this name after the next boot, with `apply_hostname: true` also now.";
    const EXAMPLE: &'static str =
        "name:\n  network.system:\n    - hostname: web1\n    - apply_hostname: true\n";
    const LATER: &'static [&'static str] = &[
        "networking",
        "gateway",
        "gatewaydev",
        "nozeroconf",
        "nisdomain",
        "require_reboot",
        "domain",
        "search",
        "nameservers",
    ];
}
