//! What Salt's Jinja knows and ours does not, written line for line in what ours knows. Must not render.

mod growth;
mod macros;

use self::growth::Bodies;
use self::macros::Macro;
use super::limits::{self, Blocks, Excess};
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

/// What the engine shall read; why it cannot read the template, where that nests deeper than it may. A template
/// that others include may be put out many times.
pub fn rewrite(text: &str, included: bool) -> Result<Rewritten, Excess> {
    limits::text(text)?;
    let mut edits = Vec::new();
    let mut macros = Vec::new();
    let mut blocks = Blocks::default();
    let mut bodies = Bodies::default();
    for piece in pieces(text) {
        match piece {
            Piece::Output(range) => {
                let tokens = tokens(text, range.start + 2..range.end.saturating_sub(2).max(range.start + 2));
                limits::expression(&tokens)?;
                expression(&tokens, &mut edits);
                macros::notice(&tokens, &mut macros);
            }
            Piece::Tag(range) => {
                let tag = Tag::of(text, range.start, range.end);
                limits::expression(&tag.words)?;
                limits::import_name(tag.word, &tag.words)?;
                blocks.tag(tag.whole, range, &tag.words)?;
                self::tag(text, &tag, &mut edits, &mut macros);
                bodies.tag(tag.whole, tag.close, &mut edits);
            }
            Piece::Text(range) => bodies.text(range.len()),
            Piece::Comment(_) => {}
        }
    }
    if included {
        bodies.whole(&mut edits);
    }
    // Jinja turns every line break into a plain one.
    let breaks = text.match_indices("\r\n").map(|(at, _)| Edit { at, length: 1, text: String::new() });
    edits.extend(breaks);
    // What is put in stands before what takes a place.
    edits.sort_by_key(|edit| (edit.at, edit.length > 0));
    Ok(apply(text, edits))
}

/// A template that only says why another cannot be read, and leads back to where that stands.
pub fn refusal(excess: &Excess) -> Rewritten {
    const WORDS: &str = "{{ __refused";
    let text = format!("{WORDS}({}, {}) }}}}", quoted(&excess.message), quoted(excess.help));
    let (start, end) = (excess.at.start, excess.at.end);
    // All of the call is the one place.
    let anchors = vec![(0, start), (3, start), (4, end), (text.len(), end)];
    Rewritten { text, anchors }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Expressions that the engine would read otherwise, or of which it might make too much.
fn expression(words: &[Token<'_>], edits: &mut Vec<Edit>) {
    formatting(words, edits);
    growth::products(words, edits);
    growth::sums(words, edits);
    growth::slices(words, edits);
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

/// `{% … %}`.
struct Tag<'a> {
    whole: &'a str,
    word: &'a str,
    word_at: usize,
    /// What follows the word.
    words: Vec<Token<'a>>,
    /// Where the signs stand that close it; the end of the text where none do.
    close: usize,
    closed: bool,
}

impl<'a> Tag<'a> {
    fn of(text: &'a str, start: usize, end: usize) -> Self {
        let whole = text.get(start..end).unwrap_or_default();
        let body = whole.strip_suffix("%}");
        let closed = body.is_some();
        let body = body.unwrap_or(whole);
        let close = start + if closed && body.ends_with(['-', '+']) { body.len() - 1 } else { body.len() };
        let (word, after) = inner(whole);
        let words = tokens(text, start + after..close.max(start + after));
        Self { whole, word, word_at: start + after - word.len(), words, close, closed }
    }
}

fn tag(text: &str, tag: &Tag<'_>, edits: &mut Vec<Edit>, open: &mut Vec<Macro>) {
    let Tag { word, word_at, words, close, .. } = tag;
    let (word, word_at, close) = (*word, *word_at, *close);
    if !tag.closed {
        return;
    }
    expression(words, edits);
    match word {
        "set" => {
            if let Some(sign) = assignment(words) {
                let (target, value) = words.split_at(sign);
                let value = value.get(1..).unwrap_or_default();
                // An attribute of a namespace is known by its name.
                let name: String = target.iter().map(|word| word.text).collect();
                let end = if name.contains('.') { format!(", '{name}')") } else { ")".to_owned() };
                wrap("__own(", value, &end, edits);
            } else if !words.iter().any(|word| word.text == "=")
                && let Some(last) = words.last()
            {
                // Its body is the value.
                edits.push(Edit::insert(last.end(), " | __held"));
            }
        }
        "filter" => {
            if let Some(first) = words.first() {
                edits.push(Edit::insert(first.start, "__held | "));
            }
        }
        "do" => wrap("__done(", words, ")", edits),
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
        "macro" => open.extend(macros::begin(text, words, close, edits)),
        "endmacro" => {
            if let Some(closed) = open.pop() {
                macros::end(closed, close, edits);
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
                edits.push(Edit::insert(close, second));
            }
        }
        _ => {}
    }
    if word != "macro" {
        macros::notice(words, open);
    }
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

fn wrap(function: &str, words: &[Token<'_>], end: &str, edits: &mut Vec<Edit>) {
    if let (Some(first), Some(last)) = (words.first(), words.last()) {
        edits.push(Edit::insert(first.start, function));
        edits.push(Edit::insert(last.end(), end));
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
            ("{%- set ns.x = a == b -%}", "{%- set ns.x = __own(a == b, 'ns.x') -%}"),
            ("{% set a, b = 1, 2 %}", "{% set a, b = 1, 2 %}"),
            ("{% set x = f(a=1, b=2)|default({}) %}", "{% set x = __own(f(a=1, b=2)|default({})) %}"),
            ("{% set x %}a = b{% endset %}", "{% set x | __held %}a = b{% endset %}"),
            ("{% filter a(1) | b %}x{% endfilter %}", "{% filter __held | a(1) | b %}x{% endfilter %}"),
            ("{% do x.append('%}') %}", "{% do __done(x.append('%}')) %}"),
            ("{% load_yaml as x %}\na: 1\n{% endload -%}", "{% set x | load_yaml %}\na: 1\n{% endset -%}"),
            (
                "{%- import_yaml 'a.yaml' as x with context -%}",
                "{%- import 'a.yaml' as x with context  %}{% set x = x | string | load_yaml -%}",
            ),
            ("{{ '%s-%s' % (a, b) }}", "{{ '%s-%s' |__format( (a, b)) }}"),
            ("{{ '%02d' % a.b[0] ~ 'x' }}", "{{ '%02d' |__format( a.b[0]) |__held~ 'x' }}"),
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
            ("{{ a ~ b.c|d ~ 'e' }}", "{{ a |__held~ b.c|d|__held ~ 'e' }}"),
            ("{{ 1 + 2 + a }}{{ a + b }}", "{{ 1 + 2 + a }}{{ a |__held+ b|__held }}"),
            ("{% set x = a ~ b %}", "{% set x = __own(a |__held~ b|__held) %}"),
            ("{{ 2 * a.b * c ** 2 - d }}", "{{ 2 |__times( a.b) |__times( c ** 2) - d }}"),
            ("{{ a / 2 * b }}{{ f(*c) }}", "{{ a / 2 * b|__number }}{{ f(*c) }}"),
            ("{{ '%s'%a*b~c }}", "{{ '%s'|__format(a)|__times(b)|__held~c|__held }}"),
            (
                "{%- for x in y -%} what is put out as often as it turns {% endfor %}",
                "{%- for x in y  %}{% do __turn(38) -%} what is put out as often as it turns {% endfor %}",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(rewrite(text, false).unwrap().text, expected);
        }
    }

    #[test]
    fn places_find_back() {
        let text = "{% set x = y %}{{ z }}";
        let rewritten = rewrite(text, false).unwrap();
        for name in ["y", "z"] {
            let found = rewritten.original(rewritten.text.find(name).unwrap());
            assert_eq!(&text[found..=found], name);
        }
    }
}
