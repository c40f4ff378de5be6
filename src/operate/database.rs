//! The project's database as a whole: put in the place of the one there is from a dump, and back.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::facts::Facts;
use crate::fault::{Context as _, Fault, Result};
use crate::host::{Action, Command};
use crate::site::Site;

/// Large databases take their time.
const LIMIT: Duration = Duration::from_secs(6 * 3600);
/// The server's own account, which may do all that is done here.
const SERVER: &str = "postgres";
/// An account without any rights of its own, to read a dump as.
const NOBODY: &str = "nobody";

/// The database of a project, as its pillar describes it to the states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    pub name: String,
    pub owner: String,
    locale: String,
    extensions: Vec<String>,
    password: Option<Password>,
}

/// The owner's, which is never shown.
#[derive(Clone, PartialEq, Eq)]
struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("********")
    }
}

impl Database {
    /// From `postgres` and `secrets: {DB_PASSWORD: …}` of the pillar; what it does not say follows from the project's
    /// name (states/postgres/map.jinja).
    pub fn read(project: &str, pillar: &Map<String, Value>) -> Self {
        let postgres = Site::readable(pillar).postgres;
        Self {
            name: postgres.name.unwrap_or_else(|| project.to_owned()),
            owner: postgres.user.unwrap_or_else(|| project.to_owned()),
            locale: postgres.locale.0,
            extensions: postgres.extensions,
            password: pillar
                .get("secrets")
                .and_then(|secrets| secrets.get("DB_PASSWORD"))
                .and_then(|password| {
                    password.as_str().map(str::to_owned).or(password.as_i64().map(|n| n.to_string()))
                })
                .map(Password),
        }
    }

    /// What the database was before the last one came in its place.
    fn before(&self) -> String {
        format!("{}_before", self.name)
    }

    /// Puts what a dump holds in the place of the database, or nothing. The one that was there is kept beside it,
    /// closed, and comes back at once where the dump cannot be read. Says what was done.
    pub fn restore(&self, archive: Option<&Path>, facts: &Facts) -> Result<String> {
        let (name, before) = (identifier(&self.name), identifier(&self.before()));
        if archive.is_some() && self.password.is_none() {
            return Err(Fault::new(
                "the pillar has no `DB_PASSWORD`, with which the database's owner logs in",
            )
            .help("write it under `secrets:` in secrets.sls"));
        }
        sql(
            &format!(
                "{closed}DROP DATABASE IF EXISTS {before};\n\
                 ALTER DATABASE {name} RENAME TO {before};\n\
                 CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8' \
                 LC_COLLATE {locale} LC_CTYPE {locale};\n",
                closed = closed(&self.name),
                owner = identifier(&self.owner),
                locale = literal(&self.locale),
            ),
            SERVER,
            facts,
        )
        .context("could not make room for the database")?;
        let filled = self.fill(archive, facts);
        if let Some(path) = archive {
            let _best_effort = facts.host().perform(&Action::Remove { path: path.to_owned() });
        }
        if let Err(fault) = filled {
            self.undo(facts).context("could not return to the database that was there")?;
            return Err(fault.context("the dump could not be loaded; the database is as it was"));
        }
        let done = if archive.is_some() { "loaded" } else { "nothing is" };
        Ok(format!("{done} in `{}`; what it was is kept as `{}`", self.name, self.before()))
    }

    fn fill(&self, dump: Option<&Path>, facts: &Facts) -> Result<()> {
        let extensions: String = self
            .extensions
            .iter()
            .map(|extension| format!("CREATE EXTENSION IF NOT EXISTS {};\n", identifier(extension)))
            .collect();
        sql(&extensions, &self.name, facts)?;
        let Some(dump) = dump else { return Ok(()) };
        // A dump holds functions that run while it is read. Whoever made it could have put anything there, so the
        // session is the owner's own from its login on: nothing in it can go back to being the server's superuser.
        // (It may not comment on extensions.)
        let command = Command::new([
            "pg_restore".to_owned(),
            "--no-owner".to_owned(),
            "--no-privileges".to_owned(),
            "--no-comments".to_owned(),
            "--exit-on-error".to_owned(),
            "--host=127.0.0.1".to_owned(),
            format!("--username={}", self.owner),
            format!("--dbname={}", self.name),
        ]);
        let password = self.password.as_ref().map_or("", |password| password.0.as_str());
        let command = command.user(NOBODY).env("PGPASSWORD", password).input(dump).timeout(LIMIT);
        facts.host().perform(&Action::Run(command)).map_err(|fault| {
            let said = fault.output.as_deref().unwrap_or_default();
            match said.contains("to create extension") {
                true => fault.help("name the extension under `postgres: {extensions: […]}` in the pillar"),
                false => fault,
            }
        })?;
        Ok(())
    }

    /// Puts the database that was there before back. Says what was done.
    pub fn undo(&self, facts: &Facts) -> Result<String> {
        let before = self.before();
        let question = format!("SELECT 1 FROM pg_database WHERE datname = {};\n", literal(&before));
        let answer = facts.host().ask(&psql(&question, SERVER))?;
        if answer.success() && answer.text().trim().is_empty() {
            return Err(Fault::new(format!("there is no database `{before}` to return to"))
                .help("only the last load can be undone, and only once"));
        }
        let (name, before) = (identifier(&self.name), identifier(&before));
        sql(
            &format!(
                "{closed}DROP DATABASE IF EXISTS {name};\n\
                 ALTER DATABASE {before} RENAME TO {name};\n\
                 ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true;\n",
                closed = closed(&self.name),
            ),
            SERVER,
            facts,
        )?;
        Ok(format!("`{}` is what it was before the load", self.name))
    }
}

/// Keeps everybody out of a database and ends who is in.
fn closed(name: &str) -> String {
    format!(
        "SELECT count(*) AS there FROM pg_database WHERE datname = {literal} \\gset\n\\if :there\n\
         ALTER DATABASE {identifier} WITH ALLOW_CONNECTIONS false;\n\
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {literal};\n\\endif\n",
        identifier = identifier(name),
        literal = literal(name)
    )
}

fn sql(text: &str, database: &str, facts: &Facts) -> Result<()> {
    if !text.is_empty() {
        facts.host().perform(&Action::Run(psql(text, database)))?;
    }
    Ok(())
}

fn psql(text: &str, database: &str) -> Command {
    let argv = ["psql", "-XwqAt", "-vON_ERROR_STOP=1", "-d", database];
    Command::new(argv).user(SERVER).stdin(text).timeout(LIMIT)
}

/// As Postgres quotes names (SQL Syntax, 4.1.1).
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// As Postgres quotes strings where `standard_conforming_strings` is on, which it is (4.1.2.1).
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pillar_says_little_or_all() {
        let read = |pillar: Value| Database::read("my-shop", pillar.as_object().unwrap());
        let plain = read(serde_json::json!({}));
        assert_eq!(
            (plain.name.as_str(), plain.owner.as_str(), plain.locale.as_str()),
            ("my-shop", "my-shop", "C.UTF-8")
        );
        let rich =
            read(serde_json::json!({"postgres": {"name": "a", "user": "b", "extensions": ["pg_trgm"]}}));
        assert_eq!((rich.name.as_str(), rich.owner.as_str(), rich.extensions.len()), ("a", "b", 1));
        assert_eq!((identifier("a\"b"), literal("it's")), ("\"a\"\"b\"".to_owned(), "'it''s'".to_owned()));
    }
}
