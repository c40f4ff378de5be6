//! Where a file's content is to be had: the project, the host itself, or the network. Must not know what
//! becomes of it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::hash::{self, Named};

use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::follow;
use crate::host::{Command, Hash, Host, Kind};
use crate::states::Context;

/// A source as written: an address, perhaps with a digest of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub url: String,
    pub hash: Option<String>,
}

/// What kind of address it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceLocation {
    /// `salt://…`, without a query.
    Project(String),
    /// A path on the host.
    Host(PathBuf),
    /// http, https or ftp.
    Remote(String),
}

impl Source {
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), hash: None }
    }

    pub fn location(&self) -> Result<SourceLocation> {
        let url = self.url.as_str();
        if url.starts_with("salt://") {
            return Ok(SourceLocation::Project(url.split('?').next().unwrap_or(url).to_owned()));
        }
        if let Some(path) = url.strip_prefix("file://") {
            return Ok(SourceLocation::Host(path.into()));
        }
        if url.starts_with('/') {
            return Ok(SourceLocation::Host(url.into()));
        }
        if ["http://", "https://", "ftp://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Ok(SourceLocation::Remote(url.to_owned()));
        }
        Err(Fault::new(format!("source: `{url}` is no address"))
            .help("write `salt://…` for a file of the project, an absolute path, or an https address"))
    }

    /// What must be settled before it can be read.
    pub fn wants(&self) -> Vec<Key> {
        match self.location() {
            Ok(SourceLocation::Host(path)) => vec![Key::Path(path)],
            _ => Vec::new(),
        }
    }

    fn is_there(&self, context: &Context<'_>) -> Result<bool> {
        Ok(match self.location()? {
            SourceLocation::Project(url) => context.library.read(&url)?.is_some(),
            SourceLocation::Host(path) => {
                follow(context.facts.host(), &path)?.is_some_and(|(_, stat)| stat.kind == Kind::File)
            }
            // Nobody knows before trying.
            SourceLocation::Remote(_) => true,
        })
    }
}

/// The first of several sources that is there; a single one is taken unseen.
pub fn first<'a>(context: &Context<'_>, sources: &'a [Source]) -> Result<Option<&'a Source>> {
    if let [single] = sources {
        return Ok(Some(single));
    }
    for source in sources {
        if source.is_there(context)? {
            return Ok(Some(source));
        }
    }
    if sources.is_empty() {
        return Ok(None);
    }
    let names: Vec<String> = sources.iter().map(|source| format!("`{}`", source.url)).collect();
    Err(Fault::new(format!("none of the sources is there: {}", names.join(", "))))
}

/// The content of a file of the project.
pub fn from_project(context: &Context<'_>, url: &str) -> Result<Arc<[u8]>> {
    context.library.read(url)?.ok_or_else(|| {
        Fault::new(format!("source: `{url}` is not there"))
            .help("`salt://` is the folder `states` of the project, laid over the base states")
    })
}

/// The content of a file of the host.
pub fn from_host(host: &dyn Host, path: &Path) -> Result<Vec<u8>> {
    host.read(path)?.ok_or_else(|| Fault::new(format!("source: `{}` is not there", path.display())))
}

/// The content of an address, fetched by a program of the host while it is looked at.
pub fn from_network(host: &dyn Host, url: &str) -> Result<Vec<u8>> {
    let limit = Duration::from_secs(300);
    // The address goes over standard input: it may hold a password.
    let command = if let Some(curl) = host.which("curl")? {
        let quoted = url.replace('\\', "\\\\").replace('"', "\\\"");
        Command::new([curl.to_string_lossy().as_ref(), "-fsSL", "--config", "-"])
            .stdin(format!("url = \"{quoted}\"\n"))
    } else if let Some(wget) = host.which("wget")? {
        Command::new([wget.to_string_lossy().as_ref(), "-q", "-O", "-", "-i", "-"]).stdin(format!("{url}\n"))
    } else {
        return Err(Fault::new(format!("`{}` cannot be fetched: there is neither curl nor wget", bare(url)))
            .help("install `curl` before, with `pkg.installed`"));
    };
    let output = host.ask(&command.timeout(limit))?;
    if !output.success() {
        return Err(Fault::new(format!("`{}` could not be fetched", bare(url))).output(output.errors()));
    }
    Ok(output.stdout)
}

/// Why an address without a digest is not fetched.
pub fn unverified(url: &str) -> Fault {
    Fault::new(format!("`{}` cannot be verified", bare(url)))
        .help("write its digest as `source_hash: sha256=…`, or `skip_verify: True`")
}

/// An address without user and password.
pub fn bare(url: &str) -> String {
    match url.split_once("://").and_then(|(scheme, rest)| {
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        host.rsplit_once('@').map(|(_, host)| format!("{scheme}://{host}/{path}"))
    }) {
        Some(url) => url,
        None => url.to_owned(),
    }
}

/// The digest that a source must have: written as such, or looked up in a list of digests.
pub fn digest(
    context: &Context<'_>,
    written: &str,
    listed_as: Option<&str>,
    file: &Path,
    url: &str,
) -> Result<Hash> {
    let list = match hash::named(written)? {
        Named::Hash(hash) => return Ok(hash),
        Named::List(list) => list,
    };
    let bytes = match Source::new(list.as_str()).location()? {
        SourceLocation::Project(url) => from_project(context, &url)?.to_vec(),
        SourceLocation::Host(path) => from_host(context.facts.host(), &path)?,
        SourceLocation::Remote(url) => from_network(context.facts.host(), &url)?,
    };
    let file = file.to_string_lossy();
    hash::in_list(&String::from_utf8_lossy(&bytes), &[listed_as.unwrap_or_default(), &file, url])
        .ok_or_else(|| Fault::new(format!("source_hash: `{}` holds no digest", bare(&list))))
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Source;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address, or an address with its hash")
            }

            fn visit_str<E: de::Error>(self, url: &str) -> std::result::Result<Source, E> {
                Ok(Source::new(url))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Source, A::Error> {
                let Some((url, hash)) = map.next_entry::<String, Option<String>>()? else {
                    return Err(de::Error::custom("a source must have an address"));
                };
                if map.next_key::<String>()?.is_some() {
                    return Err(de::Error::custom("write each source as a list item of its own"));
                }
                Ok(Source { url, hash })
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_the_project_the_host_or_the_network() {
        let location = |url: &str| Source::new(url).location();
        assert_eq!(
            location("salt://a/b?saltenv=base").unwrap(),
            SourceLocation::Project("salt://a/b".to_owned())
        );
        assert_eq!(location("/etc/x").unwrap(), SourceLocation::Host("/etc/x".into()));
        assert_eq!(location("file:///etc/x").unwrap(), SourceLocation::Host("/etc/x".into()));
        assert!(matches!(location("https://x/y").unwrap(), SourceLocation::Remote(_)));
        assert!(location("etc/x").is_err());
        assert_eq!(bare("https://user:secret@x.org/a"), "https://x.org/a");
    }
}
