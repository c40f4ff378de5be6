//! Lists and maps of the template engine, which cannot be changed, made into ours, which can.

use minijinja::value::{ObjectRepr, Tuple, ValueKind};
use minijinja::{Error, Value};

use super::map::Entries;
use super::python::{DEEPEST, entries, too_deep};
use super::{List, Map};

/// The value itself, or a changeable copy of it if it is a list or map of the engine's own.
pub fn own(value: &Value) -> Result<Value, Error> {
    owned(value, 0)
}

fn owned(value: &Value, depth: usize) -> Result<Value, Error> {
    if depth > DEEPEST {
        return Err(too_deep());
    }
    let Some(object) = value.as_object() else { return Ok(value.clone()) };
    if is_ours(value) || value.is_kwargs() {
        return Ok(value.clone());
    }
    match (object.repr(), value.kind()) {
        (ObjectRepr::Seq | ObjectRepr::Iterable, _) => {
            let items: Result<Vec<Value>, Error> =
                value.try_iter()?.map(|item| owned(&item, depth + 1)).collect();
            let items = items?;
            Ok(if value.is_tuple() {
                Value::from(Tuple::from(items))
            } else {
                Value::from_object(List::new(items))
            })
        }
        (ObjectRepr::Map, ValueKind::Map) if is_plain_map(value) => {
            let mut map = Entries::default();
            for (key, item) in entries(value) {
                map.insert(key, owned(&item, depth + 1)?);
            }
            Ok(Value::from_object(Map::new(map)))
        }
        _ => Ok(value.clone()),
    }
}

/// A list or map that was made by us and so may be shared: it keeps being the same one.
pub fn is_ours(value: &Value) -> bool {
    value.downcast_object_ref::<List>().is_some() || value.downcast_object_ref::<Map>().is_some()
}

/// Modules, macros, namespaces and loops are maps too, but are something else to their users.
pub fn is_plain_map(value: &Value) -> bool {
    let name = value.as_object().map(|object| object.type_name()).unwrap_or_default();
    name.contains("Map<") || name.contains("MergeDict") || name.contains("ValueMap")
}

/// How deep lists and maps stand within one another; gives up beyond what is allowed.
pub fn depth(value: &Value) -> Result<usize, Error> {
    fn walk(value: &Value, level: usize) -> Result<usize, Error> {
        if level > DEEPEST {
            return Err(too_deep());
        }
        let mut deepest = 0;
        if let Some(list) = value.downcast_object_ref::<List>() {
            for item in list.items().iter().filter(|item| item.as_object().is_some()) {
                deepest = deepest.max(walk(item, level + 1)?);
            }
        } else if let Some(map) = value.downcast_object_ref::<Map>() {
            for (_, item) in map.entries().iter().filter(|(_, item)| item.as_object().is_some()) {
                deepest = deepest.max(walk(item, level + 1)?);
            }
        } else {
            return Ok(0);
        }
        Ok(deepest + 1)
    }
    walk(value, 0)
}
