//! `file.symlink`: a symlink that points to its target. Must not care whether the target is there.

use std::path::{Path, PathBuf};

use super::look::kind_word;
use super::ownership::{self, DesiredOwner};
use super::parents::Parents;
use super::path::{AbsolutePath, plain};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Kind, Stat};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::Mode;

/// The symlink is there and points to the target.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Symlink {
    name: AbsolutePath,
    target: PathBuf,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    backupname: Option<String>,
    #[serde(default)]
    makedirs: bool,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    group: Option<String>,
    /// Of folders that are made; a symlink has none.
    #[serde(default)]
    mode: Option<Mode>,
    /// It is always put in place atomically; as in Salt, this also lets it replace a file.
    #[serde(default)]
    atomic: bool,
    /// An owner that is not given is left as it is anyway.
    #[serde(default, rename = "inherit_user_and_group")]
    _inherit_user_and_group: bool,
}

/// A symlink to put in place.
pub struct Link<'a> {
    pub path: &'a Path,
    pub target: &'a Path,
    pub wanted: &'a DesiredOwner,
    /// What stands in the way may go.
    pub force: bool,
    pub backup: Option<&'a Path>,
    pub of: &'a str,
}

impl Link<'_> {
    pub fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let mut plan = Plan::default();
        let change = |what: &str| Change::new(format!("{what}{}", self.of));
        let target = self.target.display().to_string();
        match host.stat(self.path)? {
            None => plan.push(change("created").to(target), self.action()),
            Some(stat) if stat.kind == Kind::Symlink => {
                let now = host.link(self.path)?.unwrap_or_default();
                if plain(&now) == plain(self.target) {
                    return self.wanted.settle(context.facts, self.path, &stat, None, self.of);
                }
                plan.push(change("target").from(now.display().to_string()).to(target), self.action());
            }
            Some(stat) => {
                self.clear(context, &stat, &mut plan)?;
                plan.push(change("created").to(target), self.action());
            }
        }
        Ok(plan)
    }

    /// Makes room where something other than a symlink is.
    fn clear(&self, context: &Context<'_>, stat: &Stat, plan: &mut Plan) -> Result<()> {
        let kind = kind_word(stat.kind);
        if let Some(backup) = self.backup {
            if context.facts.host().stat(backup)?.is_some() && !self.force {
                return Err(Fault::new(format!("the backup's place `{}` is taken", backup.display()))
                    .help("write `force: True` to replace it, or choose another `backupname`"));
            }
            plan.push(
                Change::new(format!("{kind}{}", self.of)).to(format!("moved to {}", backup.display())),
                Action::Rename { from: self.path.to_owned(), to: backup.to_owned() },
            );
        } else if self.force {
            plan.push(
                Change::new(format!("{kind}{}", self.of)).to("removed"),
                Action::Remove { path: self.path.to_owned() },
            );
        } else {
            return Err(Fault::new(format!(
                "a {kind} is where the symlink `{}` should be",
                self.path.display()
            ))
            .help("write `force: True` to replace it, or `backupname` to keep it"));
        }
        Ok(())
    }

    fn action(&self) -> Action {
        Action::Symlink {
            path: self.path.to_owned(),
            target: self.target.to_owned(),
            owner: self.wanted.owner.clone(),
        }
    }
}

impl Symlink {
    /// A bare name stands beside the symlink.
    fn backup(&self) -> Result<Option<PathBuf>> {
        let Some(name) = self.backupname.as_deref().filter(|name| !name.is_empty()) else { return Ok(None) };
        if name.starts_with('/') {
            return Ok(Some(name.into()));
        }
        if name.contains('/') {
            return Err(Fault::new(format!(
                "backupname: `{name}` must be an absolute path, or a name without folders"
            )));
        }
        Ok(self.name.parent().map(|parent| parent.join(name)))
    }
}

impl State for Symlink {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        if self.target.as_os_str().is_empty() {
            return Err(Fault::new("target: it must not be empty"));
        }
        let wanted = DesiredOwner::find(context.facts, self.user.as_deref(), self.group.as_deref())?;
        let parents =
            Parents { make: self.makedirs, owner: wanted.owner.clone(), mode: self.mode.map(|mode| mode.0) };
        let mut plan = parents.of(context.facts, &self.name)?;
        let backup = self.backup()?;
        let link = Link {
            path: &self.name,
            target: &self.target,
            wanted: &wanted,
            force: self.force || self.atomic,
            backup: backup.as_deref(),
            of: "",
        };
        plan.join(link.check(context)?);
        plan.notes.extend(wanted.notes);
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![self.name.key()]
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = self.name.wants();
        wants.extend(ownership::wants(self.user.as_deref(), self.group.as_deref()));
        if self.target.is_absolute() {
            wants.push(Key::Path(plain(&self.target)));
        }
        wants
    }
}

impl Function for Symlink {
    const NAME: &'static str = "file.symlink";
    const ABOUT: &'static str = "the symlink is there and points to its target";
    const EXAMPLE: &'static str = "\
/etc/nginx/sites-enabled/example:
  file.symlink:
    - target: /etc/nginx/sites-available/example
";
    const LATER: &'static [&'static str] = &[
        "disallow_copy_and_unlink",
        "follow_symlinks",
        "win_deny_perms",
        "win_inheritance",
        "win_owner",
        "win_perms",
    ];
}
