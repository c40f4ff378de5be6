//! Jinja's `cycler` and `joiner`, and macros that take any arguments. Must not know Salt.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use minijinja::value::{Kwargs, Object, ObjectRepr, Rest, Tuple};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::map::Entries;
use super::{Map, python};

pub fn add(environment: &mut Environment<'_>) {
    environment.add_function("cycler", |items: Rest<Value>| {
        Value::from_object(Cycler { items: items.to_vec(), next: AtomicUsize::new(0) })
    });
    environment.add_function("joiner", |between: Option<String>| {
        Value::from_object(Joiner {
            between: between.unwrap_or_else(|| ", ".to_owned()),
            used: AtomicBool::new(false),
        })
    });
    environment.add_function("__variadic", |inner: Value, names: Vec<String>| {
        // One within another would call as deep as there are of them.
        let inner = match inner.downcast_object_ref::<VariadicMacro>() {
            Some(other) => other.inner.clone(),
            None => inner,
        };
        Value::from_object(VariadicMacro { inner, names })
    });
}

/// The items of a cycler.
pub fn items(value: &Value) -> Option<&[Value]> {
    value.downcast_object_ref::<Cycler>().map(|cycler| cycler.items.as_slice())
}

#[derive(Debug)]
struct Cycler {
    items: Vec<Value>,
    next: AtomicUsize,
}

impl Cycler {
    fn item(&self, turn: usize) -> Value {
        turn.checked_rem(self.items.len())
            .and_then(|index| self.items.get(index))
            .cloned()
            .unwrap_or_default()
    }
}

impl Object for Cycler {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str() == Some("current")).then(|| self.item(self.next.load(Ordering::Relaxed)))
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        _args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "next" => Ok(self.item(self.next.fetch_add(1, Ordering::Relaxed))),
            "reset" => {
                self.next.store(0, Ordering::Relaxed);
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

#[derive(Debug)]
struct Joiner {
    between: String,
    used: AtomicBool,
}

impl Object for Joiner {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _state: &mut State<'_, '_>, _args: &[Value]) -> Result<Value, Error> {
        Ok(Value::from(if self.used.swap(true, Ordering::Relaxed) { self.between.as_str() } else { "" }))
    }
}

/// A macro whose body uses `varargs` or `kwargs`: what it did not name is handed to it in these.
struct VariadicMacro {
    inner: Value,
    names: Vec<String>,
}

impl fmt::Debug for VariadicMacro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.inner, f)
    }
}

impl Object for VariadicMacro {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (plain, given) = match args.split_last() {
            Some((last, rest)) if last.is_kwargs() => (rest, python::entries(last)),
            _ => (args, Vec::new()),
        };
        let (own, more) = plain.split_at(plain.len().min(self.names.len()));
        let mut known: Vec<(String, Value)> = Vec::new();
        let mut others = Entries::default();
        for (key, value) in given {
            let name = python::str(&key);
            if name == "caller" || self.names.contains(&name) {
                known.push((name, value));
            } else {
                others.insert(key, value);
            }
        }
        known.push(("varargs".to_owned(), Value::from(Tuple::from(more.to_vec()))));
        known.push(("kwargs".to_owned(), Value::from_object(Map::new(others))));
        let mut all = own.to_vec();
        all.push(known.into_iter().collect::<Kwargs>().into());
        self.inner.call(state, &all)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}
