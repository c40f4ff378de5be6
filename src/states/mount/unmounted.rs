//! `mount.unmounted`.

use std::path::PathBuf;

use serde::Deserialize;

use super::fstab::Fstab;
use super::{config, mount_at, place};
use crate::fault::Result;
use crate::host::{Action, Command};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// Nothing is mounted at a place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unmounted {
    name: String,
    /// Only where this is what is mounted.
    device: Option<String>,
    /// Nor at the next boot.
    #[serde(default)]
    persist: bool,
    #[serde(default = "config")]
    config: PathBuf,
}

impl State for Unmounted {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let at = place(&self.name)?;
        let meant = |device: &str| self.device.as_ref().is_none_or(|meant| meant == device);
        let mut plan = Plan::default();
        if let Some(is) = mount_at(host, at)?.filter(|is| meant(&is.device)) {
            plan.push(Change::new(at).from(is.device), Action::Run(Command::new(["umount", "--", at])));
        }
        if self.persist {
            let about =
                |[device, place, ..]: &[String; 6]| place.trim_end_matches('/') == at && meant(device);
            Fstab::of(host, &self.config)?.remove(about, &mut plan);
        }
        Ok(plan)
    }
}

impl Function for Unmounted {
    const NAME: &'static str = "mount.unmounted";
    const ABOUT: &'static str =
        "Nothing is mounted at this place; with `persist: true` nor after the next boot.";
    const EXAMPLE: &'static str = "/srv/old:\n  mount.unmounted:\n    - persist: true\n";
    const LATER: &'static [&'static str] = &["user"];
}
