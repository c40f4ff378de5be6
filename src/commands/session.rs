//! What every task of an environment begins with: the project, its pillar, its secrets, the hosts.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::agent;
use crate::cli::{Pace, RunOptions};
use crate::diagnostic::{self, Problems};
use crate::event::{Event, PROTOCOL};
use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::order::{Operation, Order, Task};
use crate::owner::{Claim, Standing};
use crate::private;
use crate::project::{Project, Travel};
use crate::remote::{
    AT_ONCE, Fleet, Freight, Leavings, Login, Password, Payload, Refusal, SILENCE, Target, operator,
    vagrant_ssh_config, watch_signals,
};
use crate::report::Report;
use crate::site::Site;

use super::targets::{check_options, limited, once_each, over, targets};

/// The hosts that have the application.
pub const APPLICATION: &[&str] = &["web", "worker"];

pub struct Session {
    pub project: Project,
    environment: String,
    options: RunOptions,
    /// As it is for a host of which nothing is known yet.
    pillar: Arc<Map<String, Value>>,
    site: Site,
    targets: Vec<Target>,
    password: Option<Password>,
    /// Vagrant's answer, as an ssh configuration.
    _vagrant: Option<tempfile::TempDir>,
}

/// How a task went on all hosts.
#[derive(Clone, Copy, Debug)]
pub struct Ran {
    pub exit: Exit,
    /// States that changed something.
    pub changed: usize,
}

/// Keeps answers, and shows what is worth it.
struct Heard {
    report: Box<dyn Report>,
    shown: Shown,
    /// One of a kind of each host: nothing is asked for twice, and some hosts say more than they are asked.
    events: Vec<(String, Event)>,
}

/// How much of answers that are kept is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    All,
    /// What goes wrong.
    Wrong,
    Nothing,
}

impl Report for Heard {
    fn host(&mut self, name: &str) {
        if self.shown != Shown::Nothing {
            self.report.host(name);
        }
    }

    fn event(&mut self, host: &str, event: &Event) {
        let wrong = matches!(event, Event::Aborted { .. } | Event::Problem { .. });
        if self.shown == Shown::All || (self.shown == Shown::Wrong && wrong) {
            self.report.event(host, event);
        }
        let kind = std::mem::discriminant(event);
        let is_answer = matches!(
            event,
            Event::Releases { .. } | Event::Status { .. } | Event::Unknown { .. } | Event::Finished { .. }
        );
        let known = |(by, known): &(String, Event)| by == host && std::mem::discriminant(known) == kind;
        if is_answer && !self.events.iter().any(known) {
            self.events.push((host.to_owned(), event.clone()));
        }
    }

    fn finish(&mut self) {
        self.report.finish();
    }
}

/// What is asked of all hosts.
pub struct Outgoing {
    pub task: Task,
    /// These state files instead of what the top file says.
    pub sls: Vec<String>,
    pub plan: bool,
    /// The packed code of a deploy.
    pub archive: Option<PathBuf>,
    /// To be read before what the hosts say.
    pub notes: Vec<String>,
    /// Only the hosts that have one of these roles; empty: all of the session.
    pub roles: &'static [&'static str],
    /// Only the first of the hosts.
    pub first: bool,
    /// Only the host of this name.
    pub host: Option<String>,
    /// Host after host, at this pace, until one fails.
    pub pace: Option<Pace>,
}

impl Outgoing {
    /// A task that needs nothing else.
    pub fn of(task: Task) -> Self {
        Self {
            task,
            sls: Vec::new(),
            plan: false,
            archive: None,
            notes: Vec::new(),
            roles: &[],
            first: false,
            host: None,
            pace: None,
        }
    }
}

impl Session {
    /// Finds and checks everything that can be checked without a host. `None`: problems, and they were told.
    pub fn prepare(environment: &str, options: &RunOptions) -> Result<Option<Self>> {
        let project = Project::find(options.project.as_deref())?;
        project.environment(environment)?;
        let id = environment;
        let (host, mut problems) = agent::offline(&project, environment, id);
        let pillar = host.pillar;
        if !problems.fatal() {
            problems.extend(project.check_secrets(environment, &pillar.data));
            problems.extend(agent::check_site(&project, &pillar).1);
            problems.extend(agent::check_people(&project, &pillar));
        }
        tell(&problems, options);
        if problems.fatal() {
            return Ok(None);
        }
        check_options(options)?;
        let site = Site::of(&pillar.data)?;
        let login = Login {
            user: options.user.clone(),
            port: options.port,
            identity: options.identity.clone(),
            config: options.ssh_config.clone(),
            sudo: if options.sudo { Some(true) } else { options.no_sudo.then_some(false) },
        };
        if !options.local {
            watch_signals();
        }
        let mut vagrant = None;
        let targets = if options.local {
            Vec::new()
        } else {
            let targets = targets(&site.hosts.all, options, &login)?;
            if targets.is_empty()
                && project.root.join("vagrant/Vagrantfile").is_file()
                && environment == "vagrant"
            {
                let folder = private::folder()?;
                let targets =
                    vagrant_ssh_config(&project.root.join("vagrant"), &folder.path().join("config"))?;
                vagrant = Some(folder);
                targets.into_iter().map(|target| over(target, &login)).collect()
            } else {
                targets
            }
        };
        if targets.is_empty() && !options.local {
            return Err(Fault::new(format!("no hosts are known for `{environment}`")).help(format!(
                "write them into pillar/{environment}/env.sls (`hosts: [203.0.113.10]`), or give one with -H"
            )));
        }
        let targets = limited(once_each(targets), &options.limit, &site)?;
        let password = match options.ask_sudo_password {
            true => Some(Password::ask("sudo password: ")?),
            false => None,
        };
        Ok(Some(Self {
            project,
            environment: environment.to_owned(),
            options: options.clone(),
            pillar: pillar.data,
            site,
            targets,
            password,
            _vagrant: vagrant,
        }))
    }

    /// What its pillar says.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Leaves out the hosts that have none of these roles.
    pub fn keep_roles(&mut self, roles: &[&str]) -> Result<()> {
        self.some_have(roles)?;
        self.targets = self.with_roles(roles);
        Ok(())
    }

    /// An error where no host has one of these roles.
    pub fn some_have(&self, roles: &[&str]) -> Result<()> {
        if self.with_roles(roles).is_empty() && !self.options.local {
            return Err(Fault::new(format!("none of these hosts has the role `{}`", roles.join("` or `")))
                .help(format!("the roles stand in pillar/{}/env.sls", self.environment)));
        }
        Ok(())
    }

    /// The hosts that have one of these roles, or that the pillar does not know.
    pub fn with_roles(&self, roles: &[&str]) -> Vec<Target> {
        let does = |target: &&Target| {
            let host = self.site.hosts.all.iter().find(|host| host.name == target.name);
            roles.is_empty() || host.is_none_or(|host| roles.iter().any(|role| self.site.does(host, role)))
        };
        self.targets.iter().filter(does).cloned().collect()
    }

    /// A terminal on the first host: a shell there, or this command.
    pub fn shell(&self, command: &[String]) -> Result<Exit> {
        let Some(target) = self.targets.first() else { return Ok(Exit::Project) };
        let claim = self.claim_of(target);
        match crate::remote::terminal(target, &claim, command, self.password.as_ref()) {
            Ok(0) => Ok(Exit::Converged),
            Ok(_) => Ok(Exit::Failed),
            Err(refusal) => Ok(refused(refusal)),
        }
    }

    /// Fetches what a command writes as root on the first host that has this role.
    pub fn download(&self, role: &'static str, argv: &[String], into: std::fs::File) -> Result<Exit> {
        let targets = self.with_roles(&[role]);
        let Some(target) = targets.first() else {
            return Err(Fault::new(format!("none of these hosts has the role `{role}`")));
        };
        let claim = self.claim_of(target);
        match crate::remote::download(target, &claim, argv, self.password.as_ref(), into) {
            Ok(()) => Ok(Exit::Converged),
            Err(refusal) => Ok(refused(refusal)),
        }
    }

    pub fn project_name(&self) -> String {
        self.site.project_name.as_ref().map_or("project", |name| name.0.as_str()).to_owned()
    }

    pub fn all_pillar(&self) -> &Map<String, Value> {
        &self.pillar
    }

    /// Runs it on all hosts, or here with --local, and shows what they say.
    pub fn run(&self, outgoing: Outgoing) -> Ran {
        // What is done by the way, as switching the maintenance page, is no result to be kept.
        let report = match &outgoing.task {
            Task::Operate(_) => Ok(super::shown(&self.options)),
            _ => super::report(&self.options),
        };
        match report {
            Ok(mut report) => self.run_for(outgoing, report.as_mut()),
            Err(fault) => {
                super::complain(&fault);
                Ran { exit: Exit::Project, changed: 0 }
            }
        }
    }

    /// An operation on all hosts of these roles, with a file that it needs there.
    pub fn operate(
        &self,
        roles: &'static [&'static str],
        operation: Operation,
        archive: Option<&Path>,
    ) -> Exit {
        let archive = archive.map(Path::to_owned);
        self.run(Outgoing { roles, archive, ..Outgoing::of(Task::Operate(operation)) }).exit
    }

    /// Asks the first host of these roles, and gives what it says; what goes wrong is shown.
    pub fn ask(&self, task: Task, roles: &'static [&'static str]) -> (Exit, Vec<Event>) {
        self.hear(Outgoing { roles, first: true, ..Outgoing::of(task) }, Shown::Wrong)
    }

    /// Asks, and keeps what is said.
    pub fn hear(&self, outgoing: Outgoing, shown: Shown) -> (Exit, Vec<Event>) {
        let mut heard = Heard { report: super::shown(&self.options), shown, events: Vec::new() };
        let exit = self.run_for(outgoing, &mut heard).exit;
        (exit, heard.events.into_iter().map(|(_, event)| event).collect())
    }

    /// The names of the hosts, in their order.
    pub fn names(&self) -> Vec<String> {
        self.targets.iter().map(|target| target.name.clone()).collect()
    }

    /// A line for whoever typed the command; programs read events.
    pub fn say(&self, line: &str) {
        if !self.options.json {
            super::say(line);
        }
    }

    /// The name of the environment.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Who comes to the hosts.
    fn claim(&self) -> Claim {
        Claim {
            project: self.project_name(),
            environment: self.environment.clone(),
            name: String::new(),
            names: self.site.hosts.all.iter().map(|host| host.name.clone()).collect(),
        }
    }

    fn fleet(&self, targets: Vec<Target>, pace: Option<Pace>) -> Fleet {
        Fleet {
            claim: self.claim(),
            rolling: pace.map(|pace| pace.width(targets.len())),
            targets,
            password: self.password.clone(),
            at_once: self.options.jobs.map_or(AT_ONCE, usize::from),
            silence: SILENCE,
        }
    }

    /// What is found on each host, before anything is done there: whose it is, and what that owner leaves.
    pub fn standings(&self) -> Vec<(Target, std::result::Result<(Standing, Leavings), Refusal>)> {
        let found = self.fleet(self.targets.clone(), None).standings();
        self.targets.iter().cloned().zip(found).collect()
    }

    /// Who comes to this host: what sentences about its owner speak of.
    pub fn claim_of(&self, target: &Target) -> Claim {
        Claim { name: target.name.clone(), ..self.claim() }
    }

    fn run_for(&self, outgoing: Outgoing, report: &mut dyn Report) -> Ran {
        let claim = self.claim();
        let order = Order {
            protocol: PROTOCOL,
            project: claim.project,
            environment: claim.environment,
            names: claim.names,
            take_over: self.options.take_over,
            id: self.options.id.clone().unwrap_or_default(),
            plan: outgoing.plan,
            only: self.options.only.clone(),
            sls: outgoing.sls,
            lenient: self.options.lenient,
            operator: operator(),
            task: outgoing.task,
            ..Order::default()
        };
        if self.options.local {
            let mut order = order;
            if let Some(archive) = outgoing.archive {
                order.task.set_archive(archive);
            }
            let exit = super::locally(&order, &agent::Files::project(&self.project), report);
            return Ran { exit, changed: 0 };
        }
        let mut targets = self.with_roles(outgoing.roles);
        targets.retain(|target| outgoing.host.as_ref().is_none_or(|host| *host == target.name));
        targets.truncate(if outgoing.first { 1 } else { targets.len() });
        for target in &targets {
            report.host(&target.name);
        }
        let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        for note in &outgoing.notes {
            report.event(names.first().unwrap_or(&""), &Event::Note { message: note.clone() });
        }
        let freights = |target: &Target| {
            let (host, problems) = agent::offline(&self.project, &self.environment, &target.name);
            if let Some(problem) =
                problems.0.into_iter().find(|problem| problem.severity == diagnostic::Severity::Error)
            {
                return Err(Fault::new(problem.message));
            }
            let Travel { files, secrets, hollow } = self.project.travel(&host.pillar.visited)?;
            Ok(Freight { payload: Payload { files }, secrets, hollow, archive: outgoing.archive.clone() })
        };
        let fleet = self.fleet(targets.clone(), outgoing.pace.clone());
        let mut changed = 0;
        let exits = fleet.run(&order, &freights, &mut |at, event| {
            if let Event::Finished { summary } = &event {
                changed = usize::saturating_add(changed, summary.changed);
            }
            report.event(names.get(at).unwrap_or(&""), &event);
        });
        report.finish();
        Ran { exit: exits.into_iter().fold(Exit::Converged, Exit::worst), changed }
    }
}

/// Tells why a host cannot be used.
pub fn refused(refusal: crate::remote::Refusal) -> Exit {
    super::complain(&Fault { message: refusal.message, help: refusal.help, output: None });
    refusal.exit
}

/// Problems of the operator's side, on standard error, or as events where those are asked for.
pub fn tell(problems: &Problems, options: &RunOptions) {
    if options.json {
        let mut report = super::shown(options);
        for problem in &problems.0 {
            report.event("", &Event::Problem { problem: problem.clone() });
        }
        return;
    }
    use std::io::IsTerminal;
    let color = std::io::stderr().is_terminal();
    for problem in &problems.0 {
        let _closed = writeln!(anstream::stderr(), "{}", diagnostic::render(problem, color));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Summary;
    use crate::report::Json;

    #[test]
    fn one_answer_of_a_kind_is_kept_for_each_host() {
        let report = Box::new(Json::new(Box::new(std::io::sink())));
        let mut heard = Heard { report, shown: Shown::Nothing, events: Vec::new() };
        let unknown = |name: &str| Event::Unknown { names: vec![name.to_owned()] };
        let finished = Event::Finished { summary: Summary::default() };
        let note = Event::Note { message: String::new() };
        for host in ["a", "b"] {
            for event in [&note, &unknown("x"), &unknown("y"), &note, &finished, &finished] {
                heard.event(host, event);
            }
        }
        let kept: Vec<Event> = heard.events.into_iter().map(|(_, event)| event).collect();
        assert_eq!(kept, [unknown("x"), finished.clone(), unknown("x"), finished]);
    }
}
