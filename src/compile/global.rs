//! The arguments that every state may have besides its function's own: which there are, and those that
//! decide whether and how a state runs. Requisites are read elsewhere.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::findings::Findings;
use super::requisite;
use super::{Check, Guard, Retry};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Meaning, Node};

/// Besides requisites. A function may have an argument of the same name; it is then the function's. Some
/// decide nothing here: there are no events, no modules and no grains to load again. Sorted.
const GLOBAL: &[&str] = &[
    "aggregate",
    "check_cmd",
    "creates",
    "failhard",
    "fire_event",
    "onlyif",
    "order",
    "parallel",
    "reload_grains",
    "reload_modules",
    "reload_pillar",
    "retry",
    "runas",
    "saltenv",
    "timeout",
    "umask",
    "unless",
];

/// Salt's global arguments that are not supported yet.
pub const LATER: &[&str] = &["cmd_opts_exclude", "no_log", "onfail_stop", "runas_password"];

/// Whether every state may have this argument.
pub fn is_global(word: &str) -> bool {
    GLOBAL.binary_search(&word).is_ok() || requisite::keyword(word).is_some()
}

/// All arguments that every state may have, for hints.
pub fn names() -> impl Iterator<Item = &'static str> {
    GLOBAL.iter().copied().chain(requisite::keywords()).chain(["name", "names"])
}

/// When a state comes among those that nothing else orders.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Position {
    /// Where it is defined.
    #[default]
    Defined,
    First,
    Last,
    Number(f64),
}

/// Reads what decides whether and how a state runs. `own` tells which arguments are the function's.
pub fn check(
    id: &str,
    arguments: &[(Node, Node)],
    own: &[&str],
    findings: &mut Findings,
) -> (Check, Position) {
    let mut check = Check::default();
    let mut position = Position::default();
    for (key, value) in arguments {
        let Some(word) = key.text() else { continue };
        let mut reader = Reader { id, word, findings };
        match word {
            "onlyif" => check.onlyif = reader.guards(value),
            "unless" => check.unless = reader.guards(value),
            "creates" => check.creates = reader.strings(value).into_iter().map(PathBuf::from).collect(),
            "check_cmd" if !own.contains(&word) => check.check_cmd = reader.strings(value),
            "retry" => check.retry = reader.retry(value),
            "order" => position = reader.position(value),
            "failhard" => check.failhard = reader.flag(value),
            "parallel" if !own.contains(&word) => check.parallel = reader.flag(value),
            "runas" => check.runas = reader.string(value),
            "cwd" => check.cwd = reader.string(value).map(PathBuf::from),
            "shell" if own.contains(&"runas") => check.shell = reader.string(value),
            "env" if own.contains(&word) => check.env = environment(value),
            "timeout" => check.timeout = reader.seconds(value),
            "umask" => check.umask = reader.umask(value),
            _ => {}
        }
    }
    (check, position)
}

struct Reader<'a> {
    id: &'a str,
    /// The argument that is being read.
    word: &'a str,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn wrong(&mut self, value: &Node, expected: &str) {
        let problem = format!("`{}` must be {expected}, not {}", self.word, value.described());
        self.findings.strict(Diagnostic::error(problem).at(&value.place).state(self.id));
    }

    fn flag(&mut self, value: &Node) -> bool {
        match value.meaning() {
            Some(Meaning::Bool(flag)) => return flag,
            Some(Meaning::Null) => {}
            _ => self.wrong(value, "true or false"),
        }
        false
    }

    fn string(&mut self, value: &Node) -> Option<String> {
        if value.is_null() {
            return None;
        }
        let text = value.text().map(str::to_owned);
        if text.is_none() {
            self.wrong(value, "a string");
        }
        text
    }

    /// A string or a list of strings.
    fn strings(&mut self, value: &Node) -> Vec<String> {
        match value.list() {
            Some(items) => items.iter().filter_map(|item| self.string(item)).collect(),
            None => self.string(value).into_iter().collect(),
        }
    }

    fn seconds(&mut self, value: &Node) -> Option<Duration> {
        if value.is_null() {
            return None;
        }
        let duration = value
            .text()
            .and_then(|text| text.parse().ok())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        if duration.is_none() {
            self.wrong(value, "a number of seconds");
        }
        duration
    }

    fn umask(&mut self, value: &Node) -> Option<u32> {
        let text = self.string(value)?;
        let umask =
            u32::from_str_radix(text.trim_start_matches("0o"), 8).ok().filter(|umask| *umask <= 0o777);
        if umask.is_none() {
            self.wrong(value, "a umask such as `'027'`");
        }
        umask
    }

    fn position(&mut self, value: &Node) -> Position {
        match (value.text(), value.meaning()) {
            (Some("first"), _) => Position::First,
            (Some("last"), _) => Position::Last,
            #[allow(clippy::cast_precision_loss, reason = "an order beyond 2^53 is none")]
            (_, Some(Meaning::Integer(number))) => Position::Number(number as f64),
            (_, Some(Meaning::Float(number))) if number.is_finite() => Position::Number(number),
            _ => {
                self.wrong(value, "a number, `first` or `last`");
                Position::Defined
            }
        }
    }

    fn retry(&mut self, value: &Node) -> Option<Retry> {
        let given: RetryArguments = match (value.meaning(), value.map()) {
            (Some(Meaning::Bool(true)), _) => RetryArguments::default(),
            (Some(Meaning::Bool(false) | Meaning::Null), _) => return None,
            (_, Some(_)) => match value.read(&[]) {
                Ok(given) => given,
                Err(problems) => {
                    problems.into_iter().for_each(|problem| self.findings.strict(problem.state(self.id)));
                    return None;
                }
            },
            _ => {
                self.wrong(value, "true, or a map with `attempts`, `interval`, `until` and `splay`");
                return None;
            }
        };
        Some(Retry {
            attempts: given.attempts,
            interval: Duration::from_secs(given.interval),
            splay: Duration::from_secs(given.splay),
            until: given.until,
        })
    }

    fn guards(&mut self, value: &Node) -> Vec<Guard> {
        let items = value.list().unwrap_or(std::slice::from_ref(value));
        items.iter().filter_map(|item| self.guard(item)).collect()
    }

    fn guard(&mut self, item: &Node) -> Option<Guard> {
        match (item.meaning(), item.map()) {
            (Some(Meaning::Text(line)), _) => return Some(Guard::Command(line.to_owned())),
            (Some(Meaning::Bool(value)), _) => return Some(Guard::Constant(value)),
            (_, Some(entries)) => {
                if let Some(name) = item.get("fun").and_then(Node::text) {
                    let arguments = entries
                        .iter()
                        .filter(|(key, _)| key.text() != Some("fun"))
                        .map(|(key, value)| (key.text().unwrap_or_default().to_owned(), value.to_json()))
                        .collect();
                    return Some(Guard::Function { name: name.to_owned(), arguments });
                }
            }
            _ => {}
        }
        self.wrong(item, "a command, or `fun: module.function` with its arguments");
        None
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RetryArguments {
    attempts: u32,
    interval: u64,
    splay: u64,
    until: bool,
}

impl Default for RetryArguments {
    fn default() -> Self {
        Self { attempts: 2, interval: 30, splay: 0, until: true }
    }
}

/// A map, or a list of maps, of names to values.
fn environment(value: &Node) -> BTreeMap<String, String> {
    let maps = value.list().unwrap_or(std::slice::from_ref(value));
    maps.iter()
        .filter_map(Node::map)
        .flatten()
        .filter_map(|(name, value)| Some((name.text()?.to_owned(), value.text()?.to_owned())))
        .collect()
}
