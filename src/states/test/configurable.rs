//! `test.configurable_test_state`: changes and result as asked, or at random.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::{fired, pretended};
use crate::fault::{Fault, Result};
use crate::host::Action;
use crate::plan::Plan;
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// Changes and succeeds as its arguments say.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigurableTestState {
    name: String,
    #[serde(default)]
    changes: Configured,
    #[serde(default)]
    result: Configured,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    warnings: OneOrMany<String>,
    /// Taken for Salt's sake: a state that fails without a change fails in a dry run anyway, since a
    /// state does not know whether it is one.
    #[serde(default, rename = "allow_test_mode_failure")]
    _allow_test_mode_failure: bool,
}

/// `true`, `false` or `Random`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Configured {
    #[default]
    Yes,
    No,
    Random,
}

impl Configured {
    fn decide(self) -> bool {
        match self {
            Self::Yes => true,
            Self::No => false,
            // Seeded by the system, once for each hasher: a coin without a crate.
            Self::Random => RandomState::new().build_hasher().finish() & 1 == 0,
        }
    }
}

impl<'de> Deserialize<'de> for Configured {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Configured;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or `Random`")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Configured, E> {
                Ok(if value { Configured::Yes } else { Configured::No })
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Configured, E> {
                if value.eq_ignore_ascii_case("random") {
                    return Ok(Configured::Random);
                }
                Err(E::invalid_value(de::Unexpected::Str(value), &self))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

impl State for ConfigurableTestState {
    fn check(&self, _context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        plan.notes.extend(self.warnings.0.iter().map(|warning| format!("warning: {warning}")));
        let failure = || {
            let comment = if self.comment.is_empty() { &self.name } else { &self.comment };
            comment.clone()
        };
        match (self.changes.decide(), self.result.decide()) {
            (true, true) => plan.push(pretended(), Action::Nothing),
            (true, false) => plan.push(pretended(), Action::Fail(failure())),
            (false, true) => {}
            (false, false) => return Err(Fault::new(failure())),
        }
        if !self.comment.is_empty() {
            plan.note(self.comment.clone());
        }
        Ok(plan)
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(fired())
    }

    fn settles(&self) -> bool {
        false
    }
}

impl Function for ConfigurableTestState {
    const NAME: &'static str = "test.configurable_test_state";
    const ABOUT: &'static str = "Changes and succeeds as `changes` and `result` say: true, false or Random.";
    const EXAMPLE: &'static str = "combination:\n  test.configurable_test_state:\n    - changes: true\n    - result: false\n    - comment: bar.baz\n    - warnings: a warning\n";
}
