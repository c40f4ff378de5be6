//! `pkg.latest`.

use serde::Deserialize;

use super::{FRESH, apt, key, keys, wanted};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, PackageRequest, Packages};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::Pairs;

/// Packages that are there, in the newest version that apt's lists hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latest {
    name: String,
    pkgs: Option<Pairs<Option<String>>>,
    refresh: Option<bool>,
    cache_valid_time: Option<u64>,
    fromrepo: Option<String>,
    install_recommends: Option<bool>,
    #[serde(default)]
    skip_verify: bool,
    #[serde(default)]
    only_upgrade: bool,
}

impl State for Latest {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let facts = context.facts;
        let table = facts.packages()?;
        let wanted = wanted(&self.name, None, self.pkgs.as_ref())?;
        let there: Vec<&str> = wanted
            .iter()
            .map(|package| package.name.as_str())
            .filter(|name| table.installed(name).is_some())
            .collect();
        if self.refresh == Some(true) && !there.is_empty() {
            apt::refresh(facts, self.cache_valid_time.unwrap_or(FRESH))?;
        }
        let candidates = apt::candidates(facts, &there)?;
        let mut plan = Plan::default();
        for package in &wanted {
            let change = Change::new(format!("package {}", package.name));
            let Some(current) = table.installed(&package.name) else {
                if facts.coming(&key(&package.name)) {
                    plan.note(format!("package `{}` comes with an earlier state", package.name));
                } else if !self.only_upgrade {
                    plan.push(change.to("installed"), self.action(&package.name, None));
                }
                continue;
            };
            match candidates.get(&package.name) {
                Some(newest) if *newest != current.version && current.held => {
                    return Err(Fault::new(format!(
                        "package `{}` is held at {}, and {newest} is to be had",
                        package.name, current.version
                    ))
                    .help("release it with `pkg.unheld`, or do not ask for the latest"));
                }
                Some(newest) if *newest != current.version => {
                    let action = self.action(&package.name, Some(newest));
                    plan.push(change.from(&current.version).to(newest), action);
                }
                _ => {}
            }
        }
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        keys(&self.name, self.pkgs.as_ref())
    }

    fn merges(&self) -> bool {
        true
    }
}

impl Latest {
    fn action(&self, name: &str, version: Option<&String>) -> Action {
        Action::Packages(Packages {
            // A known candidate is installed by the lists that named it.
            refresh: (version.is_none() && self.refresh != Some(false))
                .then(|| self.cache_valid_time.unwrap_or(FRESH)),
            install: vec![PackageRequest { name: name.to_owned(), version: version.cloned(), file: None }],
            recommends: self.install_recommends,
            only_upgrade: self.only_upgrade,
            release: self.fromrepo.clone(),
            skip_verify: self.skip_verify,
            ..Packages::default()
        })
    }
}

impl Function for Latest {
    const NAME: &'static str = "pkg.latest";
    const ABOUT: &'static str = "Packages are installed in the newest version that apt's lists hold; `refresh: true` has the lists read again first.";
    const EXAMPLE: &'static str = "always new:\n  pkg.latest:\n    - pkgs:\n      - openssl\n      - ca-certificates\n    - refresh: true\n";
    const LATER: &'static [&'static str] = &["resolve_capabilities", "watch_flags", "verify_ssl"];
}
