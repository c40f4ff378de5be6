//! `file.managed`: a file with its content, owner and mode. Must not touch it.

use std::path::PathBuf;

use super::content::{
    Content, Lookup, Origin, Template, Variables, Written, joined, render, texts_of, value_at, variables,
};
use super::desired_file::{DesiredFile, validator};
use super::encoding::{Encoding, Unencodable};
use super::keep::Keep;
use super::look;
use super::ownership::{self, DesiredOwner, enterable};
use super::parents::Parents;
use super::path::AbsolutePath;
use super::source::Source;
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};
use crate::yaml::{Mode, ModeOrKeep, OneOrMany};

/// The file is there with this content, owner and mode.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Managed {
    name: AbsolutePath,
    #[serde(default)]
    source: OneOrMany<Source>,
    #[serde(default)]
    source_hash: Option<String>,
    #[serde(default)]
    source_hash_name: Option<String>,
    #[serde(default)]
    skip_verify: bool,
    /// Sources are not copied to the host, so there is nothing to keep.
    #[serde(default, rename = "keep_source")]
    _keep_source: Option<bool>,
    #[serde(default)]
    contents: Option<OneOrMany<Written>>,
    #[serde(default)]
    contents_pillar: Option<OneOrMany<String>>,
    #[serde(default)]
    contents_grains: Option<OneOrMany<String>>,
    #[serde(default = "super::yes")]
    contents_newline: bool,
    #[serde(default = "colon")]
    contents_delimiter: String,
    #[serde(default = "super::yes")]
    allow_empty: bool,
    #[serde(default)]
    template: Option<Template>,
    #[serde(default)]
    context: Option<Variables>,
    #[serde(default)]
    defaults: Option<Variables>,
    #[serde(default)]
    encoding: Option<Encoding>,
    #[serde(default)]
    encoding_errors: Unencodable,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    mode: Option<ModeOrKeep>,
    #[serde(default)]
    dir_mode: Option<Mode>,
    #[serde(default)]
    makedirs: bool,
    #[serde(default = "super::yes")]
    replace: bool,
    #[serde(default = "super::yes")]
    create: bool,
    #[serde(default)]
    backup: Keep,
    #[serde(default = "super::yes")]
    show_changes: bool,
    /// New files are always shown.
    #[serde(default, rename = "new_file_diff")]
    _new_file_diff: bool,
    #[serde(default = "super::yes")]
    follow_symlinks: bool,
    #[serde(default)]
    check_cmd: Option<String>,
    #[serde(default)]
    tmp_dir: Option<PathBuf>,
    #[serde(default)]
    tmp_ext: Option<String>,
}

fn colon() -> String {
    ":".to_owned()
}

impl Managed {
    fn mode(&self) -> Option<u32> {
        match self.mode {
            Some(ModeOrKeep::Mode(Mode(mode))) => Some(mode),
            _ => None,
        }
    }

    fn agree(&self) -> Result<()> {
        let kinds = [
            ("source", !self.source.0.is_empty()),
            ("contents", self.contents.is_some()),
            ("contents_pillar", self.contents_pillar.is_some()),
            ("contents_grains", self.contents_grains.is_some()),
        ];
        let given: Vec<&str> = kinds.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        if let [one, other, ..] = given.as_slice() {
            return Err(Fault::new(format!("`{one}` and `{other}` cannot both say what is in the file"))
                .help("leave one of them out"));
        }
        if self.mode == Some(ModeOrKeep::Keep) && given != ["source"] {
            return Err(Fault::new("`mode: keep` keeps the mode of a source, and there is none")
                .help("write the mode, such as `mode: 0644`"));
        }
        Ok(())
    }

    /// The texts that the arguments name besides a source, and which argument that is.
    fn own_texts(&self, context: &Context<'_>) -> Result<Option<(Vec<String>, String)>> {
        if let Some(OneOrMany(texts)) = &self.contents {
            let texts = texts.iter().map(|text| text.0.clone()).collect();
            return Ok(Some((texts, "`contents`".to_owned())));
        }
        let pillar = |key: &str| context.library.pillar(key);
        let grain = |key: &str| context.library.grain(key);
        let (keys, get, kind) = match (&self.contents_pillar, &self.contents_grains) {
            (Some(keys), _) => (keys, &pillar as Lookup<'_>, "pillar"),
            (None, Some(keys)) => (keys, &grain as Lookup<'_>, "grain"),
            (None, None) => return Ok(None),
        };
        let mut texts = Vec::new();
        for key in &keys.0 {
            let value = value_at(get, key, &self.contents_delimiter)
                .ok_or_else(|| Fault::new(format!("the {kind} `{key}` is not there")))?;
            texts.extend(texts_of(&value)?);
        }
        Ok(Some((texts, format!("the {kind} `{}`", keys.0.join("`, `")))))
    }

    fn content(&self, context: &Context<'_>) -> Result<Option<Content>> {
        let variables = (self.template == Some(Template::Jinja))
            .then(|| variables(self.defaults.as_ref(), self.context.as_ref()));
        if let Some((texts, from)) = self.own_texts(context)? {
            if !self.allow_empty && texts.iter().all(String::is_empty) {
                return Err(Fault::new(format!("{from} is empty, and the file must not be"))
                    .help("write `allow_empty: True` to allow it"));
            }
            let text = joined(&texts, self.contents_newline);
            let text = match variables {
                Some(variables) => {
                    let bytes = render(context, &self.name.to_string(), text.as_bytes(), &variables)?;
                    String::from_utf8_lossy(&bytes).into_owned()
                }
                None => text,
            };
            let encoding = self.encoding.unwrap_or(Encoding::Utf8);
            let bytes = encoding.encode(&text, self.encoding_errors)?;
            return Ok(Some(Content::Bytes { bytes, mode: None }));
        }
        let origin = Origin {
            sources: &self.source.0,
            source_hash: self.source_hash.as_deref(),
            source_hash_name: self.source_hash_name.as_deref(),
            skip_verify: self.skip_verify,
            template: variables,
            whole: self.check_cmd.is_some() || self.backup.wanted(),
            path: &self.name,
        };
        origin.get(context, self.mode == Some(ModeOrKeep::Keep))
    }

    fn temporary(&self) -> Option<(PathBuf, String)> {
        if self.tmp_dir.is_none() && self.tmp_ext.is_none() {
            return None;
        }
        let folder = self.tmp_dir.clone().or_else(|| self.name.parent().map(PathBuf::from));
        Some((folder?, self.tmp_ext.clone().unwrap_or_default()))
    }

    fn parents(&self, wanted: &DesiredOwner, mode: Option<u32>) -> Parents {
        Parents {
            make: self.makedirs,
            owner: wanted.owner.clone(),
            mode: self.dir_mode.map(|mode| mode.0).or(mode.map(enterable)),
        }
    }
}

impl State for Managed {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        self.agree()?;
        if !self.create && !look::is_file(context.facts.host(), &self.name)? {
            return Ok(Plan::nothing(format!("`{}` is not there and is not to be created", self.name)));
        }
        let wanted = DesiredOwner::find(context.facts, self.user.as_deref(), self.group.as_deref())?;
        let mut put = DesiredFile {
            path: &self.name,
            wanted: &wanted,
            mode: self.mode(),
            parents: None,
            follow: self.follow_symlinks,
            backup: self.backup.wanted(),
            show: self.show_changes,
            validate: self.check_cmd.as_deref().map(validator).transpose()?,
            temporary: self.temporary(),
            of: "",
        };
        // Without anything to put into it, only its being there, its owner and its mode matter.
        let filled = !self.source.0.is_empty()
            || self.contents.is_some()
            || self.contents_pillar.is_some()
            || self.contents_grains.is_some();
        if (!self.replace || !filled)
            && let Some(mut plan) = put.kept(context)?
        {
            plan.notes.extend(wanted.notes.iter().cloned());
            return Ok(plan);
        }
        let content = self.content(context)?.unwrap_or(Content::Bytes { bytes: Vec::new(), mode: None });
        if let Content::Bytes { mode: Some(mode), .. } = &content
            && self.mode == Some(ModeOrKeep::Keep)
        {
            put.mode = Some(*mode);
        }
        put.parents = Some(self.parents(&wanted, put.mode));
        let mut plan = match content {
            Content::Bytes { bytes, .. } => put.content(context, bytes)?,
            Content::Download { url, hash } => put.download(context, &url, &hash)?,
        };
        plan.notes.extend(wanted.notes.iter().cloned());
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![self.name.key()]
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = self.name.wants();
        wants.extend(ownership::wants(self.user.as_deref(), self.group.as_deref()));
        wants.extend(self.source.0.iter().flat_map(Source::wants));
        wants
    }
}

impl Function for Managed {
    const NAME: &'static str = "file.managed";
    const ABOUT: &'static str = "the file is there with this content, owner and mode";
    const EXAMPLE: &'static str = "\
/etc/nginx/sites-available/example:
  file.managed:
    - source: salt://nginx/files/site.conf
    - template: jinja
    - context:
        port: 8000
    - user: root
    - group: root
    - mode: 0644
    - makedirs: True
";
    const LATER: &'static [&'static str] = &[
        "attrs",
        "gnupghome",
        "ignore_comment_characters",
        "ignore_ordering",
        "ignore_whitespace",
        "keyring",
        "selinux",
        "sig_backend",
        "signature",
        "signed_by_all",
        "signed_by_any",
        "source_hash_sig",
        "use_etag",
        "verify_ssl",
        "win_deny_perms",
        "win_inheritance",
        "win_owner",
        "win_perms",
        "win_perms_reset",
    ];
}
