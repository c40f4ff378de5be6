//! What `module.run` is to call, in both of Salt's ways to write it:
//! <https://docs.saltproject.io/en/3008/ref/states/all/salt.states.module.html>.

use serde::de::{self, Deserialize, Deserializer};
use serde_json::{Map, Value};

/// One function with its arguments.
#[derive(Debug, PartialEq)]
pub struct Call {
    pub function: String,
    pub args: Vec<Value>,
    pub named: Map<String, Value>,
}

#[derive(Debug)]
pub struct Calls(pub Vec<Call>);

impl<'de> Deserialize<'de> for Calls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        calls(Map::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

fn calls(mut arguments: Map<String, Value>) -> Result<Vec<Call>, String> {
    let name = arguments.shift_remove("name").as_ref().and_then(Value::as_str).map(str::to_owned);
    if arguments.keys().any(|key| key.contains('.')) {
        return arguments.into_iter().map(|(function, value)| listed(function, value)).collect();
    }
    let function = match arguments.shift_remove("func") {
        Some(function) => function.as_str().map(str::to_owned),
        None => name,
    };
    match function.filter(|name| name.contains('.')) {
        Some(function) => single(function, arguments).map(|call| vec![call]),
        None => {
            Err("no function is named: write `- service.restart:` and below it `- name: nginx`".to_owned())
        }
    }
}

/// `- service.restart: [nginx, …]`: values by place, maps of arguments by name.
fn listed(function: String, value: Value) -> Result<Call, String> {
    if !function.contains('.') {
        return Err(format!("`{function}` stands beside functions, so it must be one, such as `test.ping`"));
    }
    let mut call = Call { function, args: Vec::new(), named: Map::new() };
    match value {
        Value::Null => {}
        Value::Object(named) => call.named = named,
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(named) => call.named.extend(named),
                    other => call.args.push(other),
                }
            }
        }
        other => call.args.push(other),
    }
    Ok(call)
}

/// `- name: service.restart` with the arguments beside it; `m_name` is the function's `name`.
fn single(function: String, mut arguments: Map<String, Value>) -> Result<Call, String> {
    let args = match arguments.shift_remove("args") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(other) => vec![other],
    };
    let mut named = match arguments.shift_remove("kwargs") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(named)) => named,
        Some(_) => return Err("`kwargs` must be a map of arguments".to_owned()),
    };
    // Where Salt puts the answer; there is nobody to send it to.
    arguments.shift_remove("returner");
    for (key, value) in arguments {
        let key = key.strip_prefix("m_").map_or(key.clone(), str::to_owned);
        named.insert(key, value);
    }
    Ok(Call { function, args, named })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Vec<Call>, String> {
        calls(serde_json::from_value(value).unwrap())
    }

    fn call(function: &str, args: Value, named: Value) -> Call {
        Call {
            function: function.to_owned(),
            args: serde_json::from_value(args).unwrap(),
            named: serde_json::from_value(named).unwrap(),
        }
    }

    #[test]
    fn both_ways_of_writing_come_to_the_same() {
        let restart = || vec![call("service.restart", json!([]), json!({"name": "nginx"}))];
        assert_eq!(read(json!({"name": "x", "service.restart": [{"name": "nginx"}]})), Ok(restart()));
        assert_eq!(read(json!({"name": "service.restart", "m_name": "nginx"})), Ok(restart()));
        assert_eq!(
            read(json!({"func": "service.restart", "kwargs": {"name": "nginx"}, "name": "x"})),
            Ok(restart())
        );
        let two = vec![call("test.ping", json!([]), json!({})), call("test.echo", json!(["a"]), json!({}))];
        assert_eq!(read(json!({"name": "x", "test.ping": null, "test.echo": "a"})), Ok(two));
        assert_eq!(
            read(json!({"name": "test.echo", "args": ["a"]})),
            Ok(vec![call("test.echo", json!(["a"]), json!({}))])
        );
        assert!(read(json!({"name": "restart"})).is_err());
        assert!(read(json!({"name": "x", "test.ping": null, "other": 1})).is_err());
    }
}
