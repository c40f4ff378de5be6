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

    /// What a reference may call this besides its ID: its `name` and each of its `names`.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        let several = self.argument("names").and_then(Node::list).unwrap_or_default().iter();
        let several = several.flat_map(|item| match item.map() {
            Some(entries) => entries.iter().map(|(key, _)| key).collect(),
            None => vec![item],
        });
        self.argument("name").into_iter().chain(several).filter_map(|node| match &node.shape {
            Shape::Scalar(scalar) => Some(&scalar.text),
            Shape::List(_) | Shape::Map(_) => None,
        })
    }
}
