//! /etc/fstab, as fstab(5) has it: a line for each file system. What is not asked about stays as it is.

use std::path::Path;

use crate::fault::Result;
use crate::host::Host;
use crate::plan::Plan;
use crate::states::edit::{Edit, joined};

/// Device, place, type, options, dump, pass: the fields of a line.
pub type Fields = [String; 6];

pub struct Fstab(Edit);

impl Fstab {
    pub fn of(host: &dyn Host, path: &Path) -> Result<Self> {
        Edit::of(host, path).map(Self)
    }

    /// One line, and only this, has what `about` tells of.
    pub fn put(&self, wanted: &Fields, about: impl Fn(&Fields) -> bool, plan: &mut Plan) {
        let is_about = |line: &str| fields(line).is_some_and(|fields| about(&fields));
        let mut found = self.0.lines().filter(|line| is_about(line));
        if found.next().and_then(fields).as_ref() == Some(wanted) && found.next().is_none() {
            return;
        }
        let line = wanted.iter().map(|field| escaped(field)).collect::<Vec<_>>().join("\t");
        let mut line = Some(line.as_str());
        let mut lines: Vec<&str> = Vec::new();
        for old in self.0.lines() {
            if is_about(old) { lines.extend(line.take()) } else { lines.push(old) }
        }
        lines.extend(line);
        self.0.write(joined(lines), plan);
    }

    /// No line has what `about` tells of.
    pub fn remove(&self, about: impl Fn(&Fields) -> bool, plan: &mut Plan) {
        let is_about = |line: &str| fields(line).is_some_and(|fields| about(&fields));
        if self.0.lines().any(is_about) {
            self.0.write(joined(self.0.lines().filter(|line| !is_about(line))), plan);
        }
    }
}

/// The last two may be left out and are then 0; comments have none.
fn fields(line: &str) -> Option<Fields> {
    let mut words = line.split_whitespace().map(unescaped);
    let device = words.next().filter(|device| !device.starts_with('#'))?;
    let (place, kind) = (words.next()?, words.next()?);
    let options = words.next().unwrap_or_else(|| "defaults".to_owned());
    let mut number = || words.next().unwrap_or_else(|| "0".to_owned());
    Some([device, place, kind, options, number(), number()])
}

/// Marks that would part fields, and their escapes.
const ESCAPES: [(&str, &str); 4] = [("\\", "\\134"), (" ", "\\040"), ("\t", "\\011"), ("\n", "\\012")];

fn escaped(field: &str) -> String {
    ESCAPES.iter().fold(field.to_owned(), |field, (mark, escape)| field.replace(mark, escape))
}

/// A field as it is meant; the backslash's own escape is undone last.
pub fn unescaped(field: &str) -> String {
    ESCAPES.iter().rev().fold(field.to_owned(), |field, (mark, escape)| field.replace(escape, mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_survive_being_written() {
        for field in ["/srv/a b", "a\\040b", "tab\there", "\\", "plain"] {
            assert_eq!(unescaped(&escaped(field)), field);
        }
    }
}
