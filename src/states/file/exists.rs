//! `file.exists`: fails unless something is there. Must not touch it.

use super::look::arriving;
use super::path::AbsolutePath;
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::leads_to;
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// Something is at this path; nothing is done about it if not.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exists {
    name: AbsolutePath,
}

impl State for Exists {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        if leads_to(context.facts.host(), &self.name)?.is_some() {
            return Ok(Plan::nothing(format!("`{}` is there", self.name)));
        }
        if let Some(from) = arriving(context.facts, &self.name) {
            return Ok(Plan::nothing(format!("depends on {from}")));
        }
        Err(Fault::new(format!("`{}` does not exist", self.name)))
    }

    fn wants(&self) -> Vec<Key> {
        self.name.edited()
    }
}

impl Function for Exists {
    const NAME: &'static str = "file.exists";
    const ABOUT: &'static str = "fails unless something is at this path; changes nothing";
    const EXAMPLE: &'static str = "\
/etc/ssl/private/example.key:
  file.exists
";
}
