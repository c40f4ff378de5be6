//! `locale`: locales that the host has, and the one it speaks.

mod archive;
mod name;
mod present;
mod system;

pub use present::Present;
pub use system::System;

use std::path::Path;

use crate::fault::Result;
use crate::host::Host;

/// Whether the host has a locale, from the folder and the archive that `locale -a` reads.
fn is_there(host: &dyn Host, name: &str) -> Result<bool> {
    let wanted = name::plain(name);
    if matches!(wanted.as_str(), "C" | "POSIX" | "C.utf8") {
        return Ok(true);
    }
    let folder = Path::new("/usr/lib/locale");
    let names = host.list(folder)?.unwrap_or_default();
    if names.iter().any(|name| name::plain(name) == wanted) {
        return Ok(true);
    }
    let archive = host.read(&folder.join("locale-archive"))?.unwrap_or_default();
    Ok(archive::names(&archive).any(|name| name::plain(&name) == wanted))
}
