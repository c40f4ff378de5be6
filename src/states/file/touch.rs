//! `file.touch`: a file is there, with these times. Must not change its content.

use super::parents::Parents;
use super::path::AbsolutePath;
use crate::facts::Key;
use crate::fault::Result;
use crate::host::Action;
use crate::host::follow;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// The file is there and its times are set: to now, or to those given.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Touch {
    name: AbsolutePath,
    /// Seconds since the epoch.
    #[serde(default)]
    atime: Option<i64>,
    #[serde(default)]
    mtime: Option<i64>,
    #[serde(default)]
    makedirs: bool,
}

impl State for Touch {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let parents = Parents { make: self.makedirs, ..Parents::default() };
        let mut plan = parents.of(context.facts, &self.name)?;
        let change = match follow(context.facts.host(), &self.name)? {
            None => Change::new("created"),
            Some((_, stat)) => {
                let right = |wanted: Option<i64>, is: i64| wanted.is_none_or(|wanted| wanted == is);
                let given = self.atime.is_some() || self.mtime.is_some();
                if given && right(self.atime, stat.accessed) && right(self.mtime, stat.modified) {
                    return Ok(plan);
                }
                Change::new("times")
            }
        };
        plan.push(
            change,
            Action::Touch { path: self.name.to_path_buf(), accessed: self.atime, modified: self.mtime },
        );
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![self.name.key()]
    }

    fn wants(&self) -> Vec<Key> {
        self.name.wants()
    }

    /// Without times it means now, and now is always later.
    fn settles(&self) -> bool {
        self.atime.is_some() || self.mtime.is_some()
    }
}

impl Function for Touch {
    const NAME: &'static str = "file.touch";
    const ABOUT: &'static str = "the file is there and has these times; without times they are set to now";
    const EXAMPLE: &'static str = "\
/var/log/app.log:
  file.touch:
    - makedirs: True
";
}
