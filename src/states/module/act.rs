//! What the functions do. Those that only look are asked where templates ask them.

use serde_json::{Map, Value};

use super::call::Call;
use crate::facts::full_name;
use crate::fault::{Fault, Result};
use crate::host::{Action, Command, Packages};
use crate::plan::{Change, Plan};
use crate::states::{Context, State, cmd};

/// Functions that act on a unit, and the word that systemctl has for each.
const UNITS: &[(&str, &str)] = &[
    ("service.disable", "disable"),
    ("service.enable", "enable"),
    ("service.force_reload", "reload-or-restart"),
    ("service.full_restart", "restart"),
    ("service.mask", "mask"),
    ("service.reload", "reload"),
    ("service.restart", "restart"),
    ("service.start", "start"),
    ("service.stop", "stop"),
    ("service.unmask", "unmask"),
];

/// Functions that run a line in a shell.
const LINES: &[&str] = &["cmd.retcode", "cmd.run", "cmd.run_all", "cmd.run_stdout", "cmd.shell"];

/// What only concerns Salt's own processes.
const SALTS: &[&str] = &["beacons", "event", "mine", "saltutil", "schedule"];

/// Whether a function acts; others are asked of templates' functions.
pub fn knows(function: &str) -> bool {
    UNITS.iter().any(|(name, _)| *name == function)
        || LINES.contains(&function)
        || matches!(function, "service.systemctl_reload" | "pkg.refresh_db")
        || (salts(function) && function != "mine.get")
}

fn salts(function: &str) -> bool {
    function.split_once('.').is_some_and(|(module, _)| SALTS.contains(&module))
}

/// Adds what one call does.
pub fn plan(call: &Call, context: &Context<'_>, plan: &mut Plan) -> Result<()> {
    let function = call.function.as_str();
    if let Some((_, verb)) = UNITS.iter().find(|(name, _)| *name == function) {
        let unit = full_name(&call.one("name")?);
        let change = Change::new(function).to(&unit);
        plan.push(change, Action::Run(Command::new(["systemctl", verb, "--", &unit])));
    } else if LINES.contains(&function) {
        plan.join(line(call)?.check(context)?);
    } else if function == "service.systemctl_reload" {
        plan.push(Change::new(function), Action::Run(Command::new(["systemctl", "daemon-reload"])));
    } else if function == "pkg.refresh_db" {
        let lists = Packages { refresh: Some(0), ..Packages::default() };
        plan.push(Change::new(function), Action::Packages(lists));
    } else if knows(function) {
        plan.note(format!("`{function}` concerns Salt's own processes, of which there are none"));
    } else {
        let mut named = call.named.clone();
        if !call.args.is_empty() {
            named.insert("args".to_owned(), Value::Array(call.args.clone()));
        }
        let answer = context.library.ask(function, &named)?;
        plan.push(Change::new(function).to(answer.to_string()), Action::Nothing);
    }
    Ok(())
}

/// The state that runs the same line: it has the same arguments, but for the line itself.
fn line(call: &Call) -> Result<cmd::Run> {
    let mut arguments: Map<String, Value> = call.named.clone();
    // How Salt treats the output of the call.
    for word in ["python_shell", "ignore_retcode", "raise_err", "cmd"] {
        arguments.shift_remove(word);
    }
    arguments.insert("name".to_owned(), Value::String(call.one("cmd")?));
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| Fault::new(format!("`{}`: {error}", call.function)))
}

impl Call {
    /// The argument of that name, or the first by place.
    fn one(&self, name: &str) -> Result<String> {
        let value = self.named.get(name).or(self.args.first());
        value.and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
            Fault::new(format!("`{}` needs the argument `{name}`", self.function))
                .help(format!("write `- {}:` and below it `- {name}: …`", self.function))
        })
    }
}
