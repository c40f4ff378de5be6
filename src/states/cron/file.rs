//! `cron.file`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{read, root, wants, write};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, RenderRequest, State};

/// A user's whole crontab, from a file of the project.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    name: String,
    #[serde(default = "root")]
    user: String,
    template: Option<String>,
    #[serde(default)]
    context: Map<String, Value>,
    #[serde(default)]
    defaults: Map<String, Value>,
    #[serde(default = "yes")]
    replace: bool,
}

fn yes() -> bool {
    true
}

impl State for File {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let old = read(context.facts, &self.user)?;
        if !self.replace && !old.trim().is_empty() {
            return Ok(Plan::nothing(format!("`{}` has a crontab already", self.user)));
        }
        let mut new = self.content(context)?;
        if !new.is_empty() && !new.ends_with('\n') {
            new.push('\n');
        }
        if new == old {
            return Ok(Plan::default());
        }
        write(context.facts, &self.user, &old, new)
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.user)
    }
}

impl File {
    fn content(&self, context: &Context<'_>) -> Result<String> {
        let url = self.name.as_str();
        let bytes = if url.starts_with('/') {
            context.facts.host().read(std::path::Path::new(url))?
        } else {
            context.library.read(url)?.map(|bytes| bytes.to_vec())
        };
        let bytes = bytes.ok_or_else(|| {
            Fault::new(format!("`{url}` is not there")).help("`name` is the crontab's source, as `salt://…`")
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Fault::new(format!("`{url}` is not UTF-8, so no crontab")))?;
        match self.template.as_deref() {
            None => Ok(text),
            Some("jinja") => {
                let mut variables = self.defaults.clone();
                variables.extend(self.context.clone());
                let request = RenderRequest {
                    name: url,
                    text: &text,
                    source: url,
                    sls: context.sls,
                    variables: &variables,
                };
                context.library.render(&request)
            }
            Some(other) => Err(Fault::new(format!("templates of kind `{other}` are not supported"))
                .help("write `template: jinja`")),
        }
    }
}

impl Function for File {
    const NAME: &'static str = "cron.file";
    const ABOUT: &'static str = "A user's whole crontab is as in a file of the project.";
    const EXAMPLE: &'static str = "salt://cron/app:\n  cron.file:\n    - user: app\n    - template: jinja\n";
    const LATER: &'static [&'static str] = &["source_hash", "source_hash_name", "backup"];
}
