//! `host.present` and `host.absent`: one name of one or several addresses.

use serde::Deserialize;

use super::file::{Hosts, PATH};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// A name is known for addresses.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    name: String,
    ip: OneOrMany<String>,
    comment: Option<String>,
    /// Take the name from all other addresses.
    #[serde(default)]
    clean: bool,
}

/// A name is not known for addresses.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    name: String,
    ip: OneOrMany<String>,
}

impl State for Present {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut hosts = Hosts::read(context)?;
        for ip in &self.ip.0 {
            if ip.parse::<std::net::IpAddr>().is_err() && !ip.contains('%') {
                return Err(Fault::new(format!("`{ip}` is no IP address")));
            }
            hosts.add(ip, &self.name);
            if let Some(comment) = &self.comment {
                hosts.comment(ip, &self.name, comment.trim());
            }
        }
        let others: Vec<String> =
            hosts.addresses(&self.name).into_iter().filter(|ip| !self.ip.0.contains(ip)).collect();
        if self.clean {
            others.iter().for_each(|ip| hosts.remove(ip, &self.name));
        }
        let mut plan = hosts.plan();
        if !self.clean && !others.is_empty() {
            plan.note(format!(
                "`{}` is a name of {} too; `clean: true` would take it from there",
                self.name,
                others.join(", ")
            ));
        }
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(PATH.into())]
    }
}

impl State for Absent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut hosts = Hosts::read(context)?;
        self.ip.0.iter().for_each(|ip| hosts.remove(ip, &self.name));
        Ok(hosts.plan())
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(PATH.into())]
    }
}

impl Function for Present {
    const NAME: &'static str = "host.present";
    const ABOUT: &'static str = "The name stands for these addresses in /etc/hosts.";
    const EXAMPLE: &'static str =
        "db.internal:\n  host.present:\n    - ip: 10.0.0.2\n    - comment: the database\n    - clean: true\n";
}

impl Function for Absent {
    const NAME: &'static str = "host.absent";
    const ABOUT: &'static str = "The name does not stand for these addresses in /etc/hosts.";
    const EXAMPLE: &'static str =
        "old.internal:\n  host.absent:\n    - ip:\n      - 10.0.0.2\n      - 10.0.0.3\n";
}
