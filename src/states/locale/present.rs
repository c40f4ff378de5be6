//! `locale.present`: a locale is generated.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::{is_there, name};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Command};
use crate::plan::{Change, Plan};
use crate::states::edit::{Edit, joined};
use crate::states::{Context, Function, State};

/// A locale that programs can use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    name: String,
}

/// The locales that are generated, one a line.
pub(super) const LIST: &str = "/etc/locale.gen";
/// What there is to choose from.
const SUPPORTED: &str = "/usr/share/i18n/SUPPORTED";

impl Present {
    /// The line of the list: the locale and its character set.
    fn line(&self, context: &Context<'_>) -> Result<String> {
        let wanted = name::plain(&self.name);
        let is = |line: &&str| name::plain(line) == wanted;
        if let Some(bytes) = context.facts.host().read(Path::new(SUPPORTED))? {
            let supported = String::from_utf8_lossy(&bytes);
            let found = supported.lines().map(|line| line.trim_end_matches(['\\', ' '])).find(is);
            return found.map(str::to_owned).ok_or_else(|| {
                Fault::new(format!("`{}` is no locale that can be generated", self.name))
                    .help(format!("`{SUPPORTED}` lists them"))
            });
        }
        let written = self.name.split_whitespace().next().unwrap_or_default();
        let charset = written.split(['.', '@']).nth(1).unwrap_or("ISO-8859-1");
        Ok(if self.name.contains(' ') { self.name.clone() } else { format!("{written} {charset}") })
    }
}

impl State for Present {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let facts = context.facts;
        if is_there(facts.host(), &self.name)? {
            return Ok(Plan::default());
        }
        if facts.host().which("locale-gen")?.is_none() && !facts.packages_coming() {
            return Err(
                Fault::new("`locale-gen` is not installed").help("install the package `locales` first")
            );
        }
        let line = self.line(context)?;
        let list = Edit::of(facts.host(), LIST)?;
        let is_line = |text: &str| name::plain(text) == name::plain(&line);
        let mut plan = Plan::default();
        if !list.lines().any(is_line) {
            let commented = |text: &str| text.strip_prefix('#').is_some_and(|text| is_line(text.trim()));
            let at = list.lines().position(commented);
            let mut lines: Vec<&str> = list.lines().collect();
            match at.and_then(|at| lines.get_mut(at)) {
                Some(place) => *place = &line,
                None => lines.push(&line),
            }
            list.write(joined(lines), &mut plan);
        }
        let generate = Command::new(["locale-gen"]).timeout(Duration::from_secs(1800));
        plan.push(Change::new("generated"), Action::Run(generate));
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(LIST.into())]
    }

    fn wants(&self) -> Vec<Key> {
        vec![Key::Package("locales".to_owned())]
    }
}

impl Function for Present {
    const NAME: &'static str = "locale.present";
    const ABOUT: &'static str = "The locale is generated, so that programs can use it.";
    const EXAMPLE: &'static str = "de_DE.UTF-8:\n  locale.present\n";
}
