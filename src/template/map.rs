//! Maps that a template can change: `{% do users.update(more) %}`. Must not know where they came from.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::own::{self, Visit};
use super::{Data, methods, python};

/// Entries in the order written.
pub type Entries<V> = IndexMap<Value, V, RandomState>;

/// A map as one rendering sees it, in the order written.
pub struct Map(RwLock<Content>);

enum Content {
    /// Not changed yet. The lists and maps within that have been looked at are kept with their positions, so
    /// that each is one object ever after; there are few of them.
    Shared(Arc<Entries<Data>>, Vec<(usize, Value)>),
    Own(Entries<Value>),
}

impl Map {
    pub fn new(entries: Entries<Value>) -> Self {
        Self(RwLock::new(Content::Own(entries)))
    }

    pub fn shared(entries: Arc<Entries<Data>>) -> Self {
        Self(RwLock::new(Content::Shared(entries, Vec::new())))
    }

    pub fn entries(&self) -> Vec<(Value, Value)> {
        self.read(|entries| entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    pub fn keys(&self) -> Vec<Value> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(entries, _) => entries.keys().cloned().collect(),
            Content::Own(entries) => entries.keys().cloned().collect(),
        }
    }

    /// Whether it is data that this rendering has not changed.
    pub fn is_shared(&self) -> bool {
        matches!(&*self.0.read().unwrap_or_else(PoisonError::into_inner), Content::Shared(..))
    }

    pub fn length(&self) -> usize {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(entries, _) => entries.len(),
            Content::Own(entries) => entries.len(),
        }
    }

    pub fn get(&self, key: &Value) -> Option<Value> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(entries, seen) => match lookup(entries, key)? {
                (_, Data::Scalar(value)) => return Some(value.clone()),
                (at, _) => {
                    if let Some((_, value)) = seen.iter().find(|(other, _)| *other == at) {
                        return Some(value.clone());
                    }
                }
            },
            Content::Own(entries) => return lookup(entries, key).map(|(_, value)| value.clone()),
        }
        match &mut *self.0.write().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(entries, seen) => {
                let (at, data) = lookup(entries, key)?;
                // Another thread may have been here in between.
                if let Some((_, value)) = seen.iter().find(|(other, _)| *other == at) {
                    return Some(value.clone());
                }
                let value = data.to_value();
                seen.push((at, value.clone()));
                Some(value)
            }
            Content::Own(entries) => lookup(entries, key).map(|(_, value)| value.clone()),
        }
    }

    pub fn read<T>(&self, read: impl FnOnce(&Entries<Value>) -> T) -> T {
        self.own();
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Own(entries) => read(entries),
            Content::Shared(..) => read(&Entries::default()),
        }
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut Entries<Value>) -> T) -> T {
        self.own();
        match &mut *self.0.write().unwrap_or_else(PoisonError::into_inner) {
            Content::Own(entries) => change(entries),
            Content::Shared(..) => change(&mut Entries::default()),
        }
    }

    /// Visits the entries and all within them.
    pub fn walk(&self, depth: usize, visit: Visit<'_>) -> Result<(), Error> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(entries, seen) => {
                for (at, (key, value)) in entries.iter().enumerate() {
                    visit(key)?;
                    match seen.iter().find(|(other, _)| *other == at) {
                        Some((_, value)) => own::walk(value, depth, visit)?,
                        None => value.walk(depth, visit)?,
                    }
                }
            }
            Content::Own(entries) => {
                for (key, value) in entries {
                    visit(key)?;
                    own::walk(value, depth, visit)?;
                }
            }
        }
        Ok(())
    }

    /// Makes the entries this rendering's own, so that they can be changed.
    fn own(&self) {
        if matches!(&*self.0.read().unwrap_or_else(PoisonError::into_inner), Content::Own(_)) {
            return;
        }
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Content::Shared(shared, seen) = &*content {
            let mut own: Entries<Value> =
                shared.iter().map(|(key, value)| (key.clone(), value.to_value())).collect();
            for (at, value) in seen {
                if let Some((_, slot)) = own.get_index_mut(*at) {
                    *slot = value.clone();
                }
            }
            *content = Content::Own(own);
        }
    }
}

/// An entry and its position. Data that came by way of JSON has lost that a key was a number.
fn lookup<'a, V>(entries: &'a Entries<V>, key: &Value) -> Option<(usize, &'a V)> {
    let found = entries
        .get_full(key)
        .or_else(|| if key.is_integer() { entries.get_full(&Value::from(key.to_string())) } else { None });
    found.map(|(at, _, value)| (at, value))
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&python::map(&self.entries()))
    }
}

impl Object for Map {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.keys())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.length())
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        methods::of_map(state, self, method, args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&python::map(&self.entries()))
    }
}
