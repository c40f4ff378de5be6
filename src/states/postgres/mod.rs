//! Postgres roles, databases, and what is in them: each compared with one snapshot of the server, changed
//! by SQL over psql's standard input. Passwords are stored as verifiers that are made here.

mod database;
mod encrypted;
mod extension;
mod privileges;
mod quote;
mod role;
mod schema;
mod scram;
mod tablespace;

pub use database::{DatabaseAbsent, DatabasePresent};
pub use extension::{ExtensionAbsent, ExtensionPresent};
pub use privileges::{PrivilegesAbsent, PrivilegesPresent};
pub use role::{GroupAbsent, GroupPresent, UserAbsent, UserPresent};
pub use schema::{SchemaAbsent, SchemaPresent};
pub use tablespace::{TablespaceAbsent, TablespacePresent};

use quote::{identifier, literal};

use crate::facts::Key;
use crate::facts::postgres::Access;
use crate::fault::Result;
use crate::host::{Action, Host, Makes};
use crate::plan::{Change, Plan};

/// Writes an argument struct with the arguments that say how to reach the server, and its `access`.
/// (A flattened struct would lose the places of its fields.)
macro_rules! arguments {
    ($(#[$about:meta])* pub struct $name:ident { $($(#[$field_about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_about])* $field: $type,)*
            /// The account of the host to run psql as.
            user: Option<String>,
            maintenance_db: Option<String>,
            db_user: Option<String>,
            db_password: Option<super::Password>,
            db_host: Option<String>,
            db_port: Option<u16>,
        }

        impl $name {
            fn access(&self) -> $crate::facts::postgres::Access {
                $crate::facts::postgres::Access {
                    account: self.user.clone(),
                    host: self.db_host.clone(),
                    port: self.db_port,
                    role: self.db_user.clone(),
                    password: self.db_password.as_ref().map(|password| password.0.clone()),
                    database: self.maintenance_db.clone(),
                }
            }
        }
    };
}
use arguments;

/// A password as the user wrote it; never shown.
#[derive(Clone, serde::Deserialize)]
#[serde(transparent)]
struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(crate::plan::MASKED)
    }
}

/// SQL to run in a database (`None`: the one for maintenance).
fn run(host: &dyn Host, access: &Access, database: Option<&str>, sql: &str) -> Result<Action> {
    Ok(Action::Run(access.command(host, database, sql)?))
}

/// A step that makes something; a server elsewhere is not this host's to keep a list of.
fn make(plan: &mut Plan, access: &Access, action: Action, makes: Makes) {
    let change = Change::new("created");
    if access.is_local() {
        plan.make(change, action, makes);
    } else {
        plan.push(change, action);
    }
}

/// What must be there before a server on this host can be asked.
fn server(access: &Access) -> Vec<Key> {
    if !access.is_local() {
        return Vec::new();
    }
    vec![Key::Package("postgresql".to_owned()), Key::Unit("postgresql.service".to_owned())]
}

/// As people read a yes or no among changes.
fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
