//! The data that goes with a release to another environment: database and media.

use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::order::Operation;

use super::closed::{Interrupted, closed};
use super::database::{MASTER, dump, restart, restore};
use super::session::{APPLICATION, Session};

/// Files here; none: nothing is there to begin with.
#[derive(Default)]
pub struct Data {
    database: Option<PathBuf>,
    media: Option<PathBuf>,
}

impl Data {
    /// That of an environment, into a folder of ours.
    pub fn fetch(source: &Session, folder: &Path) -> Result<std::result::Result<Self, Exit>> {
        let (database, media) = (folder.join("database"), folder.join("media.tar"));
        match dump(source, &database)? {
            Exit::Converged => {}
            exit => return Ok(Err(exit)),
        }
        let shared = format!("/var/www/{}/shared", source.project_name());
        let mut argv = super::promote::as_project(&source.project_name());
        argv.extend(["tar", "-c", "-C", &shared, "media"].map(str::to_owned));
        Ok(match source.download("web", &argv, crate::private::create(&media)?)? {
            Exit::Converged => Ok(Self { database: Some(database), media: Some(media) }),
            exit => Err(exit),
        })
    }

    /// Puts it in the place of a target's, deploys, and opens the site last. Where anything fails, the target has
    /// its own data again. `runs`: there is a release that needs its connections anew.
    pub fn bring(&self, target: &Session, runs: bool, deploy: impl FnOnce() -> Exit) -> Result<Exit> {
        if target.with_roles(MASTER).is_empty() {
            return Err(Fault::new(format!(
                "no host of `{}` has the role `db-master`",
                target.environment()
            ))
            .help("its database is not ours: bring the data there by other means"));
        }
        Ok(closed(target, Interrupted::StaysClosed, || {
            let restarted = || if runs { restart(target) } else { Exit::Converged };
            let database = restore(target, self.database.as_deref());
            if database != Exit::Converged {
                return database.worst(restarted());
            }
            let undone = || target.operate(MASTER, Operation::Undo, None);
            let media =
                target.operate(APPLICATION, Operation::Media { archive: None }, self.media.as_deref());
            if media != Exit::Converged {
                return media.worst(undone()).worst(restarted());
            }
            let deployed = deploy();
            if deployed == Exit::Converged {
                return deployed;
            }
            let media = target.operate(APPLICATION, Operation::UndoMedia, None);
            deployed.worst(undone()).worst(media).worst(restarted())
        }))
    }
}
