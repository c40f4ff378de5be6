//! One file with its content, owner and mode: what would have to change. Must not know where the content
//! comes from.

use std::path::{Path, PathBuf};

use super::hash::matches;
use super::look::{destination, kind_word};
use super::ownership::{DesiredOwner, octal};
use super::parents::Parents;
use super::text::shown;
use crate::fault::{Fault, Result};
use crate::host::{Action, Hash, Kind, Stat};
use crate::plan::{Change, Plan};
use crate::states::Context;

/// Where copies of replaced contents are kept.
const BACKUPS: &str = "/var/lib/provision/backup";

/// How a file shall be, besides its content.
#[derive(Debug)]
pub struct DesiredFile<'a> {
    pub path: &'a Path,
    pub wanted: &'a DesiredOwner,
    pub mode: Option<u32>,
    /// How the folder is made, where nothing is at the path yet; `None`: others see to it.
    pub parents: Option<Parents>,
    /// Write through a symlink rather than in its place.
    pub follow: bool,
    pub backup: bool,
    pub show: bool,
    pub validate: Option<Vec<String>>,
    pub temporary: Option<(PathBuf, String)>,
    /// What follows a change's name, where the path is one of many.
    pub of: &'a str,
}

/// What is at the path now.
enum Here {
    /// Nothing; it would be created at this path.
    Nothing(PathBuf),
    /// A file that is changed where it is.
    File(PathBuf, Stat),
    /// A symlink that gives way.
    Link(PathBuf),
}

impl DesiredFile<'_> {
    /// Only owner and mode of a file that is there; `None`: it is not there.
    pub fn kept(&self, context: &Context<'_>) -> Result<Option<Plan>> {
        match self.here(context)? {
            Here::Nothing(_) => Ok(None),
            Here::Link(path) => match context.facts.host().stat(&path)? {
                Some(stat) => self.settle(context, &path, &stat).map(Some),
                None => Ok(None),
            },
            Here::File(path, stat) => self.settle(context, &path, &stat).map(Some),
        }
    }

    /// The file has this content.
    pub fn content(&self, context: &Context<'_>, content: Vec<u8>) -> Result<Plan> {
        let mut plan = Plan::default();
        match self.here(context)? {
            Here::Nothing(path) => {
                if let Some(parents) = &self.parents {
                    plan.join(parents.of(context.facts, &path)?);
                }
                let diff = shown(self.show, b"", &content);
                let change = match self.mode {
                    Some(mode) => self.change("created").to(octal(mode)),
                    None => self.change("created"),
                };
                plan.push(change.diff(diff), self.write(path, content, None));
            }
            Here::Link(path) => {
                let from = context.facts.host().link(&path)?.unwrap_or_default();
                let change = self
                    .change("symlink")
                    .from(from.display().to_string())
                    .to("a file")
                    .diff(shown(self.show, b"", &content));
                plan.push(change, self.write(path, content, None));
            }
            Here::File(path, stat) => {
                plan.join(self.settle(context, &path, &stat)?);
                let same_size = usize::try_from(stat.size).is_ok_and(|size| size == content.len());
                let old = context.facts.host().read(&path)?.unwrap_or_default();
                if !same_size || old != content {
                    let change = self.change("content").diff(shown(self.show, &old, &content));
                    let backup = self.backup.then(|| backup_of(&path, &stat));
                    if let Some(folder) = backup.as_deref().and_then(Path::parent) {
                        // What was readable for some only must not become so for all.
                        let private = Parents { make: true, mode: Some(0o700), ..Parents::default() };
                        plan.join(private.folder(context.facts, folder)?);
                    }
                    plan.push(change, self.write(path, content, backup));
                }
            }
        }
        Ok(plan)
    }

    /// A directory gives way to the file.
    pub fn in_place_of_directory(&self, content: Vec<u8>) -> Plan {
        let mut plan = Plan::default();
        let path = self.path.to_owned();
        plan.push(self.change("directory").to("removed"), Action::Remove { path: path.clone() });
        let change = self.change("created").diff(shown(self.show, b"", &content));
        plan.push(change, self.write(path, content, None));
        plan
    }

    /// The file has the content of a URL, which has this digest.
    pub fn download(&self, context: &Context<'_>, url: &str, hash: &Hash) -> Result<Plan> {
        let mut plan = Plan::default();
        let digest = format!("{}={}", hash.kind, hash.hex);
        let path = match self.here(context)? {
            Here::Nothing(path) => {
                if let Some(parents) = &self.parents {
                    plan.join(parents.of(context.facts, &path)?);
                }
                plan.push(self.change("created").to(digest), self.fetch(path, url, hash));
                return Ok(plan);
            }
            Here::Link(path) => path,
            Here::File(path, stat) => {
                plan.join(self.settle(context, &path, &stat)?);
                if matches(hash, &context.facts.host().read(&path)?.unwrap_or_default()) {
                    return Ok(plan);
                }
                path
            }
        };
        plan.push(self.change("content").to(digest), self.fetch(path, url, hash));
        Ok(plan)
    }

    fn change(&self, what: &str) -> Change {
        Change::new(format!("{what}{}", self.of))
    }

    fn settle(&self, context: &Context<'_>, path: &Path, stat: &Stat) -> Result<Plan> {
        self.wanted.settle(context.facts, path, stat, self.mode, self.of)
    }

    fn here(&self, context: &Context<'_>) -> Result<Here> {
        let host = context.facts.host();
        let (path, stat) = if self.follow {
            destination(host, self.path)?
        } else {
            (self.path.to_owned(), host.stat(self.path)?)
        };
        match stat {
            None => Ok(Here::Nothing(path)),
            Some(stat) if stat.kind == Kind::File => Ok(Here::File(path, stat)),
            Some(stat) if stat.kind == Kind::Symlink => Ok(Here::Link(path)),
            Some(stat) => Err(Fault::new(format!("`{}` is a {}", self.path.display(), kind_word(stat.kind)))
                .help("choose another name, or remove it before with `file.absent`")),
        }
    }

    fn write(&self, path: PathBuf, content: Vec<u8>, backup: Option<PathBuf>) -> Action {
        Action::WriteFile {
            path,
            content,
            mode: self.mode,
            owner: self.wanted.owner.clone(),
            validate: self.validate.clone(),
            backup,
            temporary: self.temporary.clone(),
        }
    }

    fn fetch(&self, path: PathBuf, url: &str, hash: &Hash) -> Action {
        Action::Download {
            url: url.to_owned(),
            hash: Some(hash.clone()),
            path,
            mode: self.mode,
            owner: self.wanted.owner.clone(),
        }
    }
}

/// Where the content that is replaced is kept: named by the time at which it was written, so that each
/// content is kept once.
fn backup_of(path: &Path, stat: &Stat) -> PathBuf {
    let time = jiff::Timestamp::from_second(stat.modified)
        .map_or_else(|_| stat.modified.to_string(), |time| time.strftime("%Y-%m-%dT%H-%M-%SZ").to_string());
    let mut name = Path::new(BACKUPS).join(path.strip_prefix("/").unwrap_or(path)).into_os_string();
    name.push(format!("_{time}"));
    name.into()
}

/// The argument vector of a `check_cmd`, to which the path is appended; a line that needs a shell gets one.
pub fn validator(line: &str) -> Result<Vec<String>> {
    if line.contains(|char: char| "|&;<>()$`*?[]#~%{}\n".contains(char)) {
        let script = format!("{line} \"$1\"");
        return Ok(["/bin/sh", "-c", &script, "sh"].map(str::to_owned).to_vec());
    }
    let argv = shell_words::split(line)
        .map_err(|_| Fault::new(format!("check_cmd: `{line}` has a quote that is not closed")))?;
    if argv.is_empty() {
        return Err(Fault::new("check_cmd: the command is empty"));
    }
    Ok(argv)
}
