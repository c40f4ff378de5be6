//! `supervisord`: programs under Supervisor that run, or do not. Their files are `file.managed`'s matter.

use serde::Deserialize;

use crate::facts::Key;
use crate::facts::supervisor::{Control, Programs};
use crate::fault::Result;
use crate::host::Action;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// A program or a group runs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    /// A program, `group:program`, or `group:*`.
    name: String,
    /// Restart on every run.
    #[serde(default)]
    restart: bool,
    /// Take over a changed configuration although nothing is watched.
    #[serde(default)]
    update: bool,
    user: Option<String>,
    conf_file: Option<String>,
    bin_env: Option<String>,
}

/// A program or a group does not run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dead {
    name: String,
    user: Option<String>,
    conf_file: Option<String>,
    bin_env: Option<String>,
}

/// What a state names: all of a group or one program.
struct Target<'a> {
    group: &'a str,
    whole: bool,
    name: &'a str,
}

impl<'a> Target<'a> {
    /// `web:*` and, as Salt has it, `web:` are groups.
    fn new(name: &'a str) -> Self {
        let group = name.split(':').next().unwrap_or(name);
        Self { group, whole: name.ends_with(":*") || name.ends_with(':'), name }
    }

    fn owns(&self, program: &str) -> bool {
        if self.whole {
            return program.strip_prefix(self.group).is_some_and(|rest| rest.starts_with(':'));
        }
        program == self.name
    }

    /// As supervisorctl takes it.
    fn word(&self) -> String {
        if self.whole { format!("{}:*", self.group) } else { self.name.to_owned() }
    }

    fn states<'p>(&self, programs: &'p Programs) -> Vec<(&'p str, &'p str)> {
        let all = programs.iter().map(|(name, state)| (name.as_str(), state.as_str()));
        all.filter(|(name, _)| self.owns(name)).collect()
    }
}

impl Running {
    fn control(&self) -> Control {
        Control {
            user: self.user.clone(),
            configuration: self.conf_file.clone(),
            program: self.bin_env.clone(),
        }
    }

    fn run(&self, words: &[&str]) -> Action {
        Action::Run(self.control().command(words.iter().copied()))
    }

    /// Whether the group's configuration differs from what runs. Supervisor reads its files anew for that
    /// but touches no program.
    fn is_outdated(&self, context: &Context<'_>, group: &str) -> Result<bool> {
        let answer = context.facts.ask_supervisor(&self.control(), &["reread"])?;
        Ok(answer.lines().any(|line| line.trim() == format!("{group}: changed")))
    }

    /// `update` stops the group and starts it anew; what does not start by itself is started then.
    fn renew(&self, target: &Target<'_>, plan: &mut Plan) {
        plan.push(Change::new("configuration").to("renewed"), self.run(&["update", target.group]));
        plan.push(Change::new("restarted"), self.run(&["start", &target.word()]));
    }
}

impl State for Running {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let target = Target::new(&self.name);
        let programs = context.facts.supervisor(&self.control())?;
        let states = programs.as_ref().map(|programs| target.states(programs)).unwrap_or_default();
        let mut plan = Plan::default();
        if states.is_empty() {
            plan.push(Change::new("added"), self.run(&["update", target.group]));
            // It runs already unless its configuration says `autostart=false`.
            plan.push(Change::new("started"), self.run(&["start", &target.word()]));
            return Ok(plan);
        }
        if self.update && self.is_outdated(context, target.group)? {
            self.renew(&target, &mut plan);
            return Ok(plan);
        }
        // A program that is being tried again and again (BACKOFF) does not run.
        let down = states.iter().find(|(_, state)| !matches!(*state, "RUNNING" | "STARTING"));
        if let Some((_, state)) = down {
            let change = Change::new("state").from(state.to_lowercase()).to("running");
            plan.push(change, self.run(&["start", &target.word()]));
        } else if self.restart {
            plan.push(Change::new("restarted"), self.run(&["restart", &target.word()]));
        }
        Ok(plan)
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, context: &Context<'_>) -> Result<Plan> {
        let target = Target::new(&self.name);
        let mut plan = Plan::default();
        if context.facts.supervisor(&self.control())?.is_some() && self.is_outdated(context, target.group)? {
            self.renew(&target, &mut plan);
        } else {
            plan.push(Change::new("restarted"), self.run(&["restart", &target.word()]));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        supervisor()
    }

    fn settles(&self) -> bool {
        !self.restart
    }
}

impl State for Dead {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let control = Control {
            user: self.user.clone(),
            configuration: self.conf_file.clone(),
            program: self.bin_env.clone(),
        };
        let target = Target::new(&self.name);
        let Some(programs) = context.facts.supervisor(&control)? else { return Ok(Plan::default()) };
        let states = target.states(&programs);
        if states.is_empty() {
            return Ok(Plan::nothing(format!("Supervisor does not know `{}`", self.name)));
        }
        let mut plan = Plan::default();
        let up = states.iter().find(|(_, state)| matches!(*state, "RUNNING" | "STARTING" | "BACKOFF"));
        if let Some((_, state)) = up {
            let stop = control.command(["stop", &target.word()]);
            plan.push(Change::new("state").from(state.to_lowercase()).to("stopped"), Action::Run(stop));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        supervisor()
    }
}

fn supervisor() -> Vec<Key> {
    vec![Key::Package("supervisor".to_owned()), Key::Unit("supervisor.service".to_owned())]
}

impl Function for Running {
    const NAME: &'static str = "supervisord.running";
    const ABOUT: &'static str = "The program or group runs under Supervisor; restarted, with its new \
        configuration where that changed, when something that it watches has changed.";
    const EXAMPLE: &'static str = "gunicorn:\n  supervisord.running:\n    - watch:\n      - file: /etc/supervisor/conf.d/gunicorn.conf\n";
}

impl Function for Dead {
    const NAME: &'static str = "supervisord.dead";
    const ABOUT: &'static str = "The program or group does not run under Supervisor.";
    const EXAMPLE: &'static str = "workers:*:\n  supervisord.dead\n";
}
