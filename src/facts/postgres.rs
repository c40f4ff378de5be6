//! Postgres servers: roles, databases, tablespaces in one question over psql's standard input, and what is
//! inside a database in another, only where a state asks for it. Must not know states.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Facts, lock};
use crate::fault::{Context, Fault, Result};
use crate::host::{Command, Host};

/// How to reach a server; what is not given is up to psql and its defaults.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The account of the host to run psql as; `postgres` for a server on this host.
    pub account: Option<String>,
    /// A name, an address, or the folder of a socket.
    pub host: Option<String>,
    pub port: Option<u16>,
    /// The role to log in as.
    pub role: Option<String>,
    pub password: Option<String>,
    /// The database to connect to where nothing else says so: `postgres`.
    pub database: Option<String>,
}

impl Access {
    /// Whether the server is on this host, reached through its socket.
    pub fn is_local(&self) -> bool {
        self.host.as_ref().is_none_or(|host| host.starts_with('/'))
    }

    /// Runs SQL, given over standard input, in a database (`None`: the one for maintenance).
    pub fn command(&self, host: &dyn Host, database: Option<&str>, sql: &str) -> Result<Command> {
        let (psql, port) = if self.is_local() { client(host)? } else { ("psql".to_owned(), None) };
        // No settings of the account's, no password prompt, rows and nothing else; the first error ends it.
        let mut command = Command::new([psql.as_str(), "-XwqAt", "-vON_ERROR_STOP=1"])
            .env("PGAPPNAME", "provision")
            .env("PGCONNECT_TIMEOUT", "10")
            .env("PGCLIENTENCODING", "UTF8")
            .env("PGOPTIONS", "-c client_min_messages=warning")
            .env("PGDATABASE", database.or(self.database.as_deref()).unwrap_or("postgres"))
            .stdin(sql)
            .timeout(Duration::from_secs(300));
        command.user = match &self.account {
            None if self.is_local() => Some("postgres".to_owned()),
            account => account.clone(),
        };
        let port = self.port.or(port).map(|port| port.to_string());
        let given = [
            ("PGHOST", &self.host),
            ("PGPORT", &port),
            ("PGUSER", &self.role),
            // Not in argv, where every account could read it.
            ("PGPASSWORD", &self.password),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                command = command.env(name, value);
            }
        }
        Ok(command)
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { account, host, port, role, password: _, database } = self;
        write!(f, "Access({account:?}, {host:?}, {port:?}, {role:?}, {database:?})")
    }
}

/// What is known of a server.
#[derive(Default, Deserialize)]
pub struct Server {
    /// As `server_version_num`: 150004 is 15.4.
    pub version: u32,
    pub roles: BTreeMap<String, Role>,
    pub databases: BTreeMap<String, Database>,
    pub tablespaces: BTreeMap<String, Tablespace>,
}

#[derive(Default, Deserialize)]
pub struct Role {
    pub superuser: bool,
    pub inherit: bool,
    pub createroles: bool,
    pub createdb: bool,
    pub login: bool,
    pub replication: bool,
    /// What is stored: a verifier. `None` where there is none or where we may not see it.
    pub password: Option<String>,
    /// Whether we may see passwords at all.
    pub password_known: bool,
    /// The roles that it is a member of.
    pub groups: Vec<String>,
}

#[derive(Default, Deserialize)]
pub struct Database {
    pub owner: String,
    pub encoding: String,
    pub collate: Option<String>,
    pub ctype: Option<String>,
    pub tablespace: String,
}

#[derive(Default, Deserialize)]
pub struct Tablespace {
    pub owner: String,
    pub directory: String,
    /// `name=value`.
    pub options: Vec<String>,
}

/// What is inside one database.
#[derive(Default, Deserialize)]
pub struct Inside {
    pub extensions: BTreeMap<String, Extension>,
    /// Owners by schema.
    pub schemas: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
pub struct Extension {
    pub version: String,
    pub schema: String,
    pub relocatable: bool,
}

#[derive(Default)]
pub(super) struct Cache {
    servers: Mutex<BTreeMap<Access, Arc<Server>>>,
    insides: Mutex<BTreeMap<(Access, String), Arc<Inside>>>,
}

impl Cache {
    pub(super) fn forget(&self) {
        lock(&self.servers).clear();
        lock(&self.insides).clear();
    }
}

impl Facts {
    /// A server's roles, databases and tablespaces; `None` where a package of this dry run will bring it.
    pub fn postgres(&self, access: &Access) -> Result<Option<Arc<Server>>> {
        // The lock is held while psql runs, so that states checked at the same time ask once.
        let mut servers = lock(&self.snapshots.postgres.servers);
        if let Some(server) = servers.get(access) {
            return Ok(Some(Arc::clone(server)));
        }
        if self.postgres_is_coming(access)? {
            return Ok(None);
        }
        let server: Arc<Server> = Arc::new(self.ask_postgres(access, None, SERVER)?);
        servers.insert(access.clone(), Arc::clone(&server));
        Ok(Some(server))
    }

    /// Extensions and schemas of a database that is there; `None` as with [`Facts::postgres`].
    pub fn postgres_inside(&self, access: &Access, database: &str) -> Result<Option<Arc<Inside>>> {
        let mut insides = lock(&self.snapshots.postgres.insides);
        let key = (access.clone(), database.to_owned());
        if let Some(inside) = insides.get(&key) {
            return Ok(Some(Arc::clone(inside)));
        }
        if self.postgres_is_coming(access)? {
            return Ok(None);
        }
        let inside: Arc<Inside> = Arc::new(self.ask_postgres(access, Some(database), INSIDE)?);
        insides.insert(key, Arc::clone(&inside));
        Ok(Some(inside))
    }

    /// Asks a query whose answer is one JSON document; not cached.
    pub fn ask_postgres<T: DeserializeOwned>(
        &self,
        access: &Access,
        database: Option<&str>,
        sql: &str,
    ) -> Result<T> {
        let command = access.command(self.host(), database, sql)?.secret().timeout(Duration::from_secs(60));
        let output = self.host().ask(&command).context("could not ask Postgres")?;
        if !output.success() {
            let fault = Fault::new("Postgres does not answer").output(output.errors());
            return Err(match output.code {
                2 => fault.help("is it running, and may this account log in?"),
                _ => fault,
            });
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| Fault::new(format!("Postgres gave an answer that cannot be read: {error}")))
    }

    /// In a dry run: there is no psql, and packages are still to be installed.
    pub fn postgres_is_coming(&self, access: &Access) -> Result<bool> {
        if self.host().which("psql")?.is_some() {
            return Ok(false);
        }
        if self.packages_coming() {
            return Ok(true);
        }
        let package = if access.is_local() { "postgresql" } else { "postgresql-client" };
        Err(Fault::new("`psql` is not installed").help(format!("install the package `{package}` first")))
    }
}

/// The program, and the port of the only cluster. Debian's /usr/bin/psql is a Perl script that chooses
/// among clusters and costs more than the question; where there is nothing to choose we go past it.
fn client(host: &dyn Host) -> Result<(String, Option<u16>)> {
    let psql = || ("psql".to_owned(), None);
    let root = Path::new("/etc/postgresql");
    let versions = host.list(root)?.unwrap_or_default();
    let [version] = versions.as_slice() else { return Ok(psql()) };
    let clusters = host.list(&root.join(version))?.unwrap_or_default();
    let [cluster] = clusters.as_slice() else { return Ok(psql()) };
    let program = format!("/usr/lib/postgresql/{version}/bin/psql");
    let settings = host.read(&root.join(version).join(cluster).join("postgresql.conf"))?;
    match (settings, host.stat(Path::new(&program))?) {
        (Some(settings), Some(_)) => Ok((program, port(&String::from_utf8_lossy(&settings)).or(Some(5432)))),
        _ => Ok(psql()),
    }
}

/// The last `port = N` of postgresql.conf.
fn port(settings: &str) -> Option<u16> {
    let value = |line: &str| {
        let rest = line.trim().strip_prefix("port")?.trim_start();
        let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
        rest.split(|c: char| c == '#' || c.is_whitespace()).next()?.trim_matches('\'').parse().ok()
    };
    settings.lines().filter_map(value).next_back()
}

/// Passwords are asked only where we may see them: not every server lets us be a superuser.
const SERVER: &str = r"
SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS may \gset
\if :may
\set password '(SELECT a.rolpassword FROM pg_catalog.pg_authid a WHERE a.oid = r.oid)'
\else
\set password 'NULL::text'
\endif
SELECT json_build_object(
  'version', current_setting('server_version_num')::int,
  'roles', (SELECT coalesce(json_object_agg(r.rolname, json_build_object(
      'superuser', r.rolsuper, 'inherit', r.rolinherit, 'createroles', r.rolcreaterole,
      'createdb', r.rolcreatedb, 'login', r.rolcanlogin, 'replication', r.rolreplication,
      'password', :password, 'password_known', has_table_privilege('pg_catalog.pg_authid', 'SELECT'),
      'groups', (SELECT coalesce(json_agg(DISTINCT g.rolname), '[]')
                 FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
                 WHERE m.member = r.oid))), '{}') FROM pg_catalog.pg_roles r),
  'databases', (SELECT coalesce(json_object_agg(d.datname, json_build_object(
      'owner', pg_catalog.pg_get_userbyid(d.datdba), 'encoding', pg_encoding_to_char(d.encoding),
      'collate', d.datcollate, 'ctype', d.datctype, 'tablespace', t.spcname)), '{}')
      FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace),
  'tablespaces', (SELECT coalesce(json_object_agg(t.spcname, json_build_object(
      'owner', pg_catalog.pg_get_userbyid(t.spcowner), 'directory', pg_catalog.pg_tablespace_location(t.oid),
      'options', coalesce(to_json(t.spcoptions), '[]'))), '{}') FROM pg_catalog.pg_tablespace t));
";

const INSIDE: &str = r"
SELECT json_build_object(
  'extensions', (SELECT coalesce(json_object_agg(e.extname, json_build_object(
      'version', e.extversion, 'schema', n.nspname, 'relocatable', e.extrelocatable)), '{}')
      FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace),
  'schemas', (SELECT coalesce(json_object_agg(n.nspname, pg_catalog.pg_get_userbyid(n.nspowner)), '{}')
      FROM pg_catalog.pg_namespace n));
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_as_postgres_reads_it() {
        let table = [
            ("port = 5433\t\t\t# (change requires restart)\n", Some(5433)),
            ("#port = 5432\nport 5434\nport='5435'\n", Some(5435)),
            ("#port = 5432\nportal = 1\n", None),
        ];
        for (settings, expected) in table {
            assert_eq!(port(settings), expected, "{settings}");
        }
    }
}
