//! The releases that a host keeps: which there are, and which one to return to.

use std::path::{Path, PathBuf};

use crate::event::Release;
use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::Action;

use super::Settings;

/// Stands in a release that was made to its end; what has none was cut short.
pub(super) const COMPLETE: &str = ".complete";

/// Stands in a release: the commit that it was made of.
pub(super) const REVISION: &str = "REVISION";

/// The commit that a release was made of, where that is known.
pub fn commit(facts: &Facts, release: &Path) -> Result<Option<String>> {
    let bytes = facts.host().read(&release.join(REVISION))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
}

/// Releases that were made to their end, the oldest first.
pub fn kept(settings: &Settings, facts: &Facts) -> Result<Vec<Release>> {
    let host = facts.host();
    let folder = settings.root.join("releases");
    let current = host.link(&settings.root.join("current"))?;
    let mut releases = Vec::new();
    for name in host.list(&folder)?.unwrap_or_default() {
        let path = folder.join(&name);
        if host.stat(&path.join(COMPLETE))?.is_none() {
            continue;
        }
        let commit = commit(facts, &path)?;
        releases.push(Release { current: current.as_ref() == Some(&path), name, commit });
    }
    Ok(releases)
}

/// The release that ran before the current one.
fn previous(settings: &Settings, facts: &Facts) -> Result<Option<PathBuf>> {
    facts.host().link(&settings.root.join("previous"))
}

/// The folder of the release to return to: of that name; else the one that ran before the current, where that is
/// an older one, else the one that was made before it. `None` where it is current already.
pub fn chosen(settings: &Settings, facts: &Facts, name: Option<&str>) -> Result<Option<PathBuf>> {
    let releases = kept(settings, facts)?;
    let found = match name {
        Some(name) => releases.iter().find(|release| release.name == name),
        None => {
            let before: Vec<_> = releases.iter().take_while(|release| !release.current).collect();
            let ran = previous(settings, facts)?;
            let ran = ran.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
            let ran = before.iter().find(|release| Some(release.name.as_str()) == ran);
            ran.or(before.last()).copied().filter(|_| releases.iter().any(|release| release.current))
        }
    };
    match found {
        Some(release) if release.current => Ok(None),
        Some(release) => Ok(Some(settings.root.join("releases").join(&release.name))),
        None => {
            let names: Vec<&str> = releases.iter().map(|release| release.name.as_str()).collect();
            let fault = Fault::new(match name {
                Some(name) => format!("there is no release `{name}` on this host"),
                None => "there is no release before the current one".to_owned(),
            });
            Err(if names.is_empty() { fault } else { fault.help(format!("it keeps {}", names.join(", "))) })
        }
    }
}

/// Removes what deploys that were cut short left, the oldest releases but the one that ran before, and virtual
/// environments that no release uses any more.
pub fn prune(settings: &Settings, facts: &Facts, current: &Path) -> Result<String> {
    let host = facts.host();
    let folder = settings.root.join("releases");
    let previous = previous(settings, facts)?;
    let mut complete = 0_usize;
    let (mut surplus, mut old) = (Vec::new(), Vec::new());
    for name in host.list(&folder)?.unwrap_or_default() {
        let path = folder.join(&name);
        let whole = host.stat(&path.join(COMPLETE))?.is_some();
        complete += usize::from(whole);
        if !whole {
            surplus.push(name);
        } else if path != current && previous.as_ref() != Some(&path) {
            old.push(name);
        }
    }
    let count = complete.saturating_sub(settings.deploy.keep());
    surplus.extend(old.into_iter().take(count));
    for name in &surplus {
        let path = folder.join(name);
        if path != current {
            host.perform(&Action::Remove { path })?;
        }
    }
    let mut used: Vec<PathBuf> = Vec::new();
    for name in host.list(&folder)?.unwrap_or_default() {
        used.extend(host.link(&folder.join(name).join(".venv"))?);
    }
    let environments = settings.root.join("venvs");
    for name in host.list(&environments)?.unwrap_or_default() {
        let path = environments.join(name);
        if !used.contains(&path) {
            host.perform(&Action::Remove { path })?;
        }
    }
    Ok(if surplus.is_empty() { String::new() } else { format!("removed {}", surplus.join(", ")) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::Arc;

    use super::*;
    use crate::host::fake::{Fake, FakeKind};

    fn host(current: &str) -> (Settings, Facts) {
        let fake = Fake::debian();
        for name in ["20260101T000000Z", "20260102T000000Z", "20260103T000000Z"] {
            fake.put(format!("/var/www/shop/releases/{name}/.complete"), FakeKind::File(Vec::new()));
            fake.put(format!("/var/www/shop/releases/{name}/REVISION"), FakeKind::File(b"abc\n".to_vec()));
        }
        fake.put("/var/www/shop/releases/20260104T000000Z/REVISION", FakeKind::File(b"cut short\n".to_vec()));
        let target = format!("/var/www/shop/releases/{current}");
        fake.put("/var/www/shop/current", FakeKind::Symlink(target.into()));
        let pillar = serde_json::json!({ "project_name": "shop" });
        let settings = Settings::read(pillar.as_object().unwrap()).unwrap();
        (settings, Facts::new(Arc::new(fake)))
    }

    #[test]
    fn whole_releases_are_kept_and_the_current_is_known() {
        let (settings, facts) = host("20260102T000000Z");
        let all = kept(&settings, &facts).unwrap();
        let names: Vec<_> = all.iter().map(|release| (release.name.as_str(), release.current)).collect();
        assert_eq!(
            names,
            [("20260101T000000Z", false), ("20260102T000000Z", true), ("20260103T000000Z", false)]
        );
        assert_eq!(all.first().unwrap().commit.as_deref(), Some("abc"));
    }

    #[test]
    fn the_one_before_is_returned_to_or_the_named() {
        let (settings, facts) = host("20260102T000000Z");
        let name = |wanted| {
            let found = chosen(&settings, &facts, wanted).map_err(|fault| fault.message)?;
            Ok::<_, String>(found.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()))
        };
        assert_eq!(name(None), Ok(Some("20260101T000000Z".to_owned())));
        assert_eq!(name(Some("20260103T000000Z")), Ok(Some("20260103T000000Z".to_owned())));
        assert_eq!(name(Some("20260102T000000Z")), Ok(None));
        assert!(name(Some("20260104T000000Z")).is_err());
        let (settings, facts) = host("20260101T000000Z");
        assert!(chosen(&settings, &facts, None).is_err());
    }

    #[test]
    fn what_ran_before_comes_before_what_was_made_before() {
        let (settings, facts) = host("20260103T000000Z");
        let put = |name: &str| {
            let target = settings.root.join("releases").join(name);
            let path = settings.root.join("previous");
            facts
                .host()
                .perform(&Action::Symlink { path, target, owner: crate::host::Owner::default() })
                .unwrap();
        };
        let back = || chosen(&settings, &facts, None).unwrap().unwrap();
        assert!(back().ends_with("20260102T000000Z"));
        // The second was left for the first, then came the third.
        put("20260101T000000Z");
        assert!(back().ends_with("20260101T000000Z"));
        let few = Settings {
            deploy: crate::site::Deploy { keep: crate::site::Count(2), ..settings.deploy.clone() },
            ..settings.clone()
        };
        let current = settings.root.join("releases/20260103T000000Z");
        assert_eq!(prune(&few, &facts, &current).unwrap(), "removed 20260104T000000Z, 20260102T000000Z");
    }
}
