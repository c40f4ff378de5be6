//! What the files declare: one function of one ID with its arguments, before anything is typed.

use std::sync::Arc;

use crate::source::Place;
use crate::yaml::Node;

/// A word of a file with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    pub place: Place,
}

impl Name {
    pub fn new(text: impl Into<String>, place: &Place) -> Self {
        Self { text: text.into(), place: place.clone() }
    }
}

/// One module of one ID. Where it extends another declaration, it need not name the function.
#[derive(Clone, Debug)]
pub struct Declaration {
    pub sls: Arc<str>,
    pub id: Name,
    /// At the place of `pkg` or `pkg.installed`.
    pub module: Name,
    pub function: Option<Name>,
    /// In the order written; `name`, requisites and everything else among them.
    pub arguments: Vec<(Node, Node)>,
    /// The number of its definition across the whole tree; included files count first.
    pub number: Option<usize>,
    /// Its number among the definitions without an `order` of their own: what Salt shows as their order.
    pub automatic: Option<usize>,
}

impl Declaration {
    /// `pkg.installed`, as far as it is known.
    pub fn title(&self) -> String {
        match &self.function {
            Some(function) => format!("{}.{}", self.module.text, function.text),
            None => self.module.text.clone(),
        }
    }

    /// The last value given for an argument.
    pub fn argument(&self, key: &str) -> Option<&Node> {
        self.arguments.iter().rev().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// Whether this is what a reference calls by `name`: its `name`, or one of its `names`.
    pub fn is_named(&self, name: &str) -> bool {
        let one = self.argument("name").and_then(Node::text) == Some(name);
        one || self.argument("names").and_then(Node::list).is_some_and(|names| {
            names.iter().any(|item| match item.map() {
                Some(entries) => entries.iter().any(|(key, _)| key.text() == Some(name)),
                None => item.text() == Some(name),
            })
        })
    }
}
