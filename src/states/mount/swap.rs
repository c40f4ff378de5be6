//! `mount.swap`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::fstab::{Fstab, unescaped};
use super::{config, yes};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Command, leads_to};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// A device or file is used as swap.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    name: String,
    #[serde(default = "yes")]
    persist: bool,
    #[serde(default = "config")]
    config: PathBuf,
}

impl State for Swap {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let path = Path::new(&self.name);
        let found = leads_to(host, path)?;
        if found.is_none() && !context.facts.coming(&Key::Path(path.to_owned())) {
            return Err(Fault::new(format!("`{}` is not there", self.name))
                .help("make it before: `fallocate -l 1G FILE`, `chmod 600 FILE`, `mkswap FILE`"));
        }
        let real = found.map_or_else(|| self.name.clone(), |(real, _)| real.display().to_string());
        let used = host.read("/proc/swaps".as_ref())?.unwrap_or_default();
        let used = String::from_utf8_lossy(&used);
        let mut used = used.lines().skip(1).filter_map(|line| line.split_whitespace().next()).map(unescaped);
        let mut plan = Plan::default();
        if !used.any(|used| used == self.name || used == real) {
            let change = Change::new(format!("swap {}", self.name)).to("used");
            plan.push(change, Action::Run(Command::new(["swapon", "--", &self.name])));
        }
        if self.persist {
            let fields = [self.name.as_str(), "none", "swap", "defaults", "0", "0"].map(str::to_owned);
            let about = |[device, _, kind, ..]: &[String; 6]| kind == "swap" && *device == self.name;
            Fstab::of(host, &self.config)?.put(&fields, about, &mut plan);
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        vec![Key::Path(PathBuf::from(&self.name))]
    }
}

impl Function for Swap {
    const NAME: &'static str = "mount.swap";
    const ABOUT: &'static str = "A device or file is used as swap, now and after the next boot.";
    const EXAMPLE: &'static str = "/swapfile:\n  mount.swap\n";
}
