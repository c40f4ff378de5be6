//! What came with the code of a release, before root works in it: nothing that leads out of it or gives rights away.
//! Decides nothing about the code itself.

use std::path::{Component, Path, PathBuf};

use crate::fault::{Fault, Result};
use crate::host::{Action, Host, Kind};

/// Where Python keeps what it compiled.
pub(super) const BYTECODE: &str = "__pycache__";

/// Refuses code in which compiling to bytecode would write or read elsewhere, and what is no code at all. Takes
/// away rights to act as another account, which files of root's would give to everybody.
pub fn survey(release: &Path, host: &dyn Host) -> Result<()> {
    let mut queue = vec![PathBuf::new()];
    while let Some(relative) = queue.pop() {
        let path = release.join(&relative);
        for name in host.list(&path)?.unwrap_or_default() {
            let relative = relative.join(&name);
            let path = path.join(&name);
            let Some(stat) = host.stat(&path)? else { continue };
            match stat.kind {
                Kind::Directory => queue.push(relative.clone()),
                Kind::Special => {
                    return Err(Fault::new(format!(
                        "the code holds a device, socket or pipe: `{}`",
                        relative.display()
                    ))
                    .help("take it out of the repository; a release is files, folders and symlinks"));
                }
                Kind::Symlink if name == BYTECODE => return Err(foreign(&relative)),
                Kind::File if name == BYTECODE => return Err(foreign(&relative)),
                Kind::Symlink if name.ends_with(".py") => {
                    let target = host.link(&path)?.unwrap_or_default();
                    if leads_out(&relative, &target) {
                        return Err(Fault::new(format!(
                            "the code's `{}` is a symlink that leads out of it, to `{}`",
                            relative.display(),
                            target.display()
                        ))
                        .help("put the file itself into the repository"));
                    }
                }
                Kind::Symlink | Kind::File => {}
            }
            if stat.kind != Kind::Symlink && stat.mode & 0o6000 != 0 {
                host.perform(&Action::SetMode { path, mode: stat.mode & 0o1777 })?;
            }
        }
    }
    Ok(())
}

fn foreign(relative: &Path) -> Fault {
    let shown = relative.display();
    Fault::new(format!("the code's `{shown}` is no folder: bytecode would be written where it leads"))
        .help(format!("git rm {shown}, ignore {BYTECODE}, and commit"))
}

/// Whether a symlink's target lies outside of the release, going by its words.
fn leads_out(link: &Path, target: &Path) -> bool {
    let mut depth = link.components().count().saturating_sub(1);
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::CurDir => {}
            _ => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::{Fake, FakeKind};

    #[test]
    fn what_leads_out_of_a_release_is_refused() {
        type Entry = (&'static str, FakeKind);
        let link = |target: &str| FakeKind::Symlink(target.into());
        let table: Vec<(Entry, Option<&str>)> = vec![
            (("app/models.py", FakeKind::File(Vec::new())), None),
            (("app/__pycache__/models.cpython-311.pyc", FakeKind::File(Vec::new())), None),
            (("app/__pycache__", link("/etc/cron.d")), Some("`app/__pycache__` is no folder")),
            (("__pycache__", FakeKind::File(Vec::new())), Some("`__pycache__` is no folder")),
            (("app/local.py", link("/etc/shadow")), Some("leads out of it, to `/etc/shadow`")),
            (("app/local.py", link("../../x.py")), Some("leads out of it")),
            (("app/local.py", link("../settings/local.py")), None),
            (("media", link("/srv/media")), None),
        ];
        for ((path, kind), told) in table {
            let fake = Fake::debian();
            fake.put(format!("/var/www/shop/releases/1/{path}"), kind);
            let result = survey(Path::new("/var/www/shop/releases/1"), &fake);
            match told {
                Some(told) => assert!(result.unwrap_err().message.contains(told), "{path}"),
                None => assert_eq!(result, Ok(()), "{path}"),
            }
        }
    }
}
