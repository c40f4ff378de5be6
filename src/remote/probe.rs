//! One question to a host that is connected: what it is, what is there already, whether we may act.

use std::collections::BTreeMap;

use super::connection::Connection;
use super::talk::Input;
use super::{Password, Refusal, Target, plausible};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::owner::{Claim, Manners, Owner};

/// Answers stand behind this, since a login shell's start-up files may print anything before.
const MARK: &str = "provision-answer:";

/// Fixed text; its arguments are the project, the binary's hash, [`HOLDER`] and [`FORMER`]. Without single quotes, so
/// that every login shell passes it on as it is.
const SCRIPT: &str = "say() { printf \"%s%s=%s\\n\" \"provision-answer:\" \"$1\" \"$2\"; }; \
uid=$(id -u); say uid \"$uid\"; say user \"$(id -un)\"; say machine \"$(uname -m)\"; say system \"$(uname -s)\"; \
if [ \"$uid\" = 0 ]; then base=/var/lib/provision/$1; else base=${HOME:?}/.cache/provision/$1; fi; \
say base \"$base\"; set -- \"$@\" ${SSH_CONNECTION:-}; say port \"${8:-}\"; \
say id \"$(cat /etc/machine-id 2>/dev/null)\"; \
say instance \"$(cat /proc/sys/kernel/random/boot_id 2>/dev/null) $(readlink /proc/self/ns/pid)\"; \
say owner \"$(cat /etc/provision/owner.json 2>/dev/null)\"; \
for f in /etc/provision/*/; do if [ -d \"$f\" ]; then say project \"$f\"; fi; done; \
if [ -x \"$base/bin/$2/provision\" ] && [ -s \"$base/bin/$2/provision\" ]; then say binary yes; fi; \
if [ -r \"$base/stamp\" ]; then say stamp \"$(cat \"$base/stamp\")\"; fi; \
if command -v rsync >/dev/null 2>&1; then say rsync yes; fi; \
if [ \"$uid\" = 0 ]; then say lock \"$(/bin/sh -c \"$3\")\"; say former \"$(/bin/sh -c \"$4\" sh \"$1\")\"; \
elif command -v sudo >/dev/null 2>&1; then may=$(sudo -n true 2>&1 && echo free); say sudo \"$may\"; \
case \"$may\" in *free) say lock \"$(sudo -n /bin/sh -c \"$3\")\"; \
say former \"$(sudo -n /bin/sh -c \"$4\" sh \"$1\")\";; esac; \
else say sudo missing; fi;";

/// The environment of a project that was here before owners were written down; its argument.
const FORMER: &str =
    "sed -n \"s/.*\\\"ENVIRONMENT\\\": *\\\"\\([^\\\"]*\\).*/\\1/p\" \"/etc/provision/$1/env\" 2>/dev/null";

/// Who holds the lock of the host. Whoever may not read it learns of it when the run starts.
const HOLDER: &str = "f=/var/lib/provision/lock; \
if [ -s \"$f\" ] && ! flock -n \"$f\" true; then head -n 1 \"$f\"; fi";

/// Whose a host is on which no owner is written: of the project whose folder it has. Ours is looked for first.
fn former(project: &str, folder: &str, environment: &str) -> Option<Owner> {
    let other = folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let project = match (environment, other) {
        ("", "") => return None,
        ("", other) => other,
        _ => project,
    };
    Some(Owner { project: project.to_owned(), environment: environment.to_owned(), ..Owner::default() })
}

/// What the host answered.
#[derive(Clone, Debug)]
pub struct Probe {
    pub machine: String,
    pub user: String,
    /// Where our files are or shall be.
    pub base: String,
    pub has_binary: bool,
    /// The port of the host that our connection came to.
    pub port: Option<u16>,
    pub has_rsync: bool,
    /// The digest of the files that were pushed last.
    pub stamp: Option<String>,
    /// The words to put before a command to run it as root; none where we are root.
    pub sudo: Vec<String>,
    /// sudo reads the password's line first.
    pub needs_password: bool,
    /// The run that holds the host's lock.
    pub holder: Option<String>,
    /// What is written on the host of whose it is, or follows from what is there.
    pub owner: Option<Owner>,
    /// As machine-id(5) has it.
    pub machine_id: String,
    /// One and the same for all names by which a running machine is reached.
    pub instance: String,
}

impl Probe {
    pub fn ask(
        connection: &Connection,
        target: &Target,
        project: &str,
        hash: &str,
        password: Option<&Password>,
    ) -> Result<Self, Refusal> {
        let answer = connection
            .ask(&["/bin/sh", "-c", SCRIPT, "sh", project, hash, HOLDER, FORMER], Input::Bytes(b""))
            .map_err(|fault| Refusal::new(fault.message))?;
        let answers: BTreeMap<&str, &str> =
            answer.stdout.lines().filter_map(|line| line.split_once(MARK)?.1.split_once('=')).collect();
        let get = |key: &str| answers.get(key).copied().unwrap_or("");
        if get("machine").is_empty() {
            let said = answer.stderr.lines().last().unwrap_or("no answer");
            return Err(Refusal::new(format!(
                "`{}` lets us in, but runs no commands: {said}",
                target.shown()
            ))
            .help("the account needs a shell such as /bin/bash"));
        }
        if get("system") != "Linux" {
            return Err(Refusal::new(format!("`{}` runs {}, not Linux", target.shown(), get("system")))
                .help("hosts must be Debian 11 or later, or Ubuntu 20.04 or later")
                .exit(Exit::Project));
        }
        plausible::check(&answers, project, target)?;
        let owner = match get("owner") {
            "" => former(project, get("project"), get("former")),
            text => Some(Owner::read(text)),
        };
        let mut probe = Self {
            machine: get("machine").to_owned(),
            user: get("user").to_owned(),
            base: get("base").to_owned(),
            port: get("port").parse().ok(),
            has_binary: get("binary") == "yes",
            has_rsync: get("rsync") == "yes",
            stamp: answers.get("stamp").map(|stamp| (*stamp).to_owned()),
            sudo: Vec::new(),
            needs_password: false,
            holder: Some(get("lock")).filter(|holder| !holder.is_empty()).map(str::to_owned),
            owner,
            machine_id: get("id").to_owned(),
            instance: get("instance").to_owned(),
        };
        let root = get("uid") == "0";
        if target.login.sudo.unwrap_or(!root) && !root {
            probe.find_sudo(connection, target, get("sudo"), password)?;
        } else if !root {
            return Err(Refusal::new(format!(
                "`{}` is not root, and --no-sudo forbids to become it",
                target.shown()
            )));
        }
        Ok(probe)
    }

    /// An error where the host is somebody else's, for an order that minds it.
    pub fn admit(&self, claim: &Claim, manners: Manners, take_over: bool) -> Result<(), Refusal> {
        let standing = claim.standing(self.owner.as_ref(), &self.machine_id);
        match standing.refusal(claim, manners, take_over) {
            None => Ok(()),
            Some(Fault { message, help, .. }) => Err(Refusal { message, help, exit: Exit::Project }),
        }
    }

    /// Nothing may be sent while another run is at work: it would take the place of what that run still reads.
    pub fn refuse_if_held(&self) -> Result<(), Refusal> {
        let Some(holder) = &self.holder else { return Ok(()) };
        let message = format!("another run holds this host's lock: {holder}");
        Err(Refusal::new(message).help("wait for it to end, then run again").exit(Exit::Locked))
    }

    fn find_sudo(
        &mut self,
        connection: &Connection,
        target: &Target,
        said: &str,
        password: Option<&Password>,
    ) -> Result<(), Refusal> {
        let user = &self.user;
        let host = &target.address;
        if said == "missing" {
            return Err(Refusal::new(format!("there is no sudo on `{host}`"))
                .help("the first run on a fresh server is as root: provision -u root …"));
        }
        if said.ends_with("free") {
            self.sudo = ["sudo", "-n", "--"].map(str::to_owned).to_vec();
            return Ok(());
        }
        let no_right = |said: &str| {
            ["not in the sudoers", "not allowed to", "may not run sudo", "a terminal is required to read"]
                .iter()
                .any(|sign| said.contains(sign) && !said.contains("password is required"))
        };
        if no_right(said) {
            return Err(Refusal::new(format!("`{user}` may not use sudo on `{host}`"))
                .help("add the user to the group that may (`admin` in pillar/devs.sls), or run as root with -u root"));
        }
        let Some(password) = password else {
            return Err(Refusal::new(format!("sudo on `{host}` asks `{user}` for a password"))
                .help("give -K to be asked for it once, or run as root with -u root"));
        };
        let answer = connection
            .ask(&["sudo", "-k", "-S", "-p", "", "--", "true"], Input::Bytes(&password.line()))
            .map_err(|fault| Refusal::new(fault.message))?;
        if answer.code == Some(0) {
            self.sudo = ["sudo", "-k", "-S", "-p", "", "--"].map(str::to_owned).to_vec();
            self.needs_password = true;
            return Ok(());
        }
        if no_right(&answer.stderr) {
            return Err(Refusal::new(format!("`{user}` may not use sudo on `{host}`"))
                .help("add the user to the group that may (`admin` in pillar/devs.sls), or run as root with -u root"));
        }
        Err(Refusal::new(format!("sudo on `{host}` does not take this password for `{user}`"))
            .help("try again with -K; the account may have no password at all"))
    }
}
