//! What Salt's Jinja knows and ours does not, written line for line in what ours knows. Must not render.

mod macros;

use self::macros::Macro;
use super::tags::{Kind, Piece, Token, inner, pieces, tokens};

/// A template as the engine gets it, with the way back to the places of what was written.
pub struct Rewritten {
    pub text: String,
    /// Offsets in the text and in the original after each change, ascending.
    anchors: Vec<(usize, usize)>,
}

impl Rewritten {
    /// The offset in the original of an offset in the text.
    pub fn original(&self, offset: usize) -> usize {
        let index = self.anchors.partition_point(|(new, _)| *new <= offset);
        let (new, old) =
            index.checked_sub(1).and_then(|index| self.anchors.get(index)).copied().unwrap_or((0, 0));
        let plain = old + (offset - new);
        match self.anchors.get(index) {
            Some((_, next)) => plain.min(*next),
            None => plain,
        }
    }
}

/// A change: from an offset on, so many bytes become another text.
struct Edit {
    at: usize,
    length: usize,
    text: String,
}

impl Edit {
    fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { at, length: 0, text: text.into() }
    }
}

pub fn rewrite(text: &str) -> Rewritten {
    let mut edits = Vec::new();
    let mut macros = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Output(range) => {
                let tokens = tokens(text, range.start + 2..range.end.saturating_sub(2).max(range.start + 2));
                formatting(&tokens, &mut edits);
                macros::notice(&tokens, &mut macros);
            }
            Piece::Tag(range) => tag(text, range.start, range.end, &mut edits, &mut macros),
            Piece::Text(_) | Piece::Comment(_) => {}
        }
    }
    // Jinja turns every line break into a plain one.
    let breaks = text.match_indices("\r\n").map(|(at, _)| Edit { at, length: 1, text: String::new() });
    edits.extend(breaks);
    edits.sort_by_key(|edit| edit.at);
    apply(text, edits)
}

fn apply(text: &str, edits: Vec<Edit>) -> Rewritten {
    let mut out = String::with_capacity(text.len() + 64);
    let mut anchors = Vec::with_capacity(edits.len() * 2);
    let mut at = 0;
    for edit in edits {
        if edit.at < at {
            continue;
        }
        out.push_str(text.get(at..edit.at).unwrap_or_default());
        anchors.push((out.len(), edit.at));
        out.push_str(&edit.text);
        at = edit.at + edit.length;
        anchors.push((out.len(), at));
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Rewritten { text: out, anchors }
}

fn tag(text: &str, start: usize, end: usize, edits: &mut Vec<Edit>, open: &mut Vec<Macro>) {
    let whole = text.get(start..end).unwrap_or_default();
    let Some(body) = whole.strip_suffix("%}") else { return };
    let close = if body.ends_with(['-', '+']) { body.len() - 1 } else { body.len() };
    let (word, after) = inner(whole);
    let word_at = start + after - word.len();
    let words = tokens(text, start + after..(start + close).max(start + after));
    match word {
        "set" => {
            if let Some(sign) = assignment(&words) {
                wrap("__own(", words.get(sign + 1..).unwrap_or_default(), edits);
            }
        }
        "do" => wrap("__done(", &words, edits),
        "load_yaml" | "load_json" | "load_text" => {
            // `load_yaml as x` is `set x | load_yaml`.
            if let [marker, rest @ ..] = words.as_slice()
                && marker.text == "as"
                && let Some(last) = rest.last()
            {
                edits.push(Edit { at: word_at, length: marker.end() - word_at, text: "set".to_owned() });
                edits.push(Edit::insert(last.end(), format!(" | {word}")));
            }
        }
        "macro" => open.extend(macros::begin(text, &words, start + close, edits)),
        "endmacro" => {
            if let Some(closed) = open.pop() {
                macros::end(closed, start + close, edits);
            }
        }
        "endload" => {
            edits.push(Edit { at: word_at, length: word.len(), text: "endset".to_owned() });
        }
        "import_yaml" | "import_json" | "import_text" => {
            let marker = words.iter().rposition(|token| token.text == "as" && token.kind == Kind::Name);
            let name = marker.and_then(|marker| words.get(marker + 1));
            if let Some(name) = name {
                edits.push(Edit { at: word_at, length: word.len(), text: "import".to_owned() });
                // What was imported is read as a value in a second tag, which takes over the closing.
                let kind = word.replace("import", "load");
                let second = format!(" %}}{{% set {0} = {0} | string | {kind} ", name.text);
                edits.push(Edit::insert(start + close, second));
            }
        }
        _ => {}
    }
    if word != "macro" {
        macros::notice(&words, open);
    }
    formatting(&words, edits);
}

/// Where the `=` of an assignment stands; none if there is more than one value.
fn assignment(words: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut sign = None;
    for (index, word) in words.iter().enumerate() {
        match word.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "=" if depth == 0 && sign.is_none() => sign = Some(index),
            "," if depth == 0 && sign.is_some() => return None,
            _ => {}
        }
    }
    sign
}

fn wrap(function: &str, words: &[Token<'_>], edits: &mut Vec<Edit>) {
    if let (Some(first), Some(last)) = (words.first(), words.last()) {
        edits.push(Edit::insert(first.start, function));
        edits.push(Edit::insert(last.end(), ")"));
    }
}

/// `'…' % values` becomes `'…'|__format(values)`: the engine's `%` only knows numbers.
fn formatting(words: &[Token<'_>], edits: &mut Vec<Edit>) {
    for (index, pair) in words.windows(2).enumerate() {
        let [text, sign] = pair else { continue };
        if text.kind != Kind::Text || sign.text != "%" {
            continue;
        }
        let Some(end) = operand(words, index + 2) else { continue };
        edits.push(Edit { at: sign.start, length: 1, text: "|__format(".to_owned() });
        edits.push(Edit::insert(end, ")"));
    }
}

/// The end of the operand that begins at a word: a name, string, number or bracket with what is hung on it.
fn operand(words: &[Token<'_>], from: usize) -> Option<usize> {
    let mut index = from;
    let mut end = None;
    let mut wants = true;
    while let Some(word) = words.get(index) {
        match word.text {
            "(" | "[" | "{" if wants || word.text != "{" => {
                index = closing(words, index)?;
                wants = false;
            }
            "-" if wants && end.is_none() => {}
            "." | "|" if !wants => wants = true,
            _ if wants && word.kind != Kind::Sign => wants = false,
            _ => break,
        }
        end = words.get(index).map(Token::end);
        index += 1;
    }
    end.filter(|_| !wants)
}

fn closing(words: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, word) in words.iter().enumerate().skip(open) {
        match word.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salts_tags_become_ours() {
        let cases = [
            ("{% set x = [1] %}", "{% set x = __own([1]) %}"),
            ("{%- set ns.x = a == b -%}", "{%- set ns.x = __own(a == b) -%}"),
            ("{% set a, b = 1, 2 %}", "{% set a, b = 1, 2 %}"),
            ("{% set x = f(a=1, b=2)|default({}) %}", "{% set x = __own(f(a=1, b=2)|default({})) %}"),
            ("{% set x %}a = b{% endset %}", "{% set x %}a = b{% endset %}"),
            ("{% do x.append('%}') %}", "{% do __done(x.append('%}')) %}"),
            ("{% load_yaml as x %}\na: 1\n{% endload -%}", "{% set x | load_yaml %}\na: 1\n{% endset -%}"),
            (
                "{%- import_yaml 'a.yaml' as x with context -%}",
                "{%- import 'a.yaml' as x with context  %}{% set x = x | string | load_yaml -%}",
            ),
            ("{{ '%s-%s' % (a, b) }}", "{{ '%s-%s' |__format( (a, b)) }}"),
            ("{{ '%02d' % a.b[0] ~ 'x' }}", "{{ '%02d' |__format( a.b[0]) ~ 'x' }}"),
            ("{{ 7 % 2 }}", "{{ 7 % 2 }}"),
            ("{% raw %}{% set x = [1] %}{% endraw %}", "{% raw %}{% set x = [1] %}{% endraw %}"),
            ("{# {% set x = 1 #}{% set y = 2 %}", "{# {% set x = 1 #}{% set y = __own(2) %}"),
            ("{{ {'a': {'b': '}}'}} }}", "{{ {'a': {'b': '}}'}} }}"),
            ("a\r\nb", "a\nb"),
            (
                "{% macro m(a, b=a) -%}x{% endmacro %}",
                "{% macro m(a, b)  %}{% if b is undefined %}{% set b = a %}{% endif -%}x{% endmacro %}",
            ),
            (
                "{% macro m(a) %}{{ varargs }}{% endmacro -%}",
                "{% macro m(a, varargs=none, kwargs=none) %}{{ varargs }}{% endmacro  %}{% set m = __variadic(m, ['a']) -%}",
            ),
            (
                "{% macro m() %}{{ kwargs }}{% endmacro %}",
                "{% macro m(varargs=none, kwargs=none) %}{{ kwargs }}{% endmacro  %}{% set m = __variadic(m, []) %}",
            ),
            ("{% macro m(a, b=[1, 2]) %}{% endmacro %}", "{% macro m(a, b=[1, 2]) %}{% endmacro %}"),
            ("{% set x =", "{% set x ="),
        ];
        for (text, expected) in cases {
            assert_eq!(rewrite(text).text, expected);
        }
    }

    #[test]
    fn places_find_back() {
        let text = "{% set x = y %}{{ z }}";
        let rewritten = rewrite(text);
        for name in ["y", "z"] {
            let found = rewritten.original(rewritten.text.find(name).unwrap());
            assert_eq!(&text[found..=found], name);
        }
    }
}
