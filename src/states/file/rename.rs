//! `file.rename`: what was at one path is at another. Must not move it, only say so.

use super::look::{arriving, kind_word};
use super::parents::Parents;
use super::path::AbsolutePath;
use crate::facts::Key;
use crate::fault::Result;
use crate::host::{Action, Kind};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// What was at the source is at this path.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    name: AbsolutePath,
    source: AbsolutePath,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    makedirs: bool,
}

impl State for Rename {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        if host.stat(&self.source)?.is_none() {
            if let Some(from) = arriving(context.facts, &self.source) {
                return Ok(Plan::nothing(format!("depends on {from}")));
            }
            return Ok(Plan::nothing(format!("`{}` has been moved already", self.source)));
        }
        let mut plan = Plan::default();
        if let Some(stat) = host.stat(&self.name)? {
            if !self.force {
                return Ok(Plan::nothing(format!("`{}` is there and is not overwritten", self.name)));
            }
            if stat.kind == Kind::Directory {
                plan.push(
                    Change::new(kind_word(stat.kind)).to("removed"),
                    Action::Remove { path: self.name.to_path_buf() },
                );
            }
        }
        plan.join(Parents { make: self.makedirs, ..Parents::default() }.of(context.facts, &self.name)?);
        plan.push(
            Change::new("moved").from(self.source.to_string()).to(self.name.to_string()),
            Action::Rename { from: self.source.to_path_buf(), to: self.name.to_path_buf() },
        );
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![self.name.key()]
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = self.name.wants();
        wants.extend(self.source.wants());
        wants.push(self.source.key());
        wants
    }
}

impl Function for Rename {
    const NAME: &'static str = "file.rename";
    const ABOUT: &'static str = "what was at the source is at this path; nothing is done once it is moved";
    const EXAMPLE: &'static str = "\
/etc/app/app.conf:
  file.rename:
    - source: /etc/app/old.conf
    - makedirs: True
";
}
