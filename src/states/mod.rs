//! State functions: each reads typed arguments, looks at facts and says what it would change.
//! They never act: no processes, files or sockets other than through `Facts`' looking methods.

mod account_name;
mod alternatives;
mod archive;
mod at;
mod cmd;
mod cron;
mod debconf;
mod dot_ssh;
mod edit;
mod environ;
mod file;
mod git;
mod glob;
mod group;
mod host;
mod keyboard;
mod kmod;
mod locale;
mod module;
mod mount;
mod network;
mod pip;
mod pkg;
mod pkgrepo;
mod postgres;
mod rabbitmq;
mod service;
mod ssh_auth;
mod ssh_known_hosts;
mod supervisord;
mod sysctl;
mod table;
mod test;
mod timezone;
mod ufw;
mod user;
mod virtualenv;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

pub use table::{FUNCTIONS, find};

/// What an argument of a function means, in a few words; `None` for those that are not supported.
pub fn meaning(function: &str, argument: &str) -> Option<&'static str> {
    let module = function.split('.').next().unwrap_or(function);
    let wanted = [format!("{function}.{argument}"), format!("{module}.{argument}"), argument.to_owned()];
    let find = |name: &String| {
        let mut lines = MEANINGS.lines().filter_map(|line| line.split_once("  "));
        lines.find(|(known, _)| known == name).map(|(_, what)| what)
    };
    wanted.iter().find_map(find)
}

const MEANINGS: &str = include_str!("arguments.txt");

use crate::diagnostic::Diagnostic;
use crate::facts::{Facts, Key};
use crate::fault::Result;
use crate::host::Output;
use crate::plan::Plan;
use crate::yaml::Node;

/// A state: one function's typed arguments. Plain data; everything it learns comes through the context.
pub trait State: Debug + Send + Sync {
    /// Looks and says what would have to change; never touches. `Err`: could not look.
    fn check(&self, context: &Context<'_>) -> Result<Plan>;

    /// Whether the state has a reaction to a watch. Where not, `watch` is `require`.
    fn reacts(&self) -> bool {
        false
    }

    /// What to do because something that is watched (or listened to) has changed.
    fn react(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(Plan::default())
    }

    /// What this state is about; two states that own one key are ordered by nothing but are shown by `graph`.
    fn owns(&self) -> Vec<Key> {
        Vec::new()
    }

    /// What must be settled before this state, if another state owns it.
    fn wants(&self) -> Vec<Key> {
        Vec::new()
    }

    /// The functions that it asks as conditions do; what is none of them is a mistake in the state file.
    fn asks(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Variables for the commands that come later in the run, `None` for those that go; `true`: all that
    /// earlier states set go first.
    fn environment(&self) -> Option<(bool, BTreeMap<String, Option<String>>)> {
        None
    }

    /// Whether a second check after acting must be empty. `cmd.run` and `test` are the exceptions.
    fn settles(&self) -> bool {
        true
    }

    /// Whether its package requests may be performed together with those of earlier states.
    fn merges(&self) -> bool {
        false
    }

    /// Judges what the actions said, for functions whose command reports by itself (`stateful`).
    fn verdict(&self, _outputs: &[Output]) -> Result<Verdict> {
        Ok(Verdict::Changed)
    }
}

/// What a state's own command says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Changed,
    /// It ran and changed nothing, with its comment.
    Unchanged(String),
}

/// A state that can be read from a state file.
pub trait Function: State + serde::de::DeserializeOwned + 'static {
    /// `module.function`.
    const NAME: &'static str;
    /// One sentence: what is so when it has been applied.
    const ABOUT: &'static str;
    /// A state as a user would write it; parsed by a test.
    const EXAMPLE: &'static str;
    /// Arguments that Salt knows and we do not support yet: named as such rather than as unknown.
    const LATER: &'static [&'static str] = &[];
}

/// What a state sees of the world.
pub struct Context<'a> {
    pub facts: &'a Facts,
    pub library: &'a dyn Library,
    /// The SLS that the state stands in (`nginx.site`), for templates' `sls` and relative names.
    pub sls: &'a str,
    /// The account that `runas`/guards run under where the state says nothing.
    pub id: &'a str,
    /// The states that this one requires: what they own is theirs, for states that clean up.
    pub required: Vec<&'a dyn State>,
}

/// The project's files and data, as states may use them.
pub trait Library: Send + Sync {
    /// The content of `salt://path` (project first, then the base tree); `None` if there is no such file.
    fn read(&self, url: &str) -> Result<Option<Arc<[u8]>>>;
    /// The files under the folder `salt://path`, relative to it, sorted; `None` if there is no such folder.
    fn files(&self, url: &str) -> Result<Option<Vec<LibraryFile>>>;
    /// Renders a Jinja template text with the states' context plus these variables. `name` is the URL or
    /// state ID that errors name.
    fn render(&self, request: &RenderRequest<'_>) -> Result<String>;
    /// A pillar value by `a:b:c`.
    fn pillar(&self, key: &str) -> Option<serde_json::Value>;
    /// A grain by `a:b:c`.
    fn grain(&self, key: &str) -> Option<serde_json::Value>;
    /// What a function that only looks answers, as conditions ask it by `fun`. `args` among the arguments is
    /// the list of those by place.
    fn ask(
        &self,
        function: &str,
        arguments: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<serde_json::Value>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryFile {
    /// Relative to the folder that was asked, with `/`.
    pub path: String,
    /// Permission bits in the project, for `mode: keep`.
    pub mode: u32,
    /// Where it is a symlink, what it points to.
    pub link: Option<String>,
}

/// A template to render for a state.
pub struct RenderRequest<'a> {
    /// The URL of the template (`salt://nginx/site.conf`) or a name for inline text.
    pub name: &'a str,
    pub text: &'a str,
    /// `source` in the template's context.
    pub source: &'a str,
    pub sls: &'a str,
    /// `defaults` overlaid by `context`.
    pub variables: &'a serde_json::Map<String, serde_json::Value>,
}

/// A row of the table: what is known of a function without a state of it.
pub struct Row {
    pub name: &'static str,
    pub about: &'static str,
    pub example: &'static str,
    pub later: &'static [&'static str],
    /// Reads the arguments (a map Node with `name` among them); all problems found, not only the first.
    pub read: fn(&Node) -> Result<Arc<dyn State>, Vec<Diagnostic>>,
    /// The names of all arguments.
    pub arguments: fn() -> &'static [&'static str],
    /// Those without which it is wrong; `name` is the ID where it is not given.
    pub required: fn() -> Vec<&'static str>,
}

/// The row of a function's type; the table is written with it.
pub const fn row<F: Function>() -> Row {
    Row {
        name: F::NAME,
        about: F::ABOUT,
        example: F::EXAMPLE,
        later: F::LATER,
        read: |node| node.read::<F>(F::LATER).map(|state| Arc::new(state) as Arc<dyn State>),
        arguments: crate::yaml::fields_of::<F>,
        required: crate::yaml::required_of::<F>,
    }
}
