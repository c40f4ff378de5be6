//! From one release to another: the link, the processes, the site's answer, and the way back where it has none.

use std::path::Path;

use crate::event::Health;
use crate::facts::Facts;
use crate::fault::Result;
use crate::host::{Action, Owner};

use super::journal::{Journal, Told};
use super::{Settings, health, releases, web};

/// From the release that is current, if there is one, to another.
pub struct Switch<'a> {
    pub settings: &'a Settings,
    pub facts: &'a Facts,
    pub folder: &'a Path,
    pub old: Option<&'a Path>,
}

impl Switch<'_> {
    /// Switches with no visitor sent here by a balancer. A host that does not come up is not sent any again.
    pub fn perform(&self, journal: &mut Journal<'_>) -> Result<(), Told> {
        let Self { settings, facts, .. } = *self;
        let balanced = settings.balanced && web::is_here(settings, facts).unwrap_or(true);
        if balanced {
            journal.stage("leave the balancer", || web::leave(settings, facts).map(|()| String::new()))?;
        }
        let switched = self.alone(journal);
        let works = || matches!(health::health(settings, facts), Ok(None | Some(Health::Answers)));
        if balanced && works() {
            journal
                .stage("back to the balancer", || web::come_back(settings, facts).map(|()| String::new()))?;
        }
        switched
    }

    fn alone(&self, journal: &mut Journal<'_>) -> Result<(), Told> {
        let Self { settings, facts, folder, old } = *self;
        journal.stage("switch", || {
            let path = folder.join(releases::COMPLETE);
            facts.host().perform(&Action::Touch { path, accessed: None, modified: None })?;
            if let Some(old) = old {
                let path = settings.root.join("previous");
                facts.host().perform(&Action::Symlink {
                    path,
                    target: old.to_owned(),
                    owner: Owner::default(),
                })?;
            }
            point(settings, facts, folder)?;
            Ok(format!(
                "{} → {}",
                old.and_then(Path::file_name).map_or("nothing".into(), |name| name.to_string_lossy()),
                folder.file_name().unwrap_or_default().to_string_lossy()
            ))
        })?;
        let up =
            journal.stage("renew", || web::renew(settings, facts).map(|()| String::new())).and_then(|()| {
                journal.stage("health", || web::heard(settings, facts, || health::check(settings, facts)))
            });
        if up.is_ok() {
            return Ok(());
        }
        let _told = journal.stage("return", || match old {
            Some(old) => {
                point(settings, facts, old)?;
                web::renew(settings, facts)?;
                health::check(settings, facts)?;
                Ok(format!("{} is current again", old.display()))
            }
            None => {
                facts.host().perform(&Action::Remove { path: settings.root.join("current") })?;
                // What runs was started from the release that goes away now.
                web::stop(settings, facts);
                Ok("there was no release before; the site says that nothing is deployed".to_owned())
            }
        });
        Err(Told)
    }
}

fn point(settings: &Settings, facts: &Facts, to: &Path) -> Result<()> {
    let path = settings.root.join("current");
    facts.host().perform(&Action::Symlink { path, target: to.to_owned(), owner: Owner::default() })?;
    Ok(())
}
