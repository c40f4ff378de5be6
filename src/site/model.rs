//! All settings of a project, and what must hold among them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::deploy::Deploy;
use super::hosts::{HostEntry, Hosts};
use super::keys::Scope;
use super::roles::default_roles;
use super::services::{
    Celery, Certificate, Data, Database, Fail2ban, Firewall, Gunicorn, Https, Kernel, Logs, Memcached, Nginx,
    Person, Postgres, Ssh, Sudo, Tls, UnattendedUpgrades,
};
use super::settings::settings;
use super::values::{
    Application, Domain, HostKey, Interpreter, Locale, Module, ReadElsewhere, Scalar, Timezone, Variable,
};
use crate::diagnostic::Diagnostic;
use crate::yaml::Node;

settings! {
    /// What `pillar/` says about a project. Mostly, what is the same everywhere stands in `project.sls`, what differs
    /// in the `env.sls` of the environment, people in `devs.sls` and secrets in the environment's `secrets.sls`.
    pub struct Site {
        /// Names the account, group, folders, programs and database of the project: up to 32 letters, digits, `-` and
        /// `_`, a letter first, and no name that the system uses.
        #[example = "project_name: shop"]
        pub project_name: Option<Scalar> = None,
        /// The package of the interpreter. With `python3.12`, the packages `python3.12` and `python3.12-venv` are
        /// installed.
        #[example = "python: python3.12"]
        pub python: Interpreter = Interpreter("python3".to_owned()),
        /// Where the code comes from: a git URL, or a folder below the project's root, which is sent from your
        /// checkout.
        #[example = "repo: git@github.com:example/shop.git"]
        pub repo: String = ".".to_owned(),
        /// The branch or tag that is deployed.
        #[example = "branch: main"]
        pub branch: Option<Scalar> = None,
        /// The settings of the Django project.
        #[example = "settings_module: shop.settings.production"]
        pub settings_module: Option<Module> = None,
        /// The application, as Gunicorn takes it.
        #[example = "wsgi: shop.wsgi:application"]
        pub wsgi: Option<Application> = None,
        /// The name of the site.
        #[example = "domain: www.example.com"]
        pub domain: Option<Domain> = None,
        /// Other names of the site, which are redirected to `domain`.
        #[example = "aliases: [example.com]"]
        pub aliases: Vec<Domain> = Vec::new(),
        /// The hosts of the environment. With several, give each a name and roles.
        #[example = "hosts: {web1: {address: 203.0.113.10, roles: [web]}}"]
        pub hosts: Hosts = Hosts::default(),
        /// The process environment of the application, besides what secrets.sls adds.
        #[example = "env: {SITE_TITLE: Shop}"]
        pub env: BTreeMap<Variable, Scalar> = BTreeMap::new(),
        /// Secrets that the application gets in its process environment. They belong into secrets.sls.
        #[example = "secrets: {SECRET_KEY: …}"]
        pub secrets: ReadElsewhere<BTreeMap<String, Scalar>> = ReadElsewhere::default(),
        /// Whether releases only come from another environment, by `promote`: `deploy` is refused.
        #[example = "promote_only: yes"]
        pub promote_only: bool = false,
        /// The project's own state files, applied after those that come with provision.
        #[example = "states: [shop, reports.nightly]"]
        pub states: Vec<String> = Vec::new(),
        /// Keys that your own states read, and that are no names of theirs.
        #[example = "extra_keys: [mailing_lists]"]
        pub extra_keys: Vec<String> = Vec::new(),
        /// How the application is deployed.
        #[example = "deploy: {keep: 3}"]
        pub deploy: Deploy = Deploy::default(),
        /// The people who may log in, by the names of their accounts.
        #[example = "users: {ada: {groups: [admin, login], public_key: [ssh-ed25519 AAAA… ada@laptop]}}"]
        pub users: ReadElsewhere<BTreeMap<String, Person>> = ReadElsewhere::default(),
        /// Groups that are made for them, besides `admin` and `login`.
        #[example = "groups: [deployers]"]
        pub groups: ReadElsewhere<Vec<String>> = ReadElsewhere::default(),
        /// The time zone of the hosts.
        #[example = "timezone: Europe/Berlin"]
        pub timezone: Timezone = Timezone("Etc/UTC".to_owned()),
        /// The locale of the hosts.
        #[example = "locale: de_DE.UTF-8"]
        pub locale: Locale = Locale("en_US.UTF-8".to_owned()),
        /// More packages of Debian or Ubuntu, for example what a Python package needs to be compiled.
        #[example = "packages: [build-essential, libpq-dev, python3-dev]"]
        pub packages: Vec<String> = Vec::new(),
        /// Upgrades that install themselves.
        #[example = "unattended_upgrades: {reboot: yes}"]
        pub unattended_upgrades: UnattendedUpgrades = UnattendedUpgrades::default(),
        /// Settings of the kernel.
        #[example = "kernel: {vm: no}"]
        pub kernel: Kernel = Kernel::default(),
        /// Who may become root.
        #[example = "sudo: {nopasswd: no}"]
        pub sudo: Sudo = Sudo::default(),
        /// The way in.
        #[example = "ssh: {port: 2222}"]
        pub ssh: Ssh = Ssh::default(),
        /// Host keys of code hosts, besides GitHub, GitLab, Bitbucket and Codeberg.
        #[example = "known_hosts: {git.example.com: ssh-ed25519 AAAA…}"]
        pub known_hosts: BTreeMap<String, HostKey> = BTreeMap::new(),
        /// The firewall.
        #[example = "firewall: {allow: [{port: 8125}]}"]
        pub firewall: Firewall = Firewall::default(),
        /// What shuts out those who try passwords or keys.
        #[example = "fail2ban: {bantime: 1h}"]
        pub fail2ban: Fail2ban = Fail2ban::default(),
        /// Postgres.
        #[example = "postgres: {version: 15}"]
        pub postgres: Postgres = Postgres::default(),
        /// A database server that is not one of these hosts.
        #[example = "database: {host: db.example.net}"]
        pub database: Database = Database::default(),
        /// What is done with data that comes from another environment.
        #[example = "db: {scrub: [python manage.py forget_people]}"]
        pub db: Data = Data::default(),
        /// Memcached.
        #[example = "memcached: {memory: 128}"]
        pub memcached: Memcached = Memcached::default(),
        /// Gunicorn.
        #[example = "gunicorn: {workers: 5}"]
        pub gunicorn: Gunicorn = Gunicorn::default(),
        /// Celery's workers. Unset: there are none.
        #[example = "celery: {app: shop}"]
        pub celery: Option<Celery> = None,
        /// Nginx.
        #[example = "nginx: {max_upload: 100m}"]
        pub nginx: Nginx = Nginx::default(),
        /// The certificate of the site.
        #[example = "https: {certificate: own}"]
        pub https: Https = Https::default(),
        /// A certificate of your own.
        #[example = "tls: {certificate: …, key: …}"]
        pub tls: Tls = Tls::default(),
        /// The application's logs.
        #[example = "logs: {keep_days: 90}"]
        pub logs: Logs = Logs::default(),
        /// Whether what Salt would let pass is an error (`yes`) or a warning.
        #[example = "strict: no"]
        pub strict: bool = true,
        /// Named groups of hosts for the targets of top files, as Salt's configuration has them.
        #[example = "nodegroups: {front: 'web*'}"]
        pub nodegroups: BTreeMap<String, Value> = BTreeMap::new(),
    }
}

impl Site {
    /// The roles of a host: its own, else those of hosts without any.
    pub fn roles_of<'a>(&'a self, host: &'a HostEntry) -> Vec<&'a str> {
        if host.roles.is_empty() {
            default_roles(self.celery.is_some())
        } else {
            host.roles.iter().map(String::as_str).collect()
        }
    }

    /// Whether a host has this role.
    pub fn does(&self, host: &HostEntry, role: &str) -> bool {
        self.roles_of(host).contains(&role)
    }

    /// The roles that any of the hosts has.
    pub fn roles(&self) -> Vec<&str> {
        match self.hosts.all.as_slice() {
            [] => default_roles(self.celery.is_some()),
            hosts => hosts.iter().flat_map(|host| self.roles_of(host)).collect(),
        }
    }

    /// Whether one of the hosts is a balancer.
    pub fn is_balanced(&self) -> bool {
        self.hosts.all.iter().any(|host| self.does(host, "balancer"))
    }

    /// Whether the site answers by HTTPS.
    pub fn has_https(&self) -> bool {
        self.https.certificate != Certificate::None
    }
}

/// What must hold among the settings, where the base tree's top file gives hosts their states.
pub fn together(site: &Site, pillar: &Node, scope: &dyn Scope) -> Vec<Diagnostic> {
    if !scope.has_base_top() {
        return Vec::new();
    }
    let roles = site.roles();
    let has = |names: &[&str]| roles.iter().any(|role| names.contains(role));
    let mut problems = Vec::new();
    let project = "pillar/project.sls";
    let env = "the env.sls of the environment";
    let needed = [
        ("project_name", project, "project_name: shop", true),
        ("domain", env, "domain: www.example.com", has(&["web", "balancer", "worker"])),
        (
            "settings_module",
            project,
            "settings_module: shop.settings",
            has(&["web", "worker"]) && scope.base_reads("app"),
        ),
        ("wsgi", project, "wsgi: shop.wsgi:application", has(&["web"]) && scope.base_reads("app")),
    ];
    for (key, file, example, is_needed) in needed {
        if is_needed && pillar.get(key).is_none_or(Node::is_null) {
            let help = format!("write it into {file}, as in `{example}`");
            problems.push(Diagnostic::error(format!("the pillar has no `{key}`")).help(help));
        }
    }
    let mut at = |message: &str, path: &[&str], help: &str| {
        let found = path.iter().try_fold(pillar, |node, key| node.get(key)).unwrap_or(pillar);
        problems.push(Diagnostic::error(message).at(&found.place).help(help));
    };
    if site.celery.as_ref().is_some_and(|celery| celery.app.is_none()) {
        at(
            "`celery` has no `app`",
            &["celery"],
            "write what `celery -A` is given, as in `celery: {app: shop}`",
        );
    }
    if site.celery.is_none() && has(&["worker"]) {
        let help = "write what `celery -A` is given, as in `celery: {app: shop}`";
        at("a host has the role `worker`, and the pillar has no `celery`", &["hosts"], help);
    }
    if site.firewall.allow.iter().any(|rule| rule.port.is_none()) {
        at(
            "a rule of `firewall: {allow: …}` has no `port`",
            &["firewall", "allow"],
            "write it as in `- {port: 8125}`",
        );
    }
    problems
}

#[cfg(test)]
mod tests;
