//! What does not belong into a directory (`clean`). Must not remove it, only say so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::chosen::Chosen;
use crate::facts::Key;
use crate::fault::Result;
use crate::host::{Action, Host, Kind};
use crate::plan::{Change, Plan};
use crate::states::Context;

/// What stays when a directory is cleaned.
#[derive(Debug, Default)]
pub struct Stays {
    /// These paths, but not all that is in them.
    pub paths: BTreeSet<PathBuf>,
    /// These with all that is in them: what required states own.
    pub whole: Vec<PathBuf>,
    /// What `exclude_pat` names.
    pub except: Chosen,
}

impl Stays {
    /// What the states that this one requires own, and what is excepted.
    pub fn new(context: &Context<'_>, exclude: &[String]) -> Result<Self> {
        let keys = context.required.iter().flat_map(|state| state.owns());
        let whole = keys.filter_map(|key| match key {
            Key::Path(path) => Some(path),
            _ => None,
        });
        Ok(Self { paths: BTreeSet::new(), whole: whole.collect(), except: Chosen::new(&[], exclude)? })
    }

    /// The steps that remove everything else under a directory.
    pub fn clean(&self, host: &dyn Host, top: &Path) -> Result<Plan> {
        let mut plan = Plan::default();
        let mut gone = Vec::new();
        self.sweep(host, top, "", &mut gone)?;
        for (relative, path) in gone {
            plan.push(Change::new(format!("removed {relative}")), Action::Remove { path });
        }
        Ok(plan)
    }

    /// Collects what goes from a folder; whether anything in it stays.
    fn sweep(
        &self,
        host: &dyn Host,
        folder: &Path,
        relative: &str,
        gone: &mut Vec<(String, PathBuf)>,
    ) -> Result<bool> {
        let mut any_stays = false;
        for name in host.list(folder)?.unwrap_or_default() {
            let path = folder.join(&name);
            let relative = if relative.is_empty() { name } else { format!("{relative}/{name}") };
            if self.whole.iter().any(|whole| path.starts_with(whole)) || !self.except.has(&relative)? {
                any_stays = true;
                continue;
            }
            let mut stays = self.paths.contains(&path);
            let Some(stat) = host.stat(&path)? else { continue };
            if stat.kind == Kind::Directory {
                let mut inside = Vec::new();
                stays |= self.sweep(host, &path, &relative, &mut inside)?;
                if stays {
                    gone.extend(inside);
                }
            }
            if stays {
                any_stays = true;
            } else {
                gone.push((relative, path));
            }
        }
        Ok(any_stays)
    }
}
