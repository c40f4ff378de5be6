//! Names with their values, read in order from a map, a list of names and maps, or one name alone.

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::error::Error;
use super::reader::Reader;
use super::{Known, id};
use crate::yaml::{Node, Shape};

/// Names with or without a value, however they were written.
pub struct Pairs<'a> {
    pairs: std::vec::IntoIter<(&'a Node, Option<&'a Node>)>,
    known: &'a Known,
}

impl<'a> Pairs<'a> {
    pub fn of(node: &'a Node, known: &'a Known) -> Result<Self, Error> {
        let mut pairs = Vec::new();
        match &node.shape {
            Shape::Map(entries) => pairs.extend(entries.iter().map(|(key, value)| (key, Some(value)))),
            Shape::List(items) => {
                for item in items.iter() {
                    match &item.shape {
                        Shape::Map(entries) => {
                            pairs.extend(entries.iter().map(|(key, value)| (key, Some(value))));
                        }
                        Shape::Scalar(_) if !item.is_null() => pairs.push((item, None)),
                        _ if known.wrong.borrow().contains(&id(item)) => {}
                        _ => return Err(Error::wrong("a name, or a name with its value", item)),
                    }
                }
            }
            Shape::Scalar(_) if node.is_null() => {}
            Shape::Scalar(_) => pairs.push((node, None)),
        }
        Ok(Self { pairs: pairs.into_iter(), known })
    }
}

impl<'de> SeqAccess<'de> for Pairs<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some((name, value)) = self.pairs.next() else { return Ok(None) };
        let pair = Pair { name, value, known: self.known };
        seed.deserialize(pair).map(Some).map_err(|error| error.at(value.unwrap_or(name)))
    }
}

/// One name and its value, as a tuple.
struct Pair<'a> {
    name: &'a Node,
    value: Option<&'a Node>,
    known: &'a Known,
}

impl<'de> Deserializer<'de> for Pair<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Halves { pair: self, next: 0 })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Halves<'a> {
    pair: Pair<'a>,
    next: u8,
}

impl<'de> SeqAccess<'de> for Halves<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.next += 1;
        let Pair { name, value, known } = self.pair;
        match (self.next, value) {
            (1, _) => seed.deserialize(Reader::new(name, known)).map(Some),
            (2, Some(value)) => seed.deserialize(Reader::new(value, known)).map(Some).map_err(|error| {
                error.at(value).of(|| format!("the value of `{}`", name.text().unwrap_or_default()))
            }),
            (2, None) => seed.deserialize(Nothing(name)).map(Some),
            _ => Ok(None),
        }
    }
}

/// The value of a name that was given none.
struct Nothing<'a>(&'a Node);

impl<'de> Deserializer<'de> for Nothing<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        let name = self.0.text().unwrap_or_default();
        Err(Error::wrong("a name with its value", self.0).help(format!("write `{name}: VALUE`")))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
