//! Users, with their passwords, tags and permissions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{list, rabbitmqctl, run, server};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::Action;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// A user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserPresent {
    name: String,
    /// Tried against the server's, and set where it is another.
    password: Option<String>,
    /// Has no effect: a password that is right is not set again.
    #[serde(default, rename = "force")]
    _force: bool,
    /// `administrator`, `monitoring` and so on; where left out, they stay as they are.
    tags: Option<OneOrMany<String>>,
    /// For each virtual host, what may be configured, written and read: three regular expressions.
    #[serde(default)]
    perms: Vec<BTreeMap<String, (String, String, String)>>,
    runas: Option<String>,
}

/// No such user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserAbsent {
    name: String,
    runas: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    user: String,
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Permission {
    vhost: String,
    configure: String,
    write: String,
    read: String,
}

fn known(context: &Context<'_>, runas: Option<&str>, name: &str) -> Result<Option<Listed>> {
    Ok(list::<Listed>(context, runas, "list_users", &[])?.into_iter().find(|known| known.user == name))
}

impl UserPresent {
    /// A call that reads the password from standard input.
    fn with_password(&self, verb: &str, password: &str) -> Result<crate::host::Command> {
        if password.is_empty() || password.contains('\n') {
            return Err(Fault::new("`password` is empty or has several lines"));
        }
        let command = rabbitmqctl(self.runas.as_deref(), &[verb, "--", &self.name]);
        Ok(command.stdin(format!("{password}\n")).secret())
    }

    fn password(&self, context: &Context<'_>, is_there: bool, plan: &mut Plan) -> Result<()> {
        match (is_there, &self.password) {
            (false, Some(password)) => {
                plan.push(Change::new("created"), Action::Run(self.with_password("add_user", password)?));
            }
            (false, None) => {
                return Err(Fault::new(format!(
                    "user `{}` is to be created and has no `password`",
                    self.name
                ))
                .help("add one, such as `password: {{ pillar['secrets']['QUEUE_PASSWORD'] }}`"));
            }
            (true, Some(password)) => {
                let right = context.facts.host().ask(&self.with_password("authenticate_user", password)?)?;
                if !right.success() {
                    plan.push(
                        Change::new("password").to("changed"),
                        Action::Run(self.with_password("change_password", password)?),
                    );
                }
            }
            (true, None) => {}
        }
        Ok(())
    }
}

/// Three expressions, of which some may be empty.
fn quoted(expressions: [&str; 3]) -> String {
    expressions.map(|expression| format!("'{expression}'")).join(" ")
}

fn joined(tags: &BTreeSet<&str>) -> String {
    if tags.is_empty() { "none".to_owned() } else { tags.iter().copied().collect::<Vec<_>>().join(", ") }
}

impl State for UserPresent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let runas = self.runas.as_deref();
        let is = known(context, runas, &self.name)?;
        let mut plan = Plan::default();
        self.password(context, is.is_some(), &mut plan)?;
        if let Some(tags) = &self.tags {
            let shall: BTreeSet<&str> = tags.0.iter().flat_map(|tags| tags.split_whitespace()).collect();
            let has = is.iter().flat_map(|is| &is.tags).map(String::as_str).collect();
            if shall != has {
                let mut words = vec!["set_user_tags", "--", &self.name];
                words.extend(&shall);
                let change = Change::new("tags").from(joined(&has)).to(joined(&shall));
                plan.push(change, run(runas, &words));
            }
        }
        if self.perms.is_empty() {
            return Ok(plan);
        }
        let has: Vec<Permission> = match is {
            Some(_) => list(context, runas, "list_user_permissions", &["--", &self.name])?,
            None => Vec::new(),
        };
        for (vhost, (configure, write, read)) in self.perms.iter().flatten() {
            let is = has.iter().find(|known| known.vhost == *vhost);
            let is = is.map(|is| quoted([&is.configure, &is.write, &is.read]));
            let shall = quoted([configure, write, read]);
            if is.as_deref() == Some(shall.as_str()) {
                continue;
            }
            let change = Change::new(format!("permissions in {vhost}")).to(shall);
            let change = is.into_iter().fold(change, |change, is| change.from(is));
            let words = ["set_permissions", "-p", vhost, "--", &self.name, configure, write, read];
            plan.push(change, run(runas, &words));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        server()
    }
}

impl State for UserAbsent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        let runas = self.runas.as_deref();
        if known(context, runas, &self.name)?.is_some() {
            plan.push(Change::new("removed"), run(runas, &["delete_user", "--", &self.name]));
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        server()
    }
}

impl Function for UserPresent {
    const NAME: &'static str = "rabbitmq_user.present";
    const ABOUT: &'static str = "RabbitMQ has this user, with this password, these tags and permissions.";
    const EXAMPLE: &'static str = "shop:\n  rabbitmq_user.present:\n    - password: '{{ pillar.secrets.QUEUE_PASSWORD }}'\n    - tags: [monitoring]\n    - perms:\n      - shop: ['.*', '.*', '.*']\n";
}

impl Function for UserAbsent {
    const NAME: &'static str = "rabbitmq_user.absent";
    const ABOUT: &'static str = "RabbitMQ has no such user.";
    const EXAMPLE: &'static str = "guest:\n  rabbitmq_user.absent: []\n";
}
