//! `postgres_extension`: extensions of one database.

use super::{arguments, identifier, literal, run, server};
use crate::facts::Key;
use crate::facts::compare_versions;
use crate::facts::postgres::{Access, Inside};
use crate::fault::Result;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

arguments! {
    /// An extension in a database.
    pub struct ExtensionPresent {
        name: String,
        /// Taken for Salt's sake: what is there is not created again anyway.
        #[serde(rename = "if_not_exists")]
        _if_not_exists: Option<bool>,
        schema: Option<String>,
        ext_version: Option<String>,
    }
}

arguments! {
    /// No such extension in a database.
    pub struct ExtensionAbsent {
        name: String,
        #[serde(rename = "if_exists")]
        _if_exists: Option<bool>,
        restrict: Option<bool>,
        cascade: Option<bool>,
    }
}

/// The database that `maintenance_db` names.
fn database(access: &Access) -> &str {
    access.database.as_deref().unwrap_or("postgres")
}

/// What is in the database; `None` where it will come in this dry run.
fn inside(context: &Context<'_>, access: &Access) -> Result<Option<std::sync::Arc<Inside>>> {
    if context.facts.coming(&Key::Database(database(access).to_owned())) {
        return Ok(None);
    }
    context.facts.postgres_inside(access, database(access))
}

impl State for ExtensionPresent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let access = self.access();
        let inside = inside(context, &access)?;
        let mut plan = Plan::default();
        let name = identifier(&self.name)?;
        let run = |sql: String| run(context.facts.host(), &access, None, &format!("{sql};\n"));
        let Some(found) = inside.as_ref().and_then(|inside| inside.extensions.get(&self.name)) else {
            let mut sql = format!("CREATE EXTENSION {name}");
            if let Some(schema) = &self.schema {
                sql.push_str(&format!(" SCHEMA {}", identifier(schema)?));
            }
            if let Some(version) = &self.ext_version {
                sql.push_str(&format!(" VERSION {}", literal(version)?));
            }
            plan.push(Change::new("installed").to(database(&access)), run(sql)?);
            return Ok(plan);
        };
        let older = |version: &&String| compare_versions(&found.version, version).is_lt();
        if let Some(version) = self.ext_version.as_ref().filter(older) {
            let sql = format!("ALTER EXTENSION {name} UPDATE TO {}", literal(version)?);
            plan.push(Change::new("version").from(&found.version).to(version), run(sql)?);
        }
        let elsewhere = |schema: &&String| found.relocatable && **schema != found.schema;
        if let Some(schema) = self.schema.as_ref().filter(elsewhere) {
            let sql = format!("ALTER EXTENSION {name} SET SCHEMA {}", identifier(schema)?);
            plan.push(Change::new("schema").from(&found.schema).to(schema), run(sql)?);
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        let access = self.access();
        let mut wants = server(&access);
        wants.push(Key::Database(database(&access).to_owned()));
        wants
    }
}

impl State for ExtensionAbsent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let access = self.access();
        let mut plan = Plan::default();
        let found =
            inside(context, &access)?.is_some_and(|inside| inside.extensions.contains_key(&self.name));
        if found {
            let how = match (self.cascade, self.restrict) {
                (Some(true), _) => " CASCADE",
                (_, Some(true)) => " RESTRICT",
                _ => "",
            };
            let sql = format!("DROP EXTENSION {}{how};\n", identifier(&self.name)?);
            plan.push(Change::new("removed"), run(context.facts.host(), &access, None, &sql)?);
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        let access = self.access();
        let mut wants = server(&access);
        wants.push(Key::Database(database(&access).to_owned()));
        wants
    }
}

impl Function for ExtensionPresent {
    const NAME: &'static str = "postgres_extension.present";
    const ABOUT: &'static str = "The extension is installed in the database that `maintenance_db` names.";
    const EXAMPLE: &'static str = "pg_trgm:\n  postgres_extension.present:\n    - maintenance_db: app\n";
}

impl Function for ExtensionAbsent {
    const NAME: &'static str = "postgres_extension.absent";
    const ABOUT: &'static str = "The extension is not installed in the database that `maintenance_db` names.";
    const EXAMPLE: &'static str = "hstore:\n  postgres_extension.absent:\n    - maintenance_db: app\n";
}
