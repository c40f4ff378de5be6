//! Salt's ways to lay one map of data over another. Knows nothing of what the data is for.

use serde_json::{Map, Value};

/// How two maps become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Map by map, the upper value in place of the lower.
    Recurse,
    /// As [`Self::Recurse`], and lists are joined too.
    Aggregate,
    /// The upper value in place of the lower, maps not looked into.
    Overwrite,
    /// Both values in a list; what only the upper map has is left out.
    List,
}

impl Strategy {
    /// By Salt's name; `smart` is `recurse` for YAML.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "smart" | "recurse" | "none" => Self::Recurse,
            "aggregate" => Self::Aggregate,
            "overwrite" => Self::Overwrite,
            "list" => Self::List,
            _ => return None,
        })
    }
}

/// Lays `upper` over `lower`. With `lists`, a list gets the items of the upper one that it lacks.
pub fn merge(lower: &mut Map<String, Value>, upper: Map<String, Value>, strategy: Strategy, lists: bool) {
    for (key, value) in upper {
        let Some(slot) = lower.get_mut(&key) else {
            if strategy != Strategy::List {
                lower.insert(key, value);
            }
            continue;
        };
        match (strategy, &mut *slot, value) {
            (Strategy::Recurse | Strategy::Aggregate, Value::Object(below), Value::Object(above)) => {
                merge(below, above, strategy, lists);
            }
            (Strategy::Aggregate, Value::Array(below), Value::Array(above)) => below.extend(above),
            (Strategy::Recurse, Value::Array(below), Value::Array(above)) if lists => {
                for item in above {
                    if !below.contains(&item) {
                        below.push(item);
                    }
                }
            }
            (Strategy::List, slot, value) => *slot = Value::Array(vec![std::mem::take(slot), value]),
            (_, slot, value) => *slot = value,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(strategy: Strategy, lists: bool) -> Value {
        let mut lower = json!({"a": 1, "map": {"x": 1, "y": [1, 2]}, "list": [1], "odd": {"z": 1}});
        let upper = json!({"b": 2, "map": {"x": 2, "y": [2, 3]}, "list": [2], "odd": "text"});
        let (Some(below), Value::Object(above)) = (lower.as_object_mut(), upper) else { unreachable!() };
        merge(below, above, strategy, lists);
        lower
    }

    #[test]
    fn each_strategy_merges_as_salt_has_it() {
        assert_eq!(
            merged(Strategy::Recurse, false),
            json!({"a": 1, "map": {"x": 2, "y": [2, 3]}, "list": [2], "odd": "text", "b": 2})
        );
        assert_eq!(
            merged(Strategy::Recurse, true),
            json!({"a": 1, "map": {"x": 2, "y": [1, 2, 3]}, "list": [1, 2], "odd": "text", "b": 2})
        );
        assert_eq!(merged(Strategy::Aggregate, false)["map"], json!({"x": 2, "y": [1, 2, 2, 3]}));
        assert_eq!(merged(Strategy::Overwrite, false)["map"], json!({"x": 2, "y": [2, 3]}));
        assert_eq!(
            merged(Strategy::List, false),
            json!({"a": 1, "map": [{"x": 1, "y": [1, 2]}, {"x": 2, "y": [2, 3]}], "list": [[1], [2]], "odd": [{"z": 1}, "text"]})
        );
    }
}
