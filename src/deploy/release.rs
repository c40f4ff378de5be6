//! One deploy on the host: make a release, switch to it, check the site, and return to the old one on failure.

use std::path::{Path, PathBuf};

use crate::event::Event;
use crate::exit::Exit;
use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::{Action, Owner};
use crate::order::{Code, DeployOrder};

use super::hooks::{self, Around, Hook};
use super::journal::{Journal, Told, Turn, Which};
use super::stage::Stage;
use super::switch::Switch;
use super::{Settings, changed, releases, source, survey};

/// Deploys to this host and returns to releases. Every stage is told as an event, and the host remembers each
/// deploy with its end.
pub struct Deploys<'a> {
    pub settings: &'a Settings,
    pub facts: &'a Facts,
    /// Who asked: `user@machine`.
    pub operator: &'a str,
}

impl Deploys<'_> {
    /// Makes and switches to a release. The old release goes on running if a stage fails.
    pub fn deploy(&self, order: &DeployOrder, turn: Option<Turn<'_>>, tell: &mut dyn FnMut(Event)) -> Exit {
        let dirty = match &order.code {
            Code::Checkout(checkout) => checkout.dirty || checkout.commit.is_none(),
            Code::Git { .. } => false,
        };
        let task = if order.promoted.is_some() { "promote" } else { "deploy" };
        self.told(task, dirty, turn, tell, |deploy| deploy.run(order))
    }

    /// Switches to a release that is kept: of this name, else the one that ran before. What runs goes on
    /// running if it does not come up.
    pub fn rollback(
        &self,
        release: Option<&str>,
        turn: Option<Turn<'_>>,
        tell: &mut dyn FnMut(Event),
    ) -> Exit {
        self.told("rollback", false, turn, tell, |deploy| deploy.back(release))
    }

    fn told(
        &self,
        task: &str,
        dirty: bool,
        turn: Option<Turn<'_>>,
        tell: &mut dyn FnMut(Event),
        run: impl FnOnce(&mut Deploying<'_>) -> Result<(), Told>,
    ) -> Exit {
        let Self { settings, facts, operator } = self;
        let mut deploy = Deploying { settings, facts, journal: Journal::new(turn, tell) };
        let result = run(&mut deploy);
        let deployed = Which { operator, task, dirty };
        deploy.journal.end(&deployed, &settings.project, facts, result.is_ok())
    }
}

struct Deploying<'a> {
    settings: &'a Settings,
    facts: &'a Facts,
    journal: Journal<'a>,
}

impl Deploying<'_> {
    fn run(&mut self, order: &DeployOrder) -> Result<(), Told> {
        let settings = self.settings;
        let facts = self.facts;
        let releases = settings.root.join("releases");
        let mut folder = PathBuf::new();
        self.journal.stage("ready", || {
            ready(settings, facts)?;
            folder = unused(&releases, facts)?;
            Ok(String::new())
        })?;
        self.journal.release = Some(folder.clone());
        let old = facts.host().link(&settings.root.join("current")).ok().flatten();
        let stage = Stage { settings, facts, folder: folder.clone() };
        let made = self.make(order, &stage, old.as_deref());
        if made.is_err() {
            let _best_effort = facts.host().perform(&Action::Remove { path: folder });
            return made;
        }
        let switched =
            Switch { settings, facts, folder: &folder, old: old.as_deref() }.perform(&mut self.journal);
        if switched.is_err() {
            // Where even the return failed, the site is better off with this release than with none.
            if facts.host().link(&settings.root.join("current")).ok().flatten().as_ref() == Some(&folder) {
                return switched;
            }
            let _best_effort = facts.host().perform(&Action::Remove { path: folder });
            return switched;
        }
        // The release runs: what comes after is worth a failure, but no return.
        let after = self.hook(Hook::After(Around::Switch), &stage);
        self.journal.stage("old releases", || releases::prune(settings, facts, &folder))?;
        after
    }

    fn back(&mut self, release: Option<&str>) -> Result<(), Told> {
        let (settings, facts) = (self.settings, self.facts);
        let mut folder = None;
        self.journal.stage("ready", || {
            ready(settings, facts)?;
            folder = releases::chosen(settings, facts, release)?;
            Ok(if folder.is_none() { "it is current already".to_owned() } else { String::new() })
        })?;
        self.journal.wait()?;
        let Some(folder) = folder else { return Ok(()) };
        self.journal.release = Some(folder.clone());
        self.journal.commit = releases::commit(facts, &folder).ok().flatten();
        let old = facts.host().link(&settings.root.join("current")).ok().flatten();
        Switch { settings, facts, folder: &folder, old: old.as_deref() }.perform(&mut self.journal)?;
        let message = "what migrations did to the database stays: a release that is older must bear it";
        self.journal.note(message);
        Ok(())
    }

    fn make(&mut self, order: &DeployOrder, stage: &Stage<'_>, old: Option<&Path>) -> Result<(), Told> {
        let folder = &stage.folder;
        let mut commit = None;
        let unpacked = self.journal.stage("code", || {
            // Nobody comes in before it is known what is in it.
            stage.facts.host().perform(&Action::MakeDirectory {
                path: folder.clone(),
                mode: Some(0o700),
                owner: Owner::default(),
            })?;
            let found = source::unpack(&order.code, folder, stage.settings, stage.facts)?;
            survey::survey(folder, stage.facts.host())?;
            stage.facts.host().perform(&Action::write(
                folder.join(releases::REVISION),
                format!("{found}\n"),
                0o644,
            ))?;
            let mut said = format!("{} at {found}", folder.display());
            if let Some(promoted) = &order.promoted {
                said.push_str(&format!(", as it runs in {promoted}"));
            }
            commit = Some(found);
            Ok(said)
        });
        self.journal.commit = commit;
        unpacked?;
        // While all of it is root's: what comes next makes folders in it that the project's user can change.
        self.journal.stage("bytecode", || {
            stage.compile()?;
            stage.facts.host().perform(&Action::SetMode { path: folder.clone(), mode: 0o755 })?;
            Ok(String::new())
        })?;
        self.hook(Hook::After(Around::Code), stage)?;
        self.hook(Hook::Before(Around::Virtualenv), stage)?;
        self.journal.stage("virtual environment", || stage.virtualenv(order.promoted.is_some()))?;
        self.hook(Hook::After(Around::Virtualenv), stage)?;
        self.hook(Hook::Before(Around::Shared), stage)?;
        self.journal.stage("shared files", || {
            stage.shared()?;
            changed::record(stage)?;
            stage.static_files()?;
            Ok(stage.settings.deploy.shared.join(", "))
        })?;
        self.hook(Hook::After(Around::Shared), stage)?;
        // What comes now can be seen from outside.
        self.journal.wait()?;
        self.hook(Hook::Before(Around::Manage), stage)?;
        for arguments in &stage.settings.deploy.manage {
            let step = arguments.first().map_or("", String::as_str);
            self.journal.stage(&format!("manage.py {step}"), || {
                if step == "migrate" && order.elsewhere {
                    return Ok("another host does it for all".to_owned());
                }
                let same = || old.is_some_and(|old| changed::same(stage, old).unwrap_or(false));
                if step == "migrate" && order.new_data.is_none() && same() {
                    return Ok("not needed: code, packages and environment are as they were".to_owned());
                }
                stage.manage(arguments).map(|()| String::new())
            })?;
        }
        for line in order.new_data.iter().flatten().filter(|_| !order.elsewhere) {
            let argv = ["/bin/sh", "-c", line].map(str::to_owned);
            self.journal.stage("scrub", || stage.in_environment(&argv).map(|()| String::new()))?;
        }
        self.hook(Hook::After(Around::Manage), stage)?;
        self.hook(Hook::Before(Around::Switch), stage)
    }

    /// Runs what the project has for a hook, if anything.
    fn hook(&mut self, hook: Hook, stage: &Stage<'_>) -> Result<(), Told> {
        let mut found = hooks::commands(hook, stage);
        if found.as_ref().is_ok_and(Vec::is_empty) {
            return Ok(());
        }
        self.journal.stage(&hook.to_string(), || {
            hooks::run(hook, &std::mem::replace(&mut found, Ok(Vec::new()))?, stage).map(|()| String::new())
        })
    }
}

/// Whether the host has been provisioned.
fn ready(settings: &Settings, facts: &Facts) -> Result<()> {
    let environment = Path::new("/etc/provision").join(&settings.project).join("env");
    for path in [settings.root.join("releases"), environment] {
        if facts.host().stat(&path)?.is_none() {
            return Err(Fault::new(format!(
                "`{}` is not there: the host is not provisioned yet",
                path.display()
            ))
            .help("provision it first: provision ENV"));
        }
    }
    for name in &settings.deploy.shared {
        let path = settings.root.join("shared").join(name);
        if facts.host().stat(&path)?.is_none() {
            return Err(Fault::new(format!("`{}` is not there", path.display())).help(
                "provision the host first, or put the file there; `deploy: {shared: […]}` in the pillar names it",
            ));
        }
    }
    Ok(())
}

/// The folder of a new release: by the time, and by a number where two come within a second.
fn unused(releases: &Path, facts: &Facts) -> Result<PathBuf> {
    let name = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut folder = releases.join(&name);
    let mut number = 1;
    while facts.host().stat(&folder)?.is_some() {
        number += 1;
        folder = releases.join(format!("{name}-{number}"));
    }
    Ok(folder)
}
