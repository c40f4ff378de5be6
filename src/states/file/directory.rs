//! `file.directory`: a directory with its owner and mode, and those of what is in it. Must not touch them.

use std::path::{Path, PathBuf};

use super::clean::Stays;
use super::look::{Below, kind_word, walk};
use super::ownership::{self, DesiredOwner, octal};
use super::parents::Parents;
use super::path::AbsolutePath;
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Host, Kind, Stat};
use crate::host::{follow, leads_to};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::{Mode, OneOrMany};

/// The directory is there with this owner and mode.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    name: AbsolutePath,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    dir_mode: Option<Mode>,
    #[serde(default)]
    file_mode: Option<Mode>,
    #[serde(default)]
    makedirs: bool,
    #[serde(default)]
    recurse: Option<Vec<Aspect>>,
    #[serde(default)]
    max_depth: Option<u64>,
    #[serde(default)]
    clean: bool,
    #[serde(default)]
    exclude_pat: OneOrMany<String>,
    #[serde(default)]
    follow_symlinks: bool,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    backupname: Option<AbsolutePath>,
    #[serde(default = "super::yes")]
    allow_symlink: bool,
    #[serde(default)]
    children_only: bool,
}

/// What `recurse` sets right, and what it leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Aspect {
    User,
    Group,
    Mode,
    IgnoreFiles,
    IgnoreDirs,
    Silent,
}

impl Directory {
    fn recurses(&self, aspect: Aspect) -> bool {
        self.recurse.iter().flatten().any(|given| *given == aspect)
    }

    fn dir_mode(&self) -> Option<u32> {
        self.dir_mode.or(self.mode).map(|mode| mode.0)
    }

    fn file_mode(&self) -> Option<u32> {
        self.file_mode.map(|mode| mode.0).or(self.dir_mode())
    }

    fn agree(&self) -> Result<()> {
        if self.max_depth.is_some() && self.clean {
            return Err(
                Fault::new("`max_depth` and `clean` do not go together").help("leave one of them out")
            );
        }
        if self.recurses(Aspect::IgnoreFiles) && self.recurses(Aspect::IgnoreDirs) {
            return Err(Fault::new("recurse: `ignore_files` and `ignore_dirs` together leave nothing"));
        }
        for (aspect, name, given) in
            [(Aspect::User, "user", &self.user), (Aspect::Group, "group", &self.group)]
        {
            if self.recurses(aspect) && given.as_deref().is_none_or(str::is_empty) {
                return Err(Fault::new(format!("recurse: `{name}` is to be set, but there is no `{name}`"))
                    .help(format!("write `{name}: …` beside `recurse`")));
            }
        }
        Ok(())
    }

    /// The directory comes into being.
    fn created(&self, context: &Context<'_>, wanted: &DesiredOwner) -> Result<Plan> {
        let mode = self.dir_mode();
        let parents = Parents { make: self.makedirs, owner: wanted.owner.clone(), mode };
        let mut plan = parents.of(context.facts, &self.name)?;
        let change = match mode {
            Some(mode) => Change::new("created").to(octal(mode)),
            None => Change::new("created"),
        };
        plan.push(
            change,
            Action::MakeDirectory { path: self.name.to_path_buf(), mode, owner: wanted.owner.clone() },
        );
        Ok(plan)
    }

    /// Something else is at the path: it moves, goes, or is an error.
    fn in_the_way(&self, context: &Context<'_>, wanted: &DesiredOwner, stat: &Stat) -> Result<Plan> {
        let kind = kind_word(stat.kind);
        let mut plan = Plan::default();
        if let Some(backup) = &self.backupname {
            if context.facts.host().stat(backup)?.is_some() && !self.force {
                return Err(Fault::new(format!("the backup's place `{backup}` is taken"))
                    .help("write `force: True` to replace it, or choose another `backupname`"));
            }
            plan.push(
                Change::new(kind).to(format!("moved to {backup}")),
                Action::Rename { from: self.name.to_path_buf(), to: backup.to_path_buf() },
            );
        } else if self.force {
            plan.push(Change::new(kind).to("removed"), Action::Remove { path: self.name.to_path_buf() });
        } else {
            return Err(Fault::new(format!("a {kind} is where the directory `{}` should be", self.name))
                .help("write `force: True` to replace it, or `backupname` to keep it"));
        }
        plan.join(self.created(context, wanted)?);
        Ok(plan)
    }

    /// Owners and modes of what is inside.
    fn inside(&self, context: &Context<'_>, top: &Path, wanted: &DesiredOwner) -> Result<Plan> {
        let host = context.facts.host();
        let mut wanted = wanted.clone();
        if !self.recurses(Aspect::User) {
            wanted.without_user();
        }
        if !self.recurses(Aspect::Group) {
            wanted.without_group();
        }
        let mode = |directory: bool| {
            let mode = if directory { self.dir_mode() } else { self.file_mode() };
            mode.filter(|_| self.recurses(Aspect::Mode))
        };
        let mut plan = Plan::default();
        for below in walk(host, top, self.max_depth)? {
            let (path, stat, directory) = self.subject(host, &below)?;
            let ignored = if directory { Aspect::IgnoreDirs } else { Aspect::IgnoreFiles };
            if self.recurses(ignored) {
                continue;
            }
            let of = format!(" {}", below.relative);
            plan.join(wanted.settle(context.facts, &path, &stat, mode(directory), &of)?);
        }
        if self.recurses(Aspect::Silent) {
            for step in &mut plan.steps {
                step.change = Change::new("owners and modes inside");
            }
        }
        Ok(plan)
    }

    /// What is looked at for a path inside, and whether it counts as a directory.
    fn subject(&self, host: &dyn Host, below: &Below) -> Result<(PathBuf, Stat, bool)> {
        let own = (below.path.clone(), below.stat, below.stat.kind == Kind::Directory);
        if below.stat.kind != Kind::Symlink {
            return Ok(own);
        }
        // Where it is the link itself that is set right, what it leads to is only looked at.
        let behind =
            if self.follow_symlinks { follow(host, &below.path)? } else { leads_to(host, &below.path)? };
        Ok(match behind {
            Some((path, stat)) if self.follow_symlinks => (path, stat, stat.kind == Kind::Directory),
            Some((_, stat)) => (own.0, own.1, stat.kind == Kind::Directory),
            None => own,
        })
    }
}

impl State for Directory {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        self.agree()?;
        let host = context.facts.host();
        let wanted = DesiredOwner::find(context.facts, self.user.as_deref(), self.group.as_deref())?;
        let notes = wanted.notes.clone();
        let mut plan = Plan::default();
        let (top, stat) = match host.stat(&self.name)? {
            None => {
                plan.join(self.created(context, &wanted)?);
                plan.notes.extend(notes);
                return Ok(plan);
            }
            Some(stat) if stat.kind == Kind::Directory => (self.name.to_path_buf(), stat),
            Some(stat) if stat.kind == Kind::Symlink && self.allow_symlink && !self.force => {
                match follow(host, &self.name)? {
                    Some((real, there)) if there.kind == Kind::Directory => {
                        (real, if self.follow_symlinks { there } else { stat })
                    }
                    _ => return self.in_the_way(context, &wanted, &stat),
                }
            }
            Some(stat) => return self.in_the_way(context, &wanted, &stat),
        };
        if !self.children_only {
            let own = if stat.kind == Kind::Symlink { self.name.to_path_buf() } else { top.clone() };
            plan.join(wanted.settle(context.facts, &own, &stat, self.dir_mode(), "")?);
        }
        if self.recurse.as_ref().is_some_and(|aspects| !aspects.is_empty()) {
            plan.join(self.inside(context, &top, &wanted)?);
        }
        if self.clean {
            plan.join(Stays::new(context, &self.exclude_pat.0)?.clean(host, &top)?);
        }
        plan.notes.extend(notes);
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![self.name.key()]
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = self.name.wants();
        wants.extend(ownership::wants(self.user.as_deref(), self.group.as_deref()));
        wants
    }
}

impl Function for Directory {
    const NAME: &'static str = "file.directory";
    const ABOUT: &'static str =
        "the directory is there with this owner and mode, also of what is in it where asked";
    const EXAMPLE: &'static str = "\
/srv/app/media:
  file.directory:
    - user: app
    - group: www-data
    - dir_mode: 2750
    - file_mode: 0640
    - makedirs: True
    - recurse:
      - user
      - group
      - mode
";
    const LATER: &'static [&'static str] =
        &["win_deny_perms", "win_inheritance", "win_owner", "win_perms", "win_perms_reset"];
}
