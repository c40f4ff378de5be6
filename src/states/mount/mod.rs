//! `mount`: file systems and swap, now (/proc) and at the next boot (/etc/fstab).

mod fstab;
mod mounted;
mod swap;
mod unmounted;

use std::path::PathBuf;

pub use mounted::Mounted;
pub use swap::Swap;
pub use unmounted::Unmounted;

use crate::fault::{Fault, Result};
use crate::host::Host;

fn config() -> PathBuf {
    PathBuf::from("/etc/fstab")
}

fn yes() -> bool {
    true
}

/// What is mounted somewhere.
struct Mount {
    device: String,
    kind: String,
    options: Vec<String>,
}

/// What lies uppermost at a place (proc_pid_mounts(5)); `None` where nothing is mounted.
fn mount_at(host: &dyn Host, place: &str) -> Result<Option<Mount>> {
    let mounts = host.read("/proc/self/mounts".as_ref())?.unwrap_or_default();
    let mounts = String::from_utf8_lossy(&mounts);
    let of_line = |line: &str| {
        let mut words = line.split(' ').map(fstab::unescaped);
        let (device, at, kind, options) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let options = options.split(',').map(str::to_owned).collect();
        (at == place).then_some(Mount { device, kind, options })
    };
    Ok(mounts.lines().filter_map(of_line).next_back())
}

/// A place where something can be mounted: an absolute path, without a slash at its end.
fn place(name: &str) -> Result<&str> {
    match name.trim_end_matches('/') {
        place if place.starts_with('/') && !name.contains('\n') => Ok(place),
        _ => Err(Fault::new(format!("`{name}` is no place to mount at"))
            .help("write the absolute path of a folder other than `/`")),
    }
}
