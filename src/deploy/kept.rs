//! The releases that a host keeps: which there are, and which one to return to.

use std::path::{Path, PathBuf};

use crate::event::Release;
use crate::facts::Facts;
use crate::fault::{Fault, Result};

use super::Settings;
use super::release::COMPLETE;

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

/// The folder of the release to return to: of that name, else the one before the current; `None` where it is
/// current already.
pub fn chosen(settings: &Settings, facts: &Facts, name: Option<&str>) -> Result<Option<PathBuf>> {
    let releases = kept(settings, facts)?;
    let found = match name {
        Some(name) => releases.iter().find(|release| release.name == name),
        None => {
            let before = releases.iter().take_while(|release| !release.current);
            before.last().filter(|_| releases.iter().any(|release| release.current))
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
}
