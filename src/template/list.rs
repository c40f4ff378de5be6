//! Lists that a template can change: `{% do names.append(x) %}`. Must not know where they came from.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::own::{self, Visit};
use super::{Data, methods, python};

/// A list as one rendering sees it.
pub struct List(RwLock<Content>);

enum Content {
    /// Not changed yet, and no list or map within it has been looked at.
    Shared(Arc<Vec<Data>>),
    Own(Vec<Value>),
}

impl List {
    pub fn new(items: Vec<Value>) -> Self {
        Self(RwLock::new(Content::Own(items)))
    }

    pub fn shared(items: Arc<Vec<Data>>) -> Self {
        Self(RwLock::new(Content::Shared(items)))
    }

    pub fn items(&self) -> Vec<Value> {
        self.read(<[Value]>::to_vec)
    }

    /// Whether it is data that this rendering has not changed.
    pub fn is_shared(&self) -> bool {
        matches!(&*self.0.read().unwrap_or_else(PoisonError::into_inner), Content::Shared(_))
    }

    pub fn length(&self) -> usize {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(items) => items.len(),
            Content::Own(items) => items.len(),
        }
    }

    pub fn read<T>(&self, read: impl FnOnce(&[Value]) -> T) -> T {
        self.own();
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Own(items) => read(items),
            Content::Shared(_) => read(&[]),
        }
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        self.own();
        match &mut *self.0.write().unwrap_or_else(PoisonError::into_inner) {
            Content::Own(items) => change(items),
            Content::Shared(_) => change(&mut Vec::new()),
        }
    }

    /// Visits the items and all within them.
    pub fn walk(&self, depth: usize, visit: Visit<'_>) -> Result<(), Error> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(items) => items.iter().try_for_each(|item| item.walk(depth, visit)),
            Content::Own(items) => items.iter().try_for_each(|item| own::walk(item, depth, visit)),
        }
    }

    /// Makes the items this rendering's own, so that each list and map in it is one object ever after.
    fn own(&self) {
        let shared = match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Content::Shared(items) => Arc::clone(items),
            Content::Own(_) => return,
        };
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(&*content, Content::Shared(_)) {
            *content = Content::Own(shared.iter().map(Data::to_value).collect());
        }
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&python::list(&self.items()))
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let index = key.as_usize()?;
        if let Content::Shared(items) = &*self.0.read().unwrap_or_else(PoisonError::into_inner)
            && let Some(Data::Scalar(value)) = items.get(index)
        {
            return Some(value.clone());
        }
        self.read(|items| items.get(index).cloned())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items())
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
        methods::of_list(state, self, method, args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&python::list(&self.items()))
    }
}
