//! Everyday operation of a host: what runs and what happened, by hand what the states do not do.

mod control;
mod database;
mod execute;
mod hold;
mod logs;
pub mod media;
mod memory;
mod status;
mod switches;
mod upgrade;

pub use control::{Controlled, control};
pub use database::Database;
pub use execute::execute;
pub use hold::{held, lock, unlock};
pub use logs::logs;
pub use status::{Site, status};
pub use switches::{cron, maintenance};
pub use upgrade::{reboot, upgrade};

use crate::facts::Facts;
use crate::fault::Result;
use crate::host::Command;

/// Services that a project can stand on, by the names of their units.
const SERVICES: [&str; 9] = [
    "nginx.service",
    "postgresql@*.service",
    "memcached.service",
    "redis-server.service",
    "rabbitmq-server.service",
    "supervisor.service",
    "cron.service",
    "ssh.service",
    "fail2ban.service",
];

/// The project's programs under Supervisor as `supervisorctl status` tells them; none where there is none.
fn programs(project: &str, facts: &Facts) -> Result<Vec<String>> {
    if facts.host().which("supervisorctl")?.is_none() {
        return Ok(Vec::new());
    }
    // Its exit code is 3 where a program does not run.
    let answer = facts.host().ask(&Command::new(["supervisorctl", "status"]))?;
    let text = answer.text();
    let own = text.lines().filter(|line| line.starts_with(&format!("{project}-")));
    Ok(own.map(str::to_owned).collect())
}

/// The services that a role of hosts stands for; the programs of `web` and `worker` have those names themselves.
fn of_role(role: &str) -> &'static [&'static str] {
    match role {
        "balancer" => &["nginx"],
        "db-master" | "db-replica" => &["postgresql"],
        "cache" => &["memcached"],
        "queue" => &["redis-server", "rabbitmq-server"],
        _ => &[],
    }
}

/// Whether a program or unit is meant by one of these names, or by none: `web` means `shop-web` and
/// `shop-web-8001`, `postgresql` and `db-master` mean `postgresql@15-main`.
fn meant(project: &str, own: &str, names: &[String]) -> bool {
    let short = own.strip_prefix(project).and_then(|rest| rest.strip_prefix('-')).unwrap_or(own);
    let unit = own.split(['@', '.']).next().unwrap_or(own);
    let kind = short.rsplit_once('-').filter(|(_, port)| port.parse::<u16>().is_ok());
    let kind = kind.map_or(short, |(kind, _)| kind);
    names.is_empty()
        || names
            .iter()
            .any(|name| [own, short, unit, kind].contains(&name.as_str()) || of_role(name).contains(&unit))
}
