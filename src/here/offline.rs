//! What can be known without a host: pillar and states for a host of which only the usual is assumed.

use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::Problems;
use crate::facts::Grains;
use crate::functions::Surroundings;
use crate::library::ProjectLibrary;
use crate::pillar::Pillar;
use crate::project::Project;

use super::Files;

/// The grains of a small fresh Debian 12 host.
const USUAL: &str = include_str!("offline/debian-12.json");

/// A host that was not asked.
pub struct Offline {
    pub pillar: Pillar,
    surroundings: Surroundings,
}

/// The pillar of a host by its ID, with everything that is wrong with it.
pub fn offline(project: &Project, environment: &str, id: &str) -> (Offline, Problems) {
    let mut grains: Grains = serde_json::from_str(USUAL).unwrap_or_default();
    grains.insert("id".to_owned(), Value::from(id));
    let surroundings = Surroundings {
        id: id.to_owned(),
        environment: environment.to_owned(),
        plan: true,
        grains: Arc::new(grains),
        ..Surroundings::default()
    };
    let (pillar, problems) = Files::project(project).pillar(&surroundings);
    (Offline { pillar, surroundings }, problems)
}

/// Compiles everything; the number of states, and all that is wrong.
pub fn check(project: &Project, environment: &str, id: &str, lenient: bool) -> (usize, Problems) {
    let (offline, mut problems) = offline(project, environment, id);
    if !problems.fatal() {
        problems.extend(project.check_secrets(environment, &offline.pillar.data));
    }
    let library = ProjectLibrary::new(Files::project(project).states, offline.pillar, offline.surroundings);
    match library.compile(&[], &[], lenient) {
        Ok(compiled) => {
            problems.extend(compiled.warnings);
            (compiled.states.len(), problems)
        }
        Err(found) => {
            problems.extend(found);
            (0, problems)
        }
    }
}
