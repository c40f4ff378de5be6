//! `mount.mounted`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::fstab::Fstab;
use super::{Mount, config, mount_at, place, yes};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Command, Host, leads_to};
use crate::plan::{Change, Plan};
use crate::states::file::parents::Parents;
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// A file system is mounted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mounted {
    name: String,
    device: String,
    fstype: String,
    /// Makes the folder.
    #[serde(default)]
    mkmnt: bool,
    #[serde(default)]
    opts: OneOrMany<String>,
    #[serde(default)]
    dump: u32,
    #[serde(default)]
    pass_num: u32,
    #[serde(default = "yes")]
    persist: bool,
    /// Mounts it now, too.
    #[serde(default = "yes")]
    mount: bool,
    #[serde(default = "config")]
    config: PathBuf,
}

/// Options that /proc shows as they are written; others it shows in words of its own, or not at all.
const SHOWN: [&str; 8] = ["ro", "rw", "noexec", "nosuid", "nodev", "noatime", "nodiratime", "sync"];

impl Mounted {
    fn options(&self) -> String {
        if self.opts.0.is_empty() { "defaults".to_owned() } else { self.opts.0.join(",") }
    }

    /// A password would stand in the list of processes and in a file that all can read.
    fn no_secrets(&self) -> Result<()> {
        let options = self.options();
        let secret = options.split(',').find(|option| {
            let name = option.split('=').next().unwrap_or_default();
            option.contains('=') && matches!(name, "password" | "pass" | "password2")
        });
        match secret {
            Some(_) => Err(Fault::new("a password among the options could be read by everybody on the host")
                .help("write `credentials=FILE`, and put user name and password into a file of mode 0600 (mount.cifs(8))")),
            None => Ok(()),
        }
    }

    /// The steps for something that is not mounted.
    fn fresh(&self, context: &Context<'_>, at: &str, plan: &mut Plan) -> Result<()> {
        let host = context.facts.host();
        let folder = Path::new(at);
        let coming = context.facts.coming(&Key::Path(folder.to_owned()));
        if host.stat(folder)?.is_none() && !coming {
            if !self.mkmnt {
                return Err(Fault::new(format!("the folder `{at}` is not there"))
                    .help("make it before with `file.directory`, or write `mkmnt: True`"));
            }
            plan.join(Parents { make: true, ..Parents::default() }.folder(context.facts, folder)?);
        }
        let options = self.options();
        let mount = ["mount", "-t", &self.fstype, "-o", &options, "--", &self.device, at];
        plan.push(Change::new(at).to(&self.device), Action::Run(Command::new(mount)));
        Ok(())
    }

    /// The steps for what is mounted there already.
    fn other(&self, host: &dyn Host, at: &str, is: &Mount, plan: &mut Plan) -> Result<()> {
        if !self.is_device(host, is)? {
            return Err(Fault::new(format!("`{}` is mounted at `{at}`, not `{}`", is.device, self.device))
                .help("programs may be using it: unmount it first, for example with `mount.unmounted`"));
        }
        let options = self.options();
        let lacking: Vec<&str> = options
            .split(',')
            .filter(|option| SHOWN.contains(option) && !is.options.iter().any(|shown| shown == option))
            .collect();
        if !lacking.is_empty() {
            let all = format!("remount,{options}");
            let change = Change::new(format!("options of {at}")).to(lacking.join(","));
            plan.push(change, Action::Run(Command::new(["mount", "-o", &all, "--", at])));
        }
        Ok(())
    }

    /// Whether what is mounted is what is meant. A device has several names; a folder that is bound shows its
    /// own device, and what is no device goes by its type.
    fn is_device(&self, host: &dyn Host, is: &Mount) -> Result<bool> {
        let by =
            |folder: &str, value: &str| PathBuf::from("/dev/disk").join(folder).join(value.trim_matches('"'));
        let path = match self.device.split_once('=') {
            Some(("UUID", value)) => by("by-uuid", value),
            Some(("LABEL", value)) => by("by-label", value),
            Some(("PARTUUID", value)) => by("by-partuuid", value),
            Some(("PARTLABEL", value)) => by("by-partlabel", value),
            _ => PathBuf::from(&self.device),
        };
        if !path.starts_with("/dev") {
            let bound = self.opts.0.iter().flat_map(|opts| opts.split(',')).any(|opt| opt.ends_with("bind"));
            return Ok(bound || is.device == self.device || is.kind == self.fstype);
        }
        let real = |path: &Path| -> Result<_> {
            Ok(leads_to(host, path)?.and_then(|(path, _)| path.file_name().map(ToOwned::to_owned)))
        };
        let (wanted, found) = (real(&path)?, real(Path::new(&is.device))?);
        Ok(is.device == self.device || (wanted.is_some() && wanted == found))
    }
}

impl State for Mounted {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        let at = place(&self.name)?;
        self.no_secrets()?;
        let mut plan = Plan::default();
        if self.mount {
            match mount_at(host, at)? {
                Some(is) => self.other(host, at, &is, &mut plan)?,
                None => self.fresh(context, at, &mut plan)?,
            }
        }
        if self.persist {
            let fields = [
                self.device.clone(),
                at.to_owned(),
                self.fstype.clone(),
                self.options(),
                self.dump.to_string(),
                self.pass_num.to_string(),
            ];
            let about = |[_, place, ..]: &[String; 6]| place.trim_end_matches('/') == at;
            Fstab::of(host, &self.config)?.put(&fields, about, &mut plan);
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        vec![
            Key::Path(PathBuf::from(self.name.trim_end_matches('/'))),
            Key::Path(PathBuf::from(&self.device)),
        ]
    }
}

impl Function for Mounted {
    const NAME: &'static str = "mount.mounted";
    const ABOUT: &'static str = "A file system is mounted at this place, now and after the next boot.";
    const EXAMPLE: &'static str = "/srv/data:\n  mount.mounted:\n    - device: /dev/vdb1\n    - fstype: ext4\n    - opts: [noatime, nofail]\n    - mkmnt: true\n    - pass_num: 2\n";
    const LATER: &'static [&'static str] = &[
        "user",
        "match_on",
        "device_name_regex",
        "extra_mount_invisible_options",
        "extra_mount_invisible_keys",
        "extra_mount_ignore_fs_keys",
        "extra_mount_translate_options",
        "hidden_opts",
        "bind_mount_copy_active_opts",
    ];
}
