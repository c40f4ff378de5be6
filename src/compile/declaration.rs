//! What the files declare: one function of one ID with its arguments, before anything is typed.

use std::sync::Arc;

use crate::source::Place;
use crate::yaml::{Node, Shape};

/// A word of a file with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Shared by all copies, of which a compile makes many.
    pub text: Arc<str>,
    pub place: Place,
}

impl Name {
    pub fn new(text: impl Into<Arc<str>>, place: &Place) -> Self {
        Self { text: text.into(), place: place.clone() }
    }

    /// A scalar as a word; empty for whatever else.
    pub fn of(node: &Node) -> Self {
        match &node.shape {
            Shape::Scalar(scalar) => Self { text: Arc::clone(&scalar.text), place: node.place.clone() },
            Shape::List(_) | Shape::Map(_) => Self::new("", &node.place),
        }
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
            None => self.module.text.to_string(),
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
