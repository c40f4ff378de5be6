//! `ufw.default`: what becomes of packets that no rule is about.

use serde::Deserialize;

use super::{file, package, run, variable};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// The policy of a direction.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Default {
    /// `incoming`, `outgoing` or `routed`, with a `policy`; or a policy, for what comes in.
    name: String,
    #[serde(alias = "default")]
    policy: Option<String>,
    direction: Option<String>,
}

/// Directions: as ufw takes them, the variable of its settings, what Debian ships.
const DIRECTIONS: [(&str, &str, &str); 3] = [
    ("incoming", "DEFAULT_INPUT_POLICY", "DROP"),
    ("outgoing", "DEFAULT_OUTPUT_POLICY", "ACCEPT"),
    ("routed", "DEFAULT_FORWARD_POLICY", "DROP"),
];

/// Policies: as ufw takes them, as its settings have them.
const POLICIES: [(&str, &str); 3] = [("allow", "ACCEPT"), ("deny", "DROP"), ("reject", "REJECT")];

fn policy(word: &str) -> Option<(&'static str, &'static str)> {
    POLICIES.into_iter().find(|(policy, _)| *policy == word)
}

impl Default {
    /// The direction and the policy, from wherever the user wrote them.
    fn parts(&self) -> Result<(&str, &str)> {
        let is_policy = policy(&self.name).is_some();
        let policy = match &self.policy {
            Some(policy) => policy,
            None if is_policy => &self.name,
            None => return Err(Fault::new("no `policy` is given").help("write `allow`, `deny` or `reject`")),
        };
        let named = DIRECTIONS.iter().any(|(direction, ..)| *direction == self.name);
        let direction = match &self.direction {
            Some(direction) => direction,
            None if named => &self.name,
            None => "incoming",
        };
        Ok((direction, policy))
    }
}

impl State for Default {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let (direction, wanted) = self.parts()?;
        let Some((_, setting, shipped)) = DIRECTIONS.into_iter().find(|(known, ..)| *known == direction)
        else {
            return Err(Fault::new(format!("`{direction}` is no direction of ufw"))
                .help("write `incoming`, `outgoing` or `routed`"));
        };
        let Some((_, value)) = policy(wanted) else {
            return Err(Fault::new(format!("`{wanted}` is no policy of ufw"))
                .help("write `allow`, `deny` or `reject`"));
        };
        let settings = file(context, "/etc/default/ufw")?;
        let is = settings.as_deref().and_then(|text| variable(text, setting)).unwrap_or(shipped);
        let mut plan = Plan::default();
        if is != value {
            let is = POLICIES.iter().find(|(_, known)| *known == is).map_or(is, |(policy, _)| policy);
            let change = Change::new(format!("{direction} packets")).from(is).to(wanted);
            plan.push(change, run(["default", wanted, direction]));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        package()
    }
}

impl Function for Default {
    const NAME: &'static str = "ufw.default";
    const ABOUT: &'static str = "The firewall's policy for packets that no rule is about: `allow`, `deny` or \
        `reject` what is `incoming`, `outgoing` or `routed`.";
    const EXAMPLE: &'static str =
        "nothing comes in:\n  ufw.default:\n    - name: incoming\n    - policy: deny\n";
}
