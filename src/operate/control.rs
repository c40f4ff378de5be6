//! Starts, stops and restarts programs under Supervisor and services of the system.

use std::time::Duration;

use crate::facts::Facts;
use crate::fault::{Context as _, Fault, Result};
use crate::host::{Action, Command};
use crate::order::Verb;

use super::{SERVICES, meant, programs};

/// Starting waits until a program has stayed up, stopping until it has finished what it began.
const LIMIT: Duration = Duration::from_secs(300);

/// Puts new processes of a web program in the place of those that run; false where it is no web program.
pub type Renew<'a> = &'a dyn Fn(&str) -> Result<bool>;

/// What was done, and the names that mean nothing on this host.
#[derive(Debug, Default)]
pub struct Controlled {
    pub done: Vec<String>,
    pub unknown: Vec<String>,
}

/// Does it to the programs and services of these names, or to all of the project's programs.
pub fn control(
    project: &str,
    verb: Verb,
    names: &[String],
    renew: Renew<'_>,
    facts: &Facts,
) -> Result<Controlled> {
    let own = programs(project, facts)?;
    let own = own.iter().filter_map(|line| line.split_whitespace().next());
    let chosen: Vec<&str> = own.filter(|program| meant(project, program, names)).collect();
    let known = SERVICES.map(|unit| unit.split(['@', '.']).next().unwrap_or(unit));
    let mut units = Vec::new();
    let mut unknown = Vec::new();
    for name in names {
        let before = units.len();
        let named = known.into_iter().filter(|unit| unit == name);
        for unit in named.chain(super::of_role(name).iter().copied()) {
            if is_loaded(unit, facts)? {
                units.push(unit);
            }
        }
        let program = chosen.iter().any(|program| meant(project, program, std::slice::from_ref(name)));
        unknown.extend((units.len() == before && !program).then(|| name.clone()));
    }
    let mut done = Vec::new();
    let (verb, past) = match verb {
        Verb::Start => ("start", "started"),
        Verb::Stop => ("stop", "stopped"),
        Verb::Restart => ("restart", "restarted"),
    };
    for program in chosen {
        if verb == "restart" && renew(program)? {
            done.push(format!("{program} renewed"));
            continue;
        }
        run(&["supervisorctl", verb, program], facts).context(format!("could not {verb} `{program}`"))?;
        done.push(format!("{program} {past}"));
    }
    for unit in units {
        run(&["systemctl", verb, unit], facts).context(format!("could not {verb} `{unit}`"))?;
        done.push(format!("{unit} {past}"));
    }
    Ok(Controlled { done, unknown })
}

fn is_loaded(unit: &str, facts: &Facts) -> Result<bool> {
    let answer =
        facts.host().ask(&Command::new(["systemctl", "show", "--property=LoadState", "--value", unit]))?;
    Ok(answer.text().trim() == "loaded")
}

fn run(argv: &[&str], facts: &Facts) -> Result<()> {
    let command = Command::new(argv.iter().copied()).timeout(LIMIT).accept(0..=10);
    let output = facts.host().perform(&Action::Run(command))?.output.unwrap_or_default();
    // Where all is as wanted, Supervisor says so and calls it an error.
    let said = output.text();
    if output.success() || ["already started", "not running"].iter().any(|sign| said.contains(sign)) {
        return Ok(());
    }
    Err(Fault::new(said.lines().next().unwrap_or("it failed")).output(output.errors()))
}
