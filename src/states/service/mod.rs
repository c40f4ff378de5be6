//! Services of systemd: whether they run, and whether they start with the system. Must not look into their
//! configuration.

mod boot;
mod dead;
mod mask;
mod running;
mod step;

pub use boot::{Disabled, Enabled};
pub use dead::Dead;
pub use mask::{Masked, Unmasked};
pub use running::Running;

use std::path::Path;

use crate::facts::{Facts, Key, Unit, full_name};
use crate::fault::{Fault, Result};

/// What can be said of the unit that a state names.
enum Found {
    Here(Unit),
    /// systemd does not know it yet: an earlier state of this run writes its file.
    Written,
    /// A dry run, with packages to come: one of them brings the unit.
    Packaged,
    Nowhere,
}

fn find(facts: &Facts, name: &str) -> Result<Found> {
    let full = full_name(name);
    if let Some(unit) = facts.unit(&full)? {
        return Ok(Found::Here(unit));
    }
    if facts.coming(&Key::Unit(full.clone())) || facts.host().stat(&own_file(&full))?.is_some() {
        return Ok(Found::Written);
    }
    Ok(if facts.packages_coming() { Found::Packaged } else { Found::Nowhere })
}

/// Where a unit that the administrator wrote stands.
fn own_file(full: &str) -> std::path::PathBuf {
    Path::new("/etc/systemd/system").join(full)
}

/// The unit is nowhere: names one that is spelled nearly like it.
fn unknown(facts: &Facts, name: &str) -> Fault {
    let full = full_name(name);
    let fault = Fault::new(format!("there is no unit `{full}`"));
    let known = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", "/etc/init.d"];
    let names: Vec<String> = known
        .iter()
        .filter_map(|folder| facts.host().list(Path::new(folder)).ok().flatten())
        .flatten()
        .map(|unit| full_name(&unit))
        .collect();
    match crate::diagnostic::nearest(&full, names.iter().map(String::as_str)) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help("install the package that brings it, or write its unit file, and `require` that"),
    }
}

/// What is settled before a service: its unit, the file of one that the tree writes, the package of its name.
fn wants(name: &str) -> Vec<Key> {
    let full = full_name(name);
    let bare = full.strip_suffix(".service").unwrap_or(&full).to_owned();
    vec![Key::Path(own_file(&full)), Key::Unit(full), Key::Package(bare)]
}
