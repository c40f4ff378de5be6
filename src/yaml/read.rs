//! Typed values from Nodes: a serde deserializer that keeps places in its errors. Must not know states.
//!
//! serde stops at the first error of a value. To report them all, reading is repeated with whatever was
//! wrong replaced by something harmless, until nothing new is found. The usual case is one pass.

mod error;
mod fields;
mod pairs;
mod placeholder;
mod reader;
mod special;

use std::cell::RefCell;
use std::collections::HashSet;

use serde::de::DeserializeOwned;

pub use fields::fields_of;
pub use special::{ONE_OR_MANY, PAIRS};

use self::error::{Error, What};
use self::reader::Reader;
use super::{Node, Shape};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::{Place, Source};

/// So many problems are enough for one value.
const MOST: usize = 50;

impl Node {
    /// Reads a typed value. All unknown keys, missing fields and wrong types are reported, each at its place;
    /// `later` are keys of the outermost map that are known but not supported yet.
    pub fn read<T: DeserializeOwned>(&self, later: &[&str]) -> Result<T, Vec<Diagnostic>> {
        let known = Known::default();
        let mut problems: Vec<Diagnostic> = Vec::new();
        loop {
            let error = match T::deserialize(Reader::new(self, &known)) {
                Ok(value) if problems.is_empty() => return Ok(value),
                Ok(_) => break,
                Err(error) => error,
            };
            let error = error.at(self);
            let fresh = known.remember(&error);
            if fresh {
                problems.push(self.told(error, later));
            }
            if !fresh || problems.len() >= MOST {
                // What replaced the wrong value is not taken either: the rest cannot be seen.
                break;
            }
        }
        problems.sort_by_key(|problem| problem.place.as_ref().map(|place| (place.line, place.column)));
        Err(problems)
    }

    fn told(&self, error: Error, later: &[&str]) -> Diagnostic {
        match *error.0 {
            What::Unknown { key, name, known, .. } => {
                let place = key.map_or_else(|| self.place.clone(), |(_, place)| place);
                if later.contains(&name.as_str()) {
                    return Diagnostic::error(format!("`{name}` is not supported yet")).at(&place);
                }
                let problem = Diagnostic::error(format!("`{name}` is not known here")).at(&place);
                match nearest(&name, known.iter().copied()) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None if known.is_empty() => problem,
                    None => problem.help(format!("known are {}", list_of(known))),
                }
            }
            What::Missing { field, at } => {
                let place = at.map_or_else(|| self.place.clone(), |(_, place)| place);
                Diagnostic::error(format!("`{field}` is missing")).at(&place)
            }
            What::Wrong { expected, found, help, subject, at } => {
                let place = at.map_or_else(|| self.place.clone(), |(_, place)| place);
                let subject = subject.unwrap_or_else(|| "this".to_owned());
                let problem =
                    Diagnostic::error(format!("{subject} must be {expected}, not {found}")).at(&place);
                match help {
                    Some(help) => problem.help(help),
                    None => problem,
                }
            }
            What::Custom { message, at } => {
                let place = at.map_or_else(|| self.place.clone(), |(_, place)| place);
                Diagnostic::error(message).at(&place)
            }
        }
    }
}

/// The fields that must be given: those that an empty map lacks, in the struct's order.
pub fn required_of<T: DeserializeOwned>() -> Vec<&'static str> {
    let nothing = Node {
        place: Place::start(&Source::new(String::new(), String::new())),
        shape: Shape::Map([].into()),
    };
    let known = Known::default();
    while let Err(error) = T::deserialize(Reader::new(&nothing, &known)) {
        if !known.remember(&error.at(&nothing)) {
            break;
        }
    }
    let missing: HashSet<&str> = known.missing.into_inner().into_iter().map(|(_, field)| field).collect();
    fields_of::<T>().iter().copied().filter(|field| missing.contains(field)).collect()
}

/// Names for a sentence: "`a`, `b` and `c`".
fn list_of(names: &[&str]) -> String {
    let mut names: Vec<&str> = names.to_vec();
    names.sort_unstable();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", rest.join(", "))
        }
    }
}

/// A node's identity within one reading: its address.
type Id = usize;

fn id(node: &Node) -> Id {
    std::ptr::from_ref(node) as usize
}

/// What earlier passes of one reading found wrong.
#[derive(Default)]
struct Known {
    /// Values that are read as something harmless.
    wrong: RefCell<HashSet<Id>>,
    /// Keys that are passed over.
    unknown: RefCell<HashSet<Id>>,
    /// Fields that are made up because they are missing from a map.
    missing: RefCell<HashSet<(Id, &'static str)>>,
}

impl Known {
    /// Whether the problem is new.
    fn remember(&self, error: &Error) -> bool {
        match &*error.0 {
            What::Unknown { key: Some((key, _)), .. } => self.unknown.borrow_mut().insert(*key),
            What::Missing { field, at: Some((map, _)) } => self.missing.borrow_mut().insert((*map, field)),
            What::Wrong { at: Some((node, _)), .. } | What::Custom { at: Some((node, _)), .. } => {
                self.wrong.borrow_mut().insert(*node)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
