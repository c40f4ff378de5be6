//! The single things that can be told to systemd, as changes with their commands. Decides nothing.

use std::time::Duration;

use crate::facts::Unit;
use crate::host::{Action, Command};
use crate::plan::{Change, Plan};

/// How long a start or a stop may take where the state says nothing: longer than systemd's own limit.
const PATIENCE: Duration = Duration::from_secs(300);

/// How to start, stop and restart, as the state says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    pub no_block: bool,
    pub timeout: Option<Duration>,
    /// How long to wait afterwards.
    pub delay: Option<Duration>,
}

/// `systemctl VERB [options] -- UNIT`
pub fn tell(plan: &mut Plan, change: Change, words: &[&str], unit: &str) {
    let argv = ["systemctl"].into_iter().chain(words.iter().copied()).chain(["--", unit]);
    plan.push(change, Action::Run(Command::new(argv)));
}

/// Starts, stops, restarts or reloads, then waits as long as the state says.
pub fn job(plan: &mut Plan, change: Change, verb: &str, unit: &str, manner: Manner) {
    let mut argv = vec!["systemctl", verb];
    if manner.no_block {
        argv.push("--no-block");
    }
    argv.extend(["--", unit]);
    let command = Command::new(argv).timeout(manner.timeout.unwrap_or(PATIENCE));
    plan.push(change, Action::Run(command));
    if let Some(delay) = manner.delay.filter(|delay| !delay.is_zero()) {
        let seconds = format!("{}", delay.as_secs_f64());
        let command = Command::new(["sleep", &seconds]).timeout(delay + Duration::from_secs(60));
        plan.push(Change::new("waited").to(format!("{seconds} s")), Action::Run(command));
    }
}

/// systemd reads unit files again, where that is due: it would act by what it read before.
pub fn reread(plan: &mut Plan, unit: &Unit) {
    if unit.stale {
        reread_all(plan);
    }
}

pub fn reread_all(plan: &mut Plan) {
    let change = Change::new("unit files").to("read again");
    plan.push(change, Action::Run(Command::new(["systemctl", "daemon-reload"])));
}

/// Makes a unit start with the system, or not; one that cannot be told either way is left.
pub fn at_boot(plan: &mut Plan, unit: &Unit, wanted: bool) {
    match (wanted, can_start_at_boot(unit)) {
        (true, Some(false)) => enable(plan, &unit.name),
        (false, Some(true)) => disable(plan, &unit.name),
        (false, None) if unit.file_state != "masked" => plan.note(format!(
            "`{}` is {}, so it cannot be disabled: it starts when something needs it",
            unit.name,
            if unit.file_state.is_empty() { "made at run time" } else { &unit.file_state }
        )),
        _ => {}
    }
}

pub fn enable(plan: &mut Plan, unit: &str) {
    tell(plan, Change::new("at boot").from("disabled").to("enabled"), &["enable"], unit);
}

pub fn disable(plan: &mut Plan, unit: &str) {
    tell(plan, Change::new("at boot").from("enabled").to("disabled"), &["disable"], unit);
}

/// `None`: static, generated, indirect … units have nothing that could be switched.
fn can_start_at_boot(unit: &Unit) -> Option<bool> {
    match unit.file_state.as_str() {
        "enabled" | "enabled-runtime" | "alias" => Some(true),
        "disabled" | "linked" | "linked-runtime" | "bad" => Some(false),
        _ => None,
    }
}
