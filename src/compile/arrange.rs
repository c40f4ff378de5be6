//! The order of execution: requisites first, then `order`, then definition; what states own and want adds
//! edges that never stand against a requisite.

use std::collections::{HashMap, HashSet};

use super::chunk::Chunk;
use super::findings::Findings;
use super::global::Position;
use super::low::Requisite;
use super::requisite;
use super::tie::Tie;
use crate::diagnostic::Diagnostic;
use crate::facts::Key;
use crate::graph::{Cycle, Graph};
use crate::states::State;

/// Explicit numbers come before those that follow from definition, as under Salt.
const DEFINED: f64 = 10_000.0;
/// `last` and negative numbers come after all others.
const LAST: f64 = 1_000_000.0;

/// A state as far as its order is concerned.
pub struct Item<'a> {
    pub chunk: &'a Chunk,
    pub position: Position,
    pub ties: &'a [Tie],
    /// None where it could not be read.
    pub state: Option<&'a dyn State>,
}

#[derive(Debug, Default)]
pub struct Arrangement {
    /// Positions in execution order.
    pub order: Vec<usize>,
    /// What each comes after only because of what it wants.
    pub implied: Vec<Vec<usize>>,
}

/// The order of all states; `None` if requisites go in a circle.
pub fn arrange(items: &[Item<'_>], findings: &mut Findings) -> Option<Arrangement> {
    let mut graph = Graph::new(items.len());
    let mut edges = Vec::new();
    for (number, item) in items.iter().enumerate() {
        for tie in item.ties {
            for &target in tie.targets.iter() {
                edges.extend(edge(number, target, tie.requisite).map(|(before, after)| (before, after, tie)));
            }
        }
    }
    let mut written: HashSet<(usize, usize)> =
        edges.iter().map(|(before, after, _)| (*before, *after)).collect();
    written.extend(needed_by_prereq(items));
    written.iter().for_each(|(before, after)| graph.add(*before, *after));
    let priorities = priorities(items, &edges);
    let priority = |node: usize| priorities.get(node).copied().unwrap_or_default();
    if let Err(cycle) = graph.order(priority) {
        findings.add(told(items, &edges, &cycle));
        return None;
    }
    let mut implied = implied(items, &written);
    for (after, befores) in implied.iter().enumerate() {
        befores.iter().for_each(|before| graph.add(*before, after));
    }
    loop {
        match graph.order(priority) {
            Ok(order) => return Some(Arrangement { order, implied }),
            Err(cycle) => give_way(items, &cycle, &mut implied, &mut graph),
        }
    }
}

/// Which of two states comes first.
fn edge(number: usize, target: usize, requisite: Requisite) -> Option<(usize, usize)> {
    match requisite {
        Requisite::Listen => None,
        Requisite::Prereq => Some((number, target)),
        _ => Some((target, number)),
    }
}

/// A state that runs before another because of `prereq` must wait for what that other needs to be checked.
fn needed_by_prereq(items: &[Item<'_>]) -> Vec<(usize, usize)> {
    let of = |ties: &[Tie], prereq: bool| -> Vec<usize> {
        let fits =
            |tie: &&Tie| tie.requisite != Requisite::Listen && (tie.requisite == Requisite::Prereq) == prereq;
        ties.iter().filter(fits).flat_map(|tie| tie.targets.iter().copied()).collect()
    };
    let mut edges = Vec::new();
    for (number, item) in items.iter().enumerate() {
        for other in of(item.ties, true) {
            let needed = items.get(other).map(|other| of(other.ties, false)).unwrap_or_default();
            edges
                .extend(needed.into_iter().filter(|before| *before != number).map(|before| (before, number)));
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

fn priorities(items: &[Item<'_>], edges: &[(usize, usize, &Tie)]) -> Vec<Priority> {
    let count = items.iter().filter_map(|item| item.chunk.number).max().map_or(0, |highest| highest + 1);
    #[allow(clippy::cast_precision_loss, reason = "no tree has 2^53 states")]
    let defined = |number: usize| DEFINED + number as f64;
    let highest = items.iter().filter_map(|item| match item.position {
        Position::Number(number) => Some(number),
        _ => None,
    });
    // The last number and a little room, as Salt counts it.
    let cap = highest.fold(defined(count), f64::max) + 100.0;
    let raw: Vec<f64> = items
        .iter()
        .map(|item| match (item.position, item.chunk.number) {
            (Position::First, _) => 0.0,
            (Position::Last, _) => cap + LAST,
            (Position::Number(number), _) => number,
            (Position::Defined, Some(number)) => defined(number),
            (Position::Defined, None) => cap,
        })
        .collect();
    // What waits for a state pulls it forward, but only by the weightiest kind of requisite seen so far.
    let mut pulled: Vec<(u8, f64)> = vec![(0, f64::INFINITY); items.len()];
    for (before, after, tie) in edges {
        let weight = weight(items, *after, tie.requisite);
        if let (Some(slot), Some(order)) = (pulled.get_mut(*before), raw.get(*after))
            && slot.0 <= weight
        {
            *slot = (weight, slot.1.min(*order));
        }
    }
    let all = items.iter().zip(&raw).zip(&pulled);
    all.map(|((item, raw), (_, pulled))| {
        #[allow(clippy::cast_precision_loss, reason = "nobody writes 2^53 names")]
        let part = raw + item.chunk.part as f64 / 10_000.0;
        let own = if part < 0.0 { part + cap + LAST } else { part };
        Priority(own.min(*pulled), own, item.chunk.number.unwrap_or(usize::MAX))
    })
    .collect()
}

/// Salt's precedence of requisites; `watch` is `require` where the watching state has no reaction.
fn weight(items: &[Item<'_>], after: usize, requisite: Requisite) -> u8 {
    let reacts = items.get(after).and_then(|item| item.state).is_none_or(|state| state.reacts());
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
fn implied(items: &[Item<'_>], written: &HashSet<(usize, usize)>) -> Vec<Vec<usize>> {
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

/// A cycle as a path that names every member.
fn told(items: &[Item<'_>], edges: &[(usize, usize, &Tie)], Cycle(path): &Cycle) -> Diagnostic {
    let name =
        |node: usize| items.get(node).map_or(String::new(), |item| format!("`{}`", item.chunk.id.text));
    if let [alone] = path.as_slice() {
        let tie = edges.iter().find(|(before, after, _)| before == alone && after == alone);
        let problem = Diagnostic::error(format!("{} depends on itself", name(*alone)));
        let problem = match items.get(*alone) {
            Some(item) => problem.state(&item.chunk.id.text),
            None => problem,
        };
        return match tie {
            Some((_, _, tie)) => {
                problem.at(&tie.place).help(format!("take this `{}` away", requisite::word(tie.requisite)))
            }
            None => problem,
        };
    }
    let round: Vec<String> = path.iter().chain(path.first()).map(|node| name(*node)).collect();
    let mut problem =
        Diagnostic::error(format!("states wait for one another in a circle: {}", round.join(" → ")))
            .help("take one of these requisites away");
    for (index, (before, after)) in path.iter().zip(path.iter().cycle().skip(1)).enumerate() {
        let Some((_, _, tie)) = edges.iter().find(|(one, other, _)| one == before && other == after) else {
            continue;
        };
        let (word, who, whom) = match tie.requisite {
            Requisite::Prereq => (requisite::word(tie.requisite), name(*before), name(*after)),
            _ => (requisite::word(tie.requisite), name(*after), name(*before)),
        };
        let label = format!("{who} has {whom} under `{word}`");
        problem = if index == 0 || problem.place.is_none() {
            problem.at(&tie.place).label(label)
        } else {
            problem.also(&tie.place, label)
        };
    }
    problem
}
