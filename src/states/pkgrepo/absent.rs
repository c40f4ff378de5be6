//! `pkgrepo.absent`.

use std::path::PathBuf;

use serde::Deserialize;

use super::line::Repo;
use super::{SourcesFile, deb822, line};
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// An archive that apt does not install from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    name: String,
    /// Only there.
    file: Option<PathBuf>,
}

impl State for Absent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let repo = Repo::parse(&self.name)?;
        let mut plan = Plan::default();
        for file in SourcesFile::all(context.facts)? {
            if self.file.as_ref().is_some_and(|only| *only != file.path) {
                continue;
            }
            let deb822 = SourcesFile::is_deb822(&file.path);
            let there = if deb822 {
                file.text.split("\n\n").flat_map(deb822::repos).any(|found| found.is(&repo))
            } else {
                file.text.lines().filter_map(Repo::of_line).any(|found| !found.disabled && found.is(&repo))
            };
            if there {
                let take = if deb822 { deb822::put } else { line::put };
                let text = take(&file.text, &repo, None);
                if text == file.text {
                    return Err(Fault::new(format!(
                        "`{}` has it in one stanza with others",
                        file.path.display()
                    ))
                    .help("write that file with `file.managed`"));
                }
                file.become_text(text, &mut plan);
            }
        }
        Ok(plan)
    }
}

impl Function for Absent {
    const NAME: &'static str = "pkgrepo.absent";
    const ABOUT: &'static str = "apt does not install from an archive.";
    const EXAMPLE: &'static str = "deb https://old.example.com/debian bookworm main:\n  pkgrepo.absent\n";
    const LATER: &'static [&'static str] = &["keyid", "keyid_ppa", "ppa", "copr"];
}
