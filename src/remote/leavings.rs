//! What a host's owner leaves on it when another one takes it over: asked before anything is changed. Must not change
//! anything.

use super::connection::Connection;
use super::probe::Probe;
use super::talk::Input;
use super::{Password, Refusal};

/// Paths, accounts and databases, as people read them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leavings(pub Vec<String>);

/// Answers stand behind this.
const MARK: &str = "provision-leaves:";

/// Fixed text; its argument is the project.
const SCRIPT: &str = "say() { printf \"%s%s\\n\" \"provision-leaves:\" \"$1\"; }; p=$1; \
for f in \"/var/www/$p\" \"/etc/provision/$p\" \"/etc/nginx/sites-enabled/$p.conf\" \"/etc/supervisor/conf.d/$p-\"*.conf \
\"/etc/logrotate.d/$p\" \"/var/lib/provision/$p\"; do if [ -e \"$f\" ]; then say \"$f\"; fi; done; \
if id \"$p\" >/dev/null 2>&1; then say \"the account $p\"; fi; cd /; \
if command -v psql >/dev/null 2>&1; then \
for d in $(runuser -u postgres -- psql -XAtc \"SELECT datname FROM pg_database WHERE NOT datistemplate\" 2>/dev/null); do \
if [ \"$d\" != postgres ]; then say \"the database $d\"; fi; done; fi; true";

/// Asks as root.
pub fn ask(
    connection: &Connection,
    probe: &Probe,
    project: &str,
    password: Option<&Password>,
) -> Result<Leavings, Refusal> {
    let mut argv: Vec<&str> = probe.sudo.iter().map(String::as_str).collect();
    argv.extend(["/bin/sh", "-c", SCRIPT, "sh", project]);
    let input = password.filter(|_| probe.needs_password).map(Password::line).unwrap_or_default();
    let answer = connection.ask(&argv, Input::Bytes(&input)).map_err(|fault| Refusal::new(fault.message))?;
    let found = answer.stdout.lines().filter_map(|line| Some(line.split_once(MARK)?.1.to_owned()));
    Ok(Leavings(found.collect()))
}
