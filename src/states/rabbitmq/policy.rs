//! Policies: settings for the queues and exchanges of a virtual host whose names fit a pattern.

use serde::Deserialize;
use serde_json::Value;

use super::{list, run, server};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// A policy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyPresent {
    name: String,
    /// A regular expression.
    pattern: String,
    /// The settings: a map, or its JSON.
    definition: Value,
    #[serde(default)]
    priority: i64,
    #[serde(default = "root")]
    vhost: String,
    runas: Option<String>,
    /// `queues`, `exchanges` or `all`.
    apply_to: Option<Target>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Target {
    Queues,
    Exchanges,
    All,
}

impl Target {
    fn word(self) -> &'static str {
        match self {
            Self::Queues => "queues",
            Self::Exchanges => "exchanges",
            Self::All => "all",
        }
    }
}

/// No such policy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyAbsent {
    name: String,
    #[serde(default = "root")]
    vhost: String,
    runas: Option<String>,
}

fn root() -> String {
    "/".to_owned()
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    pattern: String,
    #[serde(rename = "apply-to")]
    apply_to: String,
    /// JSON in a text; newer servers give the map itself.
    definition: Value,
    priority: i64,
}

fn known(context: &Context<'_>, runas: Option<&str>, vhost: &str, name: &str) -> Result<Option<Listed>> {
    let policies: Vec<Listed> = list(context, runas, "list_policies", &["-p", vhost])?;
    Ok(policies.into_iter().find(|policy| policy.name == name))
}

fn map(definition: &Value) -> Option<Value> {
    let map = match definition {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    map.is_object().then_some(map)
}

impl State for PolicyPresent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let definition = map(&self.definition).ok_or_else(|| {
            Fault::new("`definition` is no map of settings")
                .help("write a map, or its JSON: '{\"max-length\": 1000}'")
        })?;
        let is = known(context, self.runas.as_deref(), &self.vhost, &self.name)?;
        let old = |text: fn(&Listed) -> String| is.as_ref().map(text);
        let settings = [
            ("pattern", old(|is| is.pattern.clone()), Some(self.pattern.clone())),
            (
                "definition",
                old(|is| map(&is.definition).unwrap_or_default().to_string()),
                Some(definition.to_string()),
            ),
            ("applied to", old(|is| is.apply_to.clone()), self.apply_to.map(|to| to.word().to_owned())),
            ("priority", old(|is| is.priority.to_string()), Some(self.priority.to_string())),
        ];
        let same_map = is.as_ref().is_some_and(|is| map(&is.definition).as_ref() == Some(&definition));
        let mut changes = settings.into_iter().filter_map(|(what, is, shall)| {
            let shall = shall.filter(|shall| is.as_ref() != Some(shall))?;
            if what == "definition" && same_map {
                return None;
            }
            let change = Change::new(what).to(shall);
            Some(is.into_iter().fold(change, |change, is| change.from(is)))
        });
        let mut plan = Plan::default();
        let Some(first) = changes.next() else { return Ok(plan) };
        let priority = format!("--priority={}", self.priority);
        let to = self.apply_to.map_or("all", Target::word);
        let to = if self.apply_to.is_none() { is.as_ref().map_or(to, |is| is.apply_to.as_str()) } else { to };
        let to = format!("--apply-to={to}");
        let definition = definition.to_string();
        let mut words = vec!["set_policy", "-p", &self.vhost, &priority, &to, "--"];
        words.extend([self.name.as_str(), &self.pattern, &definition]);
        plan.push(first, run(self.runas.as_deref(), &words));
        for change in changes {
            plan.push(change, crate::host::Action::Nothing);
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        server()
    }
}

impl State for PolicyAbsent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        let runas = self.runas.as_deref();
        if known(context, runas, &self.vhost, &self.name)?.is_some() {
            let words = ["clear_policy", "-p", &self.vhost, "--", &self.name];
            plan.push(Change::new("removed"), run(runas, &words));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        server()
    }
}

impl Function for PolicyPresent {
    const NAME: &'static str = "rabbitmq_policy.present";
    const ABOUT: &'static str =
        "RabbitMQ has this policy for the queues and exchanges whose names fit `pattern`.";
    const EXAMPLE: &'static str = "short:\n  rabbitmq_policy.present:\n    - vhost: shop\n    - pattern: ^mail\n    - definition: {max-length: 1000}\n    - apply_to: queues\n";
}

impl Function for PolicyAbsent {
    const NAME: &'static str = "rabbitmq_policy.absent";
    const ABOUT: &'static str = "RabbitMQ has no such policy.";
    const EXAMPLE: &'static str = "short:\n  rabbitmq_policy.absent:\n    - vhost: shop\n";
}
