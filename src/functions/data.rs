//! `defaults.*` and `slsutil.*`: data laid over data.

use serde_json::{Map, Value, json};

use super::Row;
use super::call::Call;
use crate::fault::Result;
use crate::merge::{Strategy, merge};

pub const FUNCTIONS: &[Row] = &[
    ("defaults.deepcopy", copy),
    ("defaults.merge", defaults_merge),
    ("defaults.update", defaults_update),
    ("slsutil.boolstr", boolstr),
    ("slsutil.dir_exists", dir_exists),
    ("slsutil.file_exists", file_exists),
    ("slsutil.merge", slsutil_merge),
    ("slsutil.merge_all", merge_all),
    ("slsutil.path_exists", path_exists),
    ("slsutil.update", slsutil_update),
];

fn copy(call: &Call<'_>) -> Result<Value> {
    Ok(call.needed(0, "source")?.clone())
}

fn defaults_merge(call: &Call<'_>) -> Result<Value> {
    let lists = call.flag(2, "merge_lists", false)?;
    call.given(3, "in_place");
    let drops = call.flag(4, "convert_none", true)?;
    let upper = match call.given(1, "src") {
        Some(Value::Object(upper)) => upper.clone(),
        Some(Value::Null) | None if drops => Map::new(),
        _ => return Err(call.fault("`src` must be a map")),
    };
    let mut lower = match call.needed(0, "dest")? {
        Value::Object(lower) => lower.clone(),
        Value::Null if drops => Map::new(),
        _ => return Err(call.fault("`dest` must be a map")),
    };
    merge(&mut lower, upper, Strategy::Recurse, lists);
    Ok(Value::Object(lower))
}

/// Lays defaults under every entry of a map.
fn defaults_update(call: &Call<'_>) -> Result<Value> {
    let mut dest = call.map(0, "dest")?.clone();
    let defaults = call.map(1, "defaults")?;
    let lists = call.flag(2, "merge_lists", true)?;
    call.given(3, "in_place");
    call.given(4, "convert_none");
    for entry in dest.values_mut() {
        let mut lower = defaults.clone();
        match std::mem::take(entry) {
            Value::Object(upper) => merge(&mut lower, upper, Strategy::Recurse, lists),
            Value::Null => {}
            _ => return Err(call.fault("the entries of `dest` must be maps")),
        }
        *entry = Value::Object(lower);
    }
    Ok(Value::Object(dest))
}

fn strategy(call: &Call<'_>, place: usize) -> Result<Strategy> {
    let name = call.text_or(place, "strategy", "smart")?;
    call.given(place + 1, "renderer");
    Strategy::named(&name).ok_or_else(|| {
        call.fault(format!("`{name}` is no way to merge"))
            .help("there are smart, recurse, aggregate, overwrite and list")
    })
}

fn slsutil_merge(call: &Call<'_>) -> Result<Value> {
    let mut lower = call.map(0, "obj_a")?.clone();
    let upper = call.map(1, "obj_b")?.clone();
    merge(&mut lower, upper, strategy(call, 2)?, call.flag(4, "merge_lists", false)?);
    Ok(Value::Object(lower))
}

fn merge_all(call: &Call<'_>) -> Result<Value> {
    let Some(maps) = call.needed(0, "lst")?.as_array() else {
        return Err(call.fault("`lst` must be a list of maps"));
    };
    let (strategy, lists) = (strategy(call, 1)?, call.flag(3, "merge_lists", false)?);
    let mut merged = Map::new();
    for map in maps {
        let Some(map) = map.as_object() else { return Err(call.fault("`lst` must be a list of maps")) };
        merge(&mut merged, map.clone(), strategy, lists);
    }
    Ok(Value::Object(merged))
}

fn slsutil_update(call: &Call<'_>) -> Result<Value> {
    let mut dest = call.map(0, "dest")?.clone();
    let more = call.map(1, "upd")?.clone();
    let recursive = call.flag(2, "recursive_update", true)?;
    let strategy = if recursive { Strategy::Recurse } else { Strategy::Overwrite };
    merge(&mut dest, more, strategy, call.flag(3, "merge_lists", false)?);
    Ok(Value::Object(dest))
}

fn boolstr(call: &Call<'_>) -> Result<Value> {
    let value = call.needed(0, "value")?;
    let (yes, no) = (call.text_or(1, "true", "true")?, call.text_or(2, "false", "false")?);
    let is = match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => matches!(text.to_lowercase().as_str(), "true" | "yes" | "on" | "1"),
        _ => false,
    };
    Ok(json!(if is { yes } else { no }))
}

fn file_exists(call: &Call<'_>) -> Result<Value> {
    let path = call.text(0, "path")?;
    call.given(1, "saltenv");
    Ok(json!(call.catalog.files.as_ref().is_some_and(|files| files.has(&path))))
}

fn dir_exists(call: &Call<'_>) -> Result<Value> {
    let path = call.text(0, "path")?;
    call.given(1, "saltenv");
    let there = call.catalog.files.as_ref().map(|files| files.files(&path)).transpose()?.flatten();
    Ok(json!(there.is_some()))
}

fn path_exists(call: &Call<'_>) -> Result<Value> {
    let file = file_exists(call)?;
    if file == json!(true) { Ok(file) } else { dir_exists(call) }
}
