//! Data as text in one of several formats, and back (`file.serialize`). Must not know files.

mod ini;
mod json;
mod toml;
mod yaml;

use serde::de::{self, Deserialize, Deserializer};
use serde_json::Value;

use crate::fault::{Fault, Result};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    Json,
    #[default]
    Yaml,
    Toml,
    Ini,
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        match name.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "yaml" => Ok(Self::Yaml),
            "toml" => Ok(Self::Toml),
            "configparser" => Ok(Self::Ini),
            _ => Err(de::Error::custom(format!(
                "there is no serializer `{name}`: use yaml, json, toml or configparser"
            ))),
        }
    }
}

/// `serializer_opts`: options by name.
pub type Options = [(String, Value)];

impl Format {
    /// The data as text with the line break that Salt puts at its end.
    pub fn write(self, data: &Value, options: &Options) -> Result<String> {
        match self {
            Self::Json => json::write(data, options),
            Self::Yaml => yaml::write(data, options),
            Self::Toml => toml::write(data, options),
            Self::Ini => ini::write(data, options),
        }
    }

    /// The data as they would be read from a file: some formats know only texts.
    pub fn as_read(self, data: &Value, options: &Options) -> Result<Value> {
        match self {
            Self::Ini => ini::read(&ini::write(data, options)?),
            Self::Json | Self::Yaml | Self::Toml => Ok(data.clone()),
        }
    }

    /// The data of a text; `None`: there are none.
    pub fn read(self, text: &str) -> Result<Option<Value>> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        match self {
            Self::Json => json::read(text),
            Self::Yaml => yaml::read(text),
            Self::Toml => toml::read(text),
            Self::Ini => ini::read(text),
        }
        .map(Some)
    }
}

fn unknown_option(format: &str, name: &str, known: &str) -> Fault {
    Fault::new(format!("serializer_opts: `{name}` is no option of {format} that is supported"))
        .help(format!("known are {known}"))
}

fn wrong_option(name: &str, wanted: &str) -> Fault {
    Fault::new(format!("serializer_opts: `{name}` must be {wanted}"))
}

fn flag(name: &str, value: &Value) -> Result<bool> {
    value.as_bool().ok_or_else(|| wrong_option(name, "true or false"))
}

/// A number of blanks.
fn width(name: &str, value: &Value) -> Result<usize> {
    let width = value.as_u64().and_then(|width| usize::try_from(width).ok()).filter(|width| *width <= 20);
    width.ok_or_else(|| wrong_option(name, "a number of blanks"))
}

/// A float as Python prints it.
fn float(value: f64) -> String {
    if value != 0.0 && (value.abs() < 1e-4 || value.abs() >= 1e16) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{value:?}")
}

/// One map laid over another: maps within them are merged, all else is replaced.
pub fn merged(below: &Value, above: &Value) -> Value {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            let mut result = below.clone();
            for (key, value) in above {
                let value = match result.get(key) {
                    Some(old) => merged(old, value),
                    None => value.clone(),
                };
                result.insert(key.clone(), value);
            }
            Value::Object(result)
        }
        (_, above) => above.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(format: Format, json: &str, options: &[(&str, Value)]) -> Result<String> {
        let options: Vec<(String, Value)> =
            options.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        format.write(&serde_json::from_str(json).unwrap(), &options)
    }

    const DATA: &str = r#"{"b":1,"a":[1,"two",{"c":null,"d":true}],"e":{"z":1.5,"f":"yes"},"s":"é","n":"1","empty":{},"l":[]}"#;

    #[test]
    fn json_is_as_salt_writes_it() {
        let expected = "{\n  \"a\": [\n    1,\n    \"two\",\n    {\n      \"c\": null,\n      \"d\": true\n    }\n  ],\n  \"b\": 1,\n  \"e\": {\n    \"f\": \"yes\",\n    \"z\": 1.5\n  },\n  \"empty\": {},\n  \"l\": [],\n  \"n\": \"1\",\n  \"s\": \"é\"\n}\n";
        assert_eq!(write(Format::Json, DATA, &[]).unwrap(), expected);
        let floats = write(Format::Json, r#"{"f":1e20,"g":1.0,"h":1e-7}"#, &[]).unwrap();
        assert_eq!(floats, "{\n  \"f\": 1e+20,\n  \"g\": 1.0,\n  \"h\": 1e-07\n}\n");
        let options = [("indent", 4.into()), ("sort_keys", false.into()), ("ensure_ascii", true.into())];
        let other = write(Format::Json, r#"{"b":"é😀","a":1}"#, &options).unwrap();
        assert_eq!(other, "{\n    \"b\": \"\\u00e9\\ud83d\\ude00\",\n    \"a\": 1\n}\n");
        let line = write(Format::Json, r#"{"b":[1,2],"a":{}}"#, &[("indent", Value::Null)]).unwrap();
        assert_eq!(line, "{\"a\": {},\"b\": [1,2]}\n");
        assert!(write(Format::Json, "{}", &[("indents", 4.into())]).is_err());
    }

    #[test]
    fn yaml_is_sorted_blocks() {
        let expected = "a:\n- 1\n- two\n- c: null\n  d: true\nb: 1\ne:\n  f: 'yes'\n  z: 1.5\nempty: {}\nl: []\nn: '1'\ns: é\n";
        assert_eq!(write(Format::Yaml, DATA, &[]).unwrap(), expected);
        let unsorted = write(Format::Yaml, r#"{"b":1,"a":2}"#, &[("sort_keys", false.into())]).unwrap();
        assert_eq!(unsorted, "b: 1\na: 2\n");
    }

    #[test]
    fn ini_is_as_pythons_configparser_writes_it() {
        let data = r#"{"Section":{"Key":true,"other":1,"m":"a\nb"},"DEFAULT":{"x":"y"}}"#;
        let expected = "[DEFAULT]\nx = y\n\n[Section]\nkey = True\nother = 1\nm = a\n\tb\n\n\n";
        let text = write(Format::Ini, data, &[]).unwrap();
        assert_eq!(text, expected);
        let back = Format::Ini.read(&text).unwrap().unwrap();
        assert_eq!(back["Section"]["m"], "a\nb");
        assert!(write(Format::Ini, "[1]", &[]).is_err());
    }

    #[test]
    fn toml_has_its_values_before_its_tables() {
        let text = write(Format::Toml, r#"{"t":{"x":{"y":1},"k":"v"},"a":[1,2],"b":true}"#, &[]).unwrap();
        assert_eq!(text, "a = [1, 2]\nb = true\n\n[t]\nk = \"v\"\n\n[t.x]\ny = 1\n");
        let back = Format::Toml.read(&text).unwrap().unwrap();
        assert_eq!(back["t"]["x"]["y"], 1);
        assert!(write(Format::Toml, r#"{"a":null}"#, &[]).is_err());
    }

    #[test]
    fn maps_merge_and_lists_do_not() {
        let one = serde_json::json!({"a": {"b": 1, "c": [1]}, "d": 1});
        let two = serde_json::json!({"a": {"c": [2], "e": 3}});
        assert_eq!(merged(&one, &two), serde_json::json!({"a": {"b": 1, "c": [2], "e": 3}, "d": 1}));
    }
}
