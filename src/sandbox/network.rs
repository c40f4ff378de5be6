//! The one bridge all sandboxes are on, its way out, and the links of single hosts.
//! It must not touch an interface or a rule that it did not make itself.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::layout::{Layout, replace};
use super::subnet::{self, Subnet};
use super::{operator, program};

/// What was made, written down so that exactly this is removed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    pub bridge: String,
    pub subnet: Subnet,
}

impl Network {
    /// The bridge that is there, or a new one. The caller holds the lock of the state.
    pub fn provide(layout: &Layout) -> Result<Self> {
        let known = Self::known(layout)?;
        let network = match known {
            Some(network) if exists(&network.bridge) => network,
            _ => Self::choose()?,
        };
        replace(&layout.network(), &serde_json::to_vec(&network)?)?;
        if let Err(error) = network.establish() {
            let _ = network.remove(layout);
            return Err(error.context("failed to make the network of the sandboxes"));
        }
        Ok(network)
    }

    pub fn known(layout: &Layout) -> Result<Option<Self>> {
        let path = layout.network();
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        serde_json::from_slice(&text)
            .map(Some)
            .with_context(|| format!("`{}` is damaged; remove it when no sandbox is up", path.display()))
    }

    fn choose() -> Result<Self> {
        let addresses = program::run("ip", ["-j", "addr"])?;
        let routes = program::run("ip", ["-j", "route", "show", "table", "all"])?;
        let mut used = subnet::in_use(&addresses, &routes)?;
        // A name server behind the default route would be hidden by a subnet that covers it.
        used.extend(operator::name_servers().into_iter().filter_map(Subnet::single));
        match (0..100).map(|number| format!("pv-br{number}")).find(|name| !exists(name)) {
            Some(bridge) => Ok(Self { bridge, subnet: subnet::free(&used)? }),
            None => {
                bail!("the bridges `pv-br0` to `pv-br99` all exist; remove one with `ip link delete NAME`")
            }
        }
    }

    fn establish(&self) -> Result<()> {
        let bridge = self.bridge.as_str();
        if !exists(bridge) {
            program::run("ip", ["link", "add", bridge, "type", "bridge"])?;
            let address = format!("{}/24", self.subnet.host(1));
            program::run("ip", ["address", "add", &address, "dev", bridge])?;
            program::run("ip", ["link", "set", bridge, "up"])?;
        }
        for rule in self.rules() {
            if program::run("iptables", rule.with("--check")).is_err() {
                program::run("iptables", rule.with(rule.add))?;
            }
        }
        // Never switched off again: another program may have come to rely on it since.
        let forwarding = "/proc/sys/net/ipv4/ip_forward";
        if fs::read_to_string(forwarding).is_ok_and(|value| value.trim() == "0") {
            fs::write(forwarding, "1").context("failed to switch on IPv4 forwarding")?;
        }
        Ok(())
    }

    /// Takes away the bridge and its rules. The caller holds the lock of the state.
    pub fn remove(&self, layout: &Layout) -> Result<()> {
        for rule in self.rules() {
            if program::run("iptables", rule.with("--check")).is_ok() {
                program::run("iptables", rule.with("--delete"))?;
            }
        }
        if exists(&self.bridge) {
            program::run("ip", ["link", "delete", &self.bridge])?;
        }
        let path = layout.network();
        fs::remove_file(&path).with_context(|| format!("failed to remove `{}`", path.display()))
    }

    fn rules(&self) -> [Rule; 3] {
        let subnet = self.subnet.to_string();
        let bridge = self.bridge.clone();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        [
            Rule {
                table: "nat",
                chain: "POSTROUTING",
                add: "--append",
                what: words(&["-s", &subnet, "!", "-d", &subnet, "-j", "MASQUERADE"]),
            },
            // Where the operator's firewall (or Docker's) forwards nothing by default, these must stand first.
            Rule {
                table: "filter",
                chain: "FORWARD",
                add: "--insert",
                what: words(&["-i", &bridge, "-j", "ACCEPT"]),
            },
            Rule {
                table: "filter",
                chain: "FORWARD",
                add: "--insert",
                what: words(&[
                    "-o",
                    &bridge,
                    "-m",
                    "conntrack",
                    "--ctstate",
                    "RELATED,ESTABLISHED",
                    "-j",
                    "ACCEPT",
                ]),
            },
        ]
    }
}

struct Rule {
    table: &'static str,
    chain: &'static str,
    add: &'static str,
    what: Vec<String>,
}

impl Rule {
    fn with<'a>(&'a self, verb: &'a str) -> impl Iterator<Item = &'a str> {
        ["--wait", "10", "--table", self.table, verb, self.chain]
            .into_iter()
            .chain(self.what.iter().map(String::as_str))
    }
}

fn exists(interface: &str) -> bool {
    Path::new("/sys/class/net").join(interface).exists()
}

/// The operator's end of a host's only cable.
pub fn set_link(interface: &str, state: &str) -> Result<()> {
    program::run("ip", ["link", "set", interface, state])?;
    Ok(())
}

pub fn remove_link(interface: &str) -> Result<()> {
    if exists(interface) {
        let deleted = program::run("ip", ["link", "delete", interface]);
        // The kernel removes it as well, as soon as the guest's network has ended.
        if exists(interface) {
            deleted?;
        }
    }
    Ok(())
}
