//! `postgres_tablespace`: where on the disk databases may lie.

use std::collections::BTreeMap;

use super::{arguments, identifier, literal, run, server};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};

arguments! {
    /// A tablespace in a directory.
    pub struct TablespacePresent {
        name: String,
        directory: String,
        /// `seq_page_cost`, `random_page_cost` and the like.
        #[serde(default)]
        options: BTreeMap<String, String>,
        owner: Option<String>,
    }
}

arguments! {
    /// No such tablespace.
    pub struct TablespaceAbsent {
        name: String,
    }
}

impl State for TablespacePresent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let access = self.access();
        let server = context.facts.postgres(&access)?;
        let name = identifier(&self.name)?;
        let run = |sql: String| run(context.facts.host(), &access, None, &format!("{sql};\n"));
        let mut plan = Plan::default();
        let Some(found) = server.as_ref().and_then(|server| server.tablespaces.get(&self.name)) else {
            let mut sql = format!("CREATE TABLESPACE {name}");
            if let Some(owner) = &self.owner {
                sql.push_str(&format!(" OWNER {}", identifier(owner)?));
            }
            sql.push_str(&format!(" LOCATION {}", literal(&self.directory)?));
            let options = self.options.iter().map(|(option, value)| setting(option, value));
            let options: Vec<String> = options.collect::<Result<_>>()?;
            if !options.is_empty() {
                sql.push_str(&format!(" WITH ({})", options.join(", ")));
            }
            plan.push(Change::new("created").to(&self.directory), run(sql)?);
            return Ok(plan);
        };
        if found.directory.trim_end_matches('/') != self.directory.trim_end_matches('/') {
            return Err(Fault::new(format!(
                "tablespace `{}` lies in `{}`, not in `{}`, and Postgres cannot move it",
                self.name, found.directory, self.directory
            ))
            .help("drop it and let it be created again, or write the state as it is"));
        }
        if let Some(owner) = self.owner.as_ref().filter(|owner| **owner != found.owner) {
            let sql = format!("ALTER TABLESPACE {name} OWNER TO {}", identifier(owner)?);
            plan.push(Change::new("owner").from(&found.owner).to(owner), run(sql)?);
        }
        for (option, value) in &self.options {
            let is =
                found.options.iter().filter_map(|pair| pair.split_once('=')).find(|(key, _)| key == option);
            if !is.is_some_and(|(_, is)| same(is, value)) {
                let sql = format!("ALTER TABLESPACE {name} SET ({})", setting(option, value)?);
                let change = Change::new(option).to(value);
                let change = is.iter().fold(change, |change, (_, is)| change.from(*is));
                plan.push(change, run(sql)?);
            }
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        let mut wants = server(&self.access());
        wants.extend(self.owner.clone().map(Key::Role));
        wants.push(Key::Path(self.directory.clone().into()));
        wants
    }
}

/// `name = 'value'`, as in `WITH (…)`.
fn setting(option: &str, value: &str) -> Result<String> {
    Ok(format!("{} = {}", identifier(option)?, literal(value)?))
}

/// `4` is `4.0`.
fn same(one: &str, other: &str) -> bool {
    one == other || matches!((one.parse::<f64>(), other.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

impl State for TablespaceAbsent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let access = self.access();
        let mut plan = Plan::default();
        let server = context.facts.postgres(&access)?;
        if server.is_some_and(|server| server.tablespaces.contains_key(&self.name)) {
            let sql = format!("DROP TABLESPACE {};\n", identifier(&self.name)?);
            plan.push(Change::new("removed"), run(context.facts.host(), &access, None, &sql)?);
        }
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        server(&self.access())
    }
}

impl Function for TablespacePresent {
    const NAME: &'static str = "postgres_tablespace.present";
    const ABOUT: &'static str = "The tablespace is there, in a directory that is there already.";
    const EXAMPLE: &'static str = "fast:\n  postgres_tablespace.present:\n    - directory: /srv/postgres\n    - options:\n        random_page_cost: 1.1\n";
}

impl Function for TablespaceAbsent {
    const NAME: &'static str = "postgres_tablespace.absent";
    const ABOUT: &'static str = "There is no such tablespace.";
    const EXAMPLE: &'static str = "fast:\n  postgres_tablespace.absent\n";
}
