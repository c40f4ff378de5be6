//! stub
use crate::diagnostic::*;
use crate::event::*;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::order::*;
use crate::project::Project;
use crate::report::Report;
use serde_json::{Map, Value};
pub struct Files;
impl Files {
    pub fn pushed(_t: &std::path::Path, _s: &std::collections::BTreeMap<String, String>) -> Self {
        Files
    }
    pub fn project(_p: &Project) -> Self {
        Files
    }
    pub fn bare(_f: &[std::path::PathBuf], _p: &[std::path::PathBuf]) -> Self {
        Files
    }
}
pub struct Pillar {
    pub data: Map<String, Value>,
    pub visited: Vec<String>,
}
pub fn offline_pillar(p: &Project, e: &str, _id: &str) -> (Pillar, Problems) {
    let mut data = Map::new();
    data.insert("project_name".into(), Value::String("example".into()));
    data.insert("secrets".into(), serde_json::json!({"DB_PASSWORD":"x1","SECRET_KEY":"y"}));
    (
        Pillar {
            data,
            visited: vec!["project.sls".into(), "devs.sls".into(), format!("{e}/env.sls")]
                .into_iter()
                .filter(|f| p.root.join("pillar").join(f).is_file())
                .collect(),
        },
        Problems::default(),
    )
}
pub fn check(_p: &Project, _e: &str, _l: bool) -> (usize, Problems) {
    (0, Problems::default())
}
pub fn aborted(fault: &Fault, exit: Exit) -> Event {
    Event::Aborted { message: fault.message.clone(), help: fault.help.clone(), code: exit.code() }
}
pub fn run(o: &Order, _f: &Files, tell: &mut dyn FnMut(Event)) -> Exit {
    tell(Event::Started {
        protocol: 1,
        environment: o.environment.clone(),
        host: o.id.clone(),
        plan: o.plan,
        states: 3,
    });
    tell(Event::Note { message: format!("port {:?}", o.ssh_port) });
    tell(Event::Finished { summary: Summary::default() });
    Exit::Converged
}
pub fn run_local(o: &Order, f: &Files, r: &mut dyn Report) -> Exit {
    r.host("local");
    let e = run(o, f, &mut |ev| r.event("local", &ev));
    r.finish();
    e
}
