//! `host.only`: all names of an address.

use serde::Deserialize;

use super::file::{Hosts, PATH};
use crate::facts::Key;
use crate::fault::Result;
use crate::plan::Plan;
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// An address has these names and no others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// The address.
    name: String,
    hostnames: OneOrMany<String>,
}

impl State for Only {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut hosts = Hosts::read(context)?;
        let names: Vec<&str> = self.hostnames.0.iter().map(|name| name.trim()).collect();
        if hosts.names(&self.name) == names {
            return Ok(Plan::default());
        }
        hosts.set(&self.name, &names);
        Ok(hosts.plan())
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(PATH.into())]
    }
}

impl Function for Only {
    const NAME: &'static str = "host.only";
    const ABOUT: &'static str = "The address has just these names in /etc/hosts, in this order.";
    const EXAMPLE: &'static str =
        "127.0.1.1:\n  host.only:\n    - hostnames:\n      - app.example.com\n      - app\n";
}
