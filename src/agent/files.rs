//! The files of a run and what is made of them: pillar, and states in order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::{own_facts, owning};
use crate::diagnostic::Problems;
use crate::facts::{Facts, Grains};
use crate::fault::Result;
use crate::functions::Surroundings;
use crate::order::Order;
use crate::pillar::{self, Pillar};
use crate::project::Project;
use crate::tree::Tree;

/// Where states and pillar come from.
pub struct Files {
    pub states: Tree,
    pub pillar: Tree,
}

impl Files {
    /// What was pushed to a host, with the secrets that came over standard input.
    pub fn pushed(tree: &Path, secrets: &BTreeMap<String, String>) -> Self {
        let secrets = secrets.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
        Self {
            states: Tree::over_base(tree.join("states")),
            pillar: Tree::of_folders([tree.join("pillar")]).with_memory(secrets),
        }
    }

    pub fn project(project: &Project) -> Self {
        Self { states: project.states(), pillar: project.pillar() }
    }

    /// A tree without a project, and so without the base tree.
    pub fn bare(states: &[PathBuf], pillar: &[PathBuf]) -> Self {
        Self { states: Tree::of_folders(states.to_vec()), pillar: Tree::of_folders(pillar.to_vec()) }
    }

    pub(super) fn pillar(&self, surroundings: &Surroundings) -> (Pillar, Problems) {
        pillar::compile(&pillar::Request { tree: &self.pillar, surroundings })
    }
}

/// What is known of this host, with the project's own facts and what the order says of it put over.
pub(super) fn surroundings(order: &Order, states: &Tree, facts: &Arc<Facts>) -> Result<Surroundings> {
    let mut grains = facts.grains()?.as_ref().clone();
    own_facts::add(states, facts, &mut grains)?;
    grains.extend(order.grains.clone());
    let id = if order.id.is_empty() { text(&grains, "id") } else { order.id.clone() };
    grains.insert("id".to_owned(), Value::from(id.as_str()));
    if !order.project.is_empty()
        && let Some(owner) = owning::owner(&order.project, facts)?
    {
        let former = owner.former_projects(&order.project);
        if !former.is_empty() {
            grains.insert("former_projects".to_owned(), Value::from(former));
        }
    }
    if let Some(port) = order.ssh_port {
        grains.insert("ssh_port".to_owned(), Value::from(port));
    }
    let mine = BTreeMap::from([(id.clone(), grains.clone())]);
    Ok(Surroundings {
        id,
        environment: order.environment.clone(),
        plan: order.plan,
        grains: Arc::new(grains),
        mine: Arc::new(mine),
        made: Arc::default(),
        facts: Some(Arc::clone(facts)),
    })
}

fn text(grains: &Grains, name: &str) -> String {
    grains.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
