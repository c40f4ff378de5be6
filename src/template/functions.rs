//! What templates can call besides filters: `salt`, and Salt's additions to Jinja's globals.
//! Must not know what the functions do.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, Rest, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::map::Entries;
use super::methods::pairs;
use super::own::{changeable, own};
use super::{Functions, Map, budget, failed, python, turns};
use crate::diagnostic::nearest;
use crate::fault::Fault;

pub fn add(environment: &mut Environment<'_>, functions: Arc<dyn Functions>) {
    environment.add_global("salt", Value::from_object(Salt(functions)));
    environment.add_function("__own", own);
    environment.add_function("__done", done);
    environment.add_function("__held", budget::held);
    environment.add_filter("__held", budget::held);
    environment.add_function("__turn", budget::turn);
    environment.add_function("__refused", |message: String, help: String| -> Result<Value, Error> {
        Err(failed(Fault::new(message).help(help)))
    });
    environment.add_function("raise", raise);
    environment.add_function("dict", dict);
    environment.add_function("odict", dict);
    environment.add_function("namespace", namespace);
    environment.add_function("ifelse", ifelse);
    turns::add(environment);
}

/// `{% do … %}`: what the expression gives is of no interest.
fn done(_value: &Value) -> Value {
    Value::from("")
}

fn raise(message: String) -> Result<Value, Error> {
    Err(failed(Fault::new(message)))
}

fn dict(state: &mut State, value: Option<&Value>, named: Kwargs) -> Result<Value, Error> {
    let mut map = Entries::default();
    if let Some(value) = value {
        map.extend(pairs(value)?);
    }
    for name in named.args() {
        map.insert(Value::from(name), named.get::<Value>(name)?);
    }
    budget::made(state, Value::from_object(Map::new(map)))
}

/// Lists and maps that a namespace begins with can be changed.
fn namespace(state: &mut State, value: Option<&Value>, named: Kwargs) -> Result<Value, Error> {
    budget::forget_attributes(state);
    let mut attributes = Entries::default();
    if let Some(value) = value {
        attributes.extend(pairs(value)?);
    }
    for name in named.args() {
        attributes.insert(Value::from(name), changeable(&named.get::<Value>(name)?)?);
    }
    let attributes = Value::from_object(Map::new(attributes));
    let bytes = budget::weigh(&attributes)?;
    budget::charge(state, bytes)?;
    minijinja::functions::namespace(Some(ValueOrKwargs::from(attributes)))
}

/// `ifelse(matcher, value, …, default)` with the matchers already judged.
fn ifelse(args: Rest<Value>) -> Value {
    let mut args = args.iter();
    while let Some(condition) = args.next() {
        match args.next() {
            None => return condition.clone(),
            Some(value) if condition.is_true() => return value.clone(),
            Some(_) => {}
        }
    }
    Value::from(())
}

/// `salt['module.function']`, `salt.module.function` and `salt.function`.
struct Salt(Arc<dyn Functions>);

impl Salt {
    fn function(&self, name: &str) -> Value {
        Value::from_object(Function { functions: Arc::clone(&self.0), name: name.to_owned() })
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<salt>")
    }
}

impl Object for Salt {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.names().into_iter().map(Value::from).collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<salt>")
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let known = self.0.names();
        if known.contains(&name) {
            return Some(self.function(name));
        }
        let module = known.iter().any(|other| other.split('.').next() == Some(name));
        // An unknown function is told of when it is called; `in` and `is defined` see that it is not there.
        (module && !name.contains('.'))
            .then(|| Value::from_object(Module { functions: Arc::clone(&self.0), name: name.to_owned() }))
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            // `salt.get('pillar.get')('a')` and `salt.keys()`.
            "get" => {
                let (name,): (&str,) = minijinja::value::from_args(args)?;
                Ok(self.get_value(&Value::from(name)).unwrap_or_else(|| Value::from(())))
            }
            "keys" => Ok(self.0.names().into_iter().map(Value::from).collect::<Vec<Value>>().into()),
            _ => self.function(method).call(state, args),
        }
    }
}

/// `salt.module`, of which a function will be called.
struct Module {
    functions: Arc<dyn Functions>,
    name: String,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<salt module {}>", self.name)
    }
}

impl Object for Module {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = format!("{}.{}", self.name, key.as_str()?);
        self.functions
            .names()
            .contains(&name.as_str())
            .then(|| Value::from_object(Function { functions: Arc::clone(&self.functions), name }))
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let name = format!("{}.{method}", self.name);
        Value::from_object(Function { functions: Arc::clone(&self.functions), name }).call(state, args)
    }
}

struct Function {
    functions: Arc<dyn Functions>,
    name: String,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<salt function {}>", self.name)
    }
}

impl Object for Function {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let known = self.functions.names();
        if !known.contains(&self.name.as_str()) {
            let fault = Fault::new(format!("templates cannot call `salt['{}']`", self.name));
            return Err(failed(match nearest(&self.name, known) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault.help("only functions that look at the host and change nothing can be called"),
            }));
        }
        let mut plain = Vec::new();
        let mut named = serde_json::Map::new();
        for arg in args {
            if arg.is_undefined() {
                return Err(Error::from(ErrorKind::UndefinedError));
            }
            if arg.is_kwargs() {
                for (key, value) in python::entries(arg) {
                    named.insert(python::str(&key), python::to_json(&value)?);
                }
            } else {
                plain.push(python::to_json(arg)?);
            }
        }
        let in_place = named.get("in_place") != Some(&serde_json::Value::Bool(false));
        let answer = self.functions.call(&self.name, plain, named).map_err(failed)?.to_value();
        if in_place
            && self.functions.changes_first(&self.name)
            && let Some(first) = args.first()
            && let Some(map) = first.downcast_object_ref::<Map>()
        {
            let entries = python::entries(&answer).into_iter().collect();
            map.change(|content| *content = entries);
            return Ok(first.clone());
        }
        Ok(answer)
    }
}
