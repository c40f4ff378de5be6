//! `match.*`: whether a target means this host.

use serde_json::{Value, json};

use super::Row;
use super::call::Call;
use crate::fault::Result;

pub const FUNCTIONS: &[Row] = &[
    ("match.compound", |call| is(call, "compound")),
    ("match.filter_by", filter_by),
    ("match.glob", |call| is(call, "glob")),
    ("match.grain", |call| is(call, "grain")),
    ("match.grain_pcre", |call| is(call, "grain_pcre")),
    ("match.ipcidr", |call| is(call, "ipcidr")),
    ("match.list", |call| is(call, "list")),
    ("match.nodegroup", |call| is(call, "nodegroup")),
    ("match.pcre", |call| is(call, "pcre")),
    ("match.pillar", |call| is(call, "pillar")),
    ("match.pillar_exact", |call| is(call, "pillar_exact")),
    ("match.pillar_pcre", |call| is(call, "pillar_pcre")),
    ("match.search_by", search_by),
];

fn is(call: &Call<'_>, kind: &str) -> Result<Value> {
    let target = match call.needed(0, "tgt")? {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        _ => call.text(0, "tgt")?,
    };
    let delimiter = call.text_or(1, "delimiter", ":")?;
    call.given(2, "minion_id");
    let target = if delimiter == ":" { target } else { target.replace(&delimiter, ":") };
    let answer = call.catalog.judge(|subject| subject.is(kind, &target));
    answer.map(|answer| json!(answer)).map_err(|refusal| call.fault(refusal))
}

/// The first entry of a map whose compound target means this host.
fn filter_by(call: &Call<'_>) -> Result<Value> {
    let lookup = call.map(0, "lookup")?;
    call.given(1, "tgt_type");
    call.given(2, "minion_id");
    let more = call.maybe_map(3, "merge")?;
    call.given(4, "merge_lists");
    let otherwise = call.text_or(5, "default", "default")?;
    let mut chosen = lookup.get(&otherwise);
    for (target, entry) in lookup {
        if call
            .catalog
            .judge(|subject| subject.is("compound", target))
            .map_err(|refusal| call.fault(refusal))?
        {
            chosen = Some(entry);
            break;
        }
    }
    match (chosen.cloned(), more) {
        (Some(Value::Object(mut lower)), Some(upper)) => {
            crate::merge::merge(&mut lower, upper.clone(), crate::merge::Strategy::Recurse, false);
            Ok(Value::Object(lower))
        }
        (None, Some(upper)) => Ok(Value::Object(upper.clone())),
        (chosen, _) => Ok(chosen.unwrap_or(Value::Null)),
    }
}

/// The names of all entries of which a target means this host.
fn search_by(call: &Call<'_>) -> Result<Value> {
    let lookup = call.map(0, "lookup")?;
    call.given(1, "tgt_type");
    call.given(2, "minion_id");
    let mut found = Vec::new();
    for (name, targets) in lookup {
        let targets = targets.as_array().map_or(std::slice::from_ref(targets), Vec::as_slice);
        for target in targets.iter().filter_map(Value::as_str) {
            let is = call.catalog.judge(|subject| subject.is("compound", target));
            if is.map_err(|refusal| call.fault(refusal))? {
                found.push(json!(name));
                break;
            }
        }
    }
    Ok(if found.is_empty() { Value::Null } else { Value::Array(found) })
}
