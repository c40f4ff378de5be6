//! `environ`: the environment of the commands that the rest of the run starts. Nothing of it is left on the
//! host, so that setting it is no change.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// Variables for the commands of later states.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setenv {
    name: String,
    /// Of the variable called as the state; or a map of variables. `false` stands for an empty value.
    value: Value,
    /// Variables whose value is `false` go instead of being empty.
    #[serde(default)]
    false_unsets: bool,
    /// All that earlier states have set goes first.
    #[serde(default)]
    clear_all: bool,
    /// Has no effect: there is no minion.
    #[serde(default, rename = "update_minion")]
    _update_minion: bool,
    /// Has no effect: it is about Windows.
    #[serde(default, rename = "permanent")]
    _permanent: Value,
}

impl Setenv {
    /// Each variable with its value; `None` where it goes.
    fn variables(&self) -> Result<BTreeMap<String, Option<String>>> {
        let value = |name: &str, value: &Value| match value {
            Value::Bool(false) => Ok((!self.false_unsets).then(String::new)),
            Value::String(text) => Ok(Some(text.clone())),
            Value::Number(number) => Ok(Some(number.to_string())),
            _ => Err(Fault::new(format!("the value of `{name}` is no text, no number and not `false`"))),
        };
        let map = match &self.value {
            Value::Object(map) => {
                map.iter().map(|(name, is)| Ok((name.clone(), value(name, is)?))).collect::<Result<_>>()?
            }
            other => BTreeMap::from([(self.name.clone(), value(&self.name, other)?)]),
        };
        let odd = |name: &&String| name.is_empty() || name.contains(['=', '\0']);
        match map.keys().find(odd) {
            Some(name) => Err(Fault::new(format!("`{name}` is no name of a variable"))),
            None => Ok(map),
        }
    }
}

impl State for Setenv {
    fn check(&self, _context: &Context<'_>) -> Result<Plan> {
        let variables = self.variables()?;
        let names: Vec<&str> = variables.keys().map(String::as_str).collect();
        Ok(Plan::nothing(format!("for the commands that follow in this run: {}", names.join(", "))))
    }

    fn environment(&self) -> Option<(bool, BTreeMap<String, Option<String>>)> {
        Some((self.clear_all, self.variables().ok()?))
    }
}

impl Function for Setenv {
    const NAME: &'static str = "environ.setenv";
    const ABOUT: &'static str =
        "The commands that later states of this run start have these variables in their environment.";
    const EXAMPLE: &'static str = "build flags:\n  environ.setenv:\n    - value:\n        CFLAGS: -O2\n        DEBUG: false\n    - false_unsets: true\n";
}
