//! `locale.system`: the locale that the host speaks by itself.

use serde::Deserialize;

use super::present::LIST;
use super::{is_there, name};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::edit::{Edit, joined};
use crate::states::{Context, Function, State};

/// The default locale.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    name: String,
}

/// Where PAM and services find it; newer systems have a symlink to /etc/locale.conf here.
const FILE: &str = "/etc/default/locale";

impl State for System {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let facts = context.facts;
        let file = Edit::of(facts.host(), FILE)?;
        let value = |line: &str| {
            line.trim().strip_prefix("LANG=").map(|value| value.trim_matches(['"', '\'']).to_owned())
        };
        let is = file.lines().filter_map(value).next_back();
        if is.is_some_and(|is| name::plain(&is) == name::plain(&self.name)) {
            return Ok(Plan::default());
        }
        // In a dry run an earlier state may be about to generate it.
        let is_to_come = facts.packages_coming() || facts.coming(&Key::Path(LIST.into()));
        if !is_to_come && !is_there(facts.host(), &self.name)? {
            return Err(Fault::new(format!("the host has no locale `{}`", self.name))
                .help("generate it before, with `locale.present`"));
        }
        let name = self.name.split_whitespace().next().unwrap_or_default();
        let others = file.lines().filter(|line| value(line).is_none()).map(str::to_owned);
        let mut plan = Plan::default();
        file.write(joined(others.chain([format!("LANG={name}")])), &mut plan);
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(FILE.into())]
    }

    fn wants(&self) -> Vec<Key> {
        vec![Key::Path(LIST.into())]
    }
}

impl Function for System {
    const NAME: &'static str = "locale.system";
    const ABOUT: &'static str = "The host speaks this locale by default.";
    const EXAMPLE: &'static str = "C.UTF-8:\n  locale.system\n";
}
