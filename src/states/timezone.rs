//! `timezone`: where the host's clock is. Sets the links and files that timedatectl would set.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Host, Kind, Owner};
use crate::plan::{Change, Plan};
use crate::states::edit::{Edit, joined};
use crate::states::{Context, Function, State};

/// The time zone, and what the hardware clock counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    name: String,
    #[serde(default = "yes")]
    utc: bool,
}

fn yes() -> bool {
    true
}

const LINK: &str = "/etc/localtime";
const ZONES: &str = "/usr/share/zoneinfo";

/// The zone that the link names; `None` where it is no link into the zones.
fn current(host: &dyn Host) -> Result<Option<String>> {
    let link = Path::new(LINK);
    match host.stat(link)? {
        Some(stat) if stat.kind == Kind::Symlink => {}
        _ => return Ok(None),
    }
    let target = host.link(link)?.unwrap_or_default();
    Ok(target.to_string_lossy().split_once("zoneinfo/").map(|(_, zone)| zone.to_owned()))
}

impl State for System {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let zone = PathBuf::from(ZONES).join(&self.name);
        if self.name.starts_with('/') || self.name.split('/').any(|part| part == "..") {
            return Err(Fault::new(format!("`{}` is no time zone", self.name))
                .help("write one such as `Europe/Berlin`"));
        }
        let is_zone = host.stat(&zone)?.is_some_and(|stat| stat.kind != Kind::Directory);
        if !is_zone && !context.facts.packages_coming() {
            return Err(Fault::new(format!("the host knows no time zone `{}`", self.name))
                .help("is it written as in `Europe/Berlin`, and is the package `tzdata` installed?"));
        }
        let mut plan = Plan::default();
        let is = current(host)?;
        if is.as_deref() != Some(self.name.as_str()) {
            let change = Change::new("time zone").to(&self.name);
            let change = is.iter().fold(change, |change, is| change.from(is));
            let action = Action::Symlink { path: LINK.into(), target: zone, owner: Owner::default() };
            plan.push(change, action);
        }
        // Newer systems have the link only.
        let name = Edit::of(host, "/etc/timezone")?;
        if name.is_there() && name.text().trim() != self.name {
            name.write(joined([&self.name]), &mut plan);
        }
        let adjust = Edit::of(host, "/etc/adjtime")?;
        let counts_utc = adjust.lines().nth(2).is_none_or(|line| line.trim() != "LOCAL");
        if counts_utc != self.utc {
            let mut lines: Vec<&str> = adjust.lines().take(2).collect();
            if lines.len() < 2 {
                lines = vec!["0.0 0 0.0", "0"];
            }
            lines.push(if self.utc { "UTC" } else { "LOCAL" });
            adjust.write(joined(lines), &mut plan);
        }
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Path(LINK.into())]
    }

    fn wants(&self) -> Vec<Key> {
        vec![Key::Package("tzdata".to_owned())]
    }
}

impl Function for System {
    const NAME: &'static str = "timezone.system";
    const ABOUT: &'static str =
        "The host is in this time zone; its hardware clock counts UTC unless `utc: false`.";
    const EXAMPLE: &'static str = "Europe/Berlin:\n  timezone.system:\n    - utc: true\n";
}
