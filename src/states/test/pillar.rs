//! `test.check_pillar`: pillar keys that must be there, and of which type.

use serde::Deserialize;
use serde_json::Value;

use super::fired;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// Checks that keys are in the pillar, and of which type their values are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckPillar {
    name: String,
    #[serde(default)]
    present: OneOrMany<String>,
    #[serde(default)]
    boolean: OneOrMany<String>,
    #[serde(default)]
    integer: OneOrMany<String>,
    #[serde(default)]
    string: OneOrMany<String>,
    #[serde(default)]
    listing: OneOrMany<String>,
    #[serde(default)]
    dictionary: OneOrMany<String>,
    #[serde(default)]
    verbose: bool,
}

/// What a kind of value is called, and how it is told.
type Kind = (&'static str, fn(&Value) -> bool);

impl State for CheckPillar {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let kinds: [(&OneOrMany<String>, Kind); 6] = [
            (&self.present, ("present", |_| true)),
            (&self.boolean, ("a boolean", Value::is_boolean)),
            (&self.integer, ("an integer", |value| value.is_i64() || value.is_u64())),
            (&self.string, ("a string", Value::is_string)),
            (&self.listing, ("a list", Value::is_array)),
            (&self.dictionary, ("a map", Value::is_object)),
        ];
        let mut plan = Plan::default();
        let mut problems = Vec::new();
        let mut asked = false;
        for (keys, (kind, is)) in kinds {
            for key in &keys.0 {
                asked = true;
                match context.library.pillar(key) {
                    None | Some(Value::Null) => problems.push(format!("`{key}` is missing")),
                    Some(value) if !is(&value) => problems.push(format!("`{key}` is not {kind}")),
                    Some(_) if self.verbose => plan.note(format!("`{key}` is {kind}")),
                    Some(_) => {}
                }
            }
        }
        if !asked {
            return Err(Fault::new(format!("{}: no pillar key to check", self.name)).help(
                "name keys under `present`, `boolean`, `integer`, `string`, `listing` or `dictionary`",
            ));
        }
        if !problems.is_empty() {
            return Err(Fault::new(format!("pillar: {}", problems.join(", "))));
        }
        Ok(plan)
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(fired())
    }
}

impl Function for CheckPillar {
    const NAME: &'static str = "test.check_pillar";
    const ABOUT: &'static str = "The pillar has these keys, with values of these types.";
    const EXAMPLE: &'static str = "pillar is complete:\n  test.check_pillar:\n    - present:\n      - project_name\n    - integer: database:port\n    - listing: hosts\n";
}
