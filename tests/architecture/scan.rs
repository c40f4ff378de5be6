//! Reads paths out of Rust source text: those of `use` declarations, with their braces opened, and those
//! written in place. Knows just as much of the language as this code needs.

/// The text without comments, and with every string and character literal emptied.
pub fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after_word = out.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == 'r' && !after_word && raw_string(rest).is_some() {
            out.push_str("\"\"");
            raw_string(rest).unwrap_or(rest.len())
        } else if first == '"' {
            out.push_str("\"\"");
            quoted(rest, '"')
        } else if first == '\'' && is_char(rest) {
            out.push_str("''");
            quoted(rest, '\'')
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[skipped..];
    }
    out
}

/// The length of a raw string at the start.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = 2 + hashes;
    Some(text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()))
}

/// The length of a literal between such quotes at the start.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A character literal rather than a lifetime.
fn is_char(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}

/// Bare text without the modules of its tests.
pub fn without_tests(bare: &str) -> String {
    let mut out = String::new();
    let mut rest = bare;
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = match (rest.find('{'), rest.find(';')) {
            (Some(open), semicolon) if semicolon.is_none_or(|semicolon| open < semicolon) => {
                block(rest, open)
            }
            (_, Some(semicolon)) => semicolon + 1,
            _ => rest.len(),
        };
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Where the block that opens there ends.
fn block(text: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in text[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return open + at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// All paths of two or more names in bare text, `use` declarations opened. A path that starts at a crate or
/// with `crate`, `super`, `self` is as written; others are left out.
pub fn paths(bare: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = bare;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let starts = (first.is_alphabetic() || first == '_') && !is_word(before) && before != ':';
        if !starts {
            before = first;
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if &rest[..end] == "use" && rest[end..].starts_with(char::is_whitespace) {
            let semicolon = rest.find(';').unwrap_or(rest.len());
            let tree: String = rest[end..semicolon].split_whitespace().collect::<Vec<_>>().join(" ");
            open("", &tree, &mut found);
            rest = &rest[semicolon..];
        } else {
            let end = rest.find(|c| !is_word(c) && c != ':').unwrap_or(rest.len());
            let path = rest[..end].trim_end_matches(':');
            if path.contains("::") {
                found.push(path.to_owned());
            } else if rest[end..].starts_with('!') {
                found.push(format!("{path}!"));
            }
            rest = &rest[end..];
        }
        before = ' ';
        if rest.starts_with(':') {
            before = ':';
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Opens one `use` tree: `a::{b, c::{d, e}}` is `a::b`, `a::c::d`, `a::c::e`.
fn open(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let tree = tree.trim().trim_start_matches("::");
    let Some(brace) = tree.find('{') else {
        let name = tree.split(" as ").next().unwrap_or_default().trim();
        if !name.is_empty() {
            found.push(format!("{prefix}{name}").trim_end_matches("::self").to_owned());
        }
        return;
    };
    let prefix = format!("{prefix}{}", tree[..brace].trim());
    let inner = &tree[brace + 1..block(tree, brace) - 1];
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                open(&prefix, &inner[start..at], found);
                start = at + 1;
            }
            _ => {}
        }
    }
    open(&prefix, &inner[start..], found);
}

#[test]
fn paths_are_found_where_they_are_meant() {
    let text = r##"
        //! Uses `crate::comment`.
        use std::{fs::{self, File as F}, io};
        use crate::a::{B, c::D};
        fn f<'a>(x: &'a str) -> crate::e::F { println!("crate::{}", 'x'); r#"crate::g"#; super::h::i(x) }
        #[cfg(test)]
        mod tests { use crate::j; fn g() { if true {} } }
        #[cfg(test)]
        mod more;
        static K: k::L = 1;
    "##;
    let found = paths(&without_tests(&bare(text)));
    let expected = [
        "std::fs",
        "std::fs::File",
        "std::io",
        "crate::a::B",
        "crate::a::c::D",
        "crate::e::F",
        "println!",
        "super::h::i",
        "k::L",
    ];
    assert_eq!(found, expected);
}
