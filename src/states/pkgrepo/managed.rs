//! `pkgrepo.managed`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::key::Origin;
use super::line::Repo;
use super::{MAIN, SourcesFile, deb822, key, line};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Packages};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// An archive that apt installs from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Managed {
    name: String,
    file: Option<PathBuf>,
    key_url: Option<String>,
    key_text: Option<String>,
    signedby: Option<PathBuf>,
    #[serde(default)]
    clean_file: bool,
    #[serde(default)]
    comps: OneOrMany<String>,
    dist: Option<String>,
    #[serde(default)]
    architectures: OneOrMany<String>,
    disabled: Option<bool>,
    enabled: Option<bool>,
    #[serde(default = "yes")]
    refresh: bool,
    #[serde(default)]
    allow_insecure_key: bool,
    ppa: Option<String>,
    keyid: Option<String>,
    keyserver: Option<String>,
    /// For people; apt has no place for it.
    #[serde(rename = "humanname")]
    _humanname: Option<String>,
    /// Keys are always in files of their own.
    #[serde(rename = "aptkey")]
    _aptkey: Option<bool>,
}

fn yes() -> bool {
    true
}

impl State for Managed {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        self.supported()?;
        let mut repo = self.repo()?;
        let mut plan = Plan::default();
        let origin = match (&self.key_text, &self.key_url) {
            (Some(text), _) => Some(Origin::Text(text)),
            (None, Some(url)) => Some(Origin::Url(url)),
            (None, None) => None,
        };
        if let Some(origin) = origin {
            let path = self.keyring(&repo);
            key::plan(context, &origin, &path, &mut plan)?;
            repo.set("signed-by", path.to_string_lossy().into_owned());
        } else if let Some(path) = &self.signedby {
            repo.set("signed-by", path.to_string_lossy().into_owned());
        }
        let (file, text) = self.sources(context, &repo)?;
        file.become_text(text, &mut plan);
        if !plan.is_empty() && self.refresh && !repo.disabled {
            let action = Action::Packages(Packages { refresh: Some(0), ..Packages::default() });
            plan.push(Change::new("package lists").to("read again"), action);
        }
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(self.file.clone().unwrap_or_else(|| MAIN.into()))]
    }
}

impl Managed {
    fn supported(&self) -> Result<()> {
        if let Some(ppa) = &self.ppa {
            let name = ppa.trim_start_matches("ppa:");
            return Err(Fault::new(format!("`ppa: {ppa}` is not supported")).help(format!(
                "write `name: deb https://ppa.launchpadcontent.net/{name}/ubuntu CODENAME main` with the `key_url` that the PPA's page tells"
            )));
        }
        if self.keyid.is_some() || self.keyserver.is_some() {
            return Err(Fault::new("keys are not fetched from key servers").help(
                "write `key_url: https://…`, or put the key into the project and write `key_url: salt://…`",
            ));
        }
        if self.enabled.is_some() && self.disabled.is_some() {
            return Err(Fault::new("`enabled` and `disabled` say the same thing: write one of them"));
        }
        if self.key_text.is_some() && self.key_url.is_some() {
            return Err(Fault::new("`key_text` and `key_url` cannot both say which key it is"));
        }
        if self.key_url.as_ref().is_some_and(|url| url.starts_with("http:")) && !self.allow_insecure_key {
            return Err(Fault::new("`key_url` is http, so anybody on the way can give another key")
                .help("use https, or write `allow_insecure_key: true`"));
        }
        if self.clean_file && self.file.is_none() {
            return Err(Fault::new("`clean_file` needs a `file`")
                .help("write `file: /etc/apt/sources.list.d/NAME.list`"));
        }
        Ok(())
    }

    fn repo(&self) -> Result<Repo> {
        let mut repo = Repo::parse(&self.name)?;
        if let Some(dist) = &self.dist {
            repo.suite.clone_from(dist);
        }
        let components =
            self.comps.0.iter().flat_map(|comps| comps.split([',', ' '])).filter(|comp| !comp.is_empty());
        for component in components {
            if !repo.components.iter().any(|known| known == component) {
                repo.components.push(component.to_owned());
            }
        }
        if !self.architectures.0.is_empty() {
            repo.set("arch", self.architectures.0.join(","));
        }
        repo.disabled = self.disabled.unwrap_or(false) || self.enabled == Some(false);
        Ok(repo)
    }

    /// Where the archive's key is: as said, or named after the archive's file.
    fn keyring(&self, repo: &Repo) -> PathBuf {
        if let Some(path) = self.signedby.as_deref().or_else(|| repo.option("signed-by").map(Path::new)) {
            return path.to_owned();
        }
        let stem =
            self.file.as_deref().and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
        let site = || repo.uri.split('/').nth(2).unwrap_or("archive").replace(':', "-");
        Path::new("/etc/apt/keyrings").join(format!("{}.asc", stem.unwrap_or_else(site)))
    }

    /// The file that has the archive, or shall have it, and what it shall hold.
    fn sources(&self, context: &Context<'_>, repo: &Repo) -> Result<(SourcesFile, String)> {
        let target = self.file.clone().unwrap_or_else(|| MAIN.into());
        let deb822 = SourcesFile::is_deb822(&target);
        if self.clean_file {
            let file = SourcesFile::read(context.facts, &target)?;
            let text = if deb822 { deb822::stanza(repo) } else { format!("{}\n", repo.line()) };
            return Ok((file, text));
        }
        let files = SourcesFile::all(context.facts)?;
        let has = |file: &SourcesFile| {
            !SourcesFile::is_deb822(&file.path)
                && file.text.lines().filter_map(Repo::of_line).any(|found| !found.disabled && found.is(repo))
        };
        // A line that is in another file already stays there: apt would complain of a second one.
        let elsewhere = if deb822 { None } else { files.into_iter().find(has) };
        let file = match elsewhere {
            Some(file) => file,
            None => SourcesFile::read(context.facts, &target)?,
        };
        let put = if deb822 { deb822::put } else { line::put };
        let text = put(&file.text, repo, Some(repo));
        Ok((file, text))
    }
}

impl Function for Managed {
    const NAME: &'static str = "pkgrepo.managed";
    const ABOUT: &'static str = "apt installs from an archive, which one key signs.";
    const EXAMPLE: &'static str = "postgresql.org:\n  pkgrepo.managed:\n    - name: deb https://apt.postgresql.org/pub/repos/apt bookworm-pgdg main\n    - file: /etc/apt/sources.list.d/pgdg.list\n    - key_url: https://www.postgresql.org/media/keys/ACCC4CF8.asc\n    - signedby: /etc/apt/keyrings/pgdg.asc\n";
    const LATER: &'static [&'static str] = &["consolidate", "comments", "copr"];
}
