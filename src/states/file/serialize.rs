//! `file.serialize`: data as a file. Must not write it, only say so.

use std::path::PathBuf;

use serde_json::Value;

use super::encoding::{Encoding, Unencodable};
use super::formats::{Format, merged};
use super::keep::Keep;

use super::desired_file::{DesiredFile, validator};
use super::ownership::{self, DesiredOwner, enterable};
use super::parents::Parents;
use super::path::AbsolutePath;
use crate::facts::Key;
use crate::fault::{Context as _, Fault, Result};
use crate::host::Kind;
use crate::host::follow;
use crate::plan::Plan;
use crate::states::{Context, Function, State};
use crate::yaml::{Mode, Pairs};

/// The file holds this data.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serialize {
    name: AbsolutePath,
    #[serde(default)]
    dataset: Option<Value>,
    #[serde(default)]
    dataset_pillar: Option<String>,
    #[serde(default)]
    serializer: Option<Format>,
    #[serde(default)]
    formatter: Option<Format>,
    #[serde(default)]
    serializer_opts: Pairs<Value>,
    #[serde(default)]
    merge_if_exists: bool,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    backup: Keep,
    #[serde(default)]
    makedirs: bool,
    #[serde(default = "super::yes")]
    show_changes: bool,
    #[serde(default = "super::yes")]
    create: bool,
    #[serde(default)]
    encoding: Option<Encoding>,
    #[serde(default)]
    encoding_errors: Unencodable,
    #[serde(default)]
    check_cmd: Option<String>,
    #[serde(default)]
    tmp_dir: Option<PathBuf>,
    #[serde(default)]
    tmp_ext: Option<String>,
}

impl Serialize {
    fn format(&self) -> Result<Format> {
        match (self.serializer, self.formatter) {
            (Some(_), Some(_)) => {
                Err(Fault::new("`serializer` and `formatter` are one and the same")
                    .help("leave one of them out"))
            }
            (Some(format), None) | (None, Some(format)) => Ok(format),
            (None, None) => Ok(Format::default()),
        }
    }

    fn data(&self, context: &Context<'_>) -> Result<Value> {
        match (&self.dataset, &self.dataset_pillar) {
            (Some(data), None) => Ok(data.clone()),
            (None, Some(key)) => context
                .library
                .pillar(key)
                .ok_or_else(|| Fault::new(format!("the pillar `{key}` is not there"))),
            (Some(_), Some(_)) => Err(Fault::new("only one of `dataset` and `dataset_pillar` can be given")),
            (None, None) => Err(Fault::new("there is neither `dataset` nor `dataset_pillar`")),
        }
    }

    /// What is in the file already, as data.
    fn existing(&self, context: &Context<'_>, format: Format) -> Result<Option<Value>> {
        let host = context.facts.host();
        let Some((path, _)) = follow(host, &self.name)?.filter(|(_, stat)| stat.kind == Kind::File) else {
            return Ok(None);
        };
        let text = String::from_utf8(host.read(&path)?.unwrap_or_default())
            .map_err(|_| Fault::new(format!("`{}` is not UTF-8", self.name)))?;
        format.read(&text).context(format!("`{}` cannot be merged with", self.name))
    }
}

impl State for Serialize {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let format = self.format()?;
        let mut data = self.data(context)?;
        let wanted = DesiredOwner::find(context.facts, self.user.as_deref(), self.group.as_deref())?;
        let mode = self.mode.map(|mode| mode.0);
        let temporary = (self.tmp_dir.is_some() || self.tmp_ext.is_some()).then(|| {
            let folder = self.tmp_dir.clone().or_else(|| self.name.parent().map(PathBuf::from));
            (folder.unwrap_or_default(), self.tmp_ext.clone().unwrap_or_default())
        });
        let put = DesiredFile {
            path: &self.name,
            wanted: &wanted,
            mode,
            parents: Some(Parents {
                make: self.makedirs,
                owner: wanted.owner.clone(),
                mode: mode.map(enterable),
            }),
            follow: true,
            backup: self.backup.wanted(),
            show: self.show_changes,
            validate: self.check_cmd.as_deref().map(validator).transpose()?,
            temporary,
            of: "",
        };
        if !self.create && put.kept(context)?.is_none() {
            return Ok(Plan::nothing(format!("`{}` is not there and is not to be created", self.name)));
        }
        if self.merge_if_exists
            && let Some(existing) = self.existing(context, format)?
        {
            let both = merged(&existing, &format.as_read(&data, &self.serializer_opts.0)?);
            // However it is written, it says what it should.
            if both == existing
                && let Some(plan) = put.kept(context)?
            {
                return Ok(plan);
            }
            data = both;
        }
        let text = format.write(&data, &self.serializer_opts.0)?;
        let bytes = self.encoding.unwrap_or(Encoding::Utf8).encode(&text, self.encoding_errors)?;
        let mut plan = put.content(context, bytes)?;
        plan.notes.extend(wanted.notes.iter().cloned());
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![self.name.key()]
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = self.name.wants();
        wants.extend(ownership::wants(self.user.as_deref(), self.group.as_deref()));
        wants
    }
}

impl Function for Serialize {
    const NAME: &'static str = "file.serialize";
    const ABOUT: &'static str = "the file holds this data as YAML, JSON, TOML or sections of settings";
    const EXAMPLE: &'static str = "\
/etc/app/config.json:
  file.serialize:
    - dataset:
        port: 8000
        hosts: [a.example, b.example]
    - serializer: json
    - mode: 0640
";
    const LATER: &'static [&'static str] = &["deserializer_opts"];
}
