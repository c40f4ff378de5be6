//! Python's methods on lists, maps and strings, as templates call them. Must not know Salt.

use minijinja::value::{Kwargs, Tuple, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat;

use super::map::Entries;
use super::own::{depth, own};
use super::python::{entries, str};
use super::strings::of_string;
use super::{List, Map};

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

fn unknown() -> Error {
    Error::from(ErrorKind::UnknownMethod)
}

/// What shall be put into a list or map: changeable itself, and not holding what it goes into.
fn fit(value: &Value, target: *const ()) -> Result<Value, Error> {
    let value = own(value)?;
    depth(&value)?;
    if holds(&value, target) {
        return Err(wrong("a list or map cannot hold itself"));
    }
    Ok(value)
}

fn holds(value: &Value, target: *const ()) -> bool {
    if let Some(list) = value.downcast_object_ref::<List>() {
        return address(list) == target || list.items().iter().any(|item| holds(item, target));
    }
    if let Some(map) = value.downcast_object_ref::<Map>() {
        return address(map) == target || map.entries().iter().any(|(_, item)| holds(item, target));
    }
    false
}

fn address<T>(object: &T) -> *const () {
    std::ptr::from_ref(object).cast()
}

fn none() -> Value {
    Value::from(())
}

/// A position as Python counts: from the end where negative.
fn position(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let index = if index < 0 { index + length } else { index };
    usize::try_from(index).ok().filter(|_| index < length)
}

pub fn of_list(list: &List, method: &str, args: &[Value]) -> Result<Value, Error> {
    match method {
        "append" => {
            let (item,): (&Value,) = from_args(args)?;
            let item = fit(item, address(list))?;
            list.change(|items| items.push(item));
            Ok(none())
        }
        "extend" => {
            let (more,): (&Value,) = from_args(args)?;
            let more: Result<Vec<Value>, Error> =
                more.try_iter()?.map(|item| fit(&item, address(list))).collect();
            let more = more?;
            list.change(|items| items.extend(more));
            Ok(none())
        }
        "insert" => {
            let (index, item): (i64, &Value) = from_args(args)?;
            let item = fit(item, address(list))?;
            list.change(|items| {
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let at = if index < 0 { (index + length).max(0) } else { index.min(length) };
                items.insert(usize::try_from(at).unwrap_or(0), item);
            });
            Ok(none())
        }
        "remove" => {
            let (item,): (&Value,) = from_args(args)?;
            list.change(|items| {
                let at = items.iter().position(|other| other == item);
                at.map(|at| items.remove(at)).map(|_| none())
            })
            .ok_or_else(|| wrong("`remove` was given what is not in the list"))
        }
        "pop" => {
            let (index,): (Option<i64>,) = from_args(args)?;
            list.change(|items| {
                let at = position(index.unwrap_or(-1), items.len());
                at.map(|at| items.remove(at))
            })
            .ok_or_else(|| wrong("`pop` was asked for what is not in the list"))
        }
        "clear" => {
            let () = from_args(args)?;
            list.change(Vec::clear);
            Ok(none())
        }
        "reverse" => {
            let () = from_args(args)?;
            list.change(|items| items.reverse());
            Ok(none())
        }
        "sort" => {
            let (options,): (Kwargs,) = from_args(args)?;
            let backwards = options.get::<Option<bool>>("reverse")?.unwrap_or(false);
            options.assert_all_used()?;
            list.change(|items| {
                items.sort();
                if backwards {
                    items.reverse();
                }
            });
            Ok(none())
        }
        "copy" => {
            let () = from_args(args)?;
            Ok(Value::from_object(List::new(list.items())))
        }
        _ => of_sequence(&list.items(), method, args),
    }
}

/// What lists and tuples have in common.
fn of_sequence(items: &[Value], method: &str, args: &[Value]) -> Result<Value, Error> {
    match method {
        "count" => {
            let (item,): (&Value,) = from_args(args)?;
            Ok(Value::from(items.iter().filter(|other| *other == item).count()))
        }
        "index" => {
            let (item,): (&Value,) = from_args(args)?;
            let at = items.iter().position(|other| other == item);
            at.map(Value::from).ok_or_else(|| wrong("`index` was asked for what is not in the list"))
        }
        "copy" => {
            let () = from_args(args)?;
            Ok(Value::from_object(List::new(items.to_vec())))
        }
        _ => Err(unknown()),
    }
}

pub fn of_map(map: &Map, method: &str, args: &[Value]) -> Result<Value, Error> {
    match method {
        "get" => {
            let (key, default): (&Value, Option<&Value>) = from_args(args)?;
            Ok(map.get(key).or_else(|| default.cloned()).unwrap_or_else(none))
        }
        "update" => {
            let (more, named): (Option<&Value>, Kwargs) = from_args(args)?;
            let mut new: Vec<(Value, Value)> = Vec::new();
            if let Some(more) = more {
                new.extend(pairs(more)?);
            }
            for name in named.args() {
                new.push((Value::from(name), named.get::<Value>(name)?));
            }
            let new: Result<Vec<(Value, Value)>, Error> =
                new.into_iter().map(|(key, value)| Ok((key, fit(&value, address(map))?))).collect();
            let new = new?;
            map.change(|entries| entries.extend(new));
            Ok(none())
        }
        "pop" => {
            let (key, default): (&Value, Option<&Value>) = from_args(args)?;
            let found = map.change(|entries| entries.shift_remove(key));
            found
                .or_else(|| default.cloned())
                .ok_or_else(|| wrong(format!("`pop` was asked for `{}`, which is not in the map", str(key))))
        }
        "popitem" => {
            let () = from_args(args)?;
            let found = map.change(|entries| entries.pop());
            let (key, value) = found.ok_or_else(|| wrong("`popitem` was asked of an empty map"))?;
            Ok(Value::from(Tuple::from([key, value])))
        }
        "setdefault" => {
            let (key, default): (&Value, Option<&Value>) = from_args(args)?;
            if let Some(value) = map.get(key) {
                return Ok(value);
            }
            let value = fit(default.unwrap_or(&none()), address(map))?;
            map.change(|entries| entries.insert(key.clone(), value.clone()));
            Ok(value)
        }
        "clear" => {
            let () = from_args(args)?;
            map.change(Entries::clear);
            Ok(none())
        }
        "copy" => {
            let () = from_args(args)?;
            Ok(Value::from_object(Map::new(map.entries().into_iter().collect())))
        }
        _ => of_entries(|| map.entries(), |key| map.get(key), method, args),
    }
}

/// What can be asked of any map.
fn of_entries(
    entries: impl Fn() -> Vec<(Value, Value)>,
    get: impl Fn(&Value) -> Option<Value>,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    match method {
        "items" | "iteritems" | "viewitems" => {
            let () = from_args(args)?;
            Ok(entries()
                .into_iter()
                .map(|(key, value)| Value::from(Tuple::from([key, value])))
                .collect::<Vec<Value>>()
                .into())
        }
        "keys" | "iterkeys" | "viewkeys" => {
            let () = from_args(args)?;
            Ok(entries().into_iter().map(|(key, _)| key).collect::<Vec<Value>>().into())
        }
        "values" | "itervalues" | "viewvalues" => {
            let () = from_args(args)?;
            Ok(entries().into_iter().map(|(_, value)| value).collect::<Vec<Value>>().into())
        }
        "has_key" => {
            let (key,): (&Value,) = from_args(args)?;
            Ok(Value::from(get(key).is_some()))
        }
        _ => Err(unknown()),
    }
}

/// A map's entries, or a list of pairs.
pub fn pairs(value: &Value) -> Result<Vec<(Value, Value)>, Error> {
    if value.kind() == ValueKind::Map {
        return Ok(entries(value));
    }
    let pair = |item: Value| {
        let both: Vec<Value> = item.try_iter()?.collect();
        match <[Value; 2]>::try_from(both) {
            Ok([key, value]) => Ok((key, value)),
            Err(_) => Err(wrong("a map is made of a map or of pairs")),
        }
    };
    value.try_iter()?.map(pair).collect()
}

/// Methods of everything that is not ours.
pub fn unknown_method(
    state: &mut State,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    const CHANGING: &[&str] =
        &["append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "setdefault"];
    match value.kind() {
        ValueKind::String => match of_string(value.as_str().unwrap_or_default(), method, args) {
            Err(error) if error.kind() == ErrorKind::UnknownMethod => {
                pycompat::unknown_method_callback(state, value, method, args)
            }
            result => result,
        },
        ValueKind::Seq | ValueKind::Iterable => {
            let items: Vec<Value> = value.try_iter()?.collect();
            match of_sequence(&items, method, args) {
                Err(error) if error.kind() == ErrorKind::UnknownMethod && CHANGING.contains(&method) => {
                    let what = if value.is_tuple() { "a tuple cannot be changed" } else { UNNAMED };
                    Err(wrong(what))
                }
                result => result,
            }
        }
        ValueKind::Map => {
            let get = |key: &Value| value.get_item(key).ok().filter(|value| !value.is_undefined());
            match method {
                "get" => {
                    let (key, default): (&Value, Option<&Value>) = from_args(args)?;
                    Ok(get(key).or_else(|| default.cloned()).unwrap_or_else(none))
                }
                "copy" => {
                    let () = from_args(args)?;
                    Ok(Value::from_object(Map::new(entries(value).into_iter().collect())))
                }
                _ if CHANGING.contains(&method) && get(&Value::from(method)).is_none() => Err(wrong(UNNAMED)),
                _ => of_entries(|| entries(value), get, method, args),
            }
        }
        _ => pycompat::unknown_method_callback(state, value, method, args),
    }
}

const UNNAMED: &str = "only a list or map that was set as a variable can be changed";
