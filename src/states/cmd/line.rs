//! `cmd.run` and `cmd.wait`: a line for a shell.

use std::path::PathBuf;

use serde::Deserialize;

use super::stateful::Stateful;
use super::{Setting, is_quiet};
use crate::facts::Key;
use crate::fault::Result;
use crate::host::{Action, Command, Output};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State, Verdict};
use crate::yaml::{Mode, OneOrMany, Pairs, Seconds};

/// Runs a line every time.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Run(Line);

/// Runs a line only when something that it watches has changed.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Wait(Line);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    cwd: Option<PathBuf>,
    #[serde(alias = "user")]
    runas: Option<String>,
    group: Option<String>,
    shell: Option<String>,
    #[serde(default)]
    env: Pairs<String>,
    prepend_path: Option<String>,
    #[serde(default)]
    stateful: Stateful,
    umask: Option<Mode>,
    output_loglevel: Option<String>,
    #[serde(default)]
    hide_output: bool,
    #[serde(default)]
    success_retcodes: OneOrMany<i32>,
    timeout: Option<Seconds>,
    #[serde(default)]
    bg: bool,
    stdin: Option<String>,
    /// How Salt streams output to its log; it has no effect here.
    #[serde(rename = "use_vt")]
    _use_vt: Option<bool>,
}

/// Salt's arguments that have no counterpart yet.
const LATER: &[&str] = &["root", "password", "ignore_timeout", "success_stdout", "success_stderr"];

impl Line {
    fn plan(&self, context: &Context<'_>) -> Result<Plan> {
        let quiet = is_quiet(self.hide_output, self.output_loglevel.as_ref());
        let setting = Setting {
            cwd: self.cwd.as_ref(),
            runas: self.runas.as_ref(),
            group: self.group.as_ref(),
            env: &self.env,
            prepend_path: self.prepend_path.as_ref(),
            umask: self.umask,
            success_retcodes: &self.success_retcodes,
            timeout: self.timeout,
            quiet,
            bg: self.bg,
        };
        let shell = self.shell.as_deref().unwrap_or("/bin/sh");
        let mut command = setting.apply(Command::new([shell, "-c", &self.name]), context.facts)?;
        command.stdin = self.stdin.as_ref().map(|text| text.clone().into_bytes());
        let change = Change::new("run");
        let change = if quiet { change } else { change.to(&self.name) };
        let mut plan = Plan::default();
        plan.push(change, Action::Run(command));
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        let user = self.runas.clone().map(Key::User);
        user.into_iter().chain(self.cwd.clone().map(Key::Path)).collect()
    }
}

impl State for Run {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        self.0.plan(context)
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, context: &Context<'_>) -> Result<Plan> {
        self.0.plan(context)
    }

    fn wants(&self) -> Vec<Key> {
        self.0.wants()
    }

    fn settles(&self) -> bool {
        false
    }

    fn verdict(&self, outputs: &[Output]) -> Result<Verdict> {
        self.0.stateful.judge(outputs)
    }
}

impl State for Wait {
    fn check(&self, _context: &Context<'_>) -> Result<Plan> {
        Ok(Plan::default())
    }

    fn reacts(&self) -> bool {
        true
    }

    fn react(&self, context: &Context<'_>) -> Result<Plan> {
        self.0.plan(context)
    }

    fn wants(&self) -> Vec<Key> {
        self.0.wants()
    }

    fn settles(&self) -> bool {
        false
    }

    fn verdict(&self, outputs: &[Output]) -> Result<Verdict> {
        self.0.stateful.judge(outputs)
    }
}

impl Function for Run {
    const NAME: &'static str = "cmd.run";
    const ABOUT: &'static str = "The command line has run in a shell: every time, unless `unless`, `onlyif`, \
        `creates` or `onchanges` keep it from running.";
    const EXAMPLE: &'static str = "reload sysctl:\n  cmd.run:\n    - name: sysctl --system\n    - onchanges:\n      - file: /etc/sysctl.d/90-app.conf\n";
    const LATER: &'static [&'static str] = LATER;
}

impl Function for Wait {
    const NAME: &'static str = "cmd.wait";
    const ABOUT: &'static str =
        "The command line runs in a shell when something that it watches has changed.";
    const EXAMPLE: &'static str = "newaliases:\n  cmd.wait:\n    - watch:\n      - file: /etc/aliases\n";
    const LATER: &'static [&'static str] = LATER;
}
