//! Plain and quoted scalars of one line.

use crate::yaml::Scalar;

/// The key that a text begins with, and its width in columns; `None` if it begins with none.
pub fn key(text: &str) -> Option<(Scalar, usize)> {
    if let Some((scalar, width)) = quoted(text) {
        return is_colon(text.get(width..)?).then_some((scalar, width));
    }
    starts_plain(text).then_some(())?;
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find([':', '#'])?;
        let rest = text.get(at..)?;
        if rest.starts_with('#') && text.get(..at)?.ends_with(' ') {
            return None;
        }
        if is_colon(rest) {
            let name = text.get(..at)?;
            return (!name.ends_with(' ')).then(|| (plain(name), at));
        }
        from = at + 1;
    }
}

/// The scalar that a line ends with, and its width.
pub fn value(text: &str) -> Option<(Scalar, usize)> {
    if let Some((scalar, width)) = quoted(text) {
        return super::closes(text.get(width..)?).then_some((scalar, width));
    }
    starts_plain(text).then_some(())?;
    let text = text.split_once(" #").map_or(text, |(text, _)| text).trim_end_matches(' ');
    let has_key = text.ends_with(':') || text.contains(": ");
    (!has_key).then(|| (plain(text), text.len()))
}

/// A text in quotes, and its width with them; `None` if it begins with no quote, or is not simple.
pub fn quoted(text: &str) -> Option<(Scalar, usize)> {
    let (quote, inside) = match text.bytes().next()? {
        b'\'' => ('\'', text.get(1..)?),
        b'"' => ('"', text.get(1..)?),
        _ => return None,
    };
    let end = inside.find(quote)?;
    let content = inside.get(..end)?;
    let doubled = quote == '\'' && inside.get(end + 1..)?.starts_with('\'');
    let escaped = quote == '"' && content.contains('\\');
    (!doubled && !escaped).then(|| (Scalar::string(content), end + 2))
}

/// Whether a text can begin without quotes.
fn starts_plain(text: &str) -> bool {
    let mut bytes = text.bytes();
    match bytes.next() {
        Some(b'-') => bytes.next().is_some_and(|byte| byte != b' '),
        Some(first) => !b"?:,[]{}#&*!|>'\"%@`".contains(&first),
        None => false,
    }
}

/// Whether a colon stands here that ends a key.
fn is_colon(rest: &str) -> bool {
    rest == ":" || rest.starts_with(": ")
}

pub fn plain(text: &str) -> Scalar {
    Scalar { text: text.into(), quoted: false }
}
