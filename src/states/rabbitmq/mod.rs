//! `rabbitmq_user`, `rabbitmq_vhost`, `rabbitmq_policy`: what a RabbitMQ server lets whom do, asked and set
//! with rabbitmqctl(8). Passwords go over standard input.

mod policy;
mod user;
mod vhost;

pub use policy::{PolicyAbsent, PolicyPresent};
pub use user::{UserAbsent, UserPresent};
pub use vhost::{VhostAbsent, VhostPresent};

use serde::de::DeserializeOwned;

use crate::facts::Key;
use crate::fault::{Context as _, Fault, Result};
use crate::host::{Action, Command};
use crate::states::Context;

/// A call of rabbitmqctl, as this account or as ours.
fn rabbitmqctl(runas: Option<&str>, words: &[&str]) -> Command {
    let command = Command::new(["rabbitmqctl", "--silent"].iter().chain(words).copied());
    runas.iter().fold(command, |command, user| command.user(*user))
}

fn run(runas: Option<&str>, words: &[&str]) -> Action {
    Action::Run(rabbitmqctl(runas, words))
}

/// What the server lists; nothing where it is still to be installed, or has no such virtual host.
fn list<T: DeserializeOwned>(
    context: &Context<'_>,
    runas: Option<&str>,
    verb: &str,
    of: &[&str],
) -> Result<Vec<T>> {
    let host = context.facts.host();
    if host.which("rabbitmqctl")?.is_none() {
        if context.facts.packages_coming() {
            return Ok(Vec::new());
        }
        return Err(Fault::new("the host has no `rabbitmqctl`")
            .help("install RabbitMQ first: `pkg.installed` with `rabbitmq-server`"));
    }
    let command = rabbitmqctl(runas, &[&[verb, "--formatter=json"], of].concat());
    let output = host.ask(&command)?;
    if output.success() {
        return serde_json::from_slice(&output.stdout)
            .map_err(|error| Fault::new(error.to_string()))
            .context(format!("what `{}` says", command.line()));
    }
    let said = format!("{}{}", output.text(), output.errors());
    if said.contains("does not exist") || said.contains("no_such_vhost") {
        return Ok(Vec::new());
    }
    Err(Fault::new(format!("`{}` failed with exit code {}", command.line(), output.code))
        .output(said)
        .help("does the server run? `service.running` with `rabbitmq-server`"))
}

/// What must be there before anything can be asked.
fn server() -> Vec<Key> {
    vec![Key::Package("rabbitmq-server".to_owned()), Key::Unit("rabbitmq-server.service".to_owned())]
}
