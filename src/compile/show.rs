//! High and low state in the shapes that Salt shows them in (`state.show_highstate`, `state.show_lowstate`),
//! for people and scripts that compare. Decides nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Front;
use super::chunk::Chunk;
use super::declaration::Declaration;
use super::global::Position;
use super::high::High;
use super::ordering::Ordering;
use super::typed;
use crate::diagnostic::Problems;

/// States for which a thread pays.
const WORTH_A_THREAD: usize = 200;
/// The one environment of a tree without a master.
const ENVIRONMENT: &str = "base";
/// The first number of the states without an `order` of their own.
const DEFINED: usize = 10_000;
/// `last` and negative numbers come so far behind all others.
const LAST: f64 = 1_000_000.0;

/// What the files come to.
pub struct Shown {
    /// Whole: whoever is at the end of a process can forget it, which taking parts of it out would not leave.
    pub(super) front: Front,
    pub(super) ordering: Ordering,
    pub warnings: Problems,
}

impl Shown {
    /// By ID, with what the state compiler adds in double underscores.
    pub fn high(&self) -> Map<String, Value> {
        high_state(&self.front.high)
    }

    /// Low chunks in execution order. A state that `prereq` names is there twice, as under Salt: first as it
    /// is only looked at. `finish` makes of each what is wanted, several at once.
    pub fn low<R: Send>(&self, finish: impl Fn(Value) -> R + Sync) -> Vec<R> {
        let Front { high, chunks, .. } = &self.front;
        let orders = orders(chunks);
        let steps = &self.ordering.steps;
        let looked_at: BTreeSet<usize> =
            steps.iter().filter(|step| step.check).map(|step| step.state).collect();
        let low = crate::parallel::map(steps, WORTH_A_THREAD, |step| {
            let chunk = chunks.get(step.state)?;
            let mut shown = low(high, chunk, orders.get(step.state).copied().unwrap_or_default());
            if looked_at.contains(&step.state) {
                shown.insert("__prereq__".to_owned(), Value::Bool(true));
            }
            if chunk.arguments.iter().any(|(key, _)| key.text() == Some("prereq")) {
                shown.insert("__prerequiring__".to_owned(), Value::Bool(true));
            }
            Some(finish(Value::Object(shown)))
        });
        low.into_iter().flatten().collect()
    }
}

/// What Salt makes of each state's `order`.
fn orders(chunks: &[Chunk]) -> Vec<f64> {
    let positions: Vec<Position> = chunks.iter().map(typed::position).collect();
    #[allow(clippy::cast_precision_loss, reason = "no tree has 2^53 states")]
    let defined = |chunk: &Chunk| chunk.automatic.map(|number| (DEFINED + number) as f64);
    let written = |(position, chunk): (&Position, &Chunk)| match position {
        Position::Number(number) => Some(*number),
        Position::First => Some(0.0),
        Position::Last => None,
        Position::Defined => defined(chunk),
    };
    // A whole number in its turn makes room behind itself, as in Salt's `order_chunks`.
    let mut cap = 1.0;
    for number in positions.iter().zip(chunks).filter_map(written) {
        if number.fract() == 0.0 && number > cap - 1.0 {
            cap = number + 100.0;
        }
    }
    let order = |(position, chunk): (&Position, &Chunk)| {
        #[allow(clippy::cast_precision_loss, reason = "nobody writes 2^53 names")]
        let part = chunk.part as f64 / 10_000.0;
        let number = match position {
            Position::Last => cap + LAST,
            _ => written((position, chunk)).unwrap_or(cap),
        } + part;
        if number < 0.0 { number + cap + LAST } else { number }
    };
    positions.iter().zip(chunks).map(order).collect()
}

/// A whole number without a point, as Python prints it.
fn number(order: f64) -> Value {
    #[allow(clippy::cast_possible_truncation, reason = "orders are far below 2^53")]
    if order.fract() == 0.0 { Value::from(order as i64) } else { Value::from(order) }
}

fn low(high: &High, chunk: &Chunk, order: f64) -> Map<String, Value> {
    let mut shown = Map::with_capacity(8 + chunk.arguments.len());
    let mut set = |key: &str, value: Value| shown.insert(key.to_owned(), value);
    set("state", Value::from(&*chunk.module));
    set("name", Value::from(&*chunk.name.text));
    set("__sls__", Value::from(&*chunk.sls));
    set("__env__", Value::from(ENVIRONMENT));
    if let Some(parents) = included_from(high, &chunk.sls) {
        set("__sls_included_from__", parents);
    }
    set("__id__", Value::from(&*chunk.id.text));
    for (key, value) in &chunk.arguments {
        set(key.text().unwrap_or_default(), value.to_json());
    }
    set("order", number(order));
    set("fun", Value::from(&*chunk.function));
    shown
}

/// The files that included a file, the nearest first.
fn included_from(high: &High, sls: &Arc<str>) -> Option<Value> {
    let parents: Vec<Value> = high.lineage(sls).iter().skip(1).map(|parent| Value::from(&**parent)).collect();
    (!parents.is_empty()).then_some(Value::Array(parents))
}

fn high_state(high: &High) -> Map<String, Value> {
    let mut shown = Map::new();
    for declaration in &high.declarations {
        let body = shown.entry(&*declaration.id.text).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(body) = body else { continue };
        body.insert(declaration.module.text.to_string(), state(declaration));
        body.insert("__sls__".to_owned(), Value::from(&*declaration.sls));
        body.insert("__env__".to_owned(), Value::from(ENVIRONMENT));
        if let Some(parents) = included_from(high, &declaration.sls) {
            body.insert("__sls_included_from__".to_owned(), parents);
        }
    }
    shown
}

/// Arguments, the function and the order, in one list.
fn state(declaration: &Declaration) -> Value {
    let argument = |(key, value): &(crate::yaml::Node, crate::yaml::Node)| {
        let entry = (key.text().unwrap_or_default().to_owned(), value.to_json());
        Value::Object(Map::from_iter([entry]))
    };
    let mut list: Vec<Value> = declaration.arguments.iter().map(argument).collect();
    list.extend(declaration.function.as_ref().map(|function| Value::from(&*function.text)));
    list.extend(declaration.automatic.map(|number| json!({ "order": DEFINED + number })));
    Value::Array(list)
}
