//! Answers to the questions of packages, read from debconf's own files. Must not ask debconf's programs
//! while nothing changes: each takes half a second.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;

use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::{Action, Packages};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::Pairs;

/// Answers that a package finds when it asks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The package that asks.
    name: String,
    data: Pairs<Answer>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(rename = "type")]
    kind: String,
    value: Option<String>,
}

impl fmt::Debug for Answer {
    /// An answer may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, hidden)", self.kind)
    }
}

/// What debconf knows of a question.
#[derive(Clone, Debug, Default)]
struct Known {
    value: String,
    /// An answer that was not seen is asked for again.
    seen: bool,
}

impl State for Set {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let plain = |word: &str| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_graphic());
        let known = known(context.facts)?;
        let mut plan = Plan::default();
        for (question, answer) in &self.data.0 {
            let value = answer.text();
            if ![&self.name, question, &answer.kind].into_iter().all(|word| plain(word))
                || value.contains('\n')
            {
                return Err(Fault::new(format!("`{question}` cannot be answered so"))
                    .help("package, question and type are one word each, an answer stands on one line"));
            }
            let now = known.get(question);
            if now.is_some_and(|now| now.seen && now.value == value) {
                continue;
            }
            let secret = answer.kind == "password";
            let show = |value: &str| if secret { "(hidden)".to_owned() } else { value.to_owned() };
            let mut change = Change::new(question).to(show(&value));
            change.from = now.map(|now| if now.seen { show(&now.value) } else { "not seen".to_owned() });
            let lines = vec![format!("{} {question} {} {value}", self.name, answer.kind)];
            plan.push(change, Action::Packages(Packages { debconf: lines, ..Packages::default() }));
        }
        Ok(plan)
    }

    fn merges(&self) -> bool {
        true
    }
}

impl Answer {
    fn text(&self) -> String {
        let value = self.value.as_deref().unwrap_or_default();
        if self.kind != "boolean" {
            return value.to_owned();
        }
        let yes = ["true", "yes", "on", "1"].iter().any(|word| value.eq_ignore_ascii_case(word));
        yes.to_string()
    }
}

/// The answers in debconf's files; on a host where nothing has asked yet there are none.
fn known(facts: &Facts) -> Result<BTreeMap<String, Known>> {
    let mut answers = BTreeMap::new();
    for path in ["/var/cache/debconf/config.dat", "/var/cache/debconf/passwords.dat"] {
        let bytes = facts.host().read(Path::new(path))?.unwrap_or_default();
        for stanza in String::from_utf8_lossy(&bytes).split("\n\n") {
            let field = |name: &str| {
                stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
            };
            let Some(name) = field("Name") else { continue };
            let seen = field("Flags").is_some_and(|flags| flags.split([',', ' ']).any(|flag| flag == "seen"));
            let value = field("Value").unwrap_or_default().to_owned();
            answers.insert(name.to_owned(), Known { value, seen });
        }
    }
    Ok(answers)
}

impl Function for Set {
    const NAME: &'static str = "debconf.set";
    const ABOUT: &'static str = "The questions of a package have these answers, before it asks.";
    const EXAMPLE: &'static str = "postfix:\n  debconf.set:\n    - data:\n        postfix/main_mailer_type: {type: select, value: Local only}\n        postfix/mailname: {type: string, value: mail.example.com}\n";
}
