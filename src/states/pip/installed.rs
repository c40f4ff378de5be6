//! `pip.installed`: packages that are there, in versions that a requirement admits.

use std::path::PathBuf;

use serde::Deserialize;

use super::environment::Environment;
use super::options::Options;
use super::requirement::Requirement;
use super::{file, outdated, wants};
use crate::facts::Key;
use crate::fault::Result;
use crate::host::Action;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::{OneOrMany, Pairs};

/// Packages are installed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installed {
    /// A requirement, where there are neither `pkgs` nor `requirements` nor `editable`.
    name: String,
    #[serde(default)]
    pkgs: OneOrMany<String>,
    requirements: Option<String>,
    bin_env: Option<String>,
    pip_bin: Option<String>,
    #[serde(default)]
    upgrade: bool,
    #[serde(default)]
    force_reinstall: bool,
    #[serde(default)]
    ignore_installed: bool,
    #[serde(default)]
    editable: OneOrMany<String>,
    user: Option<String>,
    cwd: Option<PathBuf>,
    index_url: Option<String>,
    extra_index_url: Option<String>,
    find_links: Option<String>,
    #[serde(default)]
    no_index: bool,
    proxy: Option<String>,
    trusted_host: Option<String>,
    #[serde(default)]
    no_cache_dir: bool,
    #[serde(default)]
    no_deps: bool,
    #[serde(default)]
    pre_releases: bool,
    #[serde(default)]
    no_binary: OneOrMany<String>,
    #[serde(default)]
    env_vars: Pairs<String>,
    /// Further words for pip, each as it is.
    #[serde(default)]
    extra_args: OneOrMany<String>,
}

impl Installed {
    fn environment(&self) -> Environment {
        Environment::of(self.bin_env.as_deref().or(self.pip_bin.as_deref()))
    }

    fn options(&self) -> Options<'_> {
        Options {
            user: self.user.as_ref(),
            cwd: self.cwd.as_ref(),
            index_url: self.index_url.as_ref(),
            extra_index_url: self.extra_index_url.as_ref(),
            proxy: self.proxy.as_ref(),
            trusted_host: self.trusted_host.as_ref(),
            env_vars: Some(&self.env_vars),
            no_cache_dir: self.no_cache_dir,
            no_deps: self.no_deps,
            pre_releases: self.pre_releases,
            no_binary: Some(&self.no_binary),
            upgrade: self.upgrade,
        }
    }

    fn requirements(&self) -> Result<Vec<Requirement>> {
        let alone = self.requirements.is_none() && self.editable.0.is_empty();
        let texts = match self.pkgs.0.as_slice() {
            [] if alone => std::slice::from_ref(&self.name),
            texts => texts,
        };
        texts.iter().map(|text| Requirement::parse(text)).collect()
    }

    /// What is to be installed, each with its change.
    fn due(
        &self,
        context: &Context<'_>,
        environment: &Environment,
        options: &Options<'_>,
    ) -> Result<Vec<(Change, String, bool)>> {
        let host = context.facts.host();
        let installed = environment.installed(host)?;
        let newest = if self.upgrade && environment.is_there(host)? && !installed.is_empty() {
            outdated::ask(context.facts, environment, options)?
        } else {
            std::collections::BTreeMap::new()
        };
        let mut due = Vec::new();
        let plain = self.requirements()?.into_iter().map(|requirement| (requirement, false));
        let editable = self.editable.0.iter().map(|text| Ok((Requirement::parse(text)?, true)));
        for (requirement, is_editable) in plain.map(Ok).chain(editable).collect::<Result<Vec<_>>>()? {
            let name = requirement.name.as_deref();
            let version = name.and_then(|name| installed.get(name));
            let newer =
                name.and_then(|name| newest.get(name)).filter(|(_, newest)| requirement.admits(newest));
            let change = Change::new(format!("package {}", name.unwrap_or(&requirement.text)));
            let change = match (version, newer) {
                (Some(version), _) if self.force_reinstall => change.from(version).to("installed again"),
                (Some(version), Some((_, newest))) => change.from(version).to(newest),
                (Some(version), None) if requirement.admits(version) => continue,
                (Some(version), None) => change.from(version).to(&requirement.text),
                (None, _) => change.to("installed"),
            };
            due.push((change, requirement.text, is_editable));
        }
        Ok(due)
    }
}

impl State for Installed {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let environment = self.environment();
        let user = environment.keeper(context.facts, self.user.as_ref())?;
        let options = Options { user: user.as_ref(), ..self.options() };
        if !environment.is_there(context.facts.host())? {
            let folder = environment.folder.clone().unwrap_or_default();
            if !context.facts.coming(&Key::Environment(folder)) {
                return Err(environment.missing());
            }
        }
        let mut words = options.words();
        let flags = [
            (self.force_reinstall, "--force-reinstall"),
            (self.ignore_installed, "--ignore-installed"),
            (self.no_index, "--no-index"),
        ];
        words.extend(flags.iter().filter(|(is, _)| *is).map(|(_, flag)| (*flag).to_owned()));
        if let Some(place) = &self.find_links {
            words.extend(["--find-links".to_owned(), place.clone()]);
        }
        words.extend(self.extra_args.0.iter().cloned());
        let mut plan = Plan::default();
        if let Some(source) = &self.requirements {
            file::plan(context, &environment, source, &options, &mut plan)?;
        }
        let due = self.due(context, &environment, &options)?;
        // One pip for all, so that it solves their conditions together: with the first change.
        for (_, text, is_editable) in &due {
            if *is_editable {
                words.push("--editable".to_owned());
            }
            words.push(text.clone());
        }
        let mut action = Action::Run(options.apply(environment.pip(words.iter().map(String::as_str))));
        for (change, ..) in due {
            plan.push(change, std::mem::replace(&mut action, Action::Nothing));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.environment(), self.user.as_ref())
    }

    /// What only pip can name cannot be found again among what is installed.
    fn settles(&self) -> bool {
        let editable = self.editable.0.iter().map(|text| Requirement::parse(text));
        let all = self.requirements().and_then(|plain| {
            let editable = editable.collect::<Result<Vec<_>>>()?;
            Ok(plain.into_iter().chain(editable).all(|requirement| requirement.name.is_some()))
        });
        !self.force_reinstall && all.unwrap_or(true)
    }
}

impl Function for Installed {
    const NAME: &'static str = "pip.installed";
    const ABOUT: &'static str = "The Python packages are installed, in versions that the requirements admit.";
    const EXAMPLE: &'static str = "application packages:\n  pip.installed:\n    - pkgs:\n      - django>=4.2,<5\n      - gunicorn\n    - bin_env: /srv/app/venv\n    - user: app\n";
    const LATER: &'static [&'static str] = &[
        "log",
        "timeout",
        "mirrors",
        "target",
        "source",
        "exists_action",
        "install_options",
        "global_options",
        "cert",
        "use_wheel",
        "no_use_wheel",
        "cache_dir",
        "repo",
        "use_vt",
    ];
}
