//! `postgres_privileges`: what a role may do with tables, sequences, schemas, databases and other objects, and
//! the groups that it is in.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{arguments, identifier, literal, run, server};
use crate::facts::Key;
use crate::facts::postgres::Access;
use crate::fault::{Fault, Result};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// For every table or sequence of a schema; as a privilege, every one that the object knows.
const ALL: &str = "ALL";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Table,
    Sequence,
    Schema,
    Database,
    Tablespace,
    Language,
    Function,
    Group,
}

arguments! {
    /// A role may do this.
    pub struct PrivilegesPresent {
        /// The role.
        name: String,
        object_name: String,
        object_type: Type,
        #[serde(default)]
        privileges: OneOrMany<String>,
        /// The role may hand them on.
        grant_option: Option<bool>,
        /// The schema that the object is in.
        #[serde(default = "public")]
        prepend: String,
    }
}

arguments! {
    /// A role may not do this.
    pub struct PrivilegesAbsent {
        name: String,
        object_name: String,
        object_type: Type,
        /// Without any: all of them.
        #[serde(default)]
        privileges: OneOrMany<String>,
        #[serde(default = "public")]
        prepend: String,
    }
}

fn public() -> String {
    "public".to_owned()
}

/// What the server tells of a role and the objects that are meant.
#[derive(Deserialize)]
struct Answer {
    role: bool,
    objects: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    /// As SQL names it.
    name: String,
    /// All privileges that there are on it.
    all: BTreeSet<String>,
    has: BTreeSet<String>,
    /// Those that the role may hand on.
    grantable: BTreeSet<String>,
}

/// One object, or all of a kind in a schema.
struct Object<'a> {
    kind: Type,
    schema: &'a str,
    name: &'a str,
}

impl<'a> Object<'a> {
    fn new(kind: Type, name: &'a str, prepend: &'a str) -> Self {
        match name.split_once('.') {
            Some((schema, name)) if prepend.is_empty() => Self { kind, schema, name },
            _ => Self { kind, schema: if prepend.is_empty() { "public" } else { prepend }, name },
        }
    }

    fn every(&self) -> bool {
        self.name.eq_ignore_ascii_case(ALL) && matches!(self.kind, Type::Table | Type::Sequence)
    }

    /// The query for a role's privileges.
    fn query(&self, role: &str) -> Result<String> {
        let (schema, name) = (literal(self.schema)?, literal(self.name)?);
        let relation = |kinds: &str| {
            let one = if self.every() { String::new() } else { format!(" AND c.relname = {name}") };
            format!(
                "SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relacl AS acl, c.relowner AS owner FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {schema} AND c.relkind IN ({kinds}){one}"
            )
        };
        let plain = |table: &str, prefix: &str, owner: &str| {
            format!(
                "SELECT quote_ident({prefix}name) AS name, {prefix}acl AS acl, {owner} AS owner FROM pg_catalog.{table} WHERE {prefix}name = {name}"
            )
        };
        let (letter, objects) = match self.kind {
            Type::Table => ("r", relation("'r', 'v', 'm', 'f', 'p'")),
            Type::Sequence => ("s", relation("'S'")),
            Type::Schema => ("n", plain("pg_namespace", "nsp", "nspowner")),
            Type::Database => ("d", plain("pg_database", "dat", "datdba")),
            Type::Tablespace => ("t", plain("pg_tablespace", "spc", "spcowner")),
            Type::Language => ("l", plain("pg_language", "lan", "lanowner")),
            Type::Function => {
                let signature = literal(&format!("{}.{}", identifier(self.schema)?, self.name))?;
                let wanted = format!("p.oid = to_regprocedure({signature})");
                (
                    "f",
                    format!(
                        "SELECT p.oid::regprocedure::text AS name, p.proacl AS acl, p.proowner AS owner FROM pg_catalog.pg_proc p WHERE {wanted}"
                    ),
                )
            }
            Type::Group => return Ok(Self::membership(&name, &literal(role)?)),
        };
        let role = literal(role)?;
        let of = |who: &str, acl: &str, which: &str| {
            format!(
                "(SELECT coalesce(json_agg(DISTINCT e.privilege_type), '[]') FROM pg_catalog.aclexplode({acl}) e WHERE e.grantee = {who}{which})"
            )
        };
        let usual = format!("pg_catalog.acldefault('{letter}', o.owner)");
        let acl = format!("coalesce(o.acl, {usual})");
        let all = of("o.owner", &usual, "");
        let (has, grantable) = (of("r.id", &acl, ""), of("r.id", &acl, " AND e.is_grantable"));
        Ok(format!(
            "SELECT json_build_object('role', r.id IS NOT NULL, 'objects', (SELECT coalesce(json_agg(json_build_object('name', o.name, 'all', {all}, 'has', {has}, 'grantable', {grantable}) ORDER BY o.name), '[]') FROM ({objects}) o)) FROM (SELECT CASE WHEN {role} = 'public' THEN 0 ELSE (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = {role}) END AS id) r;\n"
        ))
    }

    /// A group counts as an object with one privilege.
    fn membership(group: &str, role: &str) -> String {
        let member = |which: &str| {
            format!(
                "(SELECT coalesce(json_agg(DISTINCT 'MEMBER'::text), '[]') FROM pg_catalog.pg_auth_members m WHERE m.roleid = g.oid AND m.member = r.id{which})"
            )
        };
        let (has, grantable) = (member(""), member(" AND m.admin_option"));
        format!(
            "SELECT json_build_object('role', r.id IS NOT NULL, 'objects', (SELECT coalesce(json_agg(json_build_object('name', quote_ident(g.rolname), 'all', json_build_array('MEMBER'::text), 'has', {has}, 'grantable', {grantable})), '[]') FROM pg_catalog.pg_roles g WHERE g.rolname = {group})) FROM (SELECT (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = {role}) AS id) r;\n"
        )
    }

    /// As SQL and people name it.
    fn target(&self, found: &[Found]) -> Result<String> {
        let one = match found {
            [found] if !self.every() => Some(found.name.clone()),
            _ => None,
        };
        let name = || one.clone().map_or_else(|| identifier(self.name), Ok);
        Ok(match self.kind {
            Type::Table if self.every() => format!("ALL TABLES IN SCHEMA {}", identifier(self.schema)?),
            Type::Sequence if self.every() => format!("ALL SEQUENCES IN SCHEMA {}", identifier(self.schema)?),
            Type::Table | Type::Sequence => {
                let kind = if self.kind == Type::Table { "TABLE" } else { "SEQUENCE" };
                format!("{kind} {}.{}", identifier(self.schema)?, identifier(self.name)?)
            }
            Type::Schema => format!("SCHEMA {}", name()?),
            Type::Database => format!("DATABASE {}", name()?),
            Type::Tablespace => format!("TABLESPACE {}", name()?),
            Type::Language => format!("LANGUAGE {}", name()?),
            Type::Function => match one {
                Some(one) => format!("FUNCTION {one}"),
                // Only a dry run comes here, before there is a database to look it up in.
                None => format!("FUNCTION {}.{}", identifier(self.schema)?, self.name),
            },
            Type::Group => name()?,
        })
    }

    fn missing(&self, database: &str) -> Fault {
        let kind = format!("{:?}", self.kind).to_lowercase();
        let name = match self.kind {
            Type::Table | Type::Sequence | Type::Function => format!("{}.{}", self.schema, self.name),
            _ => self.name.to_owned(),
        };
        Fault::new(format!("there is no {kind} `{name}` in the database `{database}`")).help(
            "`maintenance_db` names the database, `prepend` the schema; `require` the state that makes it",
        )
    }
}

/// The privileges that are written, in SQL's words; `None`: all.
fn wanted(kind: Type, written: &OneOrMany<String>) -> Result<Option<BTreeSet<String>>> {
    const KNOWN: &[&str] = &[
        "CONNECT",
        "CREATE",
        "DELETE",
        "EXECUTE",
        "INSERT",
        "MAINTAIN",
        "REFERENCES",
        "SELECT",
        "SET",
        "TEMPORARY",
        "TRIGGER",
        "TRUNCATE",
        "UPDATE",
        "USAGE",
    ];
    if kind == Type::Group {
        return Ok(None);
    }
    let mut wanted = BTreeSet::new();
    for word in written.0.iter().flat_map(|word| word.split(',')) {
        let word = match word.trim().to_uppercase() {
            word if word == ALL => return Ok(None),
            word if word == "TEMP" => "TEMPORARY".to_owned(),
            word => word,
        };
        if !KNOWN.contains(&word.as_str()) {
            let fault = Fault::new(format!("`{word}` is no privilege in Postgres"));
            return Err(match crate::diagnostic::nearest(&word, KNOWN.iter().copied()) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault.help(format!("there are {} and {ALL}", KNOWN.join(", "))),
            });
        }
        wanted.insert(word);
    }
    Ok(Some(wanted))
}

/// What is known; `None` where the server or the database comes in this dry run.
fn ask(context: &Context<'_>, access: &Access, object: &Object<'_>, role: &str) -> Result<Option<Answer>> {
    let database = access.database.as_deref().unwrap_or("postgres");
    let coming = context.facts.coming(&Key::Database(database.to_owned()));
    if coming || context.facts.postgres_is_coming(access)? {
        return Ok(None);
    }
    context.facts.ask_postgres(access, None, &object.query(role)?).map(Some)
}

/// A role's name; `public` is everybody.
fn grantee(role: &str) -> Result<String> {
    if role == "public" { Ok("PUBLIC".to_owned()) } else { identifier(role) }
}

fn list(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

impl State for PrivilegesPresent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let access = self.access();
        let object = Object::new(self.object_type, &self.object_name, &self.prepend);
        let wanted = wanted(self.object_type, &self.privileges)?;
        if wanted.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(Fault::new("`privileges` names none").help("name some, or `ALL`"));
        }
        let answer = ask(context, &access, &object, &self.name)?;
        let handed_on = self.grant_option == Some(true);
        let mut lacking = BTreeSet::new();
        if let Some(answer) = &answer {
            if !answer.role && !context.facts.coming(&Key::Role(self.name.clone())) {
                return Err(Fault::new(format!("there is no role `{}`", self.name))
                    .help("make it before, with `postgres_user.present`"));
            }
            if answer.objects.is_empty() && !object.every() {
                return Err(object.missing(access.database.as_deref().unwrap_or("postgres")));
            }
            for found in &answer.objects {
                let has = if handed_on { &found.grantable } else { &found.has };
                lacking.extend(wanted.as_ref().unwrap_or(&found.all).difference(has).cloned());
            }
            if lacking.is_empty() {
                return Ok(Plan::default());
            }
        }
        let objects = answer.map(|answer| answer.objects).unwrap_or_default();
        let target = object.target(&objects)?;
        let privileges = match &wanted {
            None => "ALL PRIVILEGES".to_owned(),
            Some(wanted) => list(if lacking.is_empty() { wanted } else { &lacking }),
        };
        let role = grantee(&self.name)?;
        let group = self.object_type == Type::Group;
        let sql = match (group, handed_on) {
            (true, false) => format!("GRANT {target} TO {role};\n"),
            (true, true) => format!("GRANT {target} TO {role} WITH ADMIN OPTION;\n"),
            (false, false) => format!("GRANT {privileges} ON {target} TO {role};\n"),
            (false, true) => format!("GRANT {privileges} ON {target} TO {role} WITH GRANT OPTION;\n"),
        };
        let what = if group { format!("member of {target}") } else { format!("{privileges} on {target}") };
        let mut plan = Plan::default();
        plan.push(Change::new("granted").to(what), run(context.facts.host(), &access, None, &sql)?);
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.access(), &self.name)
    }
}

impl State for PrivilegesAbsent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let access = self.access();
        let object = Object::new(self.object_type, &self.object_name, &self.prepend);
        let named = wanted(self.object_type, &self.privileges)?.filter(|wanted| !wanted.is_empty());
        let mut plan = Plan::default();
        let Some(answer) = ask(context, &access, &object, &self.name)? else { return Ok(plan) };
        let mut held = BTreeSet::new();
        for found in &answer.objects {
            held.extend(named.as_ref().unwrap_or(&found.all).intersection(&found.has).cloned());
        }
        if held.is_empty() {
            return Ok(plan);
        }
        let (target, role) = (object.target(&answer.objects)?, grantee(&self.name)?);
        let (sql, what) = if self.object_type == Type::Group {
            (format!("REVOKE {target} FROM {role};\n"), format!("member of {target}"))
        } else {
            let held = list(&held);
            (format!("REVOKE {held} ON {target} FROM {role};\n"), format!("{held} on {target}"))
        };
        plan.push(Change::new("revoked").from(what), run(context.facts.host(), &access, None, &sql)?);
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.access(), &self.name)
    }
}

fn wants(access: &Access, role: &str) -> Vec<Key> {
    let mut wants = server(access);
    wants.extend(access.database.clone().map(Key::Database));
    wants.push(Key::Role(role.to_owned()));
    wants
}

impl Function for PrivilegesPresent {
    const NAME: &'static str = "postgres_privileges.present";
    const ABOUT: &'static str = "The role may do this with a table, sequence, schema, database, tablespace, \
        language or function, or is in a group. `object_name: ALL` means every table or sequence of the schema \
        `prepend`.";
    const EXAMPLE: &'static str = "\
reader:
  postgres_privileges.present:
    - object_name: ALL
    - object_type: table
    - privileges: [SELECT]
    - maintenance_db: app
";
}

impl Function for PrivilegesAbsent {
    const NAME: &'static str = "postgres_privileges.absent";
    const ABOUT: &'static str =
        "The role may not do this; without `privileges` it may do nothing with the object.";
    const EXAMPLE: &'static str = "\
reader:
  postgres_privileges.absent:
    - object_name: secrets
    - object_type: table
    - maintenance_db: app
";
}
