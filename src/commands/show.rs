//! `show WHAT` and `render FILE`, of an environment or a bare tree: what the files come to.

use std::io::Write;

use serde_json::Value;

use crate::cli::{RenderArguments, RunOptions, Shape, ShowArguments, ShowCommand};
use crate::diagnostic::Problems;
use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::here::{Files, Inspection};
use crate::project::{HostEntry, Project, hosts};

use super::{check, session};

/// A bare tree's states, pillar and so on.
pub fn bare(command: &ShowCommand) -> Result<Exit> {
    let ShowCommand { show, options } = command;
    let (host, problems) = host_of_tree(options)?;
    shown(&host, problems, show, options)
}

/// The same of a project's environment.
pub fn of_environment(environment: &str, options: &RunOptions, show: &ShowArguments) -> Result<Exit> {
    let (host, problems) = host_of_project(environment, options)?;
    shown(&host, problems, show, options)
}

/// A file of a bare tree, rendered.
pub fn rendered_of_tree(options: &RunOptions, render: &RenderArguments) -> Result<Exit> {
    let (host, problems) = host_of_tree(options)?;
    print(&host, problems, render, options)
}

/// A file of a project's states, rendered.
pub fn rendered(environment: &str, options: &RunOptions, render: &RenderArguments) -> Result<Exit> {
    let (host, problems) = host_of_project(environment, options)?;
    print(&host, problems, render, options)
}

/// This machine, or a host with recorded grains, under a bare tree.
fn host_of_tree(options: &RunOptions) -> Result<(Inspection, Problems)> {
    if options.file_root.is_empty() {
        return Err(Fault::new("which files?").help(
            "in a project write the environment first, as in `provision staging show low`; for a bare tree give --file-root DIR and --pillar-root DIR",
        ));
    }
    let recorded = options.grains.as_deref().map(check::recorded).transpose()?;
    let files = Files::bare(&options.file_root, &options.pillar_root);
    Inspection::of_tree(files, options.id.as_deref(), recorded)
}

/// The host of --host or --id, otherwise the environment's first.
pub fn host_of_project(environment: &str, options: &RunOptions) -> Result<(Inspection, Problems)> {
    let project = Project::find(options.project.as_deref())?;
    project.environment(environment)?;
    let recorded = options.grains.as_deref().map(check::recorded).transpose()?.unwrap_or_default();
    let (host, problems) = Inspection::of_project(&project, environment, environment, &recorded);
    if problems.fatal() {
        return Ok((host, problems));
    }
    let named = hosts(host.pillar())?;
    let asked = options.hosts.first().map(String::as_str).or(options.id.as_deref());
    Ok(match chosen(&named, asked, environment)? {
        Some(id) => Inspection::of_project(&project, environment, &id, &recorded),
        None => (host, problems),
    })
}

/// The name of the host that is asked for by name or address; `None` where the environment names none.
fn chosen(named: &[HostEntry], asked: Option<&str>, environment: &str) -> Result<Option<String>> {
    let Some(asked) = asked else { return Ok(named.first().map(|host| host.name.clone())) };
    if named.is_empty() {
        return Ok(Some(asked.to_owned()));
    }
    let found = named.iter().find(|host| host.name == asked || host.address == asked);
    found.map(|host| Some(host.name.clone())).ok_or_else(|| {
        let names: Vec<&str> = named.iter().map(|host| host.name.as_str()).collect();
        Fault::new(format!("`{environment}` has no host `{asked}`"))
            .help(format!("it has {}", names.join(", ")))
    })
}

fn shown(host: &Inspection, problems: Problems, show: &ShowArguments, options: &RunOptions) -> Result<Exit> {
    tell(&problems, options);
    if problems.fatal() {
        return Ok(Exit::Project);
    }
    // What is forgotten below would only be taken apart for the process to end: a fifth of its time.
    let made = match show.what {
        Shape::Pillar => Ok(Value::Object(host.pillar().clone())),
        Shape::Grains => Ok(Value::Object(host.grains().clone())),
        Shape::Top => host.top(options.lenient).map(|sls| serde_json::json!({ "base": sls })),
        Shape::High | Shape::Low | Shape::Order => host.states(&show.sls, options.lenient).map(|states| {
            tell(&states.warnings, options);
            let high = show.what == Shape::High;
            let value = if high { Value::Object(states.high()) } else { Value::Array(states.low()) };
            std::mem::forget(states);
            value
        }),
    };
    let mut value = match made {
        Ok(value) => value,
        Err(problems) => {
            tell(&problems, options);
            return Ok(Exit::Project);
        }
    };
    if !show.reveal {
        host.hide(&mut value);
    }
    let text = match show.what {
        _ if options.json => serde_json::to_string_pretty(&value).unwrap_or_default() + "\n",
        Shape::Order => lines(&value),
        _ => crate::yaml::write(&value, &crate::yaml::Style::default()),
    };
    // Nobody to read it is no mistake.
    let _closed = std::io::stdout().lock().write_all(text.as_bytes());
    std::mem::forget(value);
    Ok(Exit::Converged)
}

fn print(
    host: &Inspection,
    problems: Problems,
    render: &RenderArguments,
    options: &RunOptions,
) -> Result<Exit> {
    tell(&problems, options);
    if problems.fatal() {
        return Ok(Exit::Project);
    }
    match host.rendered(&render.file) {
        Ok(mut text) => {
            if !render.reveal {
                host.hide_in(&mut text);
            }
            // Nobody to read it is no mistake.
            let _closed = std::io::stdout().lock().write_all(text.as_bytes());
            Ok(Exit::Converged)
        }
        Err(problems) => {
            tell(&problems, options);
            Ok(Exit::Project)
        }
    }
}

/// Problems; warnings beside the value that is shown, never in it.
fn tell(problems: &Problems, options: &RunOptions) {
    let json = options.json && problems.fatal();
    session::tell(problems, &RunOptions { json, ..options.clone() });
}

/// One line for each state of a low state.
fn lines(low: &Value) -> String {
    let chunks = low.as_array().map(Vec::as_slice).unwrap_or_default();
    let line = |(number, chunk): (usize, &Value)| {
        let word = |key: &str| chunk.get(key).and_then(Value::as_str).unwrap_or_default();
        let name =
            if word("name") == word("__id__") { String::new() } else { format!(" ({})", word("name")) };
        format!(
            "{:>4}  {}  {}.{}  {}{name}\n",
            number + 1,
            word("__sls__"),
            word("state"),
            word("fun"),
            word("__id__")
        )
    };
    chunks.iter().enumerate().map(line).collect()
}
