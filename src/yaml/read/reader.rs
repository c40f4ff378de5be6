//! The deserializer over a Node.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::error::{Error, What};
use super::pairs::Pairs;
use super::placeholder::Placeholder;
use super::special::{self, NODE, ONE_OR_MANY, PAIRS};
use super::{Known, id};
use crate::yaml::{Meaning, Node, Shape};

/// A node that is about to become a value.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    node: &'a Node,
    known: &'a Known,
    /// Whether a value that is no list counts as a list of one.
    single: bool,
    pairs: bool,
}

impl<'a> Reader<'a> {
    pub fn new(node: &'a Node, known: &'a Known) -> Self {
        Self { node, known, single: false, pairs: false }
    }

    fn wrong<T>(self, expected: &str) -> Result<T, Error> {
        Err(Error::wrong(expected, self.node))
    }

    fn is_replaced(self) -> bool {
        self.known.wrong.borrow().contains(&id(self.node))
    }

    fn meaning(self, expected: &str) -> Result<Meaning<'a>, Error> {
        self.node.meaning().ok_or_else(|| Error::wrong(expected, self.node))
    }

    /// A whole number; digits in quotes count, as people put them in pillar.
    fn integer(self) -> Result<i128, Error> {
        match self.meaning("a whole number")? {
            Meaning::Integer(value) => Ok(value),
            Meaning::Text(text) => text.parse().map_err(|_| Error::wrong("a whole number", self.node)),
            _ => self.wrong("a whole number"),
        }
    }

    fn number(self) -> Result<f64, Error> {
        match self.meaning("a number")? {
            #[expect(clippy::cast_precision_loss, reason = "a float was asked for")]
            Meaning::Integer(value) => Ok(value as f64),
            Meaning::Float(value) => Ok(value),
            Meaning::Text(text) => text.parse().map_err(|_| Error::wrong("a number", self.node)),
            _ => self.wrong("a number"),
        }
    }

    /// Any scalar but null, as written.
    fn text(self) -> Result<&'a str, Error> {
        match &self.node.shape {
            Shape::Scalar(scalar) if !self.node.is_null() => Ok(&scalar.text),
            Shape::Scalar(_) => Err(Error::wrong("a string", self.node)
                .help("write a value after the `:`, or `''` for an empty string")),
            _ => self.wrong("a string"),
        }
    }

    fn items(self, expected: &str) -> Result<Items<'a>, Error> {
        let nodes = match &self.node.shape {
            Shape::List(items) => &**items,
            _ if self.single && self.node.is_null() => &[],
            _ if self.single => std::slice::from_ref(self.node),
            Shape::Scalar(scalar) if !self.node.is_null() => {
                return Err(Error::wrong(expected, self.node)
                    .help(format!("write it as a list: `- {}`", scalar.text.lines().next().unwrap_or(""))));
            }
            _ => return self.wrong(expected),
        };
        Ok(Items { nodes: nodes.iter(), known: self.known })
    }

    fn entries(self, fields: &'static [&'static str]) -> Result<Entries<'a>, Error> {
        match &self.node.shape {
            Shape::Map(entries) => Ok(Entries {
                map: self.node,
                entries: entries.iter(),
                known: self.known,
                fields: fields.iter(),
                value: None,
            }),
            _ => self.wrong("a map"),
        }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty, $range:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            if self.is_replaced() {
                return Placeholder.$method(visitor);
            }
            let value = self.integer()?;
            let value = <$type>::try_from(value).map_err(|_| Error::wrong($range, self.node))?;
            visitor.$visit(value).map_err(|error: Error| error.at(self.node))
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Error;

    integers! {
        deserialize_i8 visit_i8 i8, "a whole number from -128 to 127";
        deserialize_i16 visit_i16 i16, "a whole number from -32768 to 32767";
        deserialize_i32 visit_i32 i32, "a whole number from -2147483648 to 2147483647";
        deserialize_i64 visit_i64 i64, "a whole number of at most 18 digits";
        deserialize_i128 visit_i128 i128, "a whole number";
        deserialize_u8 visit_u8 u8, "a whole number from 0 to 255";
        deserialize_u16 visit_u16 u16, "a whole number from 0 to 65535";
        deserialize_u32 visit_u32 u32, "a whole number from 0 to 4294967295";
        deserialize_u64 visit_u64 u64, "a whole number of at most 18 digits, not negative";
        deserialize_u128 visit_u128 u128, "a whole number, not negative";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_replaced() {
            return Placeholder.deserialize_any(visitor);
        }
        let result = match &self.node.shape {
            Shape::List(_) => visitor.visit_seq(self.items("a list")?),
            Shape::Map(_) => visitor.visit_map(self.entries(&[])?),
            Shape::Scalar(scalar) => match scalar.meaning() {
                Meaning::Null => visitor.visit_unit(),
                Meaning::Bool(value) => visitor.visit_bool(value),
                Meaning::Integer(value) => {
                    if let Ok(value) = u64::try_from(value) {
                        visitor.visit_u64(value)
                    } else if let Ok(value) = i64::try_from(value) {
                        visitor.visit_i64(value)
                    } else {
                        visitor.visit_str(&scalar.text)
                    }
                }
                Meaning::Float(value) if value.is_finite() => visitor.visit_f64(value),
                Meaning::Float(_) => visitor.visit_str(&scalar.text),
                Meaning::Text(text) => visitor.visit_str(text),
            },
        };
        result.map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_replaced() {
            return Placeholder.deserialize_bool(visitor);
        }
        match self.meaning("true or false")? {
            Meaning::Bool(value) => visitor.visit_bool(value),
            Meaning::Text("True" | "true" | "False" | "false" | "yes" | "no") => {
                Err(Error::wrong("true or false", self.node).help("write it without quotes"))
            }
            Meaning::Integer(0 | 1) => {
                Err(Error::wrong("true or false", self.node).help("write `true` or `false`"))
            }
            _ => self.wrong("true or false"),
        }
        .map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_replaced() {
            return Placeholder.deserialize_f64(visitor);
        }
        visitor.visit_f64(self.number()?).map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_replaced() {
            return Placeholder.deserialize_str(visitor);
        }
        visitor.visit_str(self.text()?).map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bytes(self.text()?.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
            .map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_null() || self.is_replaced() {
            visitor.visit_unit()
        } else {
            self.wrong("left empty")
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let result = match name {
            NODE => {
                special::hand_over(self.node);
                visitor.visit_unit()
            }
            ONE_OR_MANY => visitor.visit_newtype_struct(Self { single: true, ..self }),
            PAIRS => visitor.visit_newtype_struct(Self { pairs: true, ..self }),
            _ => visitor.visit_newtype_struct(self),
        };
        result.map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_replaced() && !(self.single && self.node.list().is_none()) {
            return Placeholder.deserialize_seq(visitor);
        }
        if self.pairs {
            return visitor
                .visit_seq(Pairs::of(self.node, self.known)?)
                .map_err(|error: Error| error.at(self.node));
        }
        visitor.visit_seq(self.items("a list")?).map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        if self.is_replaced() {
            return Placeholder.deserialize_tuple(length, visitor);
        }
        let expected = format!("a list of {length} values");
        let items = self.items(&expected)?;
        if items.nodes.len() != length {
            return self.wrong(&expected);
        }
        visitor.visit_seq(items).map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_replaced() {
            return Placeholder.deserialize_map(visitor);
        }
        visitor.visit_map(self.entries(&[])?).map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.is_replaced() {
            return Placeholder.deserialize_struct(name, fields, visitor);
        }
        visitor.visit_map(self.entries(fields)?).map_err(|error: Error| error.at(self.node))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.is_replaced() {
            return Placeholder.deserialize_enum(name, variants, visitor);
        }
        let result = match &self.node.shape {
            Shape::Scalar(scalar) if !self.node.is_null() => {
                let name: StrDeserializer<'_, Error> = (*scalar.text).into_deserializer();
                visitor.visit_enum(name)
            }
            Shape::Map(entries) => match &**entries {
                [(key, value)] => visitor.visit_enum(Variant { key, value: Reader::new(value, self.known) }),
                _ => self.wrong("a map with one key"),
            },
            _ => self.wrong(&format!("one of {}", super::list_of(variants).replace(" and ", " or "))),
        };
        result.map_err(|error: Error| error.at(self.node))
    }
}

struct Items<'a> {
    nodes: std::slice::Iter<'a, Node>,
    known: &'a Known,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(node) = self.nodes.next() else { return Ok(None) };
        seed.deserialize(Reader::new(node, self.known)).map(Some).map_err(|error| error.at(node))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.nodes.len())
    }
}

struct Entries<'a> {
    map: &'a Node,
    entries: std::slice::Iter<'a, (Node, Node)>,
    known: &'a Known,
    /// Those that may have to be made up, for structs.
    fields: std::slice::Iter<'static, &'static str>,
    value: Option<(&'a Node, &'a Node)>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        for (key, value) in self.entries.by_ref() {
            if self.known.unknown.borrow().contains(&id(key)) {
                continue;
            }
            self.value = Some((key, value));
            let text = key.text().unwrap_or_default();
            let name: StrDeserializer<'_, Error> = text.into_deserializer();
            return seed.deserialize(name).map(Some).map_err(|error| error.at(key));
        }
        self.value = None;
        let missing = self.known.missing.borrow();
        let Some(field) = self.fields.by_ref().find(|field| missing.contains(&(id(self.map), **field)))
        else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, Error> = (*field).into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((key, value)) = self.value else { return seed.deserialize(Placeholder) };
        seed.deserialize(Reader::new(value, self.known)).map_err(|error| {
            let item = matches!(&*error.0, What::Wrong { at: Some((at, _)), .. } if *at != id(value));
            let name = key.text().unwrap_or_default();
            error.at(value).of(|| if item { format!("an item of `{name}`") } else { format!("`{name}`") })
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

struct Variant<'a> {
    key: &'a Node,
    value: Reader<'a>,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a> {
    type Error = Error;
    type Variant = Reader<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Reader<'a>), Error> {
        let text = self.key.text().unwrap_or_default();
        let name: StrDeserializer<'_, Error> = text.into_deserializer();
        Ok((seed.deserialize(name).map_err(|error| error.at(self.key))?, self.value))
    }
}

impl<'de> VariantAccess<'de> for Reader<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if self.node.is_null() { Ok(()) } else { self.wrong("left empty") }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self).map_err(|error| error.at(self.node))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_struct("", fields, visitor)
    }
}
