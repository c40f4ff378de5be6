//! One deploy on the host: make a release, switch to it, check the site, and return to the old one on failure.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::event::{Deployed, Event, Health, Outcome, StateResult, Summary};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::{Action, Owner};
use crate::order::{Code, DeployOrder};
use crate::plan::Change;

use super::hooks::{self, Around, Hook};
use super::stage::Stage;
use super::{Settings, changed, health, history, kept, source, web};

/// Stands in a release that was made to its end; what has none was cut short.
pub(super) const COMPLETE: &str = ".complete";

/// Waits until this host may switch; an error says why it shall not.
pub type Turn<'a> = &'a dyn Fn() -> Result<()>;

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

    /// Switches to a release that is kept: of this name, else the one before the current. What runs goes on
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
        let started = Instant::now();
        let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let Self { settings, facts, operator } = self;
        let summary = Summary::default();
        let (release, commit, failed, left) = (None, None, None, None);
        let mut deploy = Deploying { settings, facts, turn, tell, summary, release, commit, failed, left };
        let result = run(&mut deploy);
        let Deploying { mut summary, release, commit, failed, left, .. } = deploy;
        if let Some(why) = left {
            tell(Event::Aborted { message: why.message, help: why.help, code: Exit::Failed.code() });
            return Exit::Failed;
        }
        summary.duration = started.elapsed();
        if let Some(folder) = release {
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
            let deployed = Deployed {
                at,
                operator: (*operator).to_owned(),
                task: task.to_owned(),
                release: name,
                commit,
                dirty,
                failed,
                duration: summary.duration,
            };
            if let Err(fault) = history::remember(&settings.project, &deployed, facts) {
                tell(Event::Note {
                    message: format!("this will be missing in the history: {}", fault.message),
                });
            }
        }
        tell(Event::Finished { summary });
        if result.is_ok() { Exit::Converged } else { Exit::Failed }
    }
}

struct Deploying<'a> {
    settings: &'a Settings,
    facts: &'a Facts,
    turn: Option<Turn<'a>>,
    tell: &'a mut dyn FnMut(Event),
    summary: Summary,
    /// The release that it is about, once that is known.
    release: Option<PathBuf>,
    commit: Option<String>,
    /// The stage that failed first.
    failed: Option<String>,
    /// Why the host stayed as it was, with nothing of its own having failed.
    left: Option<Fault>,
}

/// A stage failed, and that was told.
struct Told;

impl Deploying<'_> {
    fn run(&mut self, order: &DeployOrder) -> Result<(), Told> {
        let settings = self.settings;
        let facts = self.facts;
        let releases = settings.root.join("releases");
        let mut folder = PathBuf::new();
        self.stage("ready", || {
            ready(settings, facts)?;
            folder = unused(&releases, facts)?;
            Ok(String::new())
        })?;
        self.release = Some(folder.clone());
        let old = facts.host().link(&settings.root.join("current")).ok().flatten();
        let stage = Stage { settings, facts, folder: folder.clone() };
        let made = self.make(order, &stage, old.as_deref());
        if made.is_err() {
            let _best_effort = facts.host().perform(&Action::Remove { path: folder });
            return made;
        }
        let switched = self.switch(&folder, old.as_deref());
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
        self.stage("old releases", || prune(settings, facts, &folder))?;
        after
    }

    fn back(&mut self, release: Option<&str>) -> Result<(), Told> {
        let (settings, facts) = (self.settings, self.facts);
        let mut folder = None;
        self.stage("ready", || {
            ready(settings, facts)?;
            folder = kept::chosen(settings, facts, release)?;
            Ok(if folder.is_none() { "it is current already".to_owned() } else { String::new() })
        })?;
        self.wait()?;
        let Some(folder) = folder else { return Ok(()) };
        self.release = Some(folder.clone());
        self.commit = kept::commit(facts, &folder).ok().flatten();
        let old = facts.host().link(&settings.root.join("current")).ok().flatten();
        self.switch(&folder, old.as_deref())?;
        let message = "what migrations did to the database stays: a release that is older must bear it";
        (self.tell)(Event::Note { message: message.to_owned() });
        Ok(())
    }

    fn make(&mut self, order: &DeployOrder, stage: &Stage<'_>, old: Option<&Path>) -> Result<(), Told> {
        let folder = &stage.folder;
        let mut commit = None;
        let unpacked = self.stage("code", || {
            stage.facts.host().perform(&Action::MakeDirectory {
                path: folder.clone(),
                mode: Some(0o755),
                owner: Owner::default(),
            })?;
            let found = source::unpack(&order.code, folder, stage.settings, stage.facts)?;
            stage.facts.host().perform(&Action::write(
                folder.join(kept::REVISION),
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
        self.commit = commit;
        unpacked?;
        self.hook(Hook::After(Around::Code), stage)?;
        self.hook(Hook::Before(Around::Virtualenv), stage)?;
        self.stage("virtual environment", || stage.virtualenv(order.promoted.is_some()))?;
        self.hook(Hook::After(Around::Virtualenv), stage)?;
        self.hook(Hook::Before(Around::Shared), stage)?;
        self.stage("shared files", || {
            stage.shared()?;
            changed::record(stage)?;
            stage.static_files()?;
            Ok(stage.settings.deploy.shared.join(", "))
        })?;
        self.hook(Hook::After(Around::Shared), stage)?;
        self.stage("bytecode", || stage.compile().map(|()| String::new()))?;
        // What comes now can be seen from outside.
        self.wait()?;
        self.hook(Hook::Before(Around::Manage), stage)?;
        for arguments in &stage.settings.deploy.manage {
            let step = arguments.first().map_or("", String::as_str);
            self.stage(&format!("manage.py {step}"), || {
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
            self.stage("scrub", || stage.in_environment(&argv).map(|()| String::new()))?;
        }
        self.hook(Hook::After(Around::Manage), stage)?;
        self.hook(Hook::Before(Around::Switch), stage)
    }

    /// Until it is this host's turn.
    fn wait(&mut self) -> Result<(), Told> {
        let Some(turn) = self.turn else { return Ok(()) };
        (self.tell)(Event::Prepared);
        self.left = turn().err();
        if self.left.is_some() { Err(Told) } else { Ok(()) }
    }

    /// Runs what the project has for a hook, if anything.
    fn hook(&mut self, hook: Hook, stage: &Stage<'_>) -> Result<(), Told> {
        let mut found = hooks::commands(hook, stage);
        if found.as_ref().is_ok_and(Vec::is_empty) {
            return Ok(());
        }
        self.stage(&hook.to_string(), || {
            hooks::run(hook, &std::mem::replace(&mut found, Ok(Vec::new()))?, stage).map(|()| String::new())
        })
    }

    /// Switches with no visitor sent here by a balancer. A host that does not come up is not sent any again.
    fn switch(&mut self, folder: &Path, old: Option<&Path>) -> Result<(), Told> {
        let (settings, facts) = (self.settings, self.facts);
        let balanced = settings.balanced && web::is_here(settings, facts).unwrap_or(true);
        if balanced {
            self.stage("leave the balancer", || web::leave(settings, facts).map(|()| String::new()))?;
        }
        let switched = self.switch_alone(folder, old);
        let works = || matches!(health::health(settings, facts), Ok(None | Some(Health::Answers)));
        if balanced && works() {
            self.stage("back to the balancer", || web::come_back(settings, facts).map(|()| String::new()))?;
        }
        switched
    }

    fn switch_alone(&mut self, folder: &Path, old: Option<&Path>) -> Result<(), Told> {
        let settings = self.settings;
        let facts = self.facts;
        self.stage("switch", || {
            let path = folder.join(COMPLETE);
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
        let up = self.stage("renew", || web::renew(settings, facts).map(|()| String::new())).and_then(|()| {
            self.stage("health", || web::heard(settings, facts, || health::check(settings, facts)))
        });
        if up.is_ok() {
            return Ok(());
        }
        let back = old.map(Path::to_owned);
        let _told = self.stage("return", || match &back {
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

    fn stage(&mut self, name: &str, act: impl FnOnce() -> Result<String>) -> Result<(), Told> {
        (self.tell)(Event::Progress { message: name.to_owned() });
        let started = Instant::now();
        let result = act();
        let mut state = StateResult {
            number: self.summary.changed + self.summary.failed,
            id: name.to_owned(),
            function: "deploy".to_owned(),
            name: name.to_owned(),
            sls: String::new(),
            outcome: Outcome::Changed,
            changes: Vec::new(),
            comment: None,
            help: None,
            output: None,
            place: None,
            duration: started.elapsed(),
        };
        match result {
            Ok(said) => {
                self.summary.changed += 1;
                state.changes.extend((!said.is_empty()).then(|| Change::new(said)));
                (self.tell)(Event::State(state));
                Ok(())
            }
            Err(Fault { message, help, output }) => {
                self.summary.failed += 1;
                self.failed.get_or_insert_with(|| name.to_owned());
                (self.tell)(Event::State(StateResult {
                    outcome: Outcome::Failed,
                    comment: Some(message),
                    help,
                    output,
                    ..state
                }));
                Err(Told)
            }
        }
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

fn point(settings: &Settings, facts: &Facts, to: &Path) -> Result<()> {
    let path = settings.root.join("current");
    facts.host().perform(&Action::Symlink { path, target: to.to_owned(), owner: Owner::default() })?;
    Ok(())
}

/// Removes what deploys that were cut short left, the oldest releases, and virtual environments that no
/// release uses any more.
fn prune(settings: &Settings, facts: &Facts, current: &Path) -> Result<String> {
    let host = facts.host();
    let folder = settings.root.join("releases");
    let mut complete = Vec::new();
    let mut surplus = Vec::new();
    for name in host.list(&folder)?.unwrap_or_default() {
        let whole = host.stat(&folder.join(&name).join(COMPLETE))?.is_some();
        if whole { complete.push(name) } else { surplus.push(name) }
    }
    let old = complete.len().saturating_sub(settings.deploy.keep.max(1));
    surplus.extend(complete.drain(..old));
    let mut removed = Vec::new();
    for name in surplus {
        let path = folder.join(&name);
        if path != current {
            host.perform(&Action::Remove { path })?;
            removed.push(name);
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
    Ok(if removed.is_empty() { String::new() } else { format!("removed {}", removed.join(", ")) })
}
