//! Macros that take more than they name (`varargs`, `kwargs`), and defaults that use other arguments.
//! Must not know other tags.

use super::super::tags::{Kind, Token};
use super::Edit;

/// A macro whose end has not come yet.
pub struct Macro {
    name: String,
    arguments: Vec<String>,
    /// Where its list of arguments ends: before the closing bracket.
    list_end: usize,
    variadic: bool,
}

/// Notices the words by which a macro's body asks for what it did not name.
pub fn notice(words: &[Token<'_>], open: &mut [Macro]) {
    let asks = words.iter().enumerate().any(|(index, word)| {
        let attribute = index
            .checked_sub(1)
            .and_then(|before| words.get(before))
            .is_some_and(|before| before.text == ".");
        word.kind == Kind::Name && matches!(word.text, "varargs" | "kwargs") && !attribute
    });
    if asks && let Some(last) = open.last_mut() {
        last.variadic = true;
    }
}

/// `macro name(a, b=a)`: defaults that use earlier arguments are set within.
pub fn begin(text: &str, words: &[Token<'_>], close: usize, edits: &mut Vec<Edit>) -> Option<Macro> {
    let [name, open, inner @ .., end] = words else { return None };
    if open.text != "(" || end.text != ")" {
        return None;
    }
    let mut arguments: Vec<String> = Vec::new();
    let mut within = String::new();
    for argument in split(inner) {
        let [first, default @ ..] = argument else { continue };
        if let ([_, value @ ..], Some(last)) = (default, argument.last())
            && let Some(from) = value.first()
            && value
                .iter()
                .any(|word| word.kind == Kind::Name && arguments.iter().any(|name| name == word.text))
        {
            edits.push(Edit { at: first.end(), length: last.end() - first.end(), text: String::new() });
            let value = text.get(from.start..last.end()).unwrap_or_default();
            let name = first.text;
            within.push_str(&format!(
                " %}}{{% if {name} is undefined %}}{{% set {name} = {value} %}}{{% endif "
            ));
        }
        arguments.push(first.text.to_owned());
    }
    if !within.is_empty() {
        edits.push(Edit::insert(close, within));
    }
    Some(Macro { name: name.text.to_owned(), arguments, list_end: end.start, variadic: false })
}

/// `endmacro`: a macro that asked for it gets what its callers give beyond its arguments.
pub fn end(closed: Macro, close: usize, edits: &mut Vec<Edit>) {
    if !closed.variadic {
        return;
    }
    let comma = if closed.arguments.is_empty() { "" } else { ", " };
    edits.push(Edit::insert(closed.list_end, format!("{comma}varargs=none, kwargs=none")));
    let names: Vec<String> = closed.arguments.iter().map(|name| format!("'{name}'")).collect();
    let name = closed.name;
    edits.push(Edit::insert(
        close,
        format!(" %}}{{% set {name} = __variadic({name}, [{}]) ", names.join(", ")),
    ));
}

/// Arguments parted by commas that stand in no bracket.
fn split<'a, 'b>(words: &'a [Token<'b>]) -> Vec<&'a [Token<'b>]> {
    let mut depth = 0_usize;
    words
        .split(|word| {
            match word.text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && word.text == ","
        })
        .collect()
}
