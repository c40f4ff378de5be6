//! The order of execution: requisites first, then `order`, then definition; what states own and want adds
//! edges that never stand against a requisite.

use std::collections::{BTreeSet, HashMap};

use super::chunk::Chunk;
use super::cycle;
use super::findings::Findings;
use super::global::Position;
use super::low::Requisite;
use super::resolve::Resolved;
use crate::diagnostic::Diagnostic;
use crate::facts::Key;
use crate::graph::{Cycle, Graph};
use crate::states::State;

/// Explicit numbers come before those that follow from definition, as under Salt.
const DEFINED: f64 = 10_000.0;
/// `last` and negative numbers come after all others.
const LAST: f64 = 1_000_000.0;

/// States that requisites may name, each time that one is named.
const MOST_TIES: usize = 4_000_000;

/// A state as far as its order is concerned.
pub struct Item<'a> {
    pub chunk: &'a Chunk,
    pub position: Position,
    pub ties: &'a [Resolved],
    /// None where it could not be read.
    pub state: Option<&'a dyn State>,
}

/// One thing that a run does.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub state: usize,
    /// Whether the state is only looked at, for one that names it by `prereq`.
    pub check: bool,
}

#[derive(Debug, Default)]
pub struct Ordering {
    /// Positions in execution order.
    pub order: Vec<usize>,
    /// The same with what is looked at beforehand.
    pub steps: Vec<Step>,
    /// What each comes after only because of what it wants.
    pub implied: Vec<Vec<usize>>,
}

/// The order of all states; `None` if requisites go in a circle.
pub fn order(items: &[Item<'_>], findings: &mut Findings) -> Option<Ordering> {
    if let Some(problem) = too_much(items) {
        findings.add(problem);
        return None;
    }
    let checks = Checks::of(items);
    let edges = written(items, &checks);
    let mut graph = Graph::new(items.len() + checks.of.len());
    let pairs: BTreeSet<(usize, usize)> = edges.iter().map(|edge| (edge.before, edge.after)).collect();
    pairs.iter().for_each(|(before, after)| graph.add(*before, *after));
    let priorities = priorities(items, &edges, &checks);
    let priority = |node: usize| priorities.get(node).copied().unwrap_or_default();
    if let Err(cycle) = graph.order(priority) {
        findings.add(cycle::describe(items, &edges, &cycle, &checks));
        return None;
    }
    let mut implied = implied(items, &pairs);
    for (after, befores) in implied.iter().enumerate() {
        befores.iter().for_each(|before| graph.add(*before, after));
    }
    loop {
        match graph.order(priority) {
            Ok(mut order) => {
                let step = |node: &usize| Step { state: checks.state(*node), check: *node >= items.len() };
                let steps = order.iter().map(step).collect();
                order.retain(|node| *node < items.len());
                return Some(Ordering { order, steps, implied });
            }
            Err(cycle) => give_way(items, &cycle, &mut implied, &mut graph),
        }
    }
}

/// The error for requisites that tie together more states than fit into memory.
fn too_much(items: &[Item<'_>]) -> Option<Diagnostic> {
    let ties = || items.iter().flat_map(|item| item.ties.iter().map(move |tie| (item, tie)));
    let count: usize = ties().map(|(_, tie)| tie.targets.len()).sum();
    if count <= MOST_TIES {
        return None;
    }
    let problem = Diagnostic::error(format!("the requisites name {count} states; {MOST_TIES} may be named"));
    let (item, tie) = ties().max_by_key(|(_, tie)| tie.targets.len())?;
    let named = tie.targets.len();
    Some(
        problem
            .at(&tie.place)
            .label(format!("this one names {named}"))
            .state(&item.chunk.id.text)
            .help("name a single state that comes last of many, rather than each of them"),
    )
}

/// What a state named by `prereq` would do is found out before it runs, and before the state that names it:
/// such a check is a node of its own behind those of the states.
pub struct Checks {
    states: usize,
    /// The states that are checked, in the order of their nodes.
    of: Vec<usize>,
    nodes: HashMap<usize, usize>,
}

impl Checks {
    fn of(items: &[Item<'_>]) -> Self {
        let ties = items.iter().flat_map(|item| item.ties);
        let named =
            ties.filter(|tie| tie.requisite == Requisite::Prereq).flat_map(|tie| tie.targets.iter().copied());
        let of: Vec<usize> = named.collect::<BTreeSet<_>>().into_iter().collect();
        let nodes = of.iter().enumerate().map(|(index, state)| (*state, items.len() + index)).collect();
        Self { states: items.len(), of, nodes }
    }

    /// The state that a node is or checks.
    pub fn state(&self, node: usize) -> usize {
        node.checked_sub(self.states).and_then(|index| self.of.get(index)).copied().unwrap_or(node)
    }

    fn node(&self, state: usize) -> Option<usize> {
        self.nodes.get(&state).copied()
    }
}

/// One node before another, and the requisite that says so.
pub struct Edge<'a> {
    pub before: usize,
    pub after: usize,
    /// The state that has the requisite.
    pub who: usize,
    pub tie: &'a Resolved,
    /// The state that it names.
    pub whom: usize,
    weight: u8,
}

/// All edges that somebody wrote.
fn written<'a>(items: &[Item<'a>], checks: &Checks) -> Vec<Edge<'a>> {
    let mut edges = Vec::new();
    for (who, item) in items.iter().enumerate() {
        let own_check = checks.node(who);
        let ordering = item.ties.iter().filter(|tie| tie.requisite != Requisite::Listen);
        for (tie, whom) in ordering.flat_map(|tie| tie.targets.iter().map(move |whom| (tie, *whom))) {
            let weight = weight(item, tie.requisite);
            let mut add = |before, after, weight| edges.push(Edge { before, after, who, tie, whom, weight });
            if tie.requisite != Requisite::Prereq {
                // A check needs all that its state needs.
                own_check.into_iter().for_each(|check| add(whom, check, weight));
                add(whom, who, weight);
                continue;
            }
            if let Some(check) = checks.node(whom) {
                add(check, who, PREREQ);
                own_check.into_iter().for_each(|own| add(check, own, PREREQ));
            }
            add(who, whom, weight);
        }
    }
    edges
}

/// What decides among states that are free to run: the least order of what waits for it, then its own,
/// then its definition.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Priority(f64, f64, usize);

impl Eq for Priority {}

impl PartialOrd for Priority {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Priority {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0).then(self.1.total_cmp(&other.1)).then(self.2.cmp(&other.2))
    }
}

fn priorities(items: &[Item<'_>], edges: &[Edge<'_>], checks: &Checks) -> Vec<Priority> {
    let count = items.iter().filter_map(|item| item.chunk.number).max().map_or(0, |highest| highest + 1);
    #[allow(clippy::cast_precision_loss, reason = "no tree has 2^53 states")]
    let defined = |number: usize| DEFINED + number as f64;
    let highest = items.iter().filter_map(|item| match item.position {
        Position::Number(number) => Some(number),
        _ => None,
    });
    // The last number and a little room, as Salt counts it.
    let cap = highest.fold(defined(count), f64::max) + 100.0;
    let raw = |node: usize| {
        items.get(checks.state(node)).map_or(cap, |item| match (item.position, item.chunk.number) {
            (Position::First, _) => 0.0,
            (Position::Last, _) => cap + LAST,
            (Position::Number(number), _) => number,
            (Position::Defined, Some(number)) => defined(number),
            (Position::Defined, None) => cap,
        })
    };
    let nodes = items.len() + checks.of.len();
    // What waits for a node pulls it forward, but only by the weightiest kind of requisite seen so far.
    let mut pulled: Vec<(u8, f64)> = vec![(0, f64::INFINITY); nodes];
    for edge in edges {
        if let Some(slot) = pulled.get_mut(edge.before).filter(|slot| slot.0 <= edge.weight) {
            *slot = (edge.weight, slot.1.min(raw(edge.after)));
        }
    }
    let priority = |(node, (_, pulled)): (usize, &(u8, f64))| {
        let chunk = items.get(checks.state(node)).map(|item| item.chunk);
        #[allow(clippy::cast_precision_loss, reason = "nobody writes 2^53 names")]
        let part = raw(node) + chunk.map_or(0, |chunk| chunk.part) as f64 / 10_000.0;
        let own = if part < 0.0 { part + cap + LAST } else { part };
        Priority(own.min(*pulled), own, chunk.and_then(|chunk| chunk.number).unwrap_or(usize::MAX))
    };
    pulled.iter().enumerate().map(priority).collect()
}

/// The weight of `prereq` where it leads from a check to the state that asks for it.
const PREREQ: u8 = 9;

/// Salt's precedence of requisites; `watch` is `require` where the watching state has no reaction.
fn weight(item: &Item<'_>, requisite: Requisite) -> u8 {
    let reacts = item.state.is_none_or(State::reacts);
    match requisite {
        Requisite::Onfail => 0,
        Requisite::OnfailAny => 1,
        Requisite::OnfailAll => 2,
        // Salt stores what `prereq` brings as a requirement of the other state.
        Requisite::Require | Requisite::Prereq => 3,
        Requisite::RequireAny => 4,
        Requisite::Onchanges => 5,
        Requisite::OnchangesAny => 6,
        Requisite::Watch if reacts => 7,
        Requisite::WatchAny if reacts => 8,
        Requisite::Watch => 3,
        Requisite::WatchAny => 4,
        Requisite::Listen => 11,
    }
}

/// For each state those that settle what it wants, in definition order.
fn implied(items: &[Item<'_>], written: &BTreeSet<(usize, usize)>) -> Vec<Vec<usize>> {
    let mut owners: HashMap<Key, Vec<usize>> = HashMap::new();
    for (number, item) in items.iter().enumerate() {
        for key in item.state.map(State::owns).unwrap_or_default() {
            owners.entry(key).or_default().push(number);
        }
    }
    let wants = |(number, item): (usize, &Item<'_>)| {
        let mut befores: Vec<usize> = Vec::new();
        for key in item.state.map(State::wants).unwrap_or_default() {
            let settlers = settlers(&owners, key).iter().copied();
            befores.extend(settlers.filter(|owner| *owner != number && !written.contains(&(*owner, number))));
        }
        befores.sort_unstable();
        befores.dedup();
        befores
    };
    items.iter().enumerate().map(wants).collect()
}

/// Who settles a key. A path is also settled by whoever makes the nearest folder above it.
fn settlers(owners: &HashMap<Key, Vec<usize>>, key: Key) -> &[usize] {
    if let Some(found) = owners.get(&key) {
        return found;
    }
    let Key::Path(path) = key else { return &[] };
    path.ancestors()
        .skip(1)
        .find_map(|folder| owners.get(&Key::Path(folder.to_owned())))
        .map_or(&[], Vec::as_slice)
}

/// Takes one implied edge out of a cycle: a written requisite wins, and then definition order.
fn give_way(items: &[Item<'_>], cycle: &Cycle, implied: &mut [Vec<usize>], graph: &mut Graph) {
    let number = |node: usize| items.get(node).and_then(|item| item.chunk.number).unwrap_or(usize::MAX);
    let pairs = cycle.0.iter().copied().zip(cycle.0.iter().copied().cycle().skip(1));
    let weak =
        pairs.filter(|(before, after)| implied.get(*after).is_some_and(|befores| befores.contains(before)));
    // The one that stands furthest against definition order.
    let Some((before, after)) = weak.max_by_key(|(before, after)| {
        let backwards = number(*before) > number(*after);
        (backwards, number(*before).abs_diff(number(*after)), std::cmp::Reverse(*after))
    }) else {
        return;
    };
    if let Some(befores) = implied.get_mut(after) {
        befores.retain(|other| *other != before);
    }
    graph.remove(before, after);
}
