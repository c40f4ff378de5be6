//! Which versions of a package will do: `1.22*`, `>=1.2,<2`, `latest`. Must not look at the host.

use crate::facts::compare_versions;
use crate::states::glob::glob;
use std::cmp::Ordering;

/// What a user wrote as `version`: all of the conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// As written, for reports.
    pub text: String,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    relation: Relation,
    version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// How to look at versions, as the state says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leniency {
    /// `ignore_epoch`; where it is not said, an exact version without an epoch ignores it, as under Salt.
    pub ignore_epoch: Option<bool>,
    /// A newer version than the exact one will do too.
    pub allow_updates: bool,
}

impl Demand {
    pub fn parse(text: &str) -> Self {
        let conditions = text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(condition);
        Self { text: text.trim().to_owned(), conditions: conditions.collect() }
    }

    pub fn met_by(&self, version: &str, leniency: Leniency) -> bool {
        let alone = self.conditions.len() == 1;
        self.conditions.iter().all(|condition| {
            let mut condition = condition.clone();
            if leniency.allow_updates && alone && condition.relation == Relation::Equal {
                condition.relation = Relation::GreaterEqual;
            }
            condition.met_by(version, leniency.ignore_epoch)
        })
    }

    /// What to write behind `=` for apt: an exact version or a pattern, which apt takes itself. `None`:
    /// any newest version may do.
    pub fn exact(&self) -> Option<&str> {
        match self.conditions.as_slice() {
            [Condition { relation: Relation::Equal, version }] => Some(version),
            _ => None,
        }
    }

    /// Whether the newest version may be too new, so that one has to be chosen from those that there are.
    pub fn has_ceiling(&self) -> bool {
        self.exact().is_none()
            && self
                .conditions
                .iter()
                .any(|condition| !matches!(condition.relation, Relation::Greater | Relation::GreaterEqual))
    }
}

fn condition(text: &str) -> Condition {
    const SIGNS: [(&str, Relation); 7] = [
        (">=", Relation::GreaterEqual),
        ("<=", Relation::LessEqual),
        ("!=", Relation::NotEqual),
        ("==", Relation::Equal),
        ("=", Relation::Equal),
        (">", Relation::Greater),
        ("<", Relation::Less),
    ];
    let found = SIGNS.iter().find_map(|(sign, relation)| Some((text.strip_prefix(sign)?, *relation)));
    let (version, relation) = found.unwrap_or((text, Relation::Equal));
    Condition { relation, version: version.trim().to_owned() }
}

impl Condition {
    fn met_by(&self, version: &str, ignore_epoch: Option<bool>) -> bool {
        if self.relation == Relation::Equal && glob(&self.version, version) {
            return true;
        }
        let ranged = !matches!(self.relation, Relation::Equal | Relation::NotEqual);
        let ignore_epoch = ignore_epoch.unwrap_or(!ranged && !self.version.contains(':'));
        let order = if ignore_epoch {
            compare_versions(without_epoch(version), without_epoch(&self.version))
        } else {
            compare_versions(version, &self.version)
        };
        match self.relation {
            Relation::Equal => order == Ordering::Equal,
            Relation::NotEqual => order != Ordering::Equal,
            Relation::Less => order == Ordering::Less,
            Relation::LessEqual => order != Ordering::Greater,
            Relation::Greater => order == Ordering::Greater,
            Relation::GreaterEqual => order != Ordering::Less,
        }
    }
}

fn without_epoch(version: &str) -> &str {
    version.split_once(':').map_or(version, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demand_is_met_by_the_versions_it_says() {
        for (demand, version, met) in [
            ("1.22.1-9", "1.22.1-9", true),
            ("1.22.1-9", "1.22.1-9+deb12u1", false),
            ("2.36", "1:2.36", true),
            ("2:2.36", "1:2.36", false),
            ("1.22*", "1.22.1-9", true),
            (">=1.10", "1.9", false),
            (">= 1.9", "1.10", true),
            (">1.10", "1.10", false),
            ("<2,>=1.2", "1.5", true),
            ("<2,>=1.2", "2.0", false),
            ("!=1.5", "1.5", false),
            ("<=1:1", "2", true),
            (">=3", "1:2", true),
        ] {
            assert_eq!(Demand::parse(demand).met_by(version, Leniency::default()), met, "{demand} {version}");
        }
        let updates = Leniency { allow_updates: true, ..Leniency::default() };
        assert!(Demand::parse("1.2").met_by("1.3", updates));
        assert!(!Demand::parse("1.2").met_by("1.1", updates));
    }

    #[test]
    fn apt_chooses_unless_the_newest_could_be_too_new() {
        assert_eq!(Demand::parse("=1.2").exact(), Some("1.2"));
        assert!(!Demand::parse(">=1.2").has_ceiling());
        assert!(Demand::parse(">=1.2,<2").has_ceiling());
        assert!(!Demand::parse("1.2*").has_ceiling());
    }
}
