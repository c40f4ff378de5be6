//! `virtualenv`: Python's own virtual environments (`python3 -m venv`) and what is in them.

use std::path::PathBuf;

use serde::Deserialize;

use super::pip::{Environment, Options, Requirement, requirements_file};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Command};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::{OneOrMany, Pairs};

/// A virtual environment with its packages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Managed {
    /// Its folder.
    name: String,
    python: Option<String>,
    requirements: Option<String>,
    #[serde(default)]
    pip_pkgs: OneOrMany<String>,
    #[serde(default)]
    pip_upgrade: bool,
    #[serde(default)]
    system_site_packages: bool,
    /// Empty the folder first, where it is no environment yet.
    #[serde(default)]
    clear: bool,
    prompt: Option<String>,
    user: Option<String>,
    cwd: Option<PathBuf>,
    #[serde(default)]
    env_vars: Pairs<String>,
    #[serde(default)]
    no_deps: bool,
    index_url: Option<String>,
    extra_index_url: Option<String>,
    proxy: Option<String>,
    #[serde(default)]
    pre_releases: bool,
    #[serde(default)]
    pip_no_cache_dir: bool,
    #[serde(default)]
    no_binary: OneOrMany<String>,
}

impl Managed {
    fn options(&self) -> Options<'_> {
        Options {
            user: self.user.as_ref(),
            cwd: self.cwd.as_ref(),
            index_url: self.index_url.as_ref(),
            extra_index_url: self.extra_index_url.as_ref(),
            proxy: self.proxy.as_ref(),
            trusted_host: None,
            env_vars: Some(&self.env_vars),
            no_cache_dir: self.pip_no_cache_dir,
            no_deps: self.no_deps,
            pre_releases: self.pre_releases,
            no_binary: Some(&self.no_binary),
            upgrade: self.pip_upgrade,
        }
    }

    fn create(&self, context: &Context<'_>, folder: &str, options: &Options<'_>) -> Result<Action> {
        let python = self.python.as_deref().unwrap_or("python3");
        let facts = context.facts;
        let is_there = match python.starts_with('/') {
            true => facts.host().stat(python.as_ref())?.is_some(),
            false => facts.host().which(python)?.is_some(),
        };
        if !is_there && !facts.packages_coming() {
            return Err(
                Fault::new(format!("`{python}` is not installed")).help("install `python3-venv` first")
            );
        }
        let mut words = vec![python, "-m", "venv"];
        if self.system_site_packages {
            words.push("--system-site-packages");
        }
        if self.clear {
            words.push("--clear");
        }
        if let Some(prompt) = &self.prompt {
            words.extend(["--prompt", prompt]);
        }
        words.push(folder);
        Ok(Action::Run(options.apply(Command::new(words))))
    }
}

impl State for Managed {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let folder = self.name.trim_end_matches('/');
        let environment = Environment::of(Some(folder));
        let host = context.facts.host();
        let mut plan = Plan::default();
        let user = environment.keeper(context.facts, self.user.as_ref())?;
        let options = Options { user: user.as_ref(), ..self.options() };
        if !environment.is_there(host)? {
            plan.push(Change::new("created"), self.create(context, folder, &options)?);
        }
        if let Some(source) = &self.requirements {
            requirements_file(context, &environment, source, &options, &mut plan)?;
        }
        let installed = environment.installed(host)?;
        for text in &self.pip_pkgs.0 {
            let requirement = Requirement::parse(text)?;
            let version = requirement.name.as_ref().and_then(|name| installed.get(name));
            if version.is_some_and(|version| requirement.admits(version)) {
                continue;
            }
            let mut words = options.words();
            words.push(text.clone());
            let change = Change::new(format!("package {}", requirement.name.as_deref().unwrap_or(text)));
            let change = match version {
                Some(version) => change.from(version).to(text),
                None => change.to("installed"),
            };
            plan.push(change, Action::Run(options.apply(environment.pip(words.iter().map(String::as_str)))));
        }
        Ok(plan)
    }

    fn owns(&self) -> Vec<Key> {
        let folder = PathBuf::from(self.name.trim_end_matches('/'));
        vec![Key::Environment(folder.clone()), Key::Path(folder)]
    }

    fn wants(&self) -> Vec<Key> {
        let folder = PathBuf::from(self.name.trim_end_matches('/'));
        let mut wants = vec![Key::Package("python3-venv".to_owned())];
        wants.extend(folder.parent().map(|parent| Key::Path(parent.to_owned())));
        wants.extend(self.user.clone().map(Key::User));
        let file = self.requirements.as_ref().filter(|source| source.starts_with('/'));
        wants.extend(file.map(|path| Key::Path(path.into())));
        wants
    }
}

impl Function for Managed {
    const NAME: &'static str = "virtualenv.managed";
    const ABOUT: &'static str = "The virtual environment is there, with what its requirements file asks for \
        (installed again when that changes) and these packages.";
    const EXAMPLE: &'static str = "/srv/app/venv:\n  virtualenv.managed:\n    - python: python3.11\n    - requirements: salt://app/requirements.txt\n    - user: app\n";
    const LATER: &'static [&'static str] = &[
        "venv_bin",
        "distribute",
        "use_wheel",
        "extra_search_dir",
        "never_download",
        "pip_download",
        "pip_exists_action",
        "pip_ignore_installed",
        "pip_cache_dir",
        "process_dependency_links",
        "use_vt",
    ];
}
