//! `file.copy`: a copy of what is at another path of the host. Must not copy it, only say so.

use std::path::{Path, PathBuf};

use super::look::{Below, arriving, walk};
use super::ownership::{self, DesiredOwner, enterable};
use super::parents::Parents;
use super::path::AbsolutePath;
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::follow;
use crate::host::{Action, Host, Kind, Owner, Stat};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::Mode;

/// A copy of the source is at this path.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    name: AbsolutePath,
    source: AbsolutePath,
    /// Without it, what is there already stays, whatever it is.
    #[serde(default)]
    force: bool,
    #[serde(default)]
    makedirs: bool,
    #[serde(default)]
    preserve: bool,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    dir_mode: Option<Mode>,
    /// Into the directory that is at this path.
    #[serde(default)]
    subdir: bool,
}

impl Copy {
    fn destination(&self, host: &dyn Host) -> Result<PathBuf> {
        let into = self.subdir && super::look::is_directory(host, &self.name)?;
        match self.source.file_name() {
            Some(file) if into => Ok(self.name.join(file)),
            _ => Ok(self.name.to_path_buf()),
        }
    }

    /// Whom the copy shall belong to: as the source, as asked, or root.
    fn wanted(&self, context: &Context<'_>, source: &Stat) -> Result<DesiredOwner> {
        if self.preserve {
            let (user, group) = (source.uid.to_string(), source.gid.to_string());
            return DesiredOwner::find(context.facts, Some(&user), Some(&group));
        }
        let user = self.user.as_deref().unwrap_or("root");
        let group = match self.group.as_deref() {
            Some(group) => Some(group.to_owned()),
            None => context.facts.user(user)?.map(|user| user.gid.to_string()),
        };
        DesiredOwner::find(context.facts, Some(user), group.as_deref())
    }
}

impl State for Copy {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let to = self.destination(host)?;
        let there = host.stat(&to)?;
        if there.is_some() && !self.force {
            return Ok(Plan::nothing(format!("`{}` is there and is not overwritten", to.display())));
        }
        let Some((from, source)) = follow(host, &self.source)? else {
            let Some(from) = arriving(context.facts, &self.source) else {
                return Err(Fault::new(format!("the source `{}` does not exist", self.source)));
            };
            let mut plan = Plan::default();
            plan.push(Change::new("copied").to(format!("depends on {from}")), Action::Nothing);
            return Ok(plan);
        };
        let wanted = self.wanted(context, &source)?;
        let directory = source.kind == Kind::Directory;
        // The mode of a copied directory is its source's, within and without.
        let mode = match (directory || self.preserve, self.mode) {
            (false, Some(Mode(mode))) => mode,
            _ => source.mode,
        };
        // Copying also clears what is in the way.
        let mut plan = Plan::default();
        if let Some(there) = there {
            if directory && there.kind == Kind::Directory && same_tree(host, &from, &to)? {
                return Ok(plan);
            }
            if !directory
                && there.kind == Kind::File
                && source.size == there.size
                && host.read(&from)? == host.read(&to)?
            {
                return wanted.settle(context.facts, &to, &there, Some(mode), "");
            }
        }
        let parents = Parents {
            make: self.makedirs,
            owner: wanted.owner.clone(),
            mode: self.dir_mode.map(|mode| mode.0).or((!directory).then(|| enterable(mode))),
        };
        plan.join(parents.of(context.facts, &to)?);
        // Within a preserved tree, each keeps its own.
        let owner = if directory && self.preserve { Owner::default() } else { wanted.owner.clone() };
        plan.push(
            Change::new("copied").from(self.source.to_string()).to(to.display().to_string()),
            Action::Copy { from, to, owner, mode: (!directory).then_some(mode) },
        );
        plan.notes.extend(wanted.notes);
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![self.name.key()]
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = self.name.wants();
        wants.extend(self.source.wants());
        wants.push(self.source.key());
        if !self.preserve {
            wants.extend(ownership::wants(self.user.as_deref(), self.group.as_deref()));
        }
        wants
    }
}

/// Whether two folders hold the same, names and contents.
fn same_tree(host: &dyn Host, one: &Path, other: &Path) -> Result<bool> {
    let (ones, others) = (walk(host, one, None)?, walk(host, other, None)?);
    if ones.len() != others.len() {
        return Ok(false);
    }
    for (one, other) in ones.iter().zip(&others) {
        if one.relative != other.relative || !same(host, one, other)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn same(host: &dyn Host, one: &Below, other: &Below) -> Result<bool> {
    if one.stat.kind != other.stat.kind {
        return Ok(false);
    }
    Ok(match one.stat.kind {
        Kind::File => one.stat.size == other.stat.size && host.read(&one.path)? == host.read(&other.path)?,
        Kind::Symlink => host.link(&one.path)? == host.link(&other.path)?,
        Kind::Directory | Kind::Special => true,
    })
}

impl Function for Copy {
    const NAME: &'static str = "file.copy";
    const ABOUT: &'static str = "a copy of a file or directory of the host is at this path";
    const EXAMPLE: &'static str = "\
/etc/app/app.conf:
  file.copy:
    - source: /usr/share/app/app.conf.example
    - user: root
    - group: root
    - mode: 0640
";
}
