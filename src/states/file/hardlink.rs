//! `file.hardlink`: a second name of a file. Must not care for the file's content.

use super::look::{arriving, kind_word};
use super::ownership::{self, DesiredOwner};
use super::parents::Parents;
use super::path::AbsolutePath;
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::follow;
use crate::host::{Action, Kind};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::Mode;

/// The path is another name of the target.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardlink {
    name: AbsolutePath,
    target: AbsolutePath,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    makedirs: bool,
    /// Of folders that are made, as are the next two.
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    dir_mode: Option<Mode>,
}

impl State for Hardlink {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let wanted = DesiredOwner::find(context.facts, self.user.as_deref(), self.group.as_deref())?;
        let parents = Parents {
            make: self.makedirs,
            owner: wanted.owner.clone(),
            mode: self.dir_mode.map(|mode| mode.0),
        };
        let mut plan = parents.of(context.facts, &self.name)?;
        let (target, source) = match follow(host, &self.target)? {
            Some((path, stat)) if stat.kind == Kind::File => (path, stat),
            Some((_, stat)) => {
                let kind = kind_word(stat.kind);
                return Err(Fault::new(format!("`{}` is a {kind}: only files have hard links", self.target)));
            }
            None => {
                let Some(from) = arriving(context.facts, &self.target) else {
                    return Err(Fault::new(format!("the target `{}` does not exist", self.target)));
                };
                plan.push(Change::new("created").to(format!("depends on {from}")), Action::Nothing);
                return Ok(plan);
            }
        };
        match host.stat(&self.name)? {
            None => {}
            Some(stat) if stat.kind == Kind::Directory => {
                return Err(Fault::new(format!("`{}` is a directory", self.name)));
            }
            Some(stat) if stat.kind == Kind::File && stat.inode == source.inode => return Ok(plan),
            Some(_) if self.force => {}
            Some(stat) => {
                let kind = kind_word(stat.kind);
                return Err(Fault::new(format!("a {kind} is where the hard link `{}` should be", self.name))
                    .help("write `force: True` to replace it"));
            }
        }
        plan.push(
            Change::new("created").to(self.target.to_string()),
            Action::Hardlink { path: self.name.to_path_buf(), target },
        );
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![self.name.key()]
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = self.name.wants();
        wants.extend(self.target.wants());
        wants.push(self.target.key());
        wants.extend(ownership::wants(self.user.as_deref(), self.group.as_deref()));
        wants
    }
}

impl Function for Hardlink {
    const NAME: &'static str = "file.hardlink";
    const ABOUT: &'static str = "the path is another name of the same file";
    const EXAMPLE: &'static str = "\
/srv/www/app.log:
  file.hardlink:
    - target: /var/log/app.log
";
}
