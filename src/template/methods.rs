//! Python's methods on lists, maps and strings, as templates call them. Must not know Salt.

use minijinja::value::{Kwargs, Tuple, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat;

use super::budget::{self, Scale};
use super::map::Entries;
use super::own::{changeable, each_within};
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
fn fit(state: &mut State<'_, '_>, value: &Value, target: *const ()) -> Result<Value, Error> {
    let value = changeable(value)?;
    let mut scale = Scale::default();
    // Its place in the list or map counts, too.
    scale.put(&none())?;
    each_within(&value, &mut |item| scale.put(item))?;
    budget::charge(state, scale.bytes())?;
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

pub fn of_list(state: &mut State<'_, '_>, list: &List, method: &str, args: &[Value]) -> Result<Value, Error> {
    match method {
        "append" => {
            let (item,): (&Value,) = from_args(args)?;
            let item = fit(state, item, address(list))?;
            budget::items(list.length() + 1)?;
            list.change(|items| items.push(item));
            Ok(none())
        }
        "extend" => {
            let (more,): (&Value,) = from_args(args)?;
            let more = budget::collect(more)?.into_iter();
            let more: Result<Vec<Value>, Error> = more.map(|item| fit(state, &item, address(list))).collect();
            let more = more?;
            budget::items(list.length() + more.len())?;
            list.change(|items| items.extend(more));
            Ok(none())
        }
        "insert" => {
            let (index, item): (i64, &Value) = from_args(args)?;
            let item = fit(state, item, address(list))?;
            budget::items(list.length() + 1)?;
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
            budget::made(state, Value::from_object(List::new(list.items())))
        }
        _ => {
            let answer = of_sequence(&list.items(), method, args)?;
            budget::made(state, answer)
        }
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

pub fn of_map(state: &mut State<'_, '_>, map: &Map, method: &str, args: &[Value]) -> Result<Value, Error> {
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
                new.into_iter().map(|(key, value)| Ok((key, fit(state, &value, address(map))?))).collect();
            let new = new?;
            let bytes = new.iter().filter_map(|(key, _)| key.as_str()).map(str::len).sum();
            budget::charge(state, bytes)?;
            budget::items(map.length() + new.len())?;
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
            let value = fit(state, default.unwrap_or(&none()), address(map))?;
            budget::items(map.length() + 1)?;
            budget::charge(state, key.as_str().map_or(0, str::len))?;
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
            budget::made(state, Value::from_object(Map::new(map.entries().into_iter().collect())))
        }
        _ => {
            let answer = of_entries(|| map.entries(), |key| map.get(key), method, args)?;
            budget::made(state, answer)
        }
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
        let both: Vec<Value> = item.try_iter()?.take(3).collect();
        match <[Value; 2]>::try_from(both) {
            Ok([key, value]) => Ok((key, value)),
            Err(_) => Err(wrong("a map is made of a map or of pairs")),
        }
    };
    budget::collect(value)?.into_iter().map(pair).collect()
}

/// Methods of everything that is not ours.
pub fn unknown_method(
    state: &mut State,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    budget::readable(std::slice::from_ref(value))?;
    budget::readable(args)?;
    let answer = of_foreign(state, value, method, args)?;
    budget::made(state, answer)
}

fn of_foreign(state: &mut State, value: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    const CHANGING: &[&str] =
        &["append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "setdefault"];
    match value.kind() {
        ValueKind::String => match of_string(value.as_str().unwrap_or_default(), method, args) {
            Err(error) if error.kind() == ErrorKind::UnknownMethod => {
                growing(value.as_str().unwrap_or_default(), method, args)?;
                pycompat::unknown_method_callback(state, value, method, args)
            }
            result => result,
        },
        ValueKind::Seq | ValueKind::Iterable => {
            let items = budget::collect(value)?;
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

/// Whether the answer of a method that may make much of little is one that a value can hold.
fn growing(text: &str, method: &str, args: &[Value]) -> Result<(), Error> {
    let length = |arg: Option<&Value>| arg.and_then(Value::as_str).map_or(0, str::len);
    match (method, args) {
        ("replace", [old, new, ..]) => replaced(text, old.as_str().unwrap_or_default(), length(Some(new))),
        ("join", [items]) => {
            let weight = budget::weigh(items)?;
            let count = items.as_object().and_then(|object| object.enumerator_len()).unwrap_or(0);
            budget::text(weight.saturating_add(count.saturating_mul(text.len())))
        }
        ("split", _) => {
            let between = args.first().and_then(Value::as_str).filter(|between| !between.is_empty());
            budget::items(between.map_or(text.len() / 2, |between| text.matches(between).count()))
        }
        ("splitlines", _) => budget::items(text.matches('\n').count()),
        ("format", _) => formatted(text, args),
        _ => Ok(()),
    }
}

/// Whether a text in which another is replaced may be so long.
pub fn replaced(text: &str, old: &str, new: usize) -> Result<(), Error> {
    let count = if old.is_empty() { text.len() + 1 } else { text.matches(old).count() };
    budget::text(text.len().saturating_add(count.saturating_mul(new)))
}

/// Characters of a width that a format may ask for.
const WIDEST: usize = 10_000;

/// Whether a format with these arguments may be filled in: no width may be too large, nor all of it.
pub fn formatted(format: &str, args: &[Value]) -> Result<(), Error> {
    let widest = format
        .split(|letter: char| !letter.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().unwrap_or(usize::MAX))
        .max();
    let given = if format.contains('*') || nested(format) {
        args.iter().filter_map(|arg| arg.as_i64()).map(|width| width.unsigned_abs()).max()
    } else {
        None
    };
    let given = given.map_or(0, |width| usize::try_from(width).unwrap_or(usize::MAX));
    if widest.unwrap_or(0).max(given) > WIDEST {
        return Err(wrong(format!("a format with a width or a number of more than {WIDEST}")));
    }
    let mut longest = WIDEST.min(widest.unwrap_or(0).max(given));
    for arg in args {
        longest = longest.max(budget::weigh(arg)?);
    }
    let parts = format.matches(['%', '{']).count();
    if parts > 1 { budget::text(format.len().saturating_add(parts.saturating_mul(longest))) } else { Ok(()) }
}

/// Whether a part of a format stands within another: a width that is an argument.
fn nested(format: &str) -> bool {
    let mut depth = 0_usize;
    for letter in format.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > 1 {
            return true;
        }
    }
    false
}

const UNNAMED: &str = "only a list or map that was set as a variable can be changed";
