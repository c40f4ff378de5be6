//! A graph of numbered nodes, its stable order, and its cycles as paths. Knows nothing of states.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nodes `0..len` with edges that say which comes before which.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    after: Vec<Vec<usize>>,
}

/// A way round: each node stands before the next, and the last before the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle(pub Vec<usize>);

impl Graph {
    pub fn new(nodes: usize) -> Self {
        Self { after: vec![Vec::new(); nodes] }
    }

    pub fn len(&self) -> usize {
        self.after.len()
    }

    pub fn is_empty(&self) -> bool {
        self.after.is_empty()
    }

    /// Says that one node comes before another. Nodes that are not there are ignored; an edge may be said
    /// twice.
    pub fn add(&mut self, before: usize, after: usize) {
        if after < self.len()
            && let Some(edges) = self.after.get_mut(before)
        {
            edges.push(after);
        }
    }

    /// Takes every edge from one node to another away.
    pub fn remove(&mut self, before: usize, after: usize) {
        if let Some(edges) = self.after.get_mut(before) {
            edges.retain(|edge| *edge != after);
        }
    }

    /// All nodes so that every edge is kept. Among those that could come next the one with the least
    /// priority comes first, then the one with the least number: the same on every run.
    pub fn order<P: Ord>(&self, priority: impl Fn(usize) -> P) -> Result<Vec<usize>, Cycle> {
        let mut waiting = vec![0_usize; self.len()];
        for edge in self.after.iter().flatten() {
            if let Some(count) = waiting.get_mut(*edge) {
                *count += 1;
            }
        }
        let free = waiting.iter().enumerate().filter(|(_, count)| **count == 0);
        let mut ready: BinaryHeap<_> = free.map(|(node, _)| Reverse((priority(node), node))).collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(Reverse((_, node))) = ready.pop() {
            order.push(node);
            for &next in self.next(node) {
                if let Some(count) = waiting.get_mut(next) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(Reverse((priority(next), next)));
                    }
                }
            }
        }
        if order.len() == self.len() { Ok(order) } else { Err(self.cycle(&waiting)) }
    }

    /// A cycle among the nodes that still wait for something. Walking back from any of them along what it
    /// waits for must come round, since each has a waiting predecessor.
    fn cycle(&self, waiting: &[usize]) -> Cycle {
        let stuck = |node: usize| waiting.get(node).is_some_and(|count| *count > 0);
        let mut before = vec![None; self.len()];
        // The least predecessor, so that the same cycle is shown every time.
        for (node, edges) in self.after.iter().enumerate().rev().filter(|(node, _)| stuck(*node)) {
            for &edge in edges {
                if let Some(slot) = before.get_mut(edge) {
                    *slot = Some(node);
                }
            }
        }
        let mut seen = vec![None; self.len()];
        let mut path = Vec::new();
        let mut at = (0..self.len()).find(|node| stuck(*node));
        while let Some(node) = at {
            if let Some(&Some(start)) = seen.get(node) {
                let mut round = path.split_off(start);
                round.reverse();
                return Cycle(from_least(round));
            }
            if let Some(slot) = seen.get_mut(node) {
                *slot = Some(path.len());
            }
            path.push(node);
            at = before.get(node).copied().flatten();
        }
        Cycle(path)
    }

    /// The nodes that come directly after a node, in the order in which they were said.
    pub fn next(&self, node: usize) -> &[usize] {
        self.after.get(node).map_or(&[], Vec::as_slice)
    }
}

/// The same round, told from its least node.
fn from_least(mut round: Vec<usize>) -> Vec<usize> {
    let least = round.iter().enumerate().min_by_key(|(_, node)| **node).map_or(0, |(index, _)| index);
    round.rotate_left(least);
    round
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph(nodes: usize, edges: &[(usize, usize)]) -> Graph {
        let mut graph = Graph::new(nodes);
        for (before, after) in edges {
            graph.add(*before, *after);
        }
        graph
    }

    #[test]
    fn what_is_free_keeps_its_order_and_what_waits_comes_as_soon_as_it_may() {
        assert_eq!(graph(4, &[(2, 0)]).order(|_| 0), Ok(vec![1, 2, 0, 3]));
        assert_eq!(graph(3, &[]).order(Reverse), Ok(vec![2, 1, 0]));
    }

    #[test]
    fn a_cycle_is_told_as_a_path_from_its_first_member() {
        let found = graph(5, &[(0, 1), (3, 2), (2, 1), (1, 3), (3, 4)]).order(|_| 0);
        assert_eq!(found, Err(Cycle(vec![1, 3, 2])));
        assert_eq!(graph(2, &[(1, 1)]).order(|_| 0), Err(Cycle(vec![1])));
    }

    #[test]
    fn a_chain_of_100_000_needs_no_deep_stack() {
        let edges: Vec<_> = (1..100_000).map(|node| (node, node - 1)).collect();
        let order = graph(100_000, &edges).order(|_| 0).unwrap();
        assert_eq!((order[0], order[99_999]), (99_999, 0));
        let mut round = edges.clone();
        round.push((0, 99_999));
        assert_eq!(graph(100_000, &round).order(|_| 0).unwrap_err().0.len(), 100_000);
    }

    proptest! {
        #[test]
        fn every_edge_of_any_graph_is_kept_or_its_cycle_is_real(
            edges in prop::collection::vec((0_usize..30, 0_usize..30), 0..60),
            priorities in prop::collection::vec(0_u8..4, 30),
        ) {
            let graph = graph(30, &edges);
            let answer = graph.order(|node| priorities[node]);
            prop_assert_eq!(&answer, &graph.order(|node| priorities[node]));
            match answer {
                Ok(order) => {
                    let at = |node| order.iter().position(|other| *other == node).unwrap();
                    for (before, after) in edges {
                        prop_assert!(at(before) < at(after));
                    }
                }
                Err(Cycle(path)) => {
                    prop_assert!(!path.is_empty());
                    for (index, node) in path.iter().enumerate() {
                        let next = path[(index + 1) % path.len()];
                        prop_assert!(edges.contains(&(*node, next)));
                    }
                }
            }
        }

        #[test]
        fn a_graph_without_ways_back_has_an_order(
            edges in prop::collection::vec((0_usize..40, 1_usize..40), 0..200),
        ) {
            let forward: Vec<_> = edges.into_iter().filter(|(before, after)| before < after).collect();
            let order = graph(40, &forward).order(|_| 0).unwrap();
            prop_assert_eq!(order, (0..40).collect::<Vec<_>>());
        }
    }
}
