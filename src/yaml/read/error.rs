//! What can be wrong with a value that is read, with the node that it is wrong in.

use std::fmt;

use serde::de;

use super::{Id, id};
use crate::source::Place;
use crate::yaml::Node;

/// A node's identity and place.
pub type At = Option<(Id, Place)>;

#[derive(Debug)]
pub struct Error(pub Box<What>);

#[derive(Debug)]
pub enum What {
    /// A key that the struct does not have; `at` is the map.
    Unknown {
        key: At,
        name: String,
        known: &'static [&'static str],
    },
    Missing {
        field: &'static str,
        at: At,
    },
    Wrong {
        expected: String,
        found: String,
        help: Option<String>,
        subject: Option<String>,
        at: At,
    },
    /// A type's own words.
    Custom {
        message: String,
        at: At,
    },
}

impl From<What> for Error {
    fn from(what: What) -> Self {
        Self(Box::new(what))
    }
}

impl Error {
    pub fn wrong(expected: impl fmt::Display, node: &Node) -> Self {
        Self::from(What::Wrong {
            expected: expected.to_string(),
            found: node.described(),
            help: None,
            subject: None,
            at: Some((id(node), node.place.clone())),
        })
    }

    pub fn help(mut self, text: impl Into<String>) -> Self {
        if let What::Wrong { help, .. } = &mut *self.0 {
            *help = Some(text.into());
        }
        self
    }

    /// Says which value is meant, unless that is known more closely already.
    pub fn of(mut self, name: impl FnOnce() -> String) -> Self {
        if let What::Wrong { subject: subject @ None, .. } = &mut *self.0 {
            *subject = Some(name());
        }
        self
    }

    /// Puts the error at a node, unless it has its place already.
    pub fn at(mut self, node: &Node) -> Self {
        let (What::Unknown { key: at, .. }
        | What::Missing { at, .. }
        | What::Wrong { at, .. }
        | What::Custom { at, .. }) = &mut *self.0;
        if at.is_none() {
            *at = Some((id(node), node.place.clone()));
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            What::Unknown { name, .. } => write!(f, "`{name}` is not known here"),
            What::Missing { field, .. } => write!(f, "`{field}` is missing"),
            What::Wrong { expected, found, .. } => write!(f, "must be {expected}, not {found}"),
            What::Custom { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        What::Custom { message: message.to_string(), at: None }.into()
    }

    fn invalid_type(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        What::Wrong {
            expected: expected.to_string(),
            found: unexpected.to_string(),
            help: None,
            subject: None,
            at: None,
        }
        .into()
    }

    fn invalid_value(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        What::Wrong {
            expected: expected.to_string(),
            found: match length {
                1 => "1 value".to_owned(),
                many => format!("{many} values"),
            },
            help: None,
            subject: None,
            at: None,
        }
        .into()
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let near = crate::diagnostic::nearest(variant, expected.iter().copied());
        What::Wrong {
            expected: format!("one of {}", super::list_of(expected).replace(" and ", " or ")),
            found: format!("`{variant}`"),
            help: near.map(|near| format!("did you mean `{near}`?")),
            subject: None,
            at: None,
        }
        .into()
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        What::Unknown { key: None, name: field.to_owned(), known: expected }.into()
    }

    fn missing_field(field: &'static str) -> Self {
        What::Missing { field, at: None }.into()
    }

    fn duplicate_field(field: &'static str) -> Self {
        What::Custom { message: format!("`{field}` is given twice, by another name"), at: None }.into()
    }
}
