//! `postgres_user` and `postgres_group`: both are roles, a user may log in.

use super::encrypted::Encrypted;
use super::{Password, arguments, identifier, literal, make, run, scram, server, yes};
use crate::facts::Key;
use crate::facts::postgres::{Access, Role};
use crate::fault::{Fault, Result};
use crate::host::{Action, Makes};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

arguments! {
    /// A role that may log in.
    pub struct UserPresent {
        name: String,
        createdb: Option<bool>,
        createroles: Option<bool>,
        #[serde(default)]
        encrypted: Encrypted,
        superuser: Option<bool>,
        replication: Option<bool>,
        inherit: Option<bool>,
        login: Option<bool>,
        password: Option<Password>,
        /// For a role that is not there yet and has no `password` here.
        default_password: Option<Password>,
        #[serde(default)]
        refresh_password: bool,
        valid_until: Option<String>,
        #[serde(default)]
        groups: OneOrMany<String>,
    }
}

arguments! {
    /// A role that others are members of.
    pub struct GroupPresent {
        name: String,
        createdb: Option<bool>,
        createroles: Option<bool>,
        #[serde(default)]
        encrypted: Encrypted,
        superuser: Option<bool>,
        replication: Option<bool>,
        inherit: Option<bool>,
        login: Option<bool>,
        password: Option<Password>,
        #[serde(default)]
        refresh_password: bool,
        #[serde(default)]
        groups: OneOrMany<String>,
    }
}

arguments! {
    /// No such role.
    pub struct UserAbsent {
        name: String,
    }
}

arguments! {
    /// No such role.
    pub struct GroupAbsent {
        name: String,
    }
}

/// What is asked of a role, user or group.
struct DesiredRole<'a> {
    name: &'a str,
    access: Access,
    /// An attribute's name for people, its SQL word, what is wished, what a new role gets.
    flags: [Flag; 6],
    password: Option<&'a Password>,
    default_password: Option<&'a Password>,
    encrypted: Encrypted,
    refresh_password: bool,
    valid_until: Option<&'a str>,
    groups: Vec<&'a str>,
}

struct Flag {
    shown: &'static str,
    word: &'static str,
    wish: Option<bool>,
    fresh: Option<bool>,
    is: fn(&Role) -> bool,
}

macro_rules! wish {
    ($state:expr, $login:expr, $default_password:expr, $valid_until:expr) => {{
        let flag = |shown, word, wish, fresh, is| Flag { shown, word, wish, fresh, is };
        DesiredRole {
            name: &$state.name,
            access: $state.access(),
            flags: [
                flag("superuser", "SUPERUSER", $state.superuser, None, |role| role.superuser),
                flag("may create databases", "CREATEDB", $state.createdb, None, |role| role.createdb),
                flag("may create roles", "CREATEROLE", $state.createroles, None, |role| role.createroles),
                flag("inherits", "INHERIT", $state.inherit, Some(true), |role| role.inherit),
                flag("may log in", "LOGIN", $state.login, Some($login), |role| role.login),
                flag("may replicate", "REPLICATION", $state.replication, None, |role| role.replication),
            ],
            password: $state.password.as_ref(),
            default_password: $default_password,
            encrypted: $state.encrypted,
            refresh_password: $state.refresh_password,
            valid_until: $valid_until,
            groups: groups(&$state.groups),
        }
    }};
}

/// Salt takes a list, and names parted by commas.
fn groups(texts: &OneOrMany<String>) -> Vec<&str> {
    let names = texts.0.iter().flat_map(|text| text.split(','));
    names.map(str::trim).filter(|name| !name.is_empty()).collect()
}

impl DesiredRole<'_> {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        if self.password.is_some_and(|password| password.0.is_empty()) {
            return Err(Fault::new(format!("the password of `{}` is empty", self.name))
                .help("leave `password` out for a role without one"));
        }
        let server = context.facts.postgres(&self.access)?;
        match server.as_ref().and_then(|server| server.roles.get(self.name)) {
            None => self.create(context),
            Some(role) => self.update(context, role),
        }
    }

    fn create(&self, context: &Context<'_>) -> Result<Plan> {
        let mut sql = format!("CREATE ROLE {}", identifier(self.name)?);
        for flag in &self.flags {
            if let Some(value) = flag.wish.or(flag.fresh) {
                sql.push_str(&word(flag, value));
            }
        }
        if let Some(password) = self.password.or(self.default_password) {
            sql.push_str(&format!(" PASSWORD {}", self.stored(password)?));
        }
        if let Some(until) = self.valid_until {
            sql.push_str(&format!(" VALID UNTIL {}", literal(until)?));
        }
        if !self.groups.is_empty() {
            let names: Vec<String> =
                self.groups.iter().map(|name| identifier(name)).collect::<Result<_>>()?;
            sql.push_str(&format!(" IN ROLE {}", names.join(", ")));
        }
        let with_password = self.password.or(self.default_password).is_some();
        let create = if with_password { self.run_secretly(context, &sql) } else { self.run(context, &sql) };
        let mut plan = Plan::default();
        make(&mut plan, &self.access, create?, Makes::Role(self.name.to_owned()));
        Ok(plan)
    }

    fn update(&self, context: &Context<'_>, role: &Role) -> Result<Plan> {
        let mut plan = Plan::default();
        let alter = format!("ALTER ROLE {}", identifier(self.name)?);
        for flag in &self.flags {
            let is = (flag.is)(role);
            if let Some(wish) = flag.wish.filter(|wish| *wish != is) {
                plan.push(
                    Change::new(flag.shown).from(yes(is)).to(yes(wish)),
                    self.run(context, &format!("{alter}{}", word(flag, wish)))?,
                );
            }
        }
        if let Some(password) = self.password {
            if !role.password_known && !self.refresh_password {
                return Err(Fault::new("the stored password cannot be seen: not a superuser")
                    .help("`refresh_password: true` sets it on every run"));
            }
            let stored = role.password.as_deref().unwrap_or_default();
            if self.refresh_password || !scram::matches(self.name, &password.0, stored) {
                let sql = format!("{alter} PASSWORD {}", self.stored(password)?);
                plan.push(Change::new("password").to("changed"), self.run_secretly(context, &sql)?);
            }
        }
        if let Some(until) = self.valid_until {
            let until = literal(until)?;
            let question = format!(
                "SELECT to_json(rolvaliduntil IS NOT DISTINCT FROM {until}::timestamptz) \
                 FROM pg_catalog.pg_roles WHERE rolname = {};",
                literal(self.name)?
            );
            if !context.facts.ask_postgres::<bool>(&self.access, None, &question)? {
                let sql = format!("{alter} VALID UNTIL {until}");
                plan.push(Change::new("valid until").to(until), self.run(context, &sql)?);
            }
        }
        for group in self.groups.iter().filter(|group| !role.groups.iter().any(|is| is == *group)) {
            let sql = format!("GRANT {} TO {}", identifier(group)?, identifier(self.name)?);
            plan.push(Change::new(format!("member of `{group}`")), self.run(context, &sql)?);
        }
        Ok(plan)
    }

    fn stored(&self, password: &Password) -> Result<String> {
        literal(&self.encrypted.stored(self.name, &password.0)?)
    }

    fn run(&self, context: &Context<'_>, sql: &str) -> Result<Action> {
        run(context.facts.host(), &self.access, None, &format!("{sql};\n"))
    }

    /// As `run`, for SQL with a password's verifier in it.
    fn run_secretly(&self, context: &Context<'_>, sql: &str) -> Result<Action> {
        let command = self.access.command(context.facts.host(), None, &format!("{sql};\n"))?;
        Ok(Action::Run(command.secret()))
    }

    fn wants(&self) -> Vec<Key> {
        let groups = self.groups.iter().map(|group| Key::Role((*group).to_owned()));
        server(&self.access).into_iter().chain(groups).collect()
    }
}

fn word(flag: &Flag, value: bool) -> String {
    format!(" {}{}", if value { "" } else { "NO" }, flag.word)
}

fn absent(context: &Context<'_>, access: &Access, name: &str) -> Result<Plan> {
    let mut plan = Plan::default();
    let server = context.facts.postgres(access)?;
    if server.is_some_and(|server| server.roles.contains_key(name)) {
        let sql = format!("DROP ROLE {};\n", identifier(name)?);
        plan.push(Change::new("removed"), run(context.facts.host(), access, None, &sql)?);
    }
    Ok(plan)
}

impl UserPresent {
    fn wish(&self) -> DesiredRole<'_> {
        wish!(self, true, self.default_password.as_ref(), self.valid_until.as_deref())
    }
}

impl GroupPresent {
    fn wish(&self) -> DesiredRole<'_> {
        wish!(self, false, None, None)
    }
}

impl State for UserPresent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        self.wish().check(context)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Role(self.name.clone())]
    }

    fn wants(&self) -> Vec<Key> {
        self.wish().wants()
    }

    fn settles(&self) -> bool {
        !self.refresh_password
    }
}

impl State for GroupPresent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        self.wish().check(context)
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Role(self.name.clone())]
    }

    fn wants(&self) -> Vec<Key> {
        self.wish().wants()
    }

    fn settles(&self) -> bool {
        !self.refresh_password
    }
}

impl State for UserAbsent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        absent(context, &self.access(), &self.name)
    }

    fn wants(&self) -> Vec<Key> {
        server(&self.access())
    }
}

impl State for GroupAbsent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        absent(context, &self.access(), &self.name)
    }

    fn wants(&self) -> Vec<Key> {
        server(&self.access())
    }
}

impl Function for UserPresent {
    const NAME: &'static str = "postgres_user.present";
    const ABOUT: &'static str = "The role is there, may log in, and has this password and these attributes; \
        a password that is already stored, in whatever form, is left alone.";
    const EXAMPLE: &'static str = "app:\n  postgres_user.present:\n    - password: '{{ pillar.secrets.DB_PASSWORD }}'\n    - createdb: false\n    - groups: readers\n";
}

impl Function for UserAbsent {
    const NAME: &'static str = "postgres_user.absent";
    const ABOUT: &'static str = "There is no such role.";
    const EXAMPLE: &'static str = "olduser:\n  postgres_user.absent\n";
}

impl Function for GroupPresent {
    const NAME: &'static str = "postgres_group.present";
    const ABOUT: &'static str = "The role is there to be a group, with these attributes; it may not log in.";
    const EXAMPLE: &'static str = "readers:\n  postgres_group.present:\n    - inherit: true\n";
}

impl Function for GroupAbsent {
    const NAME: &'static str = "postgres_group.absent";
    const ABOUT: &'static str = "There is no such role.";
    const EXAMPLE: &'static str = "oldgroup:\n  postgres_group.absent\n";
}
