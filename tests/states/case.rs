//! One case: the state is read and checked against what is given, applied to the fake, checked again.

use std::collections::BTreeMap;
use std::sync::Arc;

use provision::facts::Facts;
use provision::host::Host;
use provision::host::fake::Fake;
use provision::states::{Context, Row, State, find};
use provision::yaml::Node;

use crate::{given, map, show};

/// What a case was found to do.
#[derive(Default)]
pub struct Outcome {
    /// `plan` or `fails`, and `react`, `owns`, `wants` where the case has them, as text.
    pub found: BTreeMap<&'static str, String>,
    /// What is wrong whatever the case expects.
    pub broken: Vec<String>,
}

/// What a case may say.
const FIELDS: &[&str] =
    &["given", "state", "plan", "fails", "react", "after", "owns", "wants", "id", "requires"];

pub fn run(case: &Node) -> Outcome {
    let mut outcome = Outcome::default();
    if let Err(text) = follow(case, &mut outcome) {
        outcome.broken.push(text);
    }
    outcome
}

fn follow(case: &Node, outcome: &mut Outcome) -> Result<(), String> {
    given::only(case, FIELDS)?;
    let fake = Arc::new(Fake::debian());
    let empty = map(&case.place, Vec::new());
    let given = case.get("given").filter(|node| !node.is_null()).unwrap_or(&empty);
    let mut library = crate::library::CaseLibrary::default();
    given::lay(given, &fake, &mut library)?;

    let body = case.get("state").ok_or("has no state")?;
    let id = case.get("id").and_then(Node::text).unwrap_or("the-id");
    let (_, state) = match state(body, id) {
        Ok(read) => read,
        Err(text) => {
            outcome.found.insert("fails", text);
            return Ok(());
        }
    };
    let facts = Facts::new(Arc::clone(&fake) as Arc<dyn Host>);
    facts.expect(given::coming(given)?);
    let mut required = Vec::new();
    for body in case.get("requires").and_then(Node::list).unwrap_or_default() {
        required.push(self::state(body, "required")?.1);
    }
    let required: Vec<&dyn State> = required.iter().map(Arc::as_ref).collect();
    let context = Context { facts: &facts, library: &library, sls: "case", id, required: required.clone() };

    for (key, keys) in [("owns", state.owns()), ("wants", state.wants())] {
        if case.get(key).is_some() {
            let lines: Vec<String> = keys.iter().map(ToString::to_string).collect();
            outcome.found.insert(key, lines.join("\n"));
        }
    }
    if case.get("react").is_some() {
        let text = match state.react(&context) {
            Ok(plan) => show::plan(&plan),
            Err(fault) => show::fault(&fault),
        };
        outcome.found.insert("react", text);
    }
    let plan = match state.check(&context) {
        Ok(plan) => {
            outcome.found.insert("plan", show::plan(&plan));
            plan
        }
        Err(fault) => {
            outcome.found.insert("fails", show::fault(&fault));
            return Ok(());
        }
    };
    unanswered(&fake)?;
    if !fake.performed().is_empty() {
        return Err("the check acted on the host".to_owned());
    }
    // What is coming comes only in a dry run, which performs nothing.
    let dry = case.get("given").and_then(|given| given.get("coming")).is_some();
    if plan.is_empty() || !state.settles() || dry {
        return Ok(());
    }

    for step in &plan.steps {
        fake.perform(&step.action)
            .map_err(|fault| format!("could not be applied: {}\n{}", fault, show::action(&step.action)))?;
    }
    if let Some(after) = case.get("after") {
        given::lay(after, &fake, &mut library)?;
    }
    facts.forget();
    let context = Context { facts: &facts, library: &library, sls: "case", id, required };
    match state.check(&context) {
        Ok(again) if again.is_empty() => unanswered(&fake),
        Ok(again) => Err(format!("did not converge, a second check says:\n{}", show::plan(&again))),
        Err(fault) => Err(format!("a second check failed: {}", show::fault(&fault))),
    }
}

fn unanswered(fake: &Fake) -> Result<(), String> {
    match fake.unanswered().as_slice() {
        [] => Ok(()),
        lines => Err(format!("asked without an answer:\n{}", lines.join("\n"))),
    }
}

/// What every state may carry besides its function's own arguments.
const GLOBAL: &[&str] = &[
    "require",
    "watch",
    "onchanges",
    "onfail",
    "prereq",
    "listen",
    "use",
    "unless",
    "onlyif",
    "creates",
    "check_cmd",
    "retry",
    "order",
    "failhard",
    "parallel",
];

fn global(name: &str) -> bool {
    let base = ["_in", "_any", "_all"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    GLOBAL.contains(&base)
}

/// Reads `module.function: [arguments]`, or `module.function` alone, as an SLS has it under an ID.
pub fn state(body: &Node, id: &str) -> Result<(&'static Row, Arc<dyn State>), String> {
    let (function, list) = match body.map() {
        Some([(function, list)]) => (function, list.list().unwrap_or_default()),
        None if body.text().is_some() => (body, &[][..]),
        _ => return Err("a state is one `module.function:` with a list of arguments".to_owned()),
    };
    let name = function.text().unwrap_or_default();
    let row = find(name).ok_or_else(|| format!("there is no function `{name}`"))?;
    let mut arguments: Vec<(Node, Node)> = Vec::new();
    for item in list {
        arguments.extend(item.map().ok_or("an argument is a map of one key")?.iter().cloned());
    }
    let own = (row.arguments)();
    arguments.retain(|(key, _)| key.text().is_some_and(|key| own.contains(&key) || !global(key)));
    if !arguments.iter().any(|(key, _)| key.text() == Some("name")) {
        let place = &function.place;
        arguments.insert(0, (Node::string(place, "name"), Node::string(place, id)));
    }
    let arguments = map(&function.place, arguments);
    (row.read)(&arguments).map(|state| (row, state)).map_err(|problems| show::problems(&problems))
}
