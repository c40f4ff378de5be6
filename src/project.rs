//! A project on the operator's machine: its root, environments and hosts, whether its secrets are all there,
//! and what of it travels to a host. Must not know ssh.

mod code;
mod name;
pub mod people;
mod secrets;
mod system;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::diagnostic::{Problems, nearest};
use crate::fault::{Context as _, Fault, Result};
use crate::site::Site;
use crate::tree::Tree;

pub use name::check as project_name_problems;

/// Names of tasks and commands, which no environment can bear.
const RESERVED: [&str; 37] = [
    "apply",
    "check",
    "completions",
    "converge",
    "cron",
    "db",
    "deploy",
    "doc",
    "env",
    "exec",
    "graph",
    "help",
    "history",
    "init",
    "lock",
    "logs",
    "maintenance",
    "manage",
    "migrate",
    "plan",
    "promote",
    "receive",
    "releases",
    "render",
    "renew",
    "restart",
    "rollback",
    "sandbox",
    "secrets",
    "serve",
    "shell",
    "show",
    "start",
    "status",
    "stop",
    "unlock",
    "upgrade",
];

/// A folder with `pillar/` and, mostly, `states/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    pub root: PathBuf,
}

/// Files for one host, chosen by what the pillar top gives it.
#[derive(Clone, Default)]
pub struct Travel {
    /// By rsync: path in the host's tree (`pillar/project.sls`) to the file here.
    pub files: BTreeMap<String, PathBuf>,
    /// Over standard input only: path under `pillar/` to the text.
    pub secrets: BTreeMap<String, String>,
    /// The same with every value taken out: what others' hosts may see.
    pub hollow: BTreeMap<String, String>,
}

impl Project {
    /// The given folder, or the nearest from here upwards that has a `pillar` folder.
    pub fn find(given: Option<&Path>) -> Result<Self> {
        let start = match given {
            Some(folder) => std::path::absolute(folder),
            None => std::env::current_dir(),
        }
        .context("cannot find the project's root")?;
        let is_root = |folder: &&Path| folder.join("pillar").is_dir();
        let root = match given {
            Some(_) => Some(start.as_path()).filter(is_root),
            None => start.ancestors().find(is_root),
        };
        root.map(|root| Self { root: root.to_owned() }).ok_or_else(|| {
            Fault::new(format!("there is no project in `{}`: it has no `pillar` folder", start.display()))
                .help("go to your project's root, give it with --project, or start one: provision init DIR")
        })
    }

    /// The environments there are: folders of `pillar/` with an `env.sls`, sorted.
    pub fn environments(&self) -> Vec<String> {
        let folder = self.root.join("pillar");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| self.root.join("pillar").join(name).join("env.sls").is_file())
            .collect();
        names.sort();
        names
    }

    /// Whether there is such an environment; the error lists those there are.
    pub fn environment(&self, name: &str) -> Result<()> {
        not_reserved(name)?;
        let known = self.environments();
        if known.iter().any(|known| known == name) {
            return Ok(());
        }
        let guess = nearest(name, known.iter().map(String::as_str))
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        let fault = Fault::new(format!("there is no environment `{name}`{guess}"));
        Err(if known.is_empty() {
            fault.help(format!("an environment is a folder with an env.sls: pillar/{name}/env.sls"))
        } else {
            fault.help(format!("there are: {}", known.join(", ")))
        })
    }

    /// The project's own states over the base tree.
    pub fn states(&self) -> Tree {
        Tree::over_base(self.root.join("states"))
    }

    pub fn pillar(&self) -> Tree {
        Tree::of_folders([self.root.join("pillar")])
    }

    /// Every secret that `secrets.example` names must be in the environment's pillar.
    pub fn check_secrets(&self, environment: &str, pillar: &Map<String, Value>) -> Problems {
        secrets::check(&self.root, environment, pillar)
    }

    /// Warnings of code in the project's own folder that a deploy would stumble over.
    pub fn check_code(&self, site: &Site, roles: &[&str]) -> Problems {
        code::check(&self.root, site, roles)
    }

    /// Warnings of files with secrets that others on this machine can read.
    pub fn exposed_secrets(&self) -> Problems {
        secrets::exposed(&self.root)
    }

    /// All of `states/`, the pillar files that were visited for a host, and among those the secret ones apart.
    /// `visited` are paths under `pillar/`.
    pub fn travel(&self, visited: &[String]) -> Result<Travel> {
        let mut travel = Travel::default();
        let states = Tree::of_folders([self.root.join("states")]);
        for path in states.files("")?.unwrap_or_default() {
            travel.files.insert(format!("states/{path}"), self.root.join("states").join(path));
        }
        for path in visited {
            let file = self.root.join("pillar").join(path);
            if is_secret(path) {
                let text =
                    std::fs::read_to_string(&file).context(format!("cannot read `{}`", file.display()))?;
                travel.hollow.insert(path.clone(), secrets::hollow(path, &text));
                travel.secrets.insert(path.clone(), text);
            } else {
                travel.files.insert(format!("pillar/{path}"), file);
            }
        }
        Ok(travel)
    }
}

/// An error where an environment's name is a task's: most likely the two were swapped.
pub fn not_reserved(name: &str) -> Result<()> {
    if !RESERVED.contains(&name) {
        return Ok(());
    }
    Err(Fault::new(format!("`{name}` is a task, not an environment"))
        .help(format!("write the environment first: provision ENV {name}")))
}

/// Whether a pillar file holds secrets by its name: `secrets.sls`, or anything in a folder `secrets`.
pub fn is_secret(path: &str) -> bool {
    let mut parts = path.split('/').rev();
    let name = parts.next().unwrap_or("");
    name.starts_with("secrets.") || parts.any(|folder| folder == "secrets")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("pillar/staging/env.sls", ""),
            ("pillar/production/env.sls", ""),
            ("pillar/staging/secrets.sls", "secrets: {}"),
            ("pillar/project.sls", ""),
            ("states/web/init.sls", ""),
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let project = Project::find(Some(folder.path())).unwrap();
        (folder, project)
    }

    #[test]
    fn an_unknown_environment_lists_those_there_are() {
        let (_folder, project) = project();
        assert!(project.environment("staging").is_ok());
        let fault = project.environment("stagin").unwrap_err();
        assert_eq!(fault.message, "there is no environment `stagin`; did you mean `staging`?");
        assert_eq!(fault.help.as_deref(), Some("there are: production, staging"));
        assert!(project.environment("plan").unwrap_err().message.contains("is a task"));
    }

    #[test]
    fn only_what_was_visited_travels_and_secrets_travel_apart() {
        let (_folder, project) = project();
        let visited = ["project.sls", "staging/secrets.sls"].map(str::to_owned);
        let travel = project.travel(&visited).unwrap();
        assert_eq!(travel.files.keys().collect::<Vec<_>>(), ["pillar/project.sls", "states/web/init.sls"]);
        assert_eq!(travel.secrets.keys().collect::<Vec<_>>(), ["staging/secrets.sls"]);
    }
}
