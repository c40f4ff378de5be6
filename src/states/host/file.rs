//! /etc/hosts as lines: those that name an address, and all others, untouched.

use crate::fault::Result;
use crate::plan::Plan;
use crate::states::Context;
use crate::states::edit::{Edit, joined};

pub const PATH: &str = "/etc/hosts";

pub struct Hosts {
    edit: Edit,
    lines: Vec<Line>,
}

enum Line {
    Other(String),
    Entry(Entry),
}

struct Entry {
    /// As written, while nothing of it has changed.
    written: Option<String>,
    ip: String,
    names: Vec<String>,
    comment: Option<String>,
}

impl Entry {
    fn parse(line: &str) -> Option<Self> {
        let (text, comment) = match line.split_once('#') {
            Some((text, comment)) => (text, Some(comment.trim().to_owned())),
            None => (line, None),
        };
        let mut words = text.split_whitespace().map(str::to_owned);
        let ip = words.next()?;
        Some(Self { written: Some(line.to_owned()), ip, names: words.collect(), comment })
    }

    fn text(&self) -> String {
        if let Some(written) = &self.written {
            return written.clone();
        }
        let comment = self.comment.as_ref().filter(|comment| !comment.is_empty());
        let comment = comment.map(|comment| format!("\t# {comment}")).unwrap_or_default();
        format!("{}\t{}{comment}", self.ip, self.names.join(" "))
    }
}

impl Hosts {
    pub fn read(context: &Context<'_>) -> Result<Self> {
        let edit = Edit::of(context.facts.host(), PATH)?;
        let line = |line: &str| Entry::parse(line).map_or_else(|| Line::Other(line.to_owned()), Line::Entry);
        let lines = edit.lines().map(line).collect();
        Ok(Self { edit, lines })
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.lines.iter().filter_map(|line| match line {
            Line::Entry(entry) => Some(entry),
            Line::Other(_) => None,
        })
    }

    fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.lines.iter_mut().filter_map(|line| match line {
            Line::Entry(entry) => Some(entry),
            Line::Other(_) => None,
        })
    }

    pub fn has(&self, ip: &str, name: &str) -> bool {
        self.entries().any(|entry| entry.ip == ip && entry.names.iter().any(|is| is == name))
    }

    /// All names of an address, in order.
    pub fn names(&self, ip: &str) -> Vec<&str> {
        let entries = self.entries().filter(|entry| entry.ip == ip);
        entries.flat_map(|entry| entry.names.iter().map(String::as_str)).collect()
    }

    /// The addresses that have a name.
    pub fn addresses(&self, name: &str) -> Vec<String> {
        let entries = self.entries().filter(|entry| entry.names.iter().any(|is| is == name));
        entries.map(|entry| entry.ip.clone()).collect()
    }

    /// Adds a name to an address's line, or a line.
    pub fn add(&mut self, ip: &str, name: &str) {
        if self.has(ip, name) {
            return;
        }
        if let Some(entry) = self.entries_mut().find(|entry| entry.ip == ip) {
            entry.names.push(name.to_owned());
            entry.written = None;
            return;
        }
        let entry = Entry { written: None, ip: ip.to_owned(), names: vec![name.to_owned()], comment: None };
        self.lines.push(Line::Entry(entry));
    }

    /// Takes a name from an address; a line without names goes.
    pub fn remove(&mut self, ip: &str, name: &str) {
        for entry in self.entries_mut() {
            if entry.ip == ip && entry.names.iter().any(|is| is == name) {
                entry.names.retain(|is| is != name);
                entry.written = None;
            }
        }
        self.drop_nameless(ip);
    }

    /// Gives an address just these names, on one line.
    pub fn set(&mut self, ip: &str, names: &[&str]) {
        let mut names: Option<Vec<String>> = Some(names.iter().map(|name| (*name).to_owned()).collect());
        for entry in self.entries_mut().filter(|entry| entry.ip == ip) {
            entry.names = names.take().unwrap_or_default();
            entry.written = None;
        }
        if let Some(names) = names.filter(|names| !names.is_empty()) {
            self.lines.push(Line::Entry(Entry { written: None, ip: ip.to_owned(), names, comment: None }));
        }
        self.drop_nameless(ip);
    }

    /// Puts a comment behind the lines of an address that have a name.
    pub fn comment(&mut self, ip: &str, name: &str, comment: &str) {
        for entry in self.entries_mut() {
            let is = entry.ip == ip && entry.names.iter().any(|is| is == name);
            if is && entry.comment.as_deref() != Some(comment) {
                entry.comment = Some(comment.to_owned());
                entry.written = None;
            }
        }
    }

    fn drop_nameless(&mut self, ip: &str) {
        self.lines
            .retain(|line| !matches!(line, Line::Entry(entry) if entry.ip == ip && entry.names.is_empty()));
    }

    pub fn plan(self) -> Plan {
        let lines = self.lines.iter().map(|line| match line {
            Line::Other(text) => text.clone(),
            Line::Entry(entry) => entry.text(),
        });
        let mut plan = Plan::default();
        let new = joined(lines);
        // A file that only lacks its last newline is right as it is.
        if new.trim_end() != self.edit.text().trim_end() {
            self.edit.write(new, &mut plan);
        }
        plan
    }
}
