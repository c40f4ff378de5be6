//! Requisites that go in a circle, as a person can read it. Must not look for circles.

use super::ordering::{Checks, Edge, Item};
use super::requisite;
use crate::diagnostic::Diagnostic;
use crate::graph::Cycle;

/// A cycle as a path that names every member, with the place of every requisite on the way.
pub fn describe(items: &[Item<'_>], edges: &[Edge<'_>], Cycle(path): &Cycle, checks: &Checks) -> Diagnostic {
    let name =
        |state: usize| items.get(state).map_or(String::new(), |item| format!("`{}`", item.chunk.id.text));
    let steps = path.iter().zip(path.iter().cycle().skip(1));
    let find = |(before, after): (&usize, &usize)| {
        edges.iter().find(|edge| edge.before == *before && edge.after == *after)
    };
    let why: Vec<&Edge<'_>> = steps.filter_map(find).collect();
    if let [alone] = why.as_slice()
        && alone.who == alone.whom
    {
        let problem =
            Diagnostic::error(format!("{} depends on itself", name(alone.who))).at(&alone.tie.place);
        let problem = problem.help(format!("take this `{}` away", requisite::word(alone.tie.requisite)));
        return match items.get(alone.who) {
            Some(item) => problem.state(&item.chunk.id.text),
            None => problem,
        };
    }
    let round: Vec<String> = path.iter().chain(path.first()).map(|node| name(checks.state(*node))).collect();
    let message = format!("states wait for one another in a circle: {}", round.join(" → "));
    let mut problem = Diagnostic::error(message).help("take one of these requisites away");
    for Edge { who, tie, whom, .. } in why {
        let label = format!("{} has {} under `{}`", name(*who), name(*whom), requisite::word(tie.requisite));
        problem = match problem.place {
            None => problem.at(&tie.place).label(label),
            Some(_) => problem.also(&tie.place, label),
        };
    }
    problem
}
