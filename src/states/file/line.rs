//! `file.line`: one line of a file, put in, replaced or taken out. Must not write it, only say so.

use super::content::Written;
use super::desired_file::DesiredFile;
use super::ownership::{self, DesiredOwner};
use super::page::Page;
use super::parents::Parents;
use super::path::AbsolutePath;
use super::text::{Found, Suffix, TextFile, bare};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::Action;
use crate::plan::Plan;
use crate::states::{Context, Function, State};
use crate::yaml::Mode;

/// The line is in the file, or not, or in place of another.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    name: AbsolutePath,
    #[serde(default)]
    content: Option<Written>,
    #[serde(default, rename = "match")]
    matching: Option<String>,
    mode: How,
    #[serde(default)]
    location: Option<End>,
    #[serde(default)]
    before: Option<String>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default = "super::yes")]
    show_changes: bool,
    #[serde(default)]
    backup: bool,
    /// A missing file is no error.
    #[serde(default)]
    quiet: bool,
    #[serde(default = "super::yes")]
    indent: bool,
    #[serde(default)]
    create: bool,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    file_mode: Option<Mode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum How {
    Ensure,
    Insert,
    Replace,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum End {
    Start,
    End,
}

impl Line {
    /// The content as lines, indented as the line that it follows or replaces.
    fn block(&self, indent: &str) -> Result<Vec<String>> {
        let content = self
            .content
            .as_ref()
            .map(|content| content.0.as_str())
            .ok_or_else(|| Fault::new("content: it is needed for every mode but `delete`"))?;
        Ok(content
            .trim_end()
            .split('\n')
            .map(|line| {
                let line = bare(line).trim_end();
                if self.indent { format!("{indent}{}", line.trim_start()) } else { line.to_owned() }
            })
            .collect())
    }

    fn changed(&self, text: &str) -> Result<String> {
        let mut page = Page::new(text);
        match self.mode {
            How::Delete => self.delete(&mut page)?,
            How::Replace => self.replace(&mut page)?,
            How::Insert => self.insert(&mut page)?,
            How::Ensure => self.ensure(&mut page)?,
        }
        Ok(page.text())
    }

    /// What is looked for in `delete` and `replace`; the content itself where nothing is said.
    fn sought(&self) -> Result<(&str, bool)> {
        match (self.matching.as_deref().filter(|text| !text.is_empty()), &self.content) {
            (Some(text), _) => Ok((text, true)),
            (None, Some(content)) if !content.0.is_empty() => Ok((&content.0, false)),
            _ => Err(Fault::new("match: it must say which line is meant")),
        }
    }

    /// All lines that match: deleting but the first, as Salt does, would go on at the next run.
    fn delete(&self, page: &mut Page) -> Result<()> {
        let (text, strict) = self.sought()?;
        let gone = page.found(text, strict)?;
        let mut at = 0;
        page.lines.retain(|_| {
            at += 1;
            !gone.contains(&(at - 1))
        });
        Ok(())
    }

    /// Line by line until none matches any more, or the one that matches first is right.
    fn replace(&self, page: &mut Page) -> Result<()> {
        let (text, strict) = self.sought()?;
        for _ in 0..=page.lines.len() {
            let Some(at) = page.found(text, strict)?.first().copied() else { break };
            let block = self.block(page.indent_of(at))?;
            if page.has_at(at, &block)
                && page.lines.get(at).map(|line| bare(line)) == block.first().map(String::as_str)
            {
                break;
            }
            let old = page.lines.remove(at);
            let ending = old.get(bare(&old).len()..).unwrap_or_default().to_owned();
            let count = block.len();
            for (index, line) in block.into_iter().enumerate() {
                let ending = if index + 1 == count { &ending } else { &page.ending };
                let line = format!("{line}{ending}");
                page.lines.insert(at + index, line);
            }
        }
        Ok(())
    }

    fn insert(&self, page: &mut Page) -> Result<()> {
        if let Some(end) = self.location {
            let (at, indent) = match end {
                End::Start => (0, String::new()),
                End::End => (page.lines.len(), page.indent_of(page.lines.len().saturating_sub(1)).to_owned()),
            };
            let block = self.block(&indent)?;
            if !page.has(&block) {
                page.insert(at, block);
            }
            return Ok(());
        }
        if self.after.is_none() && self.before.is_none() {
            return Err(Fault::new("inserting needs `location`, `before` or `after`"));
        }
        match self.bounds(page)? {
            (Some(first), Some(last)) => {
                let block = self.block(page.indent_of(last))?;
                // The line of `before` may also stand first.
                let from = first.min(last).saturating_sub(block.len());
                if !(from..first.max(last)).any(|at| page.has_at(at, &block)) {
                    page.insert(last, block);
                }
                Ok(())
            }
            (after, before) => self.beside(page, after, before),
        }
    }

    fn ensure(&self, page: &mut Page) -> Result<()> {
        if self.after.is_none() && self.before.is_none() {
            return Err(Fault::new("ensuring a line needs `before` or `after`"));
        }
        match self.bounds(page)? {
            (Some(first), Some(last)) => {
                if last <= first {
                    return Err(Fault::new("the line of `before` is not after that of `after`"));
                }
                let block = self.block(page.indent_of(first))?;
                if (first + 1..last).any(|at| page.has_at(at, &block)) {
                    return Ok(());
                }
                match last - first {
                    1 => {}
                    2 => drop(page.lines.remove(first + 1)),
                    _ => {
                        return Err(Fault::new("there is more than one line between `after` and `before`"));
                    }
                }
                page.insert(first + 1, block);
                Ok(())
            }
            (after, before) => self.beside(page, after, before),
        }
    }

    /// The lines of `after` and `before`; of two expressions, one may match nothing.
    fn bounds(&self, page: &Page) -> Result<(Option<usize>, Option<usize>)> {
        let after = page.one(self.after.as_deref(), "after")?;
        let before = page.one(self.before.as_deref(), "before")?;
        if after.is_none() && before.is_none() {
            let sought: Vec<String> =
                self.after.iter().chain(&self.before).map(|text| format!("`{text}`")).collect();
            return Err(Fault::new(format!("no line matches {}", sought.join(" or "))));
        }
        Ok((after, before))
    }

    /// Right after or before one line.
    fn beside(&self, page: &mut Page, after: Option<usize>, before: Option<usize>) -> Result<()> {
        if let Some(at) = after {
            let block = self.block(page.indent_of(at))?;
            if !page.has_at(at + 1, &block) {
                page.insert(at + 1, block);
            }
        } else if let Some(at) = before {
            let block = self.block(page.indent_of(at))?;
            if at.checked_sub(block.len()).is_none_or(|at| !page.has_at(at, &block)) {
                page.insert(at, block);
            }
        }
        Ok(())
    }

    /// Owner and mode, which may be given too.
    fn settled(&self, context: &Context<'_>, wanted: &DesiredOwner, file: &TextFile) -> Result<Plan> {
        let mode = self.file_mode.map(|mode| mode.0);
        wanted.settle(context.facts, &file.path, &file.stat, mode, "")
    }
}

impl State for Line {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let wanted = DesiredOwner::find(context.facts, self.user.as_deref(), self.group.as_deref())?;
        let found = Found::read(context, &self.name)?;
        if matches!(found, Found::Missing) {
            if self.create {
                let text = self.changed("")?;
                let put = DesiredFile {
                    path: &self.name,
                    wanted: &wanted,
                    mode: self.file_mode.map(|mode| mode.0),
                    parents: Some(Parents::default()),
                    follow: true,
                    backup: false,
                    show: self.show_changes,
                    validate: None,
                    temporary: None,
                    of: "",
                };
                return put.content(context, text.into_bytes());
            }
            if self.quiet {
                return Ok(Plan::nothing(format!("`{}` is not there", self.name)));
            }
        }
        let file = match found.needed(&self.name)? {
            Ok(file) => file,
            Err(later) => return Ok(later),
        };
        let backup = if self.backup { Suffix::time(file.stat.modified) } else { Suffix::NONE };
        let mut plan = self.settled(context, &wanted, &file)?;
        let mut change = file.become_text(&self.changed(&file.text)?, &backup, self.show_changes)?;
        for step in &mut change.steps {
            // The new file comes with what was just set right on the old one.
            if let Action::WriteFile { mode, owner, .. } = &mut step.action {
                *mode = self.file_mode.map(|mode| mode.0);
                *owner = wanted.owner.clone();
            }
        }
        plan.join(change);
        plan.notes.extend(wanted.notes);
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = self.name.edited();
        wants.extend(ownership::wants(self.user.as_deref(), self.group.as_deref()));
        wants
    }
}

impl Function for Line {
    const NAME: &'static str = "file.line";
    const ABOUT: &'static str = "a line is in a file, at its place; or it is replaced or deleted";
    const EXAMPLE: &'static str = "\
/etc/app.conf:
  file.line:
    - mode: ensure
    - content: 'listen = 127.0.0.1'
    - after: '^\\[server\\]'
";
}
