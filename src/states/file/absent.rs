//! `file.absent`: nothing is at the path. Must not remove it, only say so.

use super::look::kind_word;
use super::path::AbsolutePath;
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::Action;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// Nothing is at this path: a file, a symlink or a whole directory is removed.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    name: AbsolutePath,
}

impl State for Absent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        if self.name.parent().is_none() || super::path::plain(&self.name).parent().is_none() {
            return Err(Fault::new("`/` is not removed"));
        }
        let Some(stat) = context.facts.host().stat(&self.name)? else {
            return Ok(Plan::nothing(format!("`{}` is not there", self.name)));
        };
        let mut plan = Plan::default();
        let change = Change::new("removed").from(kind_word(stat.kind));
        plan.push(change, Action::Remove { path: self.name.to_path_buf() });
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![self.name.key()]
    }

    fn wants(&self) -> Vec<Key> {
        self.name.wants()
    }
}

impl Function for Absent {
    const NAME: &'static str = "file.absent";
    const ABOUT: &'static str = "nothing is at this path; a directory is removed with all that is in it";
    const EXAMPLE: &'static str = "\
/etc/nginx/sites-enabled/default:
  file.absent
";
}
