//! `file.recurse`: a folder of the project on the host. Must not copy it, only say what differs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::chosen::Chosen;
use super::clean::Stays;
use super::content::{Template, Variables, render, variables};
use super::desired_file::DesiredFile;
use super::keep::Keep;
use super::look::kind_word;
use super::ownership::{self, DesiredOwner};
use super::parents::{Parents, created};
use super::path::AbsolutePath;
use super::source;
use super::symlink::Link;
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::follow;
use crate::host::{Action, Kind};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, LibraryFile, State};
use crate::yaml::{Mode, ModeOrKeep, OneOrMany};

/// The files of a folder of the project are in this directory.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recurse {
    name: AbsolutePath,
    source: OneOrMany<String>,
    /// Sources are not copied to the host, so there is nothing to keep.
    #[serde(default, rename = "keep_source")]
    _keep_source: Option<bool>,
    #[serde(default)]
    clean: bool,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    dir_mode: Option<Mode>,
    #[serde(default)]
    file_mode: Option<ModeOrKeep>,
    /// Of folders made for symlinks; a symlink has none.
    #[serde(default, rename = "sym_mode")]
    _sym_mode: Option<Mode>,
    #[serde(default)]
    template: Option<Template>,
    #[serde(default)]
    context: Option<Variables>,
    #[serde(default)]
    defaults: Option<Variables>,
    #[serde(default = "super::yes")]
    replace: bool,
    #[serde(default)]
    backup: Keep,
    #[serde(default = "super::yes")]
    show_changes: bool,
    #[serde(default)]
    include_pat: OneOrMany<String>,
    #[serde(default)]
    exclude_pat: OneOrMany<String>,
    #[serde(default)]
    maxdepth: Option<usize>,
    #[serde(default)]
    keep_symlinks: bool,
    #[serde(default)]
    force_symlinks: bool,
    #[serde(default)]
    merge: bool,
}

/// A file of the project, and where it is.
struct Found {
    url: String,
    file: LibraryFile,
}

impl Recurse {
    /// The files to be there, by their path in the directory.
    fn files(&self, context: &Context<'_>) -> Result<BTreeMap<String, Found>> {
        let chosen = Chosen::new(&self.include_pat.0, &self.exclude_pat.0)?;
        let mut found: BTreeMap<String, Found> = BTreeMap::new();
        let mut any = false;
        for url in &self.source.0 {
            let Some(folder) = url.strip_prefix("salt://") else {
                return Err(Fault::new(format!("source: `{url}` is no folder of the project"))
                    .help("write an address with `salt://`"));
            };
            let url = format!("salt://{}", folder.trim_end_matches('/'));
            let Some(files) = context.library.files(&url)? else { continue };
            any = true;
            for file in files {
                let deep = self.maxdepth.is_some_and(|most| file.path.matches('/').count() > most);
                if deep || !chosen.has(&file.path)? || found.contains_key(&file.path) {
                    continue;
                }
                found.insert(file.path.clone(), Found { url: format!("{url}/{}", file.path), file });
            }
            if !self.merge {
                break;
            }
        }
        if any {
            return Ok(found);
        }
        let names = self.source.0.join("`, `");
        Err(Fault::new(format!("source: there is no folder `{names}`"))
            .help("`salt://` is the folder `states` of the project, laid over the base states"))
    }

    /// The folders within the directory, outermost first, each with its owner and mode.
    fn folders(
        &self,
        context: &Context<'_>,
        wanted: &DesiredOwner,
        files: &BTreeMap<String, Found>,
    ) -> Result<Plan> {
        let holding: BTreeSet<&str> =
            files.keys().map(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder)).collect();
        let mut all: BTreeSet<PathBuf> = BTreeSet::new();
        for folder in &holding {
            all.extend(Path::new(folder).ancestors().map(Path::to_path_buf));
        }
        let mode = self.dir_mode.map(|mode| mode.0);
        let mut plan = Plan::default();
        for relative in all {
            // The empty path would add a slash.
            let path = self.name.components().chain(relative.components()).collect::<PathBuf>();
            let of = if relative.as_os_str().is_empty() {
                String::new()
            } else {
                format!(" {}", relative.display())
            };
            match follow(context.facts.host(), &path)? {
                Some((path, stat)) if stat.kind == Kind::Directory => {
                    if holding.contains(relative.to_string_lossy().as_ref()) {
                        plan.join(wanted.settle(context.facts, &path, &stat, mode, &of)?);
                    }
                    continue;
                }
                Some((_, stat)) if self.clean && !of.is_empty() => plan.push(
                    Change::new(format!("{}{of}", kind_word(stat.kind))).to("removed"),
                    Action::Remove { path: path.clone() },
                ),
                Some((_, stat)) => {
                    let kind = kind_word(stat.kind);
                    return Err(Fault::new(format!("`{}` is a {kind}, not a directory", path.display())));
                }
                None => {}
            }
            let action = Action::MakeDirectory { path: path.clone(), mode, owner: wanted.owner.clone() };
            plan.push(created(&path, mode), action);
        }
        Ok(plan)
    }

    fn file(&self, context: &Context<'_>, wanted: &DesiredOwner, path: &Path, found: &Found) -> Result<Plan> {
        let of = format!(" {}", found.file.path);
        if self.keep_symlinks
            && let Some(target) = &found.file.link
        {
            let link = Link {
                path,
                target: Path::new(target),
                wanted,
                force: self.force_symlinks,
                backup: None,
                of: &of,
            };
            return link.check(context);
        }
        let put = DesiredFile {
            path,
            wanted,
            mode: match self.file_mode {
                Some(ModeOrKeep::Mode(Mode(mode))) => Some(mode),
                Some(ModeOrKeep::Keep) => Some(found.file.mode),
                None => None,
            },
            // The folders are made before, all together.
            parents: None,
            follow: true,
            backup: self.backup.wanted(),
            show: self.show_changes,
            validate: None,
            temporary: None,
            of: &of,
        };
        if !self.replace
            && let Some(plan) = put.kept(context)?
        {
            return Ok(plan);
        }
        let mut bytes = source::from_project(context, &found.url)?.to_vec();
        if self.template == Some(Template::Jinja) {
            let variables = variables(self.defaults.as_ref(), self.context.as_ref());
            bytes = render(context, &found.url, &bytes, &variables)?;
        }
        let there = context.facts.host().stat(path)?;
        if self.clean && there.is_some_and(|stat| stat.kind == Kind::Directory) {
            return Ok(put.in_place_of_directory(bytes));
        }
        put.content(context, bytes)
    }
}

impl State for Recurse {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let wanted = DesiredOwner::find(context.facts, self.user.as_deref(), self.group.as_deref())?;
        let files = self.files(context)?;
        let parents =
            Parents { make: true, owner: wanted.owner.clone(), mode: self.dir_mode.map(|mode| mode.0) };
        let mut plan = parents.of(context.facts, &self.name)?;
        plan.join(self.folders(context, &wanted, &files)?);
        let mut stays = Stays::new(context, &self.exclude_pat.0)?;
        // Files first, so that symlinks to them lead somewhere.
        let is_link = |found: &Found| self.keep_symlinks && found.file.link.is_some();
        for links in [false, true] {
            for (relative, found) in files.iter().filter(|(_, found)| is_link(found) == links) {
                let path = self.name.join(relative);
                plan.join(self.file(context, &wanted, &path, found)?);
                stays.paths.insert(path);
            }
        }
        if self.clean && super::look::is_directory(context.facts.host(), &self.name)? {
            let clean = stays.clean(context.facts.host(), &self.name)?;
            // What gives way to a folder or file of the source is removed already.
            let removed: BTreeSet<PathBuf> = plan.steps.iter().filter_map(removed).collect();
            plan.steps.extend(clean.steps.into_iter().filter(|step| {
                removed_path(&step.action)
                    .is_none_or(|path| !removed.iter().any(|gone| path.starts_with(gone)))
            }));
        }
        plan.notes.extend(wanted.notes);
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

fn removed(step: &crate::plan::Step) -> Option<PathBuf> {
    removed_path(&step.action).map(Path::to_path_buf)
}

fn removed_path(action: &Action) -> Option<&Path> {
    match action {
        Action::Remove { path } => Some(path),
        _ => None,
    }
}

impl Function for Recurse {
    const NAME: &'static str = "file.recurse";
    const ABOUT: &'static str = "the files of a folder of the project are in this directory";
    const EXAMPLE: &'static str = "\
/etc/app/conf.d:
  file.recurse:
    - source: salt://app/files/conf.d
    - template: jinja
    - user: root
    - group: app
    - dir_mode: 0750
    - file_mode: 0640
    - clean: True
    - exclude_pat: '*.local'
";
    const LATER: &'static [&'static str] =
        &["include_empty", "win_deny_perms", "win_inheritance", "win_owner", "win_perms"];
}
