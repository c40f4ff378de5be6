//! The words that tie states to one another, and what they refer to. Does not look for the states meant.

use std::sync::Arc;

use super::declaration::Name;
use super::findings::Findings;
use super::low::Requisite;
use crate::diagnostic::Diagnostic;
use crate::yaml::{Meaning, Node};

/// What a requisite's word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// This state depends on the others.
    Of(Requisite),
    /// The others depend on this state.
    In(Requisite),
    /// This state takes the others' arguments.
    Use,
    /// The others take this state's arguments.
    UseIn,
}

impl Keyword {
    /// Whether it changes another declaration, or takes from one. What listens is told at the end of a run
    /// and by single states, so `listen_in` changes nothing.
    pub fn changes(self) -> bool {
        !matches!(self, Self::Of(_) | Self::In(Requisite::Listen))
    }
}

/// Sorted: every argument of every state is looked up here.
const KEYWORDS: &[(&str, Keyword)] = &[
    ("listen", Keyword::Of(Requisite::Listen)),
    ("listen_in", Keyword::In(Requisite::Listen)),
    ("onchanges", Keyword::Of(Requisite::Onchanges)),
    ("onchanges_any", Keyword::Of(Requisite::OnchangesAny)),
    ("onchanges_in", Keyword::In(Requisite::Onchanges)),
    ("onfail", Keyword::Of(Requisite::Onfail)),
    ("onfail_all", Keyword::Of(Requisite::OnfailAll)),
    ("onfail_any", Keyword::Of(Requisite::OnfailAny)),
    ("onfail_in", Keyword::In(Requisite::Onfail)),
    ("prereq", Keyword::Of(Requisite::Prereq)),
    ("prereq_in", Keyword::In(Requisite::Prereq)),
    ("require", Keyword::Of(Requisite::Require)),
    ("require_any", Keyword::Of(Requisite::RequireAny)),
    ("require_in", Keyword::In(Requisite::Require)),
    ("use", Keyword::Use),
    ("use_in", Keyword::UseIn),
    ("watch", Keyword::Of(Requisite::Watch)),
    ("watch_any", Keyword::Of(Requisite::WatchAny)),
    ("watch_in", Keyword::In(Requisite::Watch)),
];

/// What a word means, if it ties states to one another.
pub fn keyword(word: &str) -> Option<Keyword> {
    let at = KEYWORDS.binary_search_by(|(name, _)| (*name).cmp(word)).ok()?;
    KEYWORDS.get(at).map(|(_, keyword)| *keyword)
}

/// All words that tie states to one another.
pub fn keywords() -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().map(|(word, _)| *word)
}

/// The word for what a state depends on.
pub fn word(requisite: Requisite) -> &'static str {
    let found = KEYWORDS.iter().find(|(_, keyword)| *keyword == Keyword::Of(requisite));
    found.map_or("", |(word, _)| word)
}

/// A state that a requisite names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `pkg`, `sls`; none where any module is meant.
    pub module: Option<Arc<str>>,
    /// An ID, a name, the name of a state file, or a pattern for one of them.
    pub target: Name,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.module {
            Some(module) => write!(f, "{module}: {}", self.target.text),
            None => f.write_str(&self.target.text),
        }
    }
}

/// What a requisite's value refers to; whatever is not understood is a problem.
pub fn references(word: &str, id: &str, value: &Node, findings: &mut Findings) -> Vec<Reference> {
    if let Some(items) = value.list() {
        return items.iter().flat_map(|item| reference(word, id, item, findings)).collect();
    }
    let problem = Diagnostic::error(format!("`{word}` must be a list; found {}", value.described()));
    let problem = problem.at(&value.place).state(id);
    findings.strict(match value.map() {
        Some([(module, _), ..]) => {
            problem.help(format!("begin each with a dash: `- {}: …`", module.text().unwrap_or_default()))
        }
        _ if value.is_null() => problem.help(format!("take `{word}:` away where there is nothing to name")),
        _ => problem.help("write `- MODULE: ID` below it"),
    });
    if value.is_null() { Vec::new() } else { reference(word, id, value, findings) }
}

fn reference(word: &str, id: &str, item: &Node, findings: &mut Findings) -> Vec<Reference> {
    if let Some(Meaning::Text(text)) = item.meaning()
        && !text.is_empty()
    {
        return vec![Reference { module: None, target: Name::of(item) }];
    }
    let entries = item.map().unwrap_or_default();
    if let [_, (second, _), ..] = entries {
        findings.strict(
            Diagnostic::error(format!("`{word}` has several references behind one dash"))
                .at(&second.place)
                .state(id)
                .help("begin each with a dash of its own"),
        );
    }
    if entries.is_empty() {
        let problem = format!("`{word}` takes `MODULE: ID`; found {}", item.described());
        findings.add(Diagnostic::error(problem).at(&item.place).state(id));
    }
    entries.iter().filter_map(|(module, target)| pair(word, id, module, target, findings)).collect()
}

fn pair(word: &str, id: &str, module: &Node, target: &Node, findings: &mut Findings) -> Option<Reference> {
    let name = target.text().filter(|text| !target.is_null() && !text.is_empty());
    let (Some(module_name), Some(text)) = (module.text(), name) else {
        let problem = format!("`{word}` takes `MODULE: ID`; found {} as the ID", target.described());
        findings.add(
            Diagnostic::error(problem)
                .at(if target.is_null() { &module.place } else { &target.place })
                .state(id),
        );
        return None;
    };
    let plain = module_name.split('.').next().unwrap_or_default();
    if plain != module_name {
        findings.strict(
            Diagnostic::error(format!("`{word}` names a module, not a function: `{module_name}`"))
                .at(&module.place)
                .state(id)
                .help(format!("write `{plain}: {text}`")),
        );
    }
    // `id: x` is how Salt spells "any module" inside.
    let module = (plain != "id").then(|| plain.into());
    Some(Reference { module, target: Name::of(target) })
}
