//! What the files come to for one host, to be looked at: pillar, grains, top, high and low state. Must not
//! change anything.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::compile::{Compiled, Shown};
use crate::diagnostic::Problems;
use crate::facts::{Facts, Grains};
use crate::fault::Result;
use crate::host::{Local, Overlay};
use crate::library::ProjectLibrary;
use crate::order::Order;
use crate::plan::Mask;
use crate::project::Project;

use super::{Files, files, offline};

/// One host's files and data, compiled as far as its pillar.
pub struct Inspection {
    library: ProjectLibrary,
    mask: Mask,
}

impl Inspection {
    /// A project's files for a host of which only the usual is known, with recorded grains put over it.
    pub fn of_project(project: &Project, environment: &str, id: &str, recorded: &Grains) -> (Self, Problems) {
        let (host, problems) = offline::with_grains(project, environment, id, recorded);
        let mask = Mask::new(&host.pillar.secrets);
        let library = ProjectLibrary::new(Files::project(project).states, host.pillar, host.surroundings);
        (Self { library, mask }, problems)
    }

    /// A tree without a project, for this machine, or for a host of this ID with these grains.
    ///
    /// # Errors
    /// This machine's facts cannot be read.
    pub fn of_tree(tree: Files, id: Option<&str>, grains: Option<Grains>) -> Result<(Self, Problems)> {
        let surroundings = match grains {
            Some(recorded) => offline::unknown("base", id, &recorded),
            None => {
                let facts = Arc::new(Facts::new(Arc::new(Overlay::new(Arc::new(Local::new())))));
                let id = id.unwrap_or_default().to_owned();
                let order = Order { environment: "base".to_owned(), id, plan: true, ..Order::default() };
                files::surroundings(&order, &tree.states, &facts)?
            }
        };
        let (pillar, problems) = tree.pillar(&surroundings);
        let mask = Mask::new(&pillar.secrets);
        let problems = offline::hidden(&mask, problems);
        Ok((Self { library: ProjectLibrary::new(tree.states, pillar, surroundings), mask }, problems))
    }

    pub fn pillar(&self) -> &Map<String, Value> {
        &self.library.pillar_data().data
    }

    pub fn grains(&self) -> &Grains {
        &self.library.surroundings().grains
    }

    /// The state files that the top file gives the host.
    pub fn top(&self, lenient: bool) -> Result<Vec<String>, Problems> {
        self.library.top(lenient).map_err(|problems| self.without_secrets(problems))
    }

    /// High and low state of the top file, or of these state files.
    pub fn states(&self, sls: &[String], lenient: bool) -> Result<Shown, Problems> {
        let mut shown = self.library.show(sls, lenient).map_err(|problems| self.without_secrets(problems))?;
        shown.warnings = self.without_secrets(std::mem::take(&mut shown.warnings));
        Ok(shown)
    }

    /// The states in order, as a run would have them.
    pub fn compiled(&self, sls: &[String], lenient: bool) -> Result<Compiled, Problems> {
        self.library.compile(sls, &[], lenient).map_err(|problems| self.without_secrets(problems))
    }

    /// A file of the state tree by its path, rendered.
    pub fn rendered(&self, path: &str) -> Result<String, Problems> {
        let rendered = self.library.rendered_file(path);
        rendered.map_err(|problem| self.without_secrets(Problems(vec![*problem])))
    }

    /// Hides secrets in a text.
    pub fn hide_in(&self, text: &mut String) {
        self.mask.hide_in(text);
    }

    /// Hides secrets in all texts of a value.
    pub fn hide(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.mask.hide_in(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide(item)),
            Value::Object(entries) => entries.values_mut().for_each(|value| self.hide(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn without_secrets(&self, problems: Problems) -> Problems {
        offline::hidden(&self.mask, problems)
    }
}
