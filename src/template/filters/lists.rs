//! Filters on lists and maps. Must not know text formats.

use minijinja::value::{Kwargs, Tuple, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};

use super::super::budget;
use super::super::methods::pairs;
use super::super::own::changeable as own;
use super::super::python::{DEEPEST, entries, python_text, str};
use super::super::{List, Map};
use super::keywords::by_place;
use super::{making, wrong};

pub fn add(environment: &mut Environment<'_>) {
    making(environment, "list", |value: Value| Ok::<Value, Error>(list(items(&value)?)));
    making(environment, "join", join);
    environment.add_filter("sequence", sequence);
    environment.add_filter("skip", |_value: Value| "");
    environment.add_filter("is_list", is_list);
    environment.add_test("list", is_list);
    environment.add_test("sequence", |value: Value| {
        matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable | ValueKind::Map | ValueKind::String)
    });
    environment.add_test("callable", |value: Value| {
        let name = value.as_object().map(|object| object.type_name()).unwrap_or_default();
        name.contains("Macro") || name.contains("Function")
    });
    environment.add_filter("is_iter", |value: Value| {
        matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::Iterable)
    });
    making(environment, "unique", unique);
    making(environment, "union", |a: Value, b: Value| {
        let mut all = items(&a)?;
        all.extend(items(&b)?);
        Ok::<Value, Error>(list(distinct(all)))
    });
    making(environment, "intersect", |a: Value, b: Value| {
        let other = items(&b)?;
        Ok::<Value, Error>(list(distinct(
            items(&a)?.into_iter().filter(|item| other.contains(item)).collect(),
        )))
    });
    making(environment, "difference", |a: Value, b: Value| {
        let other = items(&b)?;
        Ok::<Value, Error>(list(distinct(
            items(&a)?.into_iter().filter(|item| !other.contains(item)).collect(),
        )))
    });
    making(environment, "symmetric_difference", |a: Value, b: Value| {
        let (a, b) = (items(&a)?, items(&b)?);
        let only_a = a.iter().filter(|item| !b.contains(item));
        let only_b = b.iter().filter(|item| !a.contains(item));
        Ok::<Value, Error>(list(distinct(only_a.chain(only_b).cloned().collect())))
    });
    environment.add_filter("avg", avg);
    making(environment, "flatten", flatten);
    making(environment, "sorted_ignorecase", |value: Value| {
        let mut sorted = items(&value)?;
        sorted.sort_by_key(|item| str(item).to_lowercase());
        Ok::<Value, Error>(list(sorted))
    });
    environment.add_filter("exactly_n_true", exactly_n_true);
    environment.add_filter("exactly_one_true", |value: Value| exactly_n_true(value, None));
    environment.add_filter("substring_in_list", |part: String, value: Value| {
        Ok::<bool, Error>(items(&value)?.iter().any(|item| str(item).contains(&part)))
    });
    by_place(environment, "traverse", &["key", "default", "delimiter"], traverse);
    making(environment, "to_entries", |value: Value| {
        let entry = |(key, value)| map([(Value::from("key"), key), (Value::from("value"), value)]);
        list(entries(&value).into_iter().map(entry).collect())
    });
    making(environment, "from_entries", |value: Value| {
        let mut found = Vec::new();
        for entry in items(&value)? {
            let part = |names: [&str; 2]| {
                let found = names.iter().filter_map(|name| entry.get_attr(name).ok());
                found.into_iter().find(|part| !part.is_undefined()).unwrap_or_default()
            };
            found.push((part(["key", "name"]), part(["value", "val"])));
        }
        Ok::<Value, Error>(map(found))
    });
    making(environment, "compare_lists", |old: Value, new: Value| {
        let (old, new) = (items(&old)?, items(&new)?);
        let only =
            |a: &[Value], b: &[Value]| a.iter().filter(|item| !b.contains(item)).cloned().collect::<Vec<_>>();
        let parts = [("new", only(&new, &old)), ("old", only(&old, &new))];
        let parts = parts.into_iter().filter(|(_, items)| !items.is_empty());
        Ok::<Value, Error>(map(parts.map(|(name, items)| (Value::from(name), list(items)))))
    });
    making(environment, "compare_dicts", |old: Value, new: Value| {
        let (old, new) = (entries(&old), entries(&new));
        let mut found = Vec::new();
        let empty = || Value::from("");
        let of = |entries: &[(Value, Value)], key: &Value| {
            entries.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone())
        };
        for key in distinct(new.iter().chain(&old).map(|(key, _)| key.clone()).collect()) {
            let (before, after) = (of(&old, &key), of(&new, &key));
            if before != after {
                let parts = [("old", before), ("new", after)];
                let parts = parts.map(|(name, value)| (Value::from(name), value.unwrap_or_else(empty)));
                found.push((key, map(parts)));
            }
        }
        map(found)
    });
    for (name, how) in [
        ("set_dict_key_value", Put::Set),
        ("update_dict_key_value", Put::Update),
        ("append_dict_key_value", Put::Append),
        ("extend_dict_key_value", Put::Extend),
    ] {
        making(environment, name, move |value: Value, keys: String, new: Value, named: Kwargs| {
            put(&value, &keys, &new, how, &named)
        });
    }
    making(environment, "combinations", |value: Value, count: usize| combinations(&items(&value)?, count));
    making(environment, "permutations", |value: Value, count: Option<usize>| {
        let items = items(&value)?;
        let count = count.unwrap_or(items.len());
        permutations(&items, count)
    });
    making(environment, "product", |a: Value, b: Value| {
        let (a, b) = (items(&a)?, items(&b)?);
        budget::items(a.len().saturating_mul(b.len()))?;
        let pairs = a.iter().flat_map(|one| b.iter().map(|other| tuple([one.clone(), other.clone()])));
        Ok::<Value, Error>(list(pairs.collect()))
    });
    environment.add_filter(
        "method_call",
        |state: &mut minijinja::State, value: Value, args: minijinja::value::Rest<Value>| {
            let Some((method, args)) = args.split_first() else {
                return Err(wrong("`method_call` needs a method"));
            };
            value.call_method(state, method.as_str().unwrap_or_default(), args)
        },
    );
}

fn items(value: &Value) -> Result<Vec<Value>, Error> {
    if value.is_none() {
        return Err(wrong("a list is needed here, not None"));
    }
    budget::listable(value)?;
    budget::collect(value)
}

fn list(items: Vec<Value>) -> Value {
    Value::from_object(List::new(items))
}

fn map(entries: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::from_object(Map::new(entries.into_iter().collect()))
}

fn tuple(items: impl Into<Vec<Value>>) -> Value {
    Value::from(Tuple::from(items.into()))
}

fn join(
    value: Value,
    between: Option<Value>,
    attribute: Option<String>,
    named: Kwargs,
) -> Result<String, Error> {
    let between =
        between.or(named.get::<Option<Value>>("d")?).map(|between| str(&between)).unwrap_or_default();
    let attribute = attribute.or(named.get::<Option<String>>("attribute")?);
    named.assert_all_used()?;
    let mut out = String::new();
    for (index, item) in items(&value)?.into_iter().enumerate() {
        let item = match &attribute {
            Some(attribute) => item.get_attr(attribute)?,
            None => item,
        };
        if item.is_undefined() {
            return Err(Error::from(ErrorKind::UndefinedError));
        }
        if index > 0 {
            out.push_str(&between);
        }
        match item.as_str() {
            Some(text) => out.push_str(text),
            None => out.push_str(&python_text(&item)?),
        }
        budget::text(out.len())?;
    }
    Ok(out)
}

fn is_list(value: Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) && !value.is_tuple()
}

fn sequence(value: Value) -> Value {
    match value.kind() {
        ValueKind::Seq | ValueKind::Map => value,
        _ => list(vec![value]),
    }
}

fn distinct(items: Vec<Value>) -> Vec<Value> {
    let mut found: indexmap::IndexSet<Value> = indexmap::IndexSet::new();
    found.extend(items);
    found.into_iter().collect()
}

fn unique(value: Value, named: Kwargs) -> Result<Value, Error> {
    let attribute = named.get::<Option<String>>("attribute")?;
    let _ = named.get::<Option<bool>>("case_sensitive")?;
    named.assert_all_used()?;
    let Some(attribute) = attribute else { return Ok(list(distinct(items(&value)?))) };
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for item in items(&value)? {
        let key = item.get_attr(&attribute)?;
        if !seen.contains(&key) {
            seen.push(key);
            found.push(item);
        }
    }
    Ok(list(found))
}

fn avg(value: Value) -> Result<f64, Error> {
    if value.is_number() {
        return f64::try_from(value);
    }
    let numbers: Result<Vec<f64>, Error> = items(&value)?.into_iter().map(f64::try_from).collect();
    let numbers = numbers?;
    if numbers.is_empty() {
        return Err(wrong("an empty list has no average"));
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody averages that many")]
    let count = numbers.len() as f64;
    Ok(numbers.iter().sum::<f64>() / count)
}

fn flatten(value: Value, levels: Option<i64>, named: Kwargs) -> Result<Value, Error> {
    fn walk(value: &Value, levels: i64, keep: bool, out: &mut Vec<Value>) -> Result<(), Error> {
        if out.len() > 1_000_000 {
            return Err(wrong("more than a million items"));
        }
        for item in items(value)? {
            if item.kind() == ValueKind::Seq && levels != 0 {
                walk(&item, levels - 1, keep, out)?;
            } else if keep || !item.is_none() {
                out.push(item);
            }
        }
        Ok(())
    }
    let levels = levels.or(named.get::<Option<i64>>("levels")?).unwrap_or(100).min(100);
    let keep = named.get::<Option<bool>>("preserve_nulls")?.unwrap_or(false);
    named.assert_all_used()?;
    let mut out = Vec::new();
    walk(&value, if levels < 0 { 100 } else { levels }, keep, &mut out)?;
    Ok(list(out))
}

fn exactly_n_true(value: Value, amount: Option<usize>) -> Result<bool, Error> {
    Ok(items(&value)?.iter().filter(|item| item.is_true()).count() == amount.unwrap_or(1))
}

/// The value at `a:b:0` in lists and maps, or the default.
fn traverse(value: Value, keys: String, default: Option<Value>, delimiter: Option<String>) -> Value {
    let delimiter = delimiter.unwrap_or_else(|| ":".to_owned());
    let mut found = value;
    for key in keys.split(&delimiter) {
        let next = match found.kind() {
            ValueKind::Seq => key.parse::<i64>().ok().and_then(|index| found.get_item(&index.into()).ok()),
            _ => found.get_item(&Value::from(key)).ok(),
        };
        match next.filter(|next| !next.is_undefined()) {
            Some(next) => found = next,
            None => return default.unwrap_or_else(|| Value::from("")),
        }
    }
    found
}

#[derive(Clone, Copy)]
enum Put {
    Set,
    Update,
    Append,
    Extend,
}

/// Changes what stands under `a:b` of a map, making the maps on the way.
fn put(value: &Value, keys: &str, new: &Value, how: Put, named: &Kwargs) -> Result<Value, Error> {
    let delimiter = named.get::<Option<String>>("delimiter")?.unwrap_or_else(|| ":".to_owned());
    let _ = named.get::<Option<bool>>("ordered_dict")?;
    named.assert_all_used()?;
    let root = own(value)?;
    let mut at = root.clone();
    let mut parts: Vec<&str> = keys.split(delimiter.as_str()).collect();
    let Some(last) = parts.pop() else { return Ok(root) };
    if parts.len() >= DEEPEST {
        return Err(wrong(format!("more than {DEEPEST} keys within one another")));
    }
    for part in parts {
        let key = Value::from(part);
        let Some(map) = at.downcast_object_ref::<Map>() else {
            return Err(wrong(format!("there is no map to put `{part}` in")));
        };
        let next = match map.get(&key) {
            Some(next) => own(&next)?,
            None => Value::from_object(Map::new(crate::template::map::Entries::default())),
        };
        map.change(|entries| entries.insert(key, next.clone()));
        at = next;
    }
    let Some(map) = at.downcast_object_ref::<Map>() else {
        return Err(wrong(format!("there is no map to put `{last}` in")));
    };
    let key = Value::from(last);
    let present = map.get(&key);
    let new = own(new)?;
    let result = match how {
        Put::Set => new,
        Put::Update => {
            let mut all = present.map(|present| pairs(&present)).transpose()?.unwrap_or_default();
            all.extend(pairs(&new)?);
            map_of(all)
        }
        Put::Append | Put::Extend => {
            let mut all = present.map(|present| items(&present)).transpose()?.unwrap_or_default();
            match how {
                Put::Extend => all.extend(items(&new)?),
                _ => all.push(new),
            }
            list(all)
        }
    };
    map.change(|entries| entries.insert(key, result));
    Ok(root)
}

fn map_of(entries: Vec<(Value, Value)>) -> Value {
    map(entries)
}

/// More combinations than anyone writes into a file.
const MOST: usize = 100_000;
/// Items of one combination.
const MOST_CHOSEN: usize = 100;

fn combinations(items: &[Value], count: usize) -> Result<Value, Error> {
    fn walk(
        items: &[Value],
        count: usize,
        chosen: &mut Vec<Value>,
        out: &mut Vec<Value>,
    ) -> Result<(), Error> {
        if out.len() > MOST || out.len().saturating_mul(count + chosen.len()) > budget::MOST_ITEMS {
            return Err(wrong(format!("more than {MOST} combinations")));
        }
        if count == 0 {
            out.push(tuple(chosen.clone()));
            return Ok(());
        }
        for (index, item) in items.iter().enumerate() {
            chosen.push(item.clone());
            walk(items.get(index + 1..).unwrap_or_default(), count - 1, chosen, out)?;
            chosen.pop();
        }
        Ok(())
    }
    let mut out = Vec::new();
    if count > MOST_CHOSEN {
        return Err(wrong(format!("more than {MOST_CHOSEN} items are to be chosen at a time")));
    }
    if count <= items.len() {
        walk(items, count, &mut Vec::new(), &mut out)?;
    }
    Ok(list(out))
}

fn permutations(items: &[Value], count: usize) -> Result<Value, Error> {
    fn walk(
        items: &[Value],
        count: usize,
        chosen: &mut Vec<usize>,
        out: &mut Vec<Value>,
    ) -> Result<(), Error> {
        if out.len() > MOST || out.len().saturating_mul(count) > budget::MOST_ITEMS {
            return Err(wrong(format!("more than {MOST} permutations")));
        }
        if chosen.len() == count {
            out.push(tuple(chosen.iter().filter_map(|index| items.get(*index).cloned()).collect::<Vec<_>>()));
            return Ok(());
        }
        for index in 0..items.len() {
            if !chosen.contains(&index) {
                chosen.push(index);
                walk(items, count, chosen, out)?;
                chosen.pop();
            }
        }
        Ok(())
    }
    let mut out = Vec::new();
    if count > MOST_CHOSEN {
        return Err(wrong(format!("more than {MOST_CHOSEN} items are to be chosen at a time")));
    }
    if count <= items.len() {
        walk(items, count, &mut Vec::new(), &mut out)?;
    }
    Ok(list(out))
}
