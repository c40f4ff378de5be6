//! Maps that a template can change: `{% do users.update(more) %}`. Must not know where they came from.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::{Data, methods, python};

/// A map as one rendering sees it, in the order written.
pub struct Map(RwLock<Content>);

enum Content {
    /// Not changed yet, and no list or map within it has been looked at.
    Shared(Arc<IndexMap<Value, Data>>),
    Own(IndexMap<Value, Value>),
}

impl Map {
    pub fn new(entries: IndexMap<Value, Value>) -> Self {
        Self(RwLock::new(Content::Own(entries)))
    }

    pub fn shared(entries: Arc<IndexMap<Value, Data>>) -> Self {
        Self(RwLock::new(Content::Shared(entries)))
    }

    pub fn entries(&self) -> Vec<(Value, Value)> {
        self.read(|entries| entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    pub fn keys(&self) -> Vec<Value> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(entries) => entries.keys().cloned().collect(),
            Content::Own(entries) => entries.keys().cloned().collect(),
        }
    }

    pub fn length(&self) -> usize {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(entries) => entries.len(),
            Content::Own(entries) => entries.len(),
        }
    }

    pub fn get(&self, key: &Value) -> Option<Value> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(entries) => match lookup(entries, key)? {
                Data::Scalar(value) => return Some(value.clone()),
                Data::List(_) | Data::Map(_) => {}
            },
            Content::Own(entries) => return lookup(entries, key).cloned(),
        }
        self.read(|entries| lookup(entries, key).cloned())
    }

    pub fn read<T>(&self, read: impl FnOnce(&IndexMap<Value, Value>) -> T) -> T {
        self.own();
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Own(entries) => read(entries),
            Content::Shared(_) => read(&IndexMap::new()),
        }
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut IndexMap<Value, Value>) -> T) -> T {
        self.own();
        match &mut *self.0.write().unwrap_or_else(PoisonError::into_inner) {
            Content::Own(entries) => change(entries),
            Content::Shared(_) => change(&mut IndexMap::new()),
        }
    }

    /// Makes the entries this rendering's own, so that each list and map in it is one object ever after.
    fn own(&self) {
        let shared = match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(entries) => Arc::clone(entries),
            Content::Own(_) => return,
        };
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(&*content, Content::Shared(_)) {
            *content = Content::Own(shared.iter().map(|(key, value)| (key.clone(), value.thaw())).collect());
        }
    }
}

/// Data that came by way of JSON has lost that a key was a number.
fn lookup<'a, V>(entries: &'a IndexMap<Value, V>, key: &Value) -> Option<&'a V> {
    entries.get(key).or_else(
        || {
            if key.is_integer() { entries.get(&Value::from(key.to_string())) } else { None }
        },
    )
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&python::map(&self.entries(), 0))
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
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        methods::of_map(self, method, args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&python::map(&self.entries(), 0))
    }
}
