//! `kmod`: modules of the kernel, now (/proc/modules) and at the next boot (modules-load.d(5)).

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::fault::{Fault, Result};
use crate::host::{Action, Command, Host};
use crate::plan::{Change, Plan};
use crate::states::edit::{Edit, joined};
use crate::states::{Context, Function, State};

/// What is loaded at boot: our own list, and the one that people write by hand.
const OURS: &str = "/etc/modules-load.d/provision.conf";
const HAND: &str = "/etc/modules";

/// The kernel takes `-` and `_` in names for the same.
fn plain(name: &str) -> String {
    name.replace('-', "_")
}

/// Modules that are loaded or part of the kernel.
struct Kernel(BTreeSet<String>);

impl Kernel {
    fn of(host: &dyn Host) -> Result<Self> {
        let loaded = host.read("/proc/modules".as_ref())?.unwrap_or_default();
        let loaded = String::from_utf8_lossy(&loaded);
        Ok(Self(loaded.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()))
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains(&plain(name))
    }
}

/// The names that are meant, each fit for a path and a line.
fn named<'a>(name: &'a str, mods: &'a [String]) -> Result<Vec<&'a str>> {
    let names: Vec<&str> =
        if mods.is_empty() { vec![name] } else { mods.iter().map(String::as_str).collect() };
    let fit = |name: &&str| {
        name.starts_with(|char: char| char.is_ascii_alphanumeric())
            && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_' || char == '-')
    };
    match names.iter().find(|name| !fit(name)) {
        Some(wrong) => Err(Fault::new(format!("`{wrong}` is no name of a kernel module"))),
        None => Ok(names),
    }
}

/// The module that a line of such a file loads.
fn of_line(line: &str) -> Option<String> {
    let word = line.split_whitespace().next()?;
    (!word.starts_with(['#', ';'])).then(|| plain(word))
}

/// The action of a program that throw-away hosts and other containers mostly lack.
fn modprobe(context: &Context<'_>, words: &[&str]) -> Result<Action> {
    if context.facts.host().which("modprobe")?.is_none() && !context.facts.packages_coming() {
        return Err(Fault::new("no modules can be loaded or unloaded on this host: it has no `modprobe`")
            .help("a container has the kernel of its host: leave the state out there; elsewhere the package `kmod` brings it"));
    }
    Ok(Action::Run(Command::new(["modprobe"].iter().chain(words).copied())))
}

/// Modules are loaded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    name: String,
    /// At the next boot, too.
    #[serde(default)]
    persist: bool,
    /// These instead of the name.
    #[serde(default)]
    mods: Vec<String>,
}

impl State for Present {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let kernel = Kernel::of(host)?;
        let names = named(&self.name, &self.mods)?;
        let mut plan = Plan::default();
        for name in &names {
            // What is built in is in no list of modules, but has its folder.
            if !kernel.has(name) && host.stat(&Path::new("/sys/module").join(plain(name)))?.is_none() {
                plan.push(
                    Change::new(format!("module {name}")).to("loaded"),
                    modprobe(context, &["--", name])?,
                );
            }
        }
        if self.persist {
            let (ours, hand) = (Edit::of(host, OURS)?, Edit::of(host, HAND)?);
            let kept: BTreeSet<String> = ours.lines().chain(hand.lines()).filter_map(of_line).collect();
            let lacking = names.iter().copied().filter(|name| !kept.contains(&plain(name)));
            ours.write(joined(ours.lines().chain(lacking)), &mut plan);
        }
        Ok(plan)
    }
}

impl Function for Present {
    const NAME: &'static str = "kmod.present";
    const ABOUT: &'static str =
        "The kernel has these modules, with `persist: true` also after the next boot.";
    const EXAMPLE: &'static str = "br_netfilter:\n  kmod.present:\n    - persist: true\n";
}

/// Modules are not loaded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    name: String,
    /// Nor at the next boot.
    #[serde(default)]
    persist: bool,
    /// Whether their lines become comments; otherwise they go.
    #[serde(default = "yes")]
    comment: bool,
    #[serde(default)]
    mods: Vec<String>,
}

fn yes() -> bool {
    true
}

impl State for Absent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let kernel = Kernel::of(host)?;
        let names = named(&self.name, &self.mods)?;
        let mut plan = Plan::default();
        for name in names.iter().filter(|name| kernel.has(name)) {
            plan.push(
                Change::new(format!("module {name}")).from("loaded"),
                modprobe(context, &["-r", "--", name])?,
            );
        }
        if self.persist {
            let gone: BTreeSet<String> = names.iter().map(|name| plain(name)).collect();
            for path in [OURS, HAND] {
                let file = Edit::of(host, path)?;
                let lines = file.lines().filter_map(|line| match of_line(line) {
                    Some(name) if gone.contains(&name) => self.comment.then(|| format!("# {line}")),
                    _ => Some(line.to_owned()),
                });
                if file.lines().filter_map(of_line).any(|name| gone.contains(&name)) {
                    file.write(joined(lines), &mut plan);
                }
            }
        }
        Ok(plan)
    }
}

impl Function for Absent {
    const NAME: &'static str = "kmod.absent";
    const ABOUT: &'static str =
        "The kernel has these modules unloaded, with `persist: true` also after the next boot.";
    const EXAMPLE: &'static str = "pcspkr:\n  kmod.absent:\n    - persist: true\n";
}
