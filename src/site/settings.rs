//! How settings are declared: a struct whose doc comments are their documentation. Must not know which there are.

use std::collections::BTreeMap;

use serde_json::Value;

/// One key, as docs/settings.md and `provision doc` show it.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: &'static str,
    /// Sentences, as they stand above the field.
    pub about: String,
    /// What kind of value it takes, as in `a list of names`.
    pub kind: String,
    /// What holds where it is not written, as YAML; `None`: nothing, or the sentences say it.
    pub default: Option<String>,
    /// As it is written, with its key.
    pub example: &'static str,
    /// The keys of a map.
    pub fields: Vec<Field>,
}

/// A type of values in the pillar.
pub trait Setting {
    /// What people call it.
    fn kind() -> String;
    /// The keys that it has, where it is a map of known ones.
    fn fields() -> Vec<Field> {
        Vec::new()
    }
}

macro_rules! kinds {
    ($($type:ty => $kind:literal,)*) => {$(
        impl Setting for $type {
            fn kind() -> String {
                $kind.to_owned()
            }
        }
    )*};
}

kinds! {
    String => "text",
    bool => "yes or no",
    u16 => "a whole number",
    u32 => "a whole number",
    u64 => "a whole number",
    usize => "a whole number",
    Value => "anything",
}

impl<T: Setting> Setting for Option<T> {
    fn kind() -> String {
        T::kind()
    }

    fn fields() -> Vec<Field> {
        T::fields()
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn kind() -> String {
        format!("a list, each {}", T::kind())
    }

    fn fields() -> Vec<Field> {
        T::fields()
    }
}

impl<K, V: Setting> Setting for BTreeMap<K, V> {
    fn kind() -> String {
        format!("a map of names, each with {}", V::kind())
    }

    fn fields() -> Vec<Field> {
        V::fields()
    }
}

/// The default of a field, out of its struct's.
pub fn default_of(all: &Value, name: &str) -> Option<String> {
    match all.get(name)? {
        Value::Null | Value::Object(_) => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => None,
        Value::Bool(value) => Some(if *value { "yes" } else { "no" }.to_owned()),
        other => Some(other.to_string().replace(',', ", ")),
    }
}

/// Declares a map of settings: a struct that serde reads, with every field optional, and what the documentation
/// says of it. Each field has its sentences, an example, its type and its default.
macro_rules! settings {
    (
        $(#[doc = $about:literal])+
        pub struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                #[example = $example:literal]
                pub $field:ident: $type:ty = $default:expr,
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[doc = $doc])+
                pub $field: $type,
            )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $crate::site::Setting for $name {
            fn kind() -> String {
                "a map".to_owned()
            }

            fn fields() -> Vec<$crate::site::Field> {
                let defaults = serde_json::to_value(Self::default()).unwrap_or_default();
                vec![$(
                    $crate::site::Field {
                        name: stringify!($field),
                        about: concat!($($doc),+).trim().to_owned(),
                        kind: <$type as $crate::site::Setting>::kind(),
                        default: $crate::site::settings::default_of(&defaults, stringify!($field)),
                        example: $example,
                        fields: <$type as $crate::site::Setting>::fields(),
                    },
                )+]
            }
        }
    };
}

pub(super) use settings;
