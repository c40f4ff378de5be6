//! What one rendering may hold: the size of each value, and all that it makes together. Must not know what
//! values are for.

use std::collections::HashMap;

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{Error, State, Value};

use super::failed;
use super::own::each_within;
use crate::fault::Fault;

/// Bytes of a text, and items of a list or map with all within it.
pub const MOST_TEXT: usize = 16 << 20;
pub const MOST_ITEMS: usize = 1_000_000;
/// Bytes of a text that is read as YAML or JSON: what is read takes many times as much.
pub const MOST_READ: usize = 4 << 20;
/// Bytes of everything that one rendering makes. What is dropped again counts, too: the engine does not tell.
const MOST_MADE: usize = 128 << 20;
/// What an item takes besides its text.
const ITEM: usize = 32;
/// A namespace's attribute that is set anew gives back what it held, up to so much.
const GIVEN_BACK: usize = 1 << 20;

/// What a rendering has made so far.
#[derive(Default)]
struct Budget {
    made: usize,
    /// By the words that name the attribute of a namespace.
    attributes: HashMap<String, usize>,
}

fn refused(message: String, help: &str) -> Error {
    failed(Fault::new(message).help(help))
}

fn too_much() -> Error {
    refused(
        format!("the template makes more than {} MB of texts and lists", MOST_MADE >> 20),
        "does a loop let something grow? Keep large data in files, and build lists with `append`",
    )
}

/// Whether a text may be so long.
pub fn text(length: usize) -> Result<(), Error> {
    if length <= MOST_TEXT {
        return Ok(());
    }
    let message = format!("this text is longer than {} MB", MOST_TEXT >> 20);
    Err(refused(message, "keep large texts in files, which states copy as they are"))
}

/// Whether a list or map may hold so many items.
pub fn items(count: usize) -> Result<(), Error> {
    if count <= MOST_ITEMS {
        return Ok(());
    }
    let message = format!("this list or map holds more than {MOST_ITEMS} items");
    Err(refused(message, "let the template work on less at a time"))
}

/// Counts what is in a value until it is more than any value may hold.
#[derive(Default)]
pub struct Scale {
    items: usize,
    text: usize,
}

impl Scale {
    /// One more value within.
    pub fn put(&mut self, value: &Value) -> Result<(), Error> {
        self.items += 1;
        if let Some(text) = value.as_str() {
            self.text = self.text.saturating_add(text.len());
            self::text(self.text)?;
        }
        items(self.items)
    }

    pub fn bytes(&self) -> usize {
        self.items.saturating_sub(1) * ITEM + self.text
    }
}

/// Counts as made by the rendering.
pub fn charge(state: &mut State<'_, '_>, bytes: usize) -> Result<(), Error> {
    let budget = state.get_or_insert_extension_with(Budget::default);
    budget.made = budget.made.saturating_add(bytes);
    if budget.made > MOST_MADE { Err(too_much()) } else { Ok(()) }
}

/// Counts as made by the rendering, in the place of what the attribute of a namespace held.
pub fn charge_attribute(state: &mut State<'_, '_>, name: &str, bytes: usize) -> Result<(), Error> {
    let budget = state.get_or_insert_extension_with(Budget::default);
    let before = budget.attributes.insert(name.to_owned(), bytes).unwrap_or(0);
    if before <= GIVEN_BACK {
        budget.made = budget.made.saturating_sub(before);
    }
    charge(state, bytes)
}

/// A new namespace: what attributes of the same names held may live on in another.
pub fn forget_attributes(state: &mut State<'_, '_>) {
    state.get_or_insert_extension_with(Budget::default).attributes.clear();
}

/// The size of a value that was just made, by its outermost list or map.
fn shallow(value: &Value) -> Result<usize, Error> {
    if let Some(written) = value.as_str() {
        text(written.len())?;
        return Ok(written.len());
    }
    let each = match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => 1,
        ValueKind::Map => 2,
        _ => return Ok(0),
    };
    let count = value.as_object().and_then(|object| object.enumerator_len()).unwrap_or(0);
    items(count)?;
    Ok(count * each * ITEM)
}

/// What a filter, method or operator gave, counted.
pub fn made(state: &mut State<'_, '_>, value: Value) -> Result<Value, Error> {
    let bytes = shallow(&value)?;
    if bytes > 0 {
        charge(state, bytes)?;
    }
    Ok(value)
}

/// The size of a value with all within it.
pub fn weigh(value: &Value) -> Result<usize, Error> {
    if value.as_object().is_none() {
        return shallow(value);
    }
    let mut scale = Scale::default();
    each_within(value, &mut |item| scale.put(item))?;
    Ok(scale.bytes())
}

/// `|__held`: a part of an expression that may grow, counted before the engine makes more of it.
pub fn held(state: &mut State<'_, '_>, value: &Value) -> Result<Value, Error> {
    let bytes = weigh(value)?;
    charge(state, bytes)?;
    Ok(value.clone())
}

/// `__turn(bytes)`: the plain text of a block that is put out once more.
pub fn turn(state: &mut State<'_, '_>, bytes: usize) -> Result<Value, Error> {
    charge(state, bytes)?;
    Ok(Value::from(()))
}

/// The items of a value, unless they are more than a list may hold.
pub fn collect(value: &Value) -> Result<Vec<Value>, Error> {
    let mut found = Vec::new();
    for item in value.try_iter()? {
        found.push(item);
        items(found.len())?;
    }
    Ok(found)
}

/// Whether the items of a value can be listed.
pub fn listable(value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if text.len() > MOST_ITEMS => items(text.chars().count()),
        Some(_) => Ok(()),
        None => items(value.as_object().and_then(|object| object.enumerator_len()).unwrap_or(0)),
    }
}

/// Whether every text among the arguments of a filter is one that a value may hold: macros give longer ones.
pub fn readable(args: &[Value]) -> Result<(), Error> {
    args.iter().filter_map(Value::as_str).try_for_each(|written| text(written.len()))
}

/// Whether all arguments of a filter that goes over items can be listed, and every number is one of items.
pub fn countable(args: &Rest<ValueOrKwargs>) -> Result<(), Error> {
    for arg in args.iter() {
        let value = arg.clone().into_value();
        listable(&value)?;
        if let Some(count) = value.as_usize() {
            items(count)?;
        }
        if value.is_kwargs() {
            super::python::entries(&value).iter().try_for_each(|(_, item)| {
                listable(item)?;
                items(item.as_usize().unwrap_or(0))
            })?;
        }
    }
    Ok(())
}
