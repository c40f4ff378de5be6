//! What `pillar/` may say about a project: every key with its type, default and meaning, read once and typed. It is
//! the one list of settings: `check`, the documentation, deploys and templates stand on it. Must not know states,
//! hosts or ssh.

mod address;
mod deploy;
mod hosts;
mod keys;
mod model;
mod roles;
mod services;
mod settings;
mod templates;
mod values;

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Problems};
use crate::fault::{Fault, Result};
use crate::source::{Place, Source};
use crate::yaml::{Node, from_json};

pub use deploy::{Deploy, HookName};
pub use hosts::{HostEntry, Hosts, unknown_role};
pub use keys::Scope;
pub use model::Site;
pub use roles::{ROLES, Role, role};
pub use settings::{Field, Setting};
pub use values::{Count, wrong_variable};

impl Site {
    /// Reads what the pillar says, with every key that is not known and every value that cannot be meant. What is
    /// wrong counts as not said.
    pub fn read(pillar: &Node, scope: &dyn Scope) -> (Self, Problems) {
        let mut problems = Problems::default();
        let node = keys::map(pillar, keys::known(pillar, scope, &mut problems));
        let mut site: Self = match node.read(&[]) {
            Ok(site) => site,
            Err(found) => {
                problems.extend(found);
                keys::readable(&node)
            }
        };
        problems.extend(site.hosts.resolve(scope));
        problems.extend(model::together(&site, pillar, scope));
        for problem in &mut problems.0 {
            unplaced(problem);
        }
        (site, problems)
    }

    /// What can be read of the pillar; what is wrong counts as not said.
    pub fn readable(pillar: &Map<String, Value>) -> Self {
        let pillar = from_json(&Value::Object(pillar.clone()), &Place::start(&Source::new("", "")));
        let mut site = keys::readable(&pillar);
        site.hosts.resolve(&Anything);
        site
    }

    /// Reads the pillar of a task, whose files were checked before: what every task reads must be right, and of the
    /// rest, what is.
    ///
    /// # Errors
    /// The first thing that is wrong with `deploy`, `domain`, `hosts`, `project_name` or `promote_only`.
    pub fn of(pillar: &Map<String, Value>) -> Result<Self> {
        let pillar = from_json(&Value::Object(pillar.clone()), &Place::start(&Source::new("", "")));
        let mut problems = Problems(keys::always(&pillar).read::<Self>(&[]).err().unwrap_or_default());
        let mut site = keys::readable(&pillar);
        problems.extend(site.hosts.resolve(&Anything));
        match problems.0.into_iter().next() {
            None => Ok(site),
            Some(problem) => {
                let fault = Fault::new(format!("the pillar: {}", problem.message));
                Err(match problem.help {
                    Some(help) => fault.help(help),
                    None => fault,
                })
            }
        }
    }
}

/// A project with states of its own.
struct Anything;

impl Scope for Anything {
    fn is_own(&self, _name: &str) -> bool {
        true
    }

    fn base_reads(&self, _sls: &str) -> bool {
        false
    }

    fn has_base_top(&self) -> bool {
        false
    }
}

/// A value of a file with secrets has no place, and is not shown.
fn unplaced(problem: &mut Diagnostic) {
    if problem.place.as_ref().is_some_and(|place| place.text.is_empty() && place.file.is_empty()) {
        problem.place = None;
        if let Some(at) = problem.message.find(", not ") {
            problem.message.truncate(at);
        }
    }
}
