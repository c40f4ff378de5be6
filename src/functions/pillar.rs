//! `pillar.*` and `config.get`.

use serde_json::{Map, Value, json};

use super::Row;
use super::call::Call;
use crate::fault::Result;
use crate::merge::{Strategy, merge};
use crate::target::find;

pub const FUNCTIONS: &[Row] = &[
    ("config.get", config),
    ("config.option", config),
    ("pillar.fetch", get),
    ("pillar.filter_by", filter_by),
    ("pillar.get", get),
    ("pillar.item", item),
    ("pillar.items", items),
    ("pillar.keys", keys),
    ("pillar.ls", ls),
    ("pillar.raw", items),
];

fn get(call: &Call<'_>) -> Result<Value> {
    let key = key(call)?;
    let otherwise = call.given(1, "default").cloned().unwrap_or_else(|| json!(""));
    let merges = call.flag(2, "merge", false)?;
    let lists = call.flag(3, "merge_nested_lists", true)?;
    let pillar = call.catalog.pillar();
    let found = find(&pillar, &key);
    if !merges {
        return Ok(found.cloned().unwrap_or(otherwise));
    }
    match (otherwise, found) {
        (Value::Object(mut lower), Some(Value::Object(upper))) => {
            merge(&mut lower, upper.clone(), Strategy::Recurse, lists);
            Ok(Value::Object(lower))
        }
        (Value::Array(lower), Some(Value::Array(upper))) => {
            let more: Vec<Value> = upper.iter().filter(|item| !lower.contains(item)).cloned().collect();
            Ok(Value::Array(lower.into_iter().chain(more).collect()))
        }
        (otherwise, found) => Ok(found.cloned().unwrap_or(otherwise)),
    }
}

/// The key, with another delimiter made into the usual one.
fn key(call: &Call<'_>) -> Result<String> {
    let key = call.text(0, "key")?;
    let delimiter = call.text_or(4, "delimiter", ":")?;
    call.given(5, "pillarenv");
    call.given(6, "saltenv");
    Ok(if delimiter == ":" { key } else { key.replace(&delimiter, ":") })
}

fn items(call: &Call<'_>) -> Result<Value> {
    call.all();
    Ok(Value::Object((*call.catalog.pillar()).clone()))
}

fn item(call: &Call<'_>) -> Result<Value> {
    let pillar = call.catalog.pillar();
    let mut found = Map::new();
    for name in call.all() {
        let name = name.as_str().unwrap_or_default();
        found.insert(name.to_owned(), find(&pillar, name).cloned().unwrap_or_else(|| json!("")));
    }
    Ok(Value::Object(found))
}

fn keys(call: &Call<'_>) -> Result<Value> {
    let key = call.text(0, "key")?;
    match find(&call.catalog.pillar(), &key) {
        Some(Value::Object(map)) => Ok(map.keys().map(String::as_str).collect()),
        Some(_) => Err(call.fault(format!("`{key}` is no map"))),
        None => Err(call.fault(format!("`{key}` is not in pillar"))),
    }
}

fn ls(call: &Call<'_>) -> Result<Value> {
    call.all();
    Ok(call.catalog.pillar().keys().map(String::as_str).collect())
}

/// Looks where Salt does: options, grains, pillar.
fn config(call: &Call<'_>) -> Result<Value> {
    let key = call.text(0, "key")?;
    let otherwise = call.given(1, "default").cloned().unwrap_or_else(|| json!(""));
    let key = match call.text_or(2, "delimiter", ":")?.as_str() {
        ":" => key,
        other => key.replace(other, ":"),
    };
    let surroundings = call.catalog.surroundings();
    let options = json!({"id": surroundings.id, "environment": surroundings.environment,
        "test": surroundings.plan, "saltenv": "base", "pillarenv": "base", "file_client": "local"});
    let (grains, pillar) = (&surroundings.grains, call.catalog.pillar());
    let left_out = |place, name| call.flag(place, name, false);
    let (no_options, no_pillar) = (left_out(4, "omit_opts")?, left_out(5, "omit_pillar")?);
    let (_, no_grains) = (left_out(6, "omit_master")?, left_out(7, "omit_grains")?);
    let options = options.as_object().filter(|_| !no_options);
    if let Some(Value::String(strategy)) = call.given(3, "merge") {
        let strategy = if strategy == "overwrite" { Strategy::Overwrite } else { Strategy::Recurse };
        let mut all = (*pillar).clone();
        merge(&mut all, (**grains).clone(), strategy, false);
        merge(&mut all, options.cloned().unwrap_or_default(), strategy, false);
        return Ok(find(&all, &key).cloned().unwrap_or(otherwise));
    }
    let found = options
        .and_then(|options| find(options, &key))
        .or_else(|| find(grains, &key).filter(|_| !no_grains))
        .or_else(|| find(&pillar, &key).filter(|_| !no_pillar));
    Ok(found.cloned().unwrap_or(otherwise))
}

fn filter_by(call: &Call<'_>) -> Result<Value> {
    let pillar = call.catalog.pillar();
    super::grains::filtered(call, &pillar, "pillar", None)
}
