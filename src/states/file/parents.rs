//! The folder that a path stands in, and making it (`makedirs`). Must not touch folders that are there.

use std::path::Path;

use super::look::{arriving, kind_word};
use super::ownership::octal;
use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::leads_to;
use crate::host::{Action, Kind, Owner};
use crate::plan::{Change, Plan};

/// How missing folders are made.
#[derive(Clone, Debug, Default)]
pub struct Parents {
    pub make: bool,
    pub owner: Owner,
    pub mode: Option<u32>,
}

impl Parents {
    /// The steps that make the folder of a path; an error where it is missing and may not be made.
    pub fn of(&self, facts: &Facts, path: &Path) -> Result<Plan> {
        match path.parent() {
            Some(parent) => self.folder(facts, parent),
            None => Ok(Plan::default()),
        }
    }

    /// The steps that make this folder and all above it.
    pub fn folder(&self, facts: &Facts, folder: &Path) -> Result<Plan> {
        let mut missing = Vec::new();
        for above in folder.ancestors() {
            match leads_to(facts.host(), above)? {
                Some((_, stat)) if stat.kind == Kind::Directory => break,
                Some((_, stat)) => {
                    let kind = kind_word(stat.kind);
                    return Err(Fault::new(format!("`{}` is a {kind}, not a directory", above.display())));
                }
                None => missing.push(above),
            }
        }
        let mut plan = Plan::default();
        if missing.is_empty() {
            return Ok(plan);
        }
        if self.make {
            for folder in missing.into_iter().rev() {
                plan.push(created(folder, self.mode), self.action(folder));
            }
        } else if let Some(from) = arriving(facts, folder) {
            plan.note(format!("depends on {from} for the folder `{}`", folder.display()));
        } else {
            return Err(Fault::new(format!("the folder `{}` is not there", folder.display()))
                .help("make it before with `file.directory`, or write `makedirs: True`"));
        }
        Ok(plan)
    }

    fn action(&self, folder: &Path) -> Action {
        Action::MakeDirectory { path: folder.to_owned(), mode: self.mode, owner: self.owner.clone() }
    }
}

/// The change of a folder that comes into being.
pub fn created(folder: &Path, mode: Option<u32>) -> Change {
    let change = Change::new(format!("directory {}", folder.display()));
    match mode {
        Some(mode) => change.to(format!("created, {}", octal(mode))),
        None => change.to("created"),
    }
}
