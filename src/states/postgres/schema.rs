//! `postgres_schema`: schemas of one database.

use super::{Password, identifier, run, server};
use crate::facts::Key;
use crate::facts::postgres::Access;
use crate::fault::Result;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

/// A schema in a database.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaPresent {
    name: String,
    dbname: String,
    owner: Option<String>,
    user: Option<String>,
    db_user: Option<String>,
    db_password: Option<Password>,
    db_host: Option<String>,
    db_port: Option<u16>,
}

/// No such schema in a database.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaAbsent {
    name: String,
    dbname: String,
    user: Option<String>,
    db_user: Option<String>,
    db_password: Option<Password>,
    db_host: Option<String>,
    db_port: Option<u16>,
}

macro_rules! access {
    ($state:expr) => {
        Access {
            account: $state.user.clone(),
            host: $state.db_host.clone(),
            port: $state.db_port,
            role: $state.db_user.clone(),
            password: $state.db_password.as_ref().map(|password| password.0.clone()),
            database: Some($state.dbname.clone()),
        }
    };
}

/// The owner of a schema that is there.
fn owner(context: &Context<'_>, access: &Access, database: &str, name: &str) -> Result<Option<String>> {
    if context.facts.coming(&Key::Database(database.to_owned())) {
        return Ok(None);
    }
    let inside = context.facts.postgres_inside(access, database)?;
    Ok(inside.and_then(|inside| inside.schemas.get(name).cloned()))
}

impl State for SchemaPresent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let access = access!(self);
        let name = identifier(&self.name)?;
        let run = |sql: String| run(context.facts.host(), &access, None, &sql);
        let mut plan = Plan::default();
        match (owner(context, &access, &self.dbname, &self.name)?, &self.owner) {
            (None, Some(owner)) => {
                let sql = format!("CREATE SCHEMA {name} AUTHORIZATION {};\n", identifier(owner)?);
                plan.push(Change::new("created"), run(sql)?);
            }
            (None, None) => plan.push(Change::new("created"), run(format!("CREATE SCHEMA {name};\n"))?),
            (Some(is), Some(owner)) if is != *owner => {
                let sql = format!("ALTER SCHEMA {name} OWNER TO {};\n", identifier(owner)?);
                plan.push(Change::new("owner").from(is).to(owner), run(sql)?);
            }
            (Some(_), _) => {}
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = server(&access!(self));
        wants.push(Key::Database(self.dbname.clone()));
        wants.extend(self.owner.clone().map(Key::Role));
        wants
    }
}

impl State for SchemaAbsent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let access = access!(self);
        let mut plan = Plan::default();
        if owner(context, &access, &self.dbname, &self.name)?.is_some() {
            let sql = format!("DROP SCHEMA {};\n", identifier(&self.name)?);
            plan.push(Change::new("removed"), run(context.facts.host(), &access, None, &sql)?);
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = server(&access!(self));
        wants.push(Key::Database(self.dbname.clone()));
        wants
    }
}

impl Function for SchemaPresent {
    const NAME: &'static str = "postgres_schema.present";
    const ABOUT: &'static str = "The schema is in the database `dbname`, with this owner.";
    const EXAMPLE: &'static str =
        "reports:\n  postgres_schema.present:\n    - dbname: app\n    - owner: app\n";
}

impl Function for SchemaAbsent {
    const NAME: &'static str = "postgres_schema.absent";
    const ABOUT: &'static str = "There is no such schema in the database `dbname`.";
    const EXAMPLE: &'static str = "reports:\n  postgres_schema.absent:\n    - dbname: app\n";
}
