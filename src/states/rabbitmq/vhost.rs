//! Virtual hosts.

use serde::Deserialize;

use super::{list, run, server};
use crate::facts::Key;
use crate::fault::Result;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// A virtual host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VhostPresent {
    name: String,
}

/// No such virtual host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VhostAbsent {
    name: String,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
}

fn is_there(context: &Context<'_>, name: &str) -> Result<bool> {
    Ok(list::<Listed>(context, None, "list_vhosts", &[])?.iter().any(|known| known.name == name))
}

impl State for VhostPresent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        if !is_there(context, &self.name)? {
            plan.push(Change::new("created"), run(None, &["add_vhost", "--", &self.name]));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        server()
    }
}

impl State for VhostAbsent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        if is_there(context, &self.name)? {
            plan.push(Change::new("removed"), run(None, &["delete_vhost", "--", &self.name]));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        server()
    }
}

impl Function for VhostPresent {
    const NAME: &'static str = "rabbitmq_vhost.present";
    const ABOUT: &'static str = "RabbitMQ has this virtual host.";
    const EXAMPLE: &'static str = "shop:\n  rabbitmq_vhost.present: []\n";
}

impl Function for VhostAbsent {
    const NAME: &'static str = "rabbitmq_vhost.absent";
    const ABOUT: &'static str = "RabbitMQ has no such virtual host, with all that was in it.";
    const EXAMPLE: &'static str = "old:\n  rabbitmq_vhost.absent: []\n";
}
