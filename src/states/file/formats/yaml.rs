//! YAML for files, as Salt's serializer writes it. Must not know files.

use serde_json::Value;

use super::{Options, flag, unknown_option, width};
use crate::fault::{Fault, Result};
use crate::source::Source;
use crate::yaml::{Style, parse};

pub fn write(data: &Value, options: &Options) -> Result<String> {
    let mut style = Style { sort_keys: true, ..Style::default() };
    for (name, value) in options {
        match name.as_str() {
            "indent" => style.indent = width(name, value)?.max(2),
            "sort_keys" => style.sort_keys = flag(name, value)?,
            "default_flow_style" => style.flow = flag(name, value)?,
            // Unicode is always allowed, and lines are never broken.
            "allow_unicode" | "width" => {}
            _ => {
                let known = "`indent`, `sort_keys`, `default_flow_style`, `allow_unicode` and `width`";
                return Err(unknown_option("yaml", name, known));
            }
        }
    }
    Ok(crate::yaml::write(data, &style))
}

pub fn read(text: &str) -> Result<Value> {
    match parse(&Source::new("the file", text)) {
        Ok(node) => Ok(node.map_or(Value::Null, |node| node.to_json())),
        Err(problems) => {
            let why = problems.first().map_or("", |problem| problem.message.as_str());
            Err(Fault::new(format!("not valid YAML: {why}")))
        }
    }
}
