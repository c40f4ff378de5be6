//! A minion's configuration (Salt: "Configuring the Salt Minion"): where its files are, and which of its
//! settings would be missed here.

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::facts::Grains;
use crate::fault::{Fault, Result};
use crate::source::{Place, Source};
use crate::tree::Tree;
use crate::yaml::{self, Node};

/// A folder that the configuration names.
#[derive(Debug)]
pub struct Root {
    pub path: String,
    pub place: Place,
}

#[derive(Debug, Default)]
pub struct Minion {
    pub states: Vec<Root>,
    pub pillar: Vec<Root>,
    pub id: Option<String>,
    pub grains: Grains,
    pub problems: Vec<Diagnostic>,
}

const NO_DAEMON: &str = "nothing stays on the host: start runs yourself, or by cron or a timer";
const PYTHON: &str = "no Python runs here: say the same with states, pillar or a program in `facts.d/`";
const ORDER: &str = "one `top.sls` is read, of the environment `base`";
const JINJA: &str = "templates are read with Jinja's own settings: write `{%-` and `-%}` where it matters";

/// Settings that make a difference, and what to do without them.
const MISSED: &[(&str, &str)] = &[
    ("ext_pillar", "pillar comes from files: write into them what it gave"),
    ("git_pillar", "copy the files into the pillar folder"),
    (
        "gitfs_remotes",
        "copy the formulas' folders into the folder of states; there may be several --file-root",
    ),
    ("schedule", NO_DAEMON),
    ("beacons", NO_DAEMON),
    ("reactor", NO_DAEMON),
    ("engines", NO_DAEMON),
    ("startup_states", NO_DAEMON),
    ("returner", "events are written by --json"),
    ("module_dirs", PYTHON),
    ("states_dirs", PYTHON),
    ("grains_dirs", PYTHON),
    ("render_dirs", PYTHON),
    ("utils_dirs", PYTHON),
    ("state_top", ORDER),
    ("state_top_saltenv", ORDER),
    ("default_top", ORDER),
    ("env_order", ORDER),
    ("top_file_merging_strategy", ORDER),
    ("decrypt_pillar", "secrets come from `pillar/ENV/secrets.sls`, which is not committed"),
];
/// Settings whose meaning is written elsewhere here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("nodegroups", "write them into pillar, under `nodegroups`"),
    ("failhard", "write `failhard: true` into the states"),
    ("jinja_env", JINJA),
    ("jinja_sls_env", JINJA),
    ("jinja_trim_blocks", JINJA),
    ("jinja_lstrip_blocks", JINJA),
];

/// Reads the files of a configuration, later ones over earlier ones.
///
/// # Errors
/// One of them is no YAML map.
pub fn read(tree: &Tree, paths: &[String]) -> Result<Minion> {
    let mut minion = Minion::default();
    for path in paths {
        let Some(file) = tree.read(path)? else { continue };
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        let source = Source::new(path.as_str(), text);
        let wrong = |why: &str| Fault::new(format!("`{path}` is no configuration of a minion: {why}"));
        let node = match yaml::parse(&source) {
            Ok(Some(node)) => node,
            Ok(None) => continue,
            Err(problems) => {
                let first = problems.first();
                let line = first.and_then(|problem| problem.place.as_ref()).map_or(0, |place| place.line);
                let what = first.map_or("", |problem| problem.message.as_str());
                return Err(wrong(&format!("line {line}: {what}")));
            }
        };
        for (key, value) in node.map().ok_or_else(|| wrong("it is no map"))? {
            setting(key, value, &mut minion);
        }
    }
    Ok(minion)
}

fn setting(key: &Node, value: &Node, minion: &mut Minion) {
    let name = key.text().unwrap_or_default();
    match name {
        "file_roots" => minion.states = base(key, value, &mut minion.problems),
        "pillar_roots" => minion.pillar = base(key, value, &mut minion.problems),
        "id" => minion.id = value.text().map(str::to_owned),
        "grains" => {
            if let Value::Object(grains) = value.to_json() {
                minion.grains.extend(grains);
            }
        }
        "renderer" if value.text() != Some("jinja|yaml") && value.text() != Some("yaml_jinja") => {
            minion.problems.push(
                Diagnostic::error("another renderer than `jinja|yaml` is not supported")
                    .at(&key.place)
                    .help("write the state files in Jinja and YAML"),
            );
        }
        "fileserver_backend" => {
            for item in value.list().unwrap_or_default().iter().filter(|item| !local(item)) {
                minion.problems.push(missed(item, &item.place, "copy the files into the folder of states"));
            }
        }
        _ => {
            let off = matches!(value.to_json(), Value::Bool(false) | Value::Null);
            if off {
                return;
            }
            if let Some((_, instead)) = MISSED.iter().find(|(known, _)| *known == name) {
                minion.problems.push(missed(key, &key.place, instead));
            } else if let Some((_, instead)) = ELSEWHERE.iter().find(|(known, _)| *known == name) {
                minion.problems.push(
                    Diagnostic::error(format!("`{name}` is not read from a minion's configuration"))
                        .at(&key.place)
                        .help(*instead),
                );
            }
        }
    }
}

fn local(item: &Node) -> bool {
    matches!(item.text(), Some("roots" | "fileclient"))
}

fn missed(node: &Node, place: &Place, instead: &str) -> Diagnostic {
    let name = node.text().unwrap_or_default();
    Diagnostic::error(format!("`{name}` is not supported")).at(place).help(instead)
}

/// The folders of the environment `base`; others are a problem.
fn base(key: &Node, value: &Node, problems: &mut Vec<Diagnostic>) -> Vec<Root> {
    let Some(environments) = value.map() else {
        problems.push(
            Diagnostic::error(format!("`{}` is no map of environments", key.text().unwrap_or_default()))
                .at(&key.place)
                .help("write `base:` with a list of folders"),
        );
        return Vec::new();
    };
    let mut roots = Vec::new();
    for (name, folders) in environments {
        if name.text() != Some("base") {
            problems.push(
                Diagnostic::error(format!("environment `{}`: only `base` is read", name.text().unwrap_or_default()))
                    .at(&name.place)
                    .help("environments such as staging and production are folders of pillar here; their states are the same"),
            );
            continue;
        }
        let folders = folders.list().map_or_else(|| vec![folders], |list| list.iter().collect());
        let paths = folders.into_iter().filter_map(|node| Some((node.text()?, &node.place)));
        roots.extend(paths.map(|(path, place)| Root { path: path.to_owned(), place: place.clone() }));
    }
    roots
}
