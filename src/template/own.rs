//! Lists and maps of the template engine, which cannot be changed, made into ours, which can.

use minijinja::value::{ObjectRepr, Tuple, ValueKind};
use minijinja::{Error, State, Value};

use super::budget::{self, Scale};
use super::map::Entries;
use super::python::{DEEPEST, entries, too_deep};
use super::{List, Map, turns};

/// The value of `set`: itself, or a changeable copy of it if it is a list or map of the engine's own. `name` is
/// that of a namespace's attribute.
pub fn own(state: &mut State<'_, '_>, value: &Value, name: Option<&str>) -> Result<Value, Error> {
    let mut scale = Scale::default();
    scale.put(value)?;
    let value = owned(value, 0, &mut scale)?;
    match name {
        Some(name) => budget::charge_attribute(state, name, scale.bytes())?,
        None => budget::charge(state, scale.bytes())?,
    }
    Ok(value)
}

/// The same for a value that goes into something that is counted.
pub fn changeable(value: &Value) -> Result<Value, Error> {
    owned(value, 0, &mut Scale::default())
}

fn owned(value: &Value, depth: usize, scale: &mut Scale) -> Result<Value, Error> {
    if depth > DEEPEST {
        return Err(too_deep());
    }
    let Some(object) = value.as_object() else { return Ok(value.clone()) };
    if is_ours(value) || value.is_kwargs() {
        if depth > 0 || !is_shared(value) {
            // What it holds is shared and was counted before.
            let mut shared = Scale::default();
            walk(value, depth, &mut |item| shared.put(item))?;
        }
        return Ok(value.clone());
    }
    match (object.repr(), value.kind()) {
        (ObjectRepr::Seq | ObjectRepr::Iterable, _) => {
            let mut items = Vec::new();
            for item in value.try_iter()? {
                scale.put(&item)?;
                items.push(owned(&item, depth + 1, scale)?);
            }
            Ok(if value.is_tuple() {
                Value::from(Tuple::from(items))
            } else {
                Value::from_object(List::new(items))
            })
        }
        (ObjectRepr::Map, ValueKind::Map) if is_plain_map(value) => {
            let mut map = Entries::default();
            for (key, item) in entries(value) {
                scale.put(&key)?;
                scale.put(&item)?;
                map.insert(key, owned(&item, depth + 1, scale)?);
            }
            Ok(Value::from_object(Map::new(map)))
        }
        _ => {
            walk(value, depth, &mut |_| Ok(()))?;
            Ok(value.clone())
        }
    }
}

/// A list or map that nothing was put into: it is as deep as data may be.
fn is_shared(value: &Value) -> bool {
    value.downcast_object_ref::<List>().is_some_and(List::is_shared)
        || value.downcast_object_ref::<Map>().is_some_and(Map::is_shared)
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

/// What is done with each value within another; the first error ends it.
pub type Visit<'a> = &'a mut dyn FnMut(&Value) -> Result<(), Error>;

/// Visits a value and all within it; gives up beyond the depth that is allowed.
pub fn each_within(value: &Value, visit: Visit<'_>) -> Result<(), Error> {
    walk(value, 0, visit)
}

pub fn walk(value: &Value, depth: usize, visit: Visit<'_>) -> Result<(), Error> {
    if depth > DEEPEST {
        return Err(too_deep());
    }
    visit(value)?;
    let Some(object) = value.as_object() else { return Ok(()) };
    if let Some(list) = value.downcast_object_ref::<List>() {
        return list.walk(depth + 1, visit);
    }
    if let Some(map) = value.downcast_object_ref::<Map>() {
        return map.walk(depth + 1, visit);
    }
    if let Some(items) = turns::items(value) {
        return items.iter().try_for_each(|item| walk(item, depth + 1, visit));
    }
    match object.repr() {
        ObjectRepr::Seq | ObjectRepr::Iterable => {
            value.try_iter()?.try_for_each(|item| walk(&item, depth + 1, visit))
        }
        ObjectRepr::Map if is_plain_map(value) || value.is_kwargs() || is_namespace(value) => {
            for (key, item) in entries(value) {
                visit(&key)?;
                walk(&item, depth + 1, visit)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn is_namespace(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.type_name().contains("Namespace"))
}
