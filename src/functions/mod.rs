//! What templates and conditions can call as `salt['module.function'](…)`: functions that look and change
//! nothing. Must not act on the host.

mod call;
mod data;
mod grains;
mod host;
mod machine;
mod matching;
mod network;
mod pillar;
mod plain;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value};

use self::call::Call;
use crate::diagnostic::nearest;
use crate::facts::{Facts, Grains};
use crate::fault::{Fault, Result};
use crate::host::Made;
use crate::target::Subject;
use crate::template::{Data, Functions};

/// The host that files are rendered for, and what is known of it.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// Its name among the environment's hosts.
    pub id: String,
    pub environment: String,
    /// A dry run.
    pub plan: bool,
    pub grains: Arc<Grains>,
    /// The grains of all hosts of the environment, by ID.
    pub mine: Arc<BTreeMap<String, Grains>>,
    /// What provision made on the host.
    pub made: Arc<Made>,
    /// The host itself; none where files are only checked.
    pub facts: Option<Arc<Facts>>,
}

impl Surroundings {
    /// A host by its name; its grains call it by the same.
    pub fn new(id: &str, environment: &str, mut grains: Grains) -> Self {
        grains.insert("id".to_owned(), id.into());
        Self {
            id: id.to_owned(),
            environment: environment.to_owned(),
            grains: Arc::new(grains),
            ..Self::default()
        }
    }
}

impl Surroundings {
    /// What is known of the other hosts, as they say it; of this one that stays which is known already.
    pub fn know(&mut self, others: BTreeMap<String, Grains>) {
        let mut mine = others;
        mine.insert(self.id.clone(), self.grains.as_ref().clone());
        self.mine = Arc::new(mine);
    }
}

/// The functions with all that they may look at.
pub struct Catalog {
    surroundings: Surroundings,
    /// Grows while the pillar is compiled.
    pillar: RwLock<Arc<Map<String, Value>>>,
    /// What the folders of the state tree hold, for functions that ask for its files.
    files: Option<crate::tree::Tree>,
}

/// A function: its name and what it does.
type Row = (&'static str, fn(&Call<'_>) -> Result<Value>);

impl Catalog {
    pub fn new(surroundings: Surroundings, files: Option<crate::tree::Tree>) -> Arc<Self> {
        Arc::new(Self { surroundings, pillar: RwLock::default(), files })
    }

    /// What `pillar.get` and its like see from now on.
    pub fn set_pillar(&self, pillar: Arc<Map<String, Value>>) {
        *self.pillar.write().unwrap_or_else(PoisonError::into_inner) = pillar;
    }

    pub fn pillar(&self) -> Arc<Map<String, Value>> {
        Arc::clone(&self.pillar.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// What a function answers.
    pub fn answer(&self, name: &str, args: Vec<Value>, named: Map<String, Value>) -> Result<Value> {
        let Some((_, function)) = Self::rows().find(|(known, _)| *known == name) else {
            return Err(Fault::new(format!("there is no function `{name}`")));
        };
        let call = Call::new(self, name, args, named);
        let value = function(&call)?;
        call.refuse_rest()?;
        Ok(value)
    }

    /// Whether there is such a function.
    ///
    /// # Errors
    /// There is none; the one that is most like it, if any is.
    pub fn knows(name: &str) -> Result<(), Option<&'static str>> {
        let mut known = Self::rows().map(|(known, _)| *known);
        if known.any(|known| known == name) {
            return Ok(());
        }
        Err(nearest(name, Self::rows().map(|(known, _)| *known)))
    }

    /// Judges something of the host against targets.
    fn judge<T>(&self, judge: impl FnOnce(&Subject<'_>) -> T) -> T {
        let pillar = self.pillar();
        judge(&Subject { id: &self.surroundings.id, grains: &self.surroundings.grains, pillar: &pillar })
    }

    fn rows() -> impl Iterator<Item = &'static Row> {
        [
            data::FUNCTIONS,
            grains::FUNCTIONS,
            host::FUNCTIONS,
            machine::FUNCTIONS,
            matching::FUNCTIONS,
            network::FUNCTIONS,
            pillar::FUNCTIONS,
            plain::FUNCTIONS,
        ]
        .into_iter()
        .flatten()
    }
}

impl Functions for Catalog {
    fn call(&self, name: &str, args: Vec<Value>, named: Map<String, Value>) -> Result<Data> {
        Ok(Data::from(self.answer(name, args, named)?))
    }

    fn names(&self) -> Vec<&str> {
        Self::rows().map(|(name, _)| *name).collect()
    }

    fn changes_first(&self, name: &str) -> bool {
        matches!(name, "defaults.merge" | "defaults.update" | "slsutil.update")
    }
}

#[cfg(test)]
mod tests;
