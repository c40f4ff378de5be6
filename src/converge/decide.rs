//! Whether a state runs, from the outcomes of those it depends on. A pure function; touches nothing.

use std::collections::BTreeMap;

use crate::compile::Requisite;
use crate::event::Outcome;

/// What became of a state, as those that depend on it see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    pub outcome: Outcome,
    /// It changed or, in a dry run, would change.
    pub changes: bool,
}

impl Done {
    pub fn new(outcome: Outcome) -> Self {
        Self { outcome, changes: matches!(outcome, Outcome::Changed | Outcome::WouldChange) }
    }

    fn failed(self) -> bool {
        matches!(self.outcome, Outcome::Failed | Outcome::Blocked)
    }
}

/// What to do with a state. The positions are of the states that decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Run it; `watched` where something that it watches has changed.
    Run { watched: bool },
    /// Rightly not run: why.
    Skip(String),
    /// Cannot run: the requisites that failed.
    Block(Vec<usize>),
}

/// Decides from requisites (positions by kind) and what is known of each position.
///
/// Several kinds are evaluated in the order onfail, require, onchanges, watch (Salt: "Requisites and Other
/// Global State Arguments"). `prereq` needs a look at its target and is decided by the walk.
///
/// `pending`: what it watches, or is an `onchanges` of, changed in an earlier run that did not come to this state.
pub fn decide(
    requisites: &BTreeMap<Requisite, Vec<usize>>,
    pending: bool,
    done: impl Fn(usize) -> Option<Done>,
) -> Decision {
    let of = |kind: Requisite| requisites.get(&kind).map_or(&[][..], Vec::as_slice);
    let failed = |at: &usize| done(*at).is_none_or(Done::failed);
    let changed = |at: &usize| done(*at).is_some_and(|state| state.changes);

    for kind in [Requisite::Onfail, Requisite::OnfailAny] {
        if !of(kind).is_empty() && !of(kind).iter().any(failed) {
            return Decision::Skip("nothing that it is an `onfail` of has failed".to_owned());
        }
    }
    if !of(Requisite::OnfailAll).iter().all(failed) {
        return Decision::Skip("not all that it is an `onfail_all` of have failed".to_owned());
    }
    for kind in [Requisite::Require, Requisite::Onchanges, Requisite::Watch] {
        let missing: Vec<usize> = of(kind).iter().copied().filter(|at| failed(at)).collect();
        if !missing.is_empty() {
            return Decision::Block(missing);
        }
    }
    for kind in [Requisite::RequireAny, Requisite::OnchangesAny, Requisite::WatchAny] {
        let targets = of(kind);
        if !targets.is_empty() && targets.iter().all(failed) {
            return Decision::Block(targets.to_vec());
        }
    }
    for kind in [Requisite::Onchanges, Requisite::OnchangesAny] {
        let targets = of(kind);
        if !pending && !targets.is_empty() && !targets.iter().any(changed) {
            return Decision::Skip("nothing that it is an `onchanges` of has changed".to_owned());
        }
    }
    let watched = pending || [Requisite::Watch, Requisite::WatchAny].into_iter().flat_map(of).any(changed);
    Decision::Run { watched }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outcomes by letter: `u`nchanged, `c`hanged, `f`ailed, `b`locked, `s`kipped, `w`ould change.
    fn outcome(letter: char) -> Done {
        Done::new(match letter {
            'u' => Outcome::Unchanged,
            'c' => Outcome::Changed,
            'f' => Outcome::Failed,
            'b' => Outcome::Blocked,
            's' => Outcome::Skipped,
            _ => Outcome::WouldChange,
        })
    }

    #[test]
    fn what_is_owed_counts_as_changed_and_as_no_excuse() {
        use Requisite::*;
        let decided =
            |kind, letter| decide(&BTreeMap::from([(kind, vec![0])]), true, |_| Some(outcome(letter)));
        assert_eq!(decided(Watch, 'u'), Decision::Run { watched: true });
        assert_eq!(decided(Onchanges, 'u'), Decision::Run { watched: true });
        assert_eq!(decided(Watch, 'f'), Decision::Block(vec![0]));
        assert!(matches!(decided(Onfail, 'u'), Decision::Skip(_)));
    }

    #[test]
    fn truth_table() {
        use Requisite::*;
        // Requisites as (kind, letters of its targets' outcomes), and what follows.
        let table: &[(&[(Requisite, &str)], &str)] = &[
            (&[], "run"),
            (&[(Require, "u")], "run"),
            (&[(Require, "cs")], "run"),
            (&[(Require, "uf")], "block"),
            (&[(Require, "b")], "block"),
            (&[(RequireAny, "fu")], "run"),
            (&[(RequireAny, "ff")], "block"),
            (&[(Watch, "u")], "run"),
            (&[(Watch, "uc")], "watched"),
            (&[(Watch, "w")], "watched"),
            (&[(Watch, "cf")], "block"),
            (&[(WatchAny, "cf")], "watched"),
            (&[(WatchAny, "uf")], "run"),
            (&[(WatchAny, "fb")], "block"),
            (&[(Onchanges, "u")], "skip"),
            (&[(Onchanges, "uc")], "run"),
            (&[(Onchanges, "cf")], "block"),
            (&[(Onchanges, "s")], "skip"),
            (&[(OnchangesAny, "cf")], "run"),
            (&[(OnchangesAny, "uf")], "skip"),
            (&[(Onfail, "u")], "skip"),
            (&[(Onfail, "uf")], "run"),
            (&[(OnfailAny, "b")], "run"),
            (&[(OnfailAll, "fu")], "skip"),
            (&[(OnfailAll, "ff")], "run"),
            (&[(Onfail, "f"), (Require, "f")], "block"),
            (&[(Onfail, "u"), (Require, "f")], "skip"),
            (&[(Require, "f"), (Onchanges, "u")], "block"),
            (&[(Onchanges, "u"), (Watch, "c")], "skip"),
            (&[(Onchanges, "c"), (Watch, "c")], "watched"),
        ];
        for (requisites, expected) in table {
            let mut outcomes = Vec::new();
            let mut kinds: BTreeMap<Requisite, Vec<usize>> = BTreeMap::new();
            for (kind, letters) in *requisites {
                for letter in letters.chars() {
                    kinds.entry(*kind).or_default().push(outcomes.len());
                    outcomes.push(outcome(letter));
                }
            }
            let found = match decide(&kinds, false, |at| outcomes.get(at).copied()) {
                Decision::Run { watched: false } => "run",
                Decision::Run { watched: true } => "watched",
                Decision::Skip(_) => "skip",
                Decision::Block(_) => "block",
            };
            assert_eq!(found, *expected, "{requisites:?}");
        }
    }
}
