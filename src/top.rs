//! The top file: which state or pillar files a host gets. Must not know what stands in them.

use crate::diagnostic::{Diagnostic, nearest};
use crate::source::Place;
use crate::target::{KINDS, Subject};
use crate::yaml::{Meaning, Node};

/// A file that the host gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub sls: String,
    pub place: Place,
    /// Nobody minds if it is not there.
    pub optional: bool,
}

/// What the host gets of a rendered top file, and everything wrong with the file.
pub fn read(node: Option<&Node>, subject: &Subject<'_>) -> (Vec<Entry>, Vec<Diagnostic>) {
    let mut reader = Reader { subject, entries: Vec::new(), problems: Vec::new() };
    if let Some(node) = node.filter(|node| !node.is_null()) {
        reader.file(node);
    }
    (reader.entries, reader.problems)
}

struct Reader<'a> {
    subject: &'a Subject<'a>,
    entries: Vec<Entry>,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn wrong(&mut self, node: &Node, expected: &str) {
        let problem = format!("{expected}; found {}", node.described());
        self.problems.push(Diagnostic::error(problem).at(&node.place));
    }

    fn file(&mut self, node: &Node) {
        let Some(environments) = node.map() else {
            self.wrong(node, "a top file is a map that begins with `base:`");
            return;
        };
        for (environment, targets) in environments {
            if environment.text() != Some("base") {
                let name = environment.text().unwrap_or_default();
                self.problems.push(
                    Diagnostic::error(format!(
                        "`{name}` is no environment of a top file: there is only `base`"
                    ))
                    .at(&environment.place)
                    .help("put its targets below `base:`"),
                );
                continue;
            }
            match targets.map() {
                Some(targets) => targets.iter().for_each(|(target, list)| self.target(target, list)),
                None if targets.is_null() => {}
                None => self.wrong(targets, "below `base:` there are targets, each with a list of files"),
            }
        }
    }

    fn target(&mut self, target: &Node, list: &Node) {
        let Some(expression) = target.text() else {
            self.wrong(target, "a target is a string");
            return;
        };
        if list.is_null() {
            return;
        }
        let items = list.list().unwrap_or(std::slice::from_ref(list));
        let mut kind = "glob".to_owned();
        let mut optional = false;
        let mut names = Vec::new();
        for item in items {
            match (item.text(), item.map()) {
                (Some(sls), _) if !item.is_null() && !sls.is_empty() => names.push((sls, &item.place)),
                (_, Some([(key, value)])) if key.text() == Some("match") => match value.text() {
                    Some(name) if KINDS.contains(&name) => name.clone_into(&mut kind),
                    name => {
                        let problem = Diagnostic::error(format!(
                            "`{}` is no way to match hosts",
                            name.unwrap_or_default()
                        ));
                        let near = nearest(name.unwrap_or_default(), KINDS.iter().copied());
                        self.problems.push(problem.at(&value.place).help(match near {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => format!("there are {}", KINDS.join(", ")),
                        }));
                        return;
                    }
                },
                (_, Some([(key, value)])) if key.text() == Some("ignore_missing") => {
                    optional = value.meaning() == Some(Meaning::Bool(true));
                }
                _ => self.wrong(item, "below a target there is a list of file names"),
            }
        }
        match self.subject.is(&kind, expression) {
            Ok(true) => {
                for (sls, place) in names {
                    if !self.entries.iter().any(|entry| entry.sls == sls) {
                        self.entries.push(Entry { sls: sls.to_owned(), place: place.clone(), optional });
                    }
                }
            }
            Ok(false) => {}
            Err(refusal) => self.problems.push(Diagnostic::error(refusal).at(&target.place)),
        }
    }
}
