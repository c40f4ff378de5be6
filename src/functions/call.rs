//! One call of a function: its arguments by place and by name. Must not know what functions do.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Catalog;
use crate::diagnostic::nearest;
use crate::fault::{Fault, Result};

pub struct Call<'a> {
    pub catalog: &'a Catalog,
    name: &'a str,
    args: Vec<Value>,
    named: Map<String, Value>,
    /// What the function has asked for.
    asked: RefCell<Asked>,
}

#[derive(Default)]
struct Asked {
    places: usize,
    names: BTreeSet<&'static str>,
}

/// Stands for all names.
const ANY: &str = "*";

impl<'a> Call<'a> {
    pub fn new(catalog: &'a Catalog, name: &'a str, args: Vec<Value>, named: Map<String, Value>) -> Self {
        Self { catalog, name, args, named, asked: RefCell::default() }
    }

    pub fn fault(&self, problem: impl std::fmt::Display) -> Fault {
        Fault::new(format!("`{}`: {problem}", self.name))
    }

    /// The argument at a place or of a name.
    pub fn given(&self, place: usize, name: &'static str) -> Option<&Value> {
        let mut asked = self.asked.borrow_mut();
        asked.places = asked.places.max(place + 1);
        asked.names.insert(name);
        self.args.get(place).or_else(|| self.named.get(name))
    }

    /// All arguments by place.
    pub fn all(&self) -> &[Value] {
        self.asked.borrow_mut().places = usize::MAX;
        &self.args
    }

    /// All arguments by name.
    pub fn named(&self) -> &Map<String, Value> {
        self.asked.borrow_mut().names.insert(ANY);
        &self.named
    }

    pub fn needed(&self, place: usize, name: &'static str) -> Result<&Value> {
        self.given(place, name).ok_or_else(|| self.fault(format!("`{name}` is missing")))
    }

    pub fn text(&self, place: usize, name: &'static str) -> Result<String> {
        plain(self.needed(place, name)?).ok_or_else(|| self.fault(format!("`{name}` must be a string")))
    }

    pub fn text_or(&self, place: usize, name: &'static str, otherwise: &str) -> Result<String> {
        match self.given(place, name) {
            None | Some(Value::Null) => Ok(otherwise.to_owned()),
            Some(value) => plain(value).ok_or_else(|| self.fault(format!("`{name}` must be a string"))),
        }
    }

    pub fn map(&self, place: usize, name: &'static str) -> Result<&Map<String, Value>> {
        self.needed(place, name)?.as_object().ok_or_else(|| self.fault(format!("`{name}` must be a map")))
    }

    /// A map that may be left out, or be none.
    pub fn maybe_map(&self, place: usize, name: &'static str) -> Result<Option<&Map<String, Value>>> {
        match self.given(place, name) {
            None | Some(Value::Null | Value::Bool(false)) => Ok(None),
            // What `pillar.get` gives for a key that is not there.
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::Array(items)) if items.is_empty() => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(_) => Err(self.fault(format!("`{name}` must be a map"))),
        }
    }

    pub fn flag(&self, place: usize, name: &'static str, otherwise: bool) -> Result<bool> {
        match self.given(place, name) {
            None | Some(Value::Null) => Ok(otherwise),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.fault(format!("`{name}` must be true or false"))),
        }
    }

    pub fn number(&self, place: usize, name: &'static str, otherwise: i64) -> Result<i64> {
        match self.given(place, name) {
            None | Some(Value::Null) => Ok(otherwise),
            Some(value) => {
                let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
                number.ok_or_else(|| self.fault(format!("`{name}` must be a number")))
            }
        }
    }

    /// Refuses what was given but never asked for.
    pub fn refuse_rest(&self) -> Result<()> {
        let asked = self.asked.borrow();
        if asked.names.contains(ANY) {
            return Ok(());
        }
        if self.args.len() > asked.places {
            return Err(self.fault("has too many arguments"));
        }
        for name in self.named.keys().filter(|name| !name.starts_with("__")) {
            if !asked.names.contains(name.as_str()) {
                let fault = self.fault(format!("has no argument `{name}`"));
                return Err(match nearest(name, asked.names.iter().copied()) {
                    Some(near) => fault.help(format!("did you mean `{near}`?")),
                    None => fault,
                });
            }
        }
        Ok(())
    }
}

/// A scalar as Python would print it.
pub fn plain(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        Value::Array(_) | Value::Object(_) => return None,
    })
}
