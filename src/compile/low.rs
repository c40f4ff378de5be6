//! The compiler's answer: typed states in execution order, with their requisites resolved to numbers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Problems;
use crate::source::Place;
use crate::states::{Row, State};
use crate::yaml::Node;

/// A whole compiled tree.
#[derive(Debug, Default)]
pub struct Compiled {
    /// In execution order: every requisite of a state but `listen` and `prereq`'s reverse stands before it.
    pub states: Vec<Low>,
    /// The SLS names that were loaded, in order.
    pub sls: Vec<String>,
    /// What is worth saying though nothing is wrong with it.
    pub warnings: Problems,
}

/// One state: Salt's low chunk, typed.
pub struct Low {
    pub sls: String,
    pub id: String,
    /// The `name` argument, or the ID.
    pub name: String,
    pub function: &'static Row,
    pub state: Arc<dyn State>,
    /// The arguments as written (after `use`, `names` and `extend`), for `show low`.
    pub arguments: Node,
    /// Where the function stands in the state file.
    pub place: Place,
    /// Requisites by kind, as positions in [`Compiled::states`].
    pub requisites: BTreeMap<Requisite, Vec<usize>>,
    /// Ordering only, from what states own and want.
    pub implied: Vec<usize>,
    pub check: Check,
}

impl std::fmt::Debug for Low {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} ({})", self.id, self.function.name, self.place)
    }
}

/// In the order of evaluation where several apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requisite {
    Onfail,
    OnfailAny,
    OnfailAll,
    Require,
    RequireAny,
    Onchanges,
    OnchangesAny,
    Watch,
    WatchAny,
    Prereq,
    Listen,
}

impl Requisite {
    /// As it is written in state files.
    pub fn word(self) -> &'static str {
        super::requisite::word(self)
    }
}

/// The global arguments that decide whether and how a state runs.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// All must succeed (`onlyif`).
    pub onlyif: Vec<Guard>,
    /// The state is skipped if all succeed (`unless`).
    pub unless: Vec<Guard>,
    /// The state is skipped if all of these exist.
    pub creates: Vec<std::path::PathBuf>,
    /// Commands that must succeed after the state has been applied.
    pub check_cmd: Vec<String>,
    pub retry: Option<Retry>,
    pub failhard: bool,
    pub parallel: bool,
    /// For guards: the account, folder, environment and time limit that the state gives for its own command.
    pub runas: Option<String>,
    pub cwd: Option<std::path::PathBuf>,
    pub env: BTreeMap<String, String>,
    pub shell: Option<String>,
    pub timeout: Option<Duration>,
    pub umask: Option<u32>,
}

impl Check {
    /// Nothing that is asked when the state's turn comes: it may be done together with an earlier one.
    pub fn is_plain(&self) -> bool {
        self.onlyif.is_empty()
            && self.unless.is_empty()
            && self.creates.is_empty()
            && self.check_cmd.is_empty()
            && self.retry.is_none()
    }
}

/// One condition of `unless` or `onlyif`.
#[derive(Clone, Debug, PartialEq)]
pub enum Guard {
    /// A line for `/bin/sh -c`, as the user wrote it.
    Command(String),
    /// `true`, `false` as written.
    Constant(bool),
    /// `fun: file.file_exists` with its arguments.
    Function { name: String, arguments: serde_json::Map<String, serde_json::Value> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    pub attempts: u32,
    pub interval: Duration,
    pub splay: Duration,
    pub until: bool,
}
