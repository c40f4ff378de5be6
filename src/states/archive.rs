//! `archive.extracted`: what an archive holds lies in a folder. What was in it is noted on the host when it is
//! unpacked, so that a later look starts no program. Must not unpack anything.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::file::AbsolutePath;
use super::file::ownership::{self, DesiredOwner};
use super::file::source::{self, Source, SourceLocation};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::digest::digest;
use crate::host::{Action, Archive, Extraction, Format, Kind};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// Where it is noted what was in archives.
const RECORDS: &str = "/var/lib/provision/archives";

/// An archive's content lies in a folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extracted {
    /// The folder.
    name: AbsolutePath,
    source: OneOrMany<Source>,
    source_hash: Option<String>,
    source_hash_name: Option<String>,
    #[serde(default)]
    skip_verify: bool,
    archive_format: Option<String>,
    options: Option<String>,
    user: Option<String>,
    group: Option<String>,
    /// Nothing is done if this is there.
    if_missing: Option<AbsolutePath>,
    #[serde(default = "yes")]
    enforce_toplevel: bool,
    /// Unpack every time.
    #[serde(default)]
    overwrite: bool,
    /// A changed digest always leads to unpacking again, and nothing is kept to be unpacked later.
    #[serde(rename = "source_hash_update")]
    _source_hash_update: Option<bool>,
    #[serde(rename = "keep_source", alias = "keep")]
    _keep_source: Option<bool>,
    /// There is no output to trim.
    #[serde(rename = "trim_output")]
    _trim_output: Option<IgnoredAny>,
    #[serde(rename = "use_cmd_unzip")]
    _use_cmd_unzip: Option<bool>,
}

fn yes() -> bool {
    true
}

impl Extracted {
    fn format(&self, url: &str) -> Result<Format> {
        let asked = self.archive_format.as_deref().map(str::to_lowercase);
        let path = url.split(['?', '#']).next().unwrap_or(url).to_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
        match asked.as_deref() {
            Some("tar") => Ok(Format::Tar),
            Some("zip") => Ok(Format::Zip),
            Some(other) => Err(Fault::new(format!("archives of the format `{other}` are not supported"))
                .help("`tar` (compressed in any way) and `zip` are")),
            None if ends(&[".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tzst", ".tlz"]) => Ok(Format::Tar),
            None if path.contains(".tar.") => Ok(Format::Tar),
            None if ends(&[".zip"]) => Ok(Format::Zip),
            None => {
                Err(Fault::new(format!("the format of `{}` does not show in its name", source::bare(url)))
                    .help("write `archive_format: tar` or `archive_format: zip`"))
            }
        }
    }

    /// The words of `options`; the first is often written without a dash, as tar allows it.
    fn options(&self) -> Result<Vec<String>> {
        let text = self.options.as_deref().unwrap_or_default();
        let mut words = shell_words::split(text)
            .map_err(|error| Fault::new(format!("`options: {text}` is no list of words: {error}")))?;
        if let Some(first) = words.first_mut().filter(|first| !first.starts_with('-')) {
            first.insert(0, '-');
        }
        Ok(words)
    }

    /// The archive, and what tells it from others: its digest, or how its file looks.
    fn archive(&self, context: &Context<'_>, found: &Source) -> Result<(Archive, String)> {
        Ok(match found.location()? {
            SourceLocation::Project(url) => {
                let bytes = source::from_project(context, &url)?;
                let identity = digest("sha256", &*bytes)?;
                (Archive::Bytes(bytes.to_vec()), identity)
            }
            SourceLocation::Host(path) => {
                let identity = match context.facts.host().stat(&path)? {
                    Some(stat) => format!("{} {}", stat.size, stat.modified),
                    None if context.facts.coming(&Key::Path(path.clone())) => "to come".to_owned(),
                    None => return Err(Fault::new(format!("source: `{}` is not there", path.display()))),
                };
                (Archive::File(path), identity)
            }
            SourceLocation::Remote(url) => {
                let written = found.hash.as_deref().or(self.source_hash.as_deref());
                let hash = match written.filter(|hash| !hash.is_empty()) {
                    Some(written) => Some(source::digest(
                        context,
                        written,
                        self.source_hash_name.as_deref(),
                        &self.name,
                        &url,
                    )?),
                    None if self.skip_verify => None,
                    None => return Err(source::unverified(&url)),
                };
                let identity = hash.as_ref().map_or_else(String::new, |hash| hash.hex.clone());
                (Archive::Url(url, hash), identity)
            }
        })
    }

    /// The paths that were in the archive, where it was unpacked before and all of them are still there.
    fn unpacked(&self, context: &Context<'_>, record: &Path) -> Result<Option<Vec<PathBuf>>> {
        let host = context.facts.host();
        let Some(list) = host.read(record)? else { return Ok(None) };
        let mut paths = Vec::new();
        for line in String::from_utf8_lossy(&list).lines() {
            let path = self.name.join(line.trim_end_matches('/'));
            let there = host.stat(&path)?;
            // A folder may have been moved and linked to.
            if !there.is_some_and(|stat| !line.ends_with('/') || stat.kind != Kind::File) {
                return Ok(None);
            }
            paths.push(path);
        }
        Ok(Some(paths))
    }
}

impl State for Extracted {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        if let Some(path) = &self.if_missing
            && host.stat(path)?.is_some()
        {
            return Ok(Plan::nothing(format!("`{path}` is there")));
        }
        let wanted = DesiredOwner::find(context.facts, self.user.as_deref(), self.group.as_deref())?;
        let Some(found) = source::first(context, &self.source.0)? else {
            return Err(Fault::new("`source` names no archive"));
        };
        let (format, options) = (self.format(&found.url)?, self.options()?);
        let (archive, identity) = self.archive(context, found)?;
        let key = format!("{}\0{}\0{identity}\0{}", self.name, found.url, options.join(" "));
        let record = Path::new(RECORDS).join(digest("sha256", key.as_bytes())?);
        let unpacked = if self.overwrite { None } else { self.unpacked(context, &record)? };
        let mut plan = Plan::default();
        match unpacked {
            Some(paths) => {
                for path in paths {
                    if let Some(stat) = host.stat(&path)? {
                        let of = path.strip_prefix(&*self.name).unwrap_or(&path).display().to_string();
                        plan.join(wanted.settle(context.facts, &path, &stat, None, &format!(" of {of}"))?);
                    }
                }
            }
            None => plan.push(
                Change::new("extracted").to(source::bare(&found.url)),
                Action::Extract(Extraction {
                    archive,
                    format,
                    into: self.name.to_path_buf(),
                    options,
                    owner: wanted.owner.clone(),
                    one_top: self.enforce_toplevel,
                    record,
                }),
            ),
        }
        plan.notes.extend(wanted.notes);
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![self.name.key()]
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = self.name.wants();
        wants.extend(ownership::wants(self.user.as_deref(), self.group.as_deref()));
        wants.extend(self.source.0.iter().flat_map(Source::wants));
        for url in self.source.0.iter().map(|source| source.url.as_str()) {
            let packages: &[&str] = match url.rsplit('.').next().unwrap_or_default() {
                "zip" => &["unzip"],
                "xz" | "txz" => &["xz-utils"],
                "bz2" | "tbz" | "tbz2" => &["bzip2"],
                "zst" | "tzst" => &["zstd"],
                _ => &[],
            };
            wants.extend(packages.iter().map(|package| Key::Package((*package).to_owned())));
        }
        wants
    }

    fn settles(&self) -> bool {
        !self.overwrite
    }
}

impl Function for Extracted {
    const NAME: &'static str = "archive.extracted";
    const ABOUT: &'static str = "What an archive holds lies in a folder. It is unpacked again if a file of it \
        is gone, or if the archive or its `source_hash` is another one.";
    const EXAMPLE: &'static str = "\
/opt:
  archive.extracted:
    - source: https://example.com/releases/tool-1.2.tar.gz
    - source_hash: sha256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    - user: root
    - group: root
";
    const LATER: &'static [&'static str] = &[
        "clean",
        "clean_parent",
        "enforce_ownership_on",
        "extract_perms",
        "force",
        "list_options",
        "password",
        "source_hash_sig",
        "use_etag",
        "verify_ssl",
    ];
}
