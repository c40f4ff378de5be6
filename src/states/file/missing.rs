//! `file.missing`: fails if something is there. Must not touch it.

use super::path::AbsolutePath;
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::leads_to;
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// Nothing is at this path; nothing is done about it if there is.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    name: AbsolutePath,
}

impl State for Missing {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        match leads_to(context.facts.host(), &self.name)? {
            None => Ok(Plan::nothing(format!("`{}` is not there", self.name))),
            Some(_) => Err(Fault::new(format!("`{}` exists", self.name))
                .help("remove it before with `file.absent`, if it may be removed")),
        }
    }

    fn wants(&self) -> Vec<Key> {
        self.name.edited()
    }
}

impl Function for Missing {
    const NAME: &'static str = "file.missing";
    const ABOUT: &'static str = "fails if something is at this path; changes nothing";
    const EXAMPLE: &'static str = "\
/etc/nologin:
  file.missing
";
}
