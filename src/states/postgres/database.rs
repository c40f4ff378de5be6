//! `postgres_database`: databases with owner, encoding and locale.

use super::{arguments, identifier, literal, make, run, server};
use crate::facts::Key;
use crate::facts::postgres::{Database, Server};
use crate::fault::{Fault, Result};
use crate::host::Makes;
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

arguments! {
    /// A database.
    pub struct DatabasePresent {
        name: String,
        tablespace: Option<String>,
        encoding: Option<String>,
        lc_collate: Option<String>,
        lc_ctype: Option<String>,
        owner: Option<String>,
        /// Where the owner changes, what is in the database changes hands too.
        #[serde(default)]
        owner_recurse: bool,
        template: Option<String>,
    }
}

arguments! {
    /// No such database.
    pub struct DatabaseAbsent {
        name: String,
    }
}

impl DatabasePresent {
    fn create(&self, context: &Context<'_>, server: Option<&Server>) -> Result<Plan> {
        let mut sql = format!("CREATE DATABASE {}", identifier(&self.name)?);
        let names = [
            ("OWNER", self.owner.as_deref()),
            ("TEMPLATE", self.template.as_deref().or_else(|| self.blank(server))),
            ("TABLESPACE", self.tablespace.as_deref()),
        ];
        for (word, value) in names {
            if let Some(value) = value {
                sql.push_str(&format!(" {word} = {}", identifier(value)?));
            }
        }
        let texts =
            [("ENCODING", &self.encoding), ("LC_COLLATE", &self.lc_collate), ("LC_CTYPE", &self.lc_ctype)];
        for (word, value) in texts {
            if let Some(value) = value {
                sql.push_str(&format!(" {word} = {}", literal(value)?));
            }
        }
        let mut plan = Plan::default();
        let action = run(context.facts.host(), &self.access(), None, &format!("{sql};\n"))?;
        make(&mut plan, &self.access(), action, Makes::Database(self.name.clone()));
        Ok(plan)
    }

    /// `template0` where the usual template has another encoding or locale: Postgres would refuse it.
    fn blank(&self, server: Option<&Server>) -> Option<&'static str> {
        let usual = server?.databases.get("template1")?;
        (!self.differences(usual).is_empty()).then_some("template0")
    }

    /// What cannot be changed once a database is there: what, as it is, as it should be.
    fn differences(&self, database: &Database) -> Vec<(&'static str, String, String)> {
        let properties = [
            ("encoding", Some(&database.encoding), &self.encoding),
            ("lc_collate", database.collate.as_ref(), &self.lc_collate),
            ("lc_ctype", database.ctype.as_ref(), &self.lc_ctype),
        ];
        let differ = |(what, is, wish): (&'static str, Option<&String>, &Option<String>)| {
            let (is, wish) = (is.map_or("", String::as_str), wish.as_deref()?);
            (plain(is) != plain(wish)).then(|| (what, is.to_owned(), wish.to_owned()))
        };
        properties.into_iter().filter_map(differ).collect()
    }

    fn update(&self, context: &Context<'_>, database: &Database) -> Result<Plan> {
        if let Some((what, is, wish)) = self.differences(database).into_iter().next() {
            return Err(Fault::new(format!(
                "database `{}` has {what} `{is}`, not `{wish}`, and Postgres cannot change that",
                self.name
            ))
            .help("dump it, drop it, and let it be created again; or write the state as it is"));
        }
        let (host, access) = (context.facts.host(), self.access());
        let alter = format!("ALTER DATABASE {}", identifier(&self.name)?);
        let mut plan = Plan::default();
        if let Some(owner) = self.owner.as_ref().filter(|owner| **owner != database.owner) {
            let change = Change::new("owner").from(&database.owner).to(owner);
            let sql = format!("{alter} OWNER TO {};\n", identifier(owner)?);
            plan.push(change, run(host, &access, None, &sql)?);
            if self.owner_recurse {
                let sql = contents_to(owner)?;
                let change = Change::new("owner of what is in it").to(owner);
                plan.push(change, run(host, &access, Some(&self.name), &sql)?);
            }
        }
        if let Some(tablespace) = self.tablespace.as_ref().filter(|space| **space != database.tablespace) {
            let change = Change::new("tablespace").from(&database.tablespace).to(tablespace);
            let sql = format!("{alter} SET TABLESPACE {};\n", identifier(tablespace)?);
            plan.push(change, run(host, &access, None, &sql)?);
        }
        Ok(plan)
    }
}

/// `UTF-8`, `utf8` and `UTF8` are one, in encodings and at the end of locales.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['-', '_'], "")
}

/// Gives every schema, relation, function and type that is no system's or extension's to a role.
fn contents_to(owner: &str) -> Result<String> {
    let owner = literal(&identifier(owner)?)?;
    Ok(CONTENTS.replace("$OWNER", &owner))
}

const CONTENTS: &str = r"
BEGIN;
DO $do$
DECLARE command text;
BEGIN
  FOR command IN
    WITH schemas AS (
      SELECT oid, nspname FROM pg_catalog.pg_namespace
      WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
    ), extensions AS (
      SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
    )
    SELECT format('ALTER SCHEMA %I OWNER TO %s', nspname, $OWNER) FROM schemas
      WHERE (2615, oid) NOT IN (SELECT classid::int, objid FROM extensions)
    UNION ALL
    SELECT format('ALTER %s %s OWNER TO %s',
        CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
          WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, c.oid::regclass, $OWNER)
      FROM pg_catalog.pg_class c JOIN schemas s ON s.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND ('pg_class'::regclass::int, c.oid) NOT IN (SELECT classid::int, objid FROM extensions)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
          WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND c.relkind = 'S'
            AND d.deptype IN ('a', 'i'))
    UNION ALL
    SELECT format('ALTER ROUTINE %s OWNER TO %s', p.oid::regprocedure, $OWNER)
      FROM pg_catalog.pg_proc p JOIN schemas s ON s.oid = p.pronamespace
      WHERE ('pg_proc'::regclass::int, p.oid) NOT IN (SELECT classid::int, objid FROM extensions)
  LOOP
    EXECUTE command;
  END LOOP;
END
$do$;
COMMIT;
";

impl State for DatabasePresent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let server = context.facts.postgres(&self.access())?;
        match server.as_ref().and_then(|server| server.databases.get(&self.name)) {
            None => self.create(context, server.as_deref()),
            Some(database) => self.update(context, database),
        }
    }

    fn owns(&self) -> Vec<Key> {
        vec![Key::Database(self.name.clone())]
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = server(&self.access());
        wants.extend(self.owner.clone().map(Key::Role));
        wants.extend(self.template.clone().map(Key::Database));
        wants
    }
}

impl State for DatabaseAbsent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        let access = self.access();
        let server = context.facts.postgres(&access)?;
        if server.is_some_and(|server| server.databases.contains_key(&self.name)) {
            let sql = format!("DROP DATABASE {};\n", identifier(&self.name)?);
            plan.push(Change::new("removed"), run(context.facts.host(), &access, None, &sql)?);
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        server(&self.access())
    }
}

impl Function for DatabasePresent {
    const NAME: &'static str = "postgres_database.present";
    const ABOUT: &'static str = "The database is there, with this owner, encoding and locale.";
    const EXAMPLE: &'static str = "app:\n  postgres_database.present:\n    - owner: app\n    - encoding: UTF8\n    - lc_collate: C.UTF-8\n    - lc_ctype: C.UTF-8\n";
}

impl Function for DatabaseAbsent {
    const NAME: &'static str = "postgres_database.absent";
    const ABOUT: &'static str = "There is no such database.";
    const EXAMPLE: &'static str = "scratch:\n  postgres_database.absent\n";
}
