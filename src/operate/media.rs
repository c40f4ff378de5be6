//! What visitors and editors have uploaded, as a whole: put in the place of what is there, and back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::{Action, Command, Owner};

/// Many large files take their time.
const LIMIT: Duration = Duration::from_secs(6 * 3600);

/// A project's media and what they were before.
struct Places {
    media: PathBuf,
    before: PathBuf,
    new: PathBuf,
}

fn places(project: &str) -> Places {
    let shared = Path::new("/var/www").join(project).join("shared");
    let place = |name| shared.join(name);
    Places { media: place("media"), before: place("media_before"), new: place("media_new") }
}

/// Puts what a tar file holds in the place of the media, or nothing. What was there is kept beside it. Says what
/// was done.
pub fn restore(project: &str, archive: Option<&Path>, facts: &Facts) -> Result<String> {
    let Places { media, before, new } = places(project);
    let host = facts.host();
    if host.stat(&new)?.is_some() {
        host.perform(&Action::Remove { path: new.clone() })?;
    }
    let owner = Owner { user: Some(project.to_owned()), group: Some(project.to_owned()) };
    host.perform(&Action::MakeDirectory { path: new.clone(), mode: Some(0o755), owner })?;
    if let Some(archive) = archive {
        let folder = new.display().to_string();
        let argv = ["tar", "-x", "--no-same-permissions", "--strip-components=1", "-C", &folder, "-f", "-"];
        // By the application's user: what is in it is the application's, and can lead root nowhere.
        let mut unpack = Command::new(argv).user(project).input(archive).timeout(LIMIT);
        unpack.group = Some(project.to_owned());
        unpack.umask = Some(0o022);
        if let Err(fault) = host.perform(&Action::Run(unpack)) {
            let _best_effort = host.perform(&Action::Remove { path: new });
            return Err(fault.context("the media could not be unpacked; they are as they were"));
        }
        let _best_effort = host.perform(&Action::Remove { path: archive.to_owned() });
    }
    if host.stat(&before)?.is_some() {
        host.perform(&Action::Remove { path: before.clone() })?;
    }
    if host.stat(&media)?.is_some() {
        host.perform(&Action::Rename { from: media.clone(), to: before.clone() })?;
    }
    host.perform(&Action::Rename { from: new, to: media.clone() })?;
    Ok(format!("`{}` is new; what it was is kept as `{}`", media.display(), before.display()))
}

/// Puts the media back that were there before. Says what was done.
pub fn undo(project: &str, facts: &Facts) -> Result<String> {
    let Places { media, before, new } = places(project);
    let host = facts.host();
    if host.stat(&before)?.is_none() {
        return Err(Fault::new(format!("there is no `{}` to return to", before.display()))
            .help("only the last media that came can be undone, and only once"));
    }
    if host.stat(&media)?.is_some() {
        host.perform(&Action::Rename { from: media.clone(), to: new.clone() })?;
    }
    host.perform(&Action::Rename { from: before, to: media.clone() })?;
    if host.stat(&new)?.is_some() {
        host.perform(&Action::Remove { path: new })?;
    }
    Ok(format!("`{}` is what it was", media.display()))
}
