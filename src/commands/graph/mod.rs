//! `provision ENV graph`: which state waits for which, as a drawing or as text that other programs draw.

mod svg;

use std::fmt::Write as _;
use std::io::Write as _;

use crate::cli::{GraphArguments, GraphFormat, RunOptions};
use crate::compile::{Compiled, Low};
use crate::exit::Exit;
use crate::fault::Result;

use super::{session, show};

pub fn run(environment: &str, options: &RunOptions, graph: &GraphArguments) -> Result<Exit> {
    let (host, problems) = show::host_of_project(environment, options)?;
    session::tell(&problems, options);
    if problems.fatal() {
        return Ok(Exit::Project);
    }
    match host.compiled(&graph.sls, options.lenient) {
        Ok(compiled) => {
            let mut text = match graph.format {
                GraphFormat::Dot => dot(&compiled),
                GraphFormat::Mermaid => mermaid(&compiled),
                GraphFormat::Svg => {
                    let states: Vec<_> =
                        compiled.states.iter().map(|low| [low.function.name, low.id.as_str()]).collect();
                    svg::draw(&states, &arrows(&compiled))
                }
            };
            host.hide_in(&mut text);
            // Nobody to read it is no mistake.
            let _closed = std::io::stdout().lock().write_all(text.as_bytes());
            Ok(Exit::Converged)
        }
        Err(problems) => {
            session::tell(&problems, options);
            Ok(Exit::Project)
        }
    }
}

/// An arrow from the state that comes first; without a word it follows only from what the states are about.
struct Arrow {
    from: usize,
    to: usize,
    word: Option<&'static str>,
}

fn arrows(compiled: &Compiled) -> Vec<Arrow> {
    let of = |(to, low): (usize, &Low)| {
        let written = low.requisites.iter().flat_map(|(requisite, targets)| {
            targets.iter().map(|from| Arrow { from: *from, to, word: Some(requisite.word()) })
        });
        let implied = low.implied.iter().map(|from| Arrow { from: *from, to, word: None });
        written.chain(implied).collect::<Vec<_>>()
    };
    compiled.states.iter().enumerate().flat_map(of).collect()
}

/// The language of Graphviz (`man dot`).
fn dot(compiled: &Compiled) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
    let mut out = "digraph states {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for (number, low) in compiled.states.iter().enumerate() {
        let label = format!("{}\\n{}", quoted(low.function.name), quoted(&low.id));
        let _infallible = writeln!(out, "  s{number} [label=\"{label}\"];");
    }
    for Arrow { from, to, word } in arrows(compiled) {
        let style = match word {
            Some("require") => String::new(),
            Some(word) => format!(" [label=\"{word}\"]"),
            None => " [style=dashed]".to_owned(),
        };
        let _infallible = writeln!(out, "  s{from} -> s{to}{style};");
    }
    out.push_str("}\n");
    out
}

/// The flowcharts of Mermaid, which code hosts show in Markdown.
fn mermaid(compiled: &Compiled) -> String {
    let quoted = |text: &str| {
        let text = text.replace('#', "#35;").replace('"', "#quot;").replace('\n', " ");
        text.replace('<', "#lt;").replace('>', "#gt;")
    };
    let mut out = "flowchart LR\n".to_owned();
    for (number, low) in compiled.states.iter().enumerate() {
        let label = format!("{}<br/>{}", quoted(low.function.name), quoted(&low.id));
        let _infallible = writeln!(out, "  s{number}[\"{label}\"]");
    }
    for Arrow { from, to, word } in arrows(compiled) {
        let arrow = match word {
            Some("require") => "-->".to_owned(),
            Some(word) => format!("-->|{word}|"),
            None => "-.->".to_owned(),
        };
        let _infallible = writeln!(out, "  s{from} {arrow} s{to}");
    }
    out
}
