//! `show WHAT` and `render FILE`, of an environment or a bare tree: what the files come to.

use std::io::Write;

use serde_json::Value;

use crate::agent::{Files, Inspection};
use crate::cli::{RenderArguments, RunOptions, Shape, ShowArguments, ShowCommand};
use crate::diagnostic::Problems;
use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::project::Project;
use crate::site::{HostEntry, Site};

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
    let named = Site::of(host.pillar())?.hosts.all;
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
    let text = match text(host, show, options) {
        Ok(text) => text,
        Err(problems) => {
            tell(&problems, options);
            return Ok(Exit::Project);
        }
    };
    // Nobody to read it is no mistake.
    let _closed = std::io::stdout().lock().write_all(text.as_bytes());
    Ok(Exit::Converged)
}

/// What is asked for, as it is printed.
fn text(host: &Inspection, show: &ShowArguments, options: &RunOptions) -> Result<String, Problems> {
    let hidden = |mut value: Value| {
        if !show.reveal {
            host.hide(&mut value);
        }
        value
    };
    let whole = |value: Value| {
        let value = hidden(value);
        if options.json {
            json(&value) + "\n"
        } else {
            crate::yaml::write(&value, &crate::yaml::Style::default())
        }
    };
    let states = || {
        let states = host.states(&show.sls, options.lenient)?;
        tell(&states.warnings, options);
        // It would only be taken apart for the process to end: a good part of its time.
        Ok::<_, Problems>(std::mem::ManuallyDrop::new(states))
    };
    Ok(match show.what {
        Shape::Pillar => whole(Value::Object(host.pillar().clone())),
        Shape::Grains => whole(Value::Object(host.grains().clone())),
        Shape::Top => whole(serde_json::json!({ "base": host.top(options.lenient)? })),
        Shape::High => whole(Value::Object(states()?.high())),
        // Chunk by chunk, in the threads that make them.
        Shape::Low | Shape::Order if options.json => {
            listed(&states()?.low(|chunk| json(&Value::Array(vec![hidden(chunk)]))))
        }
        Shape::Low => whole(Value::Array(states()?.low(hidden))),
        Shape::Order => {
            let lines = states()?.low(|chunk| line(&hidden(chunk)));
            lines.iter().enumerate().map(|(number, line)| format!("{:>4}  {line}\n", number + 1)).collect()
        }
    })
}

fn json(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Lists of one item each, as one.
fn listed(lists: &[String]) -> String {
    let items: Vec<&str> =
        lists.iter().filter_map(|list| list.strip_prefix('[')?.strip_suffix("\n]")).collect();
    if items.is_empty() { "[]\n".to_owned() } else { format!("[{}\n]\n", items.join(",")) }
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

/// A state of a low state in one line.
fn line(chunk: &Value) -> String {
    let word = |key: &str| chunk.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = if word("name") == word("__id__") { String::new() } else { format!(" ({})", word("name")) };
    format!("{}  {}.{}  {}{name}", word("__sls__"), word("state"), word("fun"), word("__id__"))
}
