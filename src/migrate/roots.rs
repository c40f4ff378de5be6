//! Where a masterless tree has its states and its pillar: by its minion's configuration, or in the folders
//! that people usually have.

use std::path::{Component, Path, PathBuf};

use super::minion::{self, Minion};
use crate::diagnostic::Diagnostic;
use crate::facts::Grains;
use crate::fault::{Fault, Result};
use crate::tree::Tree;

/// Relative to the folder that is named.
const STATES: [&str; 9] = [
    "conf/salt",
    "srv/salt",
    "salt/roots/salt",
    "salt/states",
    "roots/salt",
    "file_roots/base",
    "states",
    "salt",
    "",
];
const PILLAR: [&str; 8] = [
    "conf/pillar",
    "srv/pillar",
    "salt/roots/pillar",
    "salt/pillar",
    "roots/pillar",
    "pillar_roots/base",
    "pillar",
    "../pillar",
];
const CONFIGURATION: [&str; 8] = [
    "minion",
    "etc/salt/minion",
    "conf/minion",
    "salt/minion",
    "config/minion",
    "etc/minion",
    "salt/roots/minion",
    "salt/minion.conf",
];

/// What was found of a tree.
#[derive(Debug, Default)]
pub struct Roots {
    pub states: Vec<PathBuf>,
    pub pillar: Vec<PathBuf>,
    /// The files that said so; none where the folders were found by their names.
    pub configuration: Vec<String>,
    pub id: Option<String>,
    /// Those of the configuration.
    pub grains: Grains,
    pub problems: Vec<Diagnostic>,
}

impl Roots {
    /// # Errors
    /// There is no folder of states, or the configuration cannot be read.
    pub fn find(folder: &Path) -> Result<Self> {
        // Paths are shown as they would be typed.
        let here = |path: PathBuf| match path.strip_prefix(".") {
            Ok(rest) if !rest.as_os_str().is_empty() => rest.to_owned(),
            _ => path,
        };
        let tree = Tree::of_folders([folder.to_owned()]);
        let mut roots = Self::default();
        let Minion { states, pillar, id, grains, problems } =
            match CONFIGURATION.into_iter().find(|path| tree.has(path)) {
                Some(path) => {
                    let beside = format!("{path}.d");
                    let more = tree.files(&beside)?.unwrap_or_default();
                    let more = more.iter().filter(|name| name.ends_with(".conf"));
                    let paths: Vec<String> = std::iter::once(path.to_owned())
                        .chain(more.map(|name| format!("{beside}/{name}")))
                        .collect();
                    let read = minion::read(&tree, &paths)?;
                    roots.configuration = paths;
                    read
                }
                None => Minion::default(),
            };
        (roots.id, roots.grains, roots.problems) = (id, grains, problems);
        roots.states = named(folder, &states, "file_roots", &mut roots.problems);
        roots.pillar = named(folder, &pillar, "pillar_roots", &mut roots.problems);
        if roots.states.is_empty() {
            roots.states = STATES
                .iter()
                .map(|path| folder.join(path))
                .find(|path| has_states(path))
                .into_iter()
                .collect();
        }
        if roots.pillar.is_empty() {
            roots.pillar = PILLAR
                .iter()
                .map(|path| folder.join(path))
                .find(|path| has_states(path))
                .into_iter()
                .collect();
        }
        roots.states = roots.states.into_iter().map(here).collect();
        roots.pillar = roots.pillar.into_iter().map(here).collect();
        if roots.states.is_empty() {
            return Err(Fault::new(format!("no states were found in `{}`", folder.display())).help(
                "name a folder that holds a minion's configuration with `file_roots`, or folders such as `conf/salt` and `conf/pillar`",
            ));
        }
        Ok(roots)
    }

    /// Paths for people.
    pub fn shown(&self, paths: &[PathBuf]) -> String {
        let paths: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
        if paths.is_empty() { "nowhere".to_owned() } else { paths.join(", ") }
    }
}

/// Whether a folder has state files in it or right below; whole home folders are not searched.
fn has_states(path: &Path) -> bool {
    let tree = Tree::of_folders([path.to_owned()]);
    let near = |file: &String| file.ends_with(".sls") && file.matches('/').count() <= 2;
    tree.files("").ok().flatten().is_some_and(|files| files.iter().any(near))
}

/// Folders of the configuration, as they lie in this copy of the tree, else where the minion had them.
fn named(folder: &Path, roots: &[minion::Root], what: &str, problems: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for root in roots {
        let path = Path::new(&root.path);
        let parts: Vec<&str> = path
            .components()
            .filter_map(|part| match part {
                Component::Normal(part) => part.to_str(),
                _ => None,
            })
            .collect();
        let mut candidates: Vec<PathBuf> = (0..parts.len())
            .map(|first| folder.join(parts.get(first..).unwrap_or_default().iter().collect::<PathBuf>()))
            .collect();
        candidates.push(path.to_owned());
        match candidates.into_iter().find(|path| has_states(path)) {
            Some(path) => found.push(path),
            None => problems.push(
                Diagnostic::error(format!(
                    "there are no state files in `{}`, which `{what}` names",
                    root.path
                ))
                .at(&root.place)
                .help(format!("copy that folder into `{}`", folder.display())),
            ),
        }
    }
    found
}
