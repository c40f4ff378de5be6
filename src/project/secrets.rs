//! Whether an environment has every secret that the example names.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Map, Value};

use super::is_secret;
use crate::diagnostic::{Diagnostic, Problems};
use crate::site::wrong_variable;
use crate::source::{Place, Source};
use crate::tree::Tree;
use crate::yaml::{self, Node};

/// Compares `secrets.example` with what the environment's pillar holds. No value is ever shown.
pub fn check(root: &Path, environment: &str, pillar: &Map<String, Value>) -> Problems {
    let mut problems = values(environment, pillar);
    let path = root.join("secrets.example");
    let Ok(text) = std::fs::read_to_string(&path) else { return problems };
    let source = Source::new("secrets.example", text);
    let example = match yaml::parse(&source) {
        Ok(node) => node,
        Err(found) => {
            problems.extend(found);
            return problems;
        }
    };
    let wanted: Vec<(&Node, &Node)> = example
        .as_ref()
        .and_then(|node| node.get("secrets")?.map())
        .into_iter()
        .flatten()
        .map(|(key, value)| (key, value))
        .collect();
    let file = format!("pillar/{environment}/secrets.sls");
    if !wanted.is_empty() && !root.join(&file).is_file() && !pillar.contains_key("secrets") {
        problems.push(
            Diagnostic::error(format!("`{file}` is missing: it holds the secrets of {environment}"))
                .at(&Place::start(&source))
                .label("names the secrets that are expected")
                .help(format!("cp secrets.example {file} && chmod 600 {file}, then fill it in")),
        );
        return problems;
    }
    let secrets = pillar.get("secrets").and_then(Value::as_object);
    for (key, example) in wanted {
        let Some(name) = key.text() else { continue };
        let value = secrets.and_then(|secrets| secrets.get(name));
        let wrong = match value {
            None => "is absent from",
            Some(Value::Null) => "is empty in",
            Some(Value::String(value)) if value.is_empty() => "is empty in",
            Some(Value::String(value)) if Some(value.as_str()) == example.text() => {
                "still has the example's value in"
            }
            Some(_) => continue,
        };
        problems.push(
            Diagnostic::error(format!("the secret `{name}` {wrong} `{file}`"))
                .at(&key.place)
                .label("expected because of this")
                .help(format!(
                    "write `{name}: …` under `secrets:` in {file}, or take it out of secrets.example"
                )),
        );
    }
    problems
}

/// Secrets that a process environment cannot hold, or that YAML took for something else. No value is shown.
fn values(environment: &str, pillar: &Map<String, Value>) -> Problems {
    let mut problems = Problems::default();
    let file = format!("pillar/{environment}/secrets.sls");
    let secrets = match pillar.get("secrets") {
        None | Some(Value::Null) => return problems,
        Some(Value::Object(secrets)) => secrets,
        Some(_) => {
            let problem =
                Diagnostic::error(format!("`secrets` in `{file}` must be a map of names and values"));
            problems
                .push(problem.help("write it as in `secrets:`, and below, indented, `SECRET_KEY: \"…\"`"));
            return problems;
        }
    };
    for (name, value) in secrets {
        if let Some(wrong) = wrong_variable(name) {
            problems.push(Diagnostic::error(format!("in `{file}`, {wrong}")));
        }
        let what = match value {
            Value::Null => continue,
            Value::String(text) if text.contains('\0') => {
                "holds a zero byte, which no process environment can"
            }
            Value::String(_) => continue,
            Value::Bool(_) => "is a yes or no to YAML",
            Value::Number(_) => "is a number to YAML, which may not be what is written",
            Value::Array(_) => "is a list",
            Value::Object(_) => "is a map",
        };
        problems.push(
            Diagnostic::error(format!("the secret `{name}` in `{file}` {what}"))
                .help(format!("write it in quotes, as in `{name}: \"…\"`")),
        );
    }
    problems
}

/// Warnings of files with secrets, of whichever environment, that others can read.
pub fn exposed(root: &Path) -> Problems {
    let mut problems = Problems::default();
    let files = Tree::of_folders([root.join("pillar")]).files("").ok().flatten().unwrap_or_default();
    for path in files.iter().filter(|path| is_secret(path)) {
        let shown = format!("pillar/{path}");
        let Ok(metadata) = std::fs::metadata(root.join(&shown)) else { continue };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let problem = Diagnostic::warning(format!(
                "`{shown}` holds secrets, and others can read it (mode {mode:04o})"
            ));
            problems.push(problem.help(format!("chmod 600 {shown}")));
        }
    }
    problems
}

/// A file of secrets with the same keys and without their values, as YAML. Of one that cannot be read nothing is left.
pub fn hollow(path: &str, text: &str) -> String {
    fn empty(value: &mut Value) {
        match value {
            Value::Object(map) => map.values_mut().for_each(empty),
            Value::Array(items) => items.iter_mut().for_each(empty),
            leaf => *leaf = Value::from("(not sent to a host of others)"),
        }
    }
    let node = yaml::parse(&Source::new(path, text)).ok().flatten();
    let mut value = node.map_or_else(|| Value::Object(Map::new()), |node| node.to_json());
    empty(&mut value);
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_text_under_a_name_that_a_process_can_have() {
        let pillar = serde_json::json!({"secrets": {"A": "text", "B": 42798, "C": true, "D": [1], "E-F": "x", "G": "a\0b", "H": null}});
        let found = values("staging", pillar.as_object().unwrap());
        let told: Vec<_> = found.0.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            told,
            [
                "the secret `B` in `pillar/staging/secrets.sls` is a number to YAML, which may not be what is written",
                "the secret `C` in `pillar/staging/secrets.sls` is a yes or no to YAML",
                "the secret `D` in `pillar/staging/secrets.sls` is a list",
                "in `pillar/staging/secrets.sls`, `E-F` cannot name a variable of a process: use letters, digits and `_`, as in `SECRET_KEY`",
                "the secret `G` in `pillar/staging/secrets.sls` holds a zero byte, which no process environment can",
            ]
        );
        assert!(!told.iter().any(|line| line.contains("42798")));
        let text = serde_json::json!({"secrets": "hush"});
        assert_eq!(values("staging", text.as_object().unwrap()).0.len(), 1);
    }

    #[test]
    fn files_that_others_can_read_are_told() {
        let folder = tempfile::tempdir().unwrap();
        for (path, mode) in
            [("staging/secrets.sls", 0o600), ("production/secrets.sls", 0o640), ("a/env.sls", 0o644)]
        {
            let path = folder.path().join("pillar").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "secrets: {A: hush}").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let found = exposed(folder.path());
        let told: Vec<_> = found.0.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            told,
            ["`pillar/production/secrets.sls` holds secrets, and others can read it (mode 0640)"]
        );
    }

    #[test]
    fn a_hollow_file_has_the_keys_and_no_value() {
        let hollow = hollow("secrets.sls", "secrets:\n  A: hush\n  B: [hush, {C: 5}]\n");
        assert!(hollow.contains("\"A\"") && hollow.contains("\"C\""), "{hollow}");
        assert!(!hollow.contains("hush") && !hollow.contains('5'), "{hollow}");
        assert_eq!(super::hollow("secrets.sls", "{{ hush"), "{}");
    }

    #[test]
    fn each_missing_secret_is_named_and_no_value_shown() {
        let folder = tempfile::tempdir().unwrap();
        let example = "secrets:\n  A: change me\n  B: change me\n  C: x\n  D: y\n";
        std::fs::write(folder.path().join("secrets.example"), example).unwrap();
        let found = check(folder.path(), "staging", &Map::new());
        assert_eq!(found.0.len(), 1);
        assert!(found.0[0].message.contains("`pillar/staging/secrets.sls` is missing"));

        let pillar = serde_json::json!({"secrets": {"A": "change me", "B": "real-value", "C": ""}});
        let found = check(folder.path(), "staging", pillar.as_object().unwrap());
        let messages: Vec<&str> = found.0.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "the secret `A` still has the example's value in `pillar/staging/secrets.sls`",
                "the secret `C` is empty in `pillar/staging/secrets.sls`",
                "the secret `D` is absent from `pillar/staging/secrets.sls`",
            ]
        );
        assert!(!format!("{found:?}").contains("real-value"));
    }
}
