//! Makes a command ready to start: the right account with its groups, a clean environment, a folder that is
//! there, the umask. Starts nothing.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::PoisonError;

use super::{Local, place};
use crate::fault::{Fault, Result};
use crate::host::names::{self, Database};
use crate::host::{Command, Host, Kind, PATH, leads_to};

/// Whom a command runs as.
struct Account {
    uid: u32,
    gid: u32,
    home: String,
    name: String,
    /// Whether it is in groups besides its own.
    grouped: bool,
}

fn account(host: &Local, user: &str) -> Result<Account> {
    let line = names::line(host, Database::Users, user)?
        .ok_or_else(|| Fault::new(format!("no such user: `{user}`")))?;
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, _, home, ..] = fields.as_slice() else {
        return Err(Fault::new(format!("the account of `{user}` is broken: {line}")));
    };
    let number = |text: &str| {
        text.parse().map_err(|_| Fault::new(format!("the account of `{user}` is broken: {line}")))
    };
    let groups = host.read(Path::new("/etc/group"))?.unwrap_or_default();
    let grouped = names::has_remote_names(host)?
        || String::from_utf8_lossy(&groups).lines().any(|line| {
            line.rsplit(':').next().is_some_and(|members| members.split(',').any(|member| member == *name))
        });
    Ok(Account {
        uid: number(uid)?,
        gid: number(gid)?,
        home: if home.is_empty() { "/" } else { home }.to_owned(),
        name: (*name).to_owned(),
        grouped,
    })
}

pub(super) fn prepare(host: &Local, command: &Command) -> Result<std::process::Command> {
    let Some(program) = command.argv.first().filter(|program| !program.is_empty()) else {
        return Err(Fault::new("a command without a program"));
    };
    if let Some(word) = command.argv.iter().find(|word| word.contains('\0')) {
        return Err(Fault::new(format!("a word of a command holds a NUL: `{}`", word.escape_debug())));
    }
    let cwd = command.cwd.as_deref().unwrap_or(Path::new("/"));
    match leads_to(host, cwd)? {
        Some((_, stat)) if stat.kind == Kind::Directory => {}
        Some(_) => return Err(Fault::new(format!("`{}`: not a directory", cwd.display()))),
        None => return Err(Fault::new(format!("`{}`: no such directory to run in", cwd.display()))),
    }
    let mut environment = host.environment.lock().unwrap_or_else(PoisonError::into_inner).clone();
    environment.extend(command.env.iter().map(|(name, value)| (name.clone(), value.clone())));
    let path = environment.get("PATH").map_or(PATH, String::as_str);
    find(host, program, path, cwd)?;

    let me = nix::unistd::geteuid().as_raw();
    let account = match &command.user {
        Some(user) => Some(account(host, user)?),
        None => None,
    };
    let group = match &command.group {
        Some(group) => Some(names::id(host, Database::Groups, group)?),
        None => None,
    };
    let other = account.as_ref().filter(|account| account.uid != me || group.is_some());

    let mut argv: Vec<String> = Vec::new();
    if let Some(account) = other.filter(|account| account.grouped) {
        // The standard library sets an account's groups only by dropping all of them.
        let gid = group.unwrap_or(account.gid);
        let name = &account.name;
        argv.extend([
            "setpriv".to_owned(),
            format!("--reuid={name}"),
            format!("--regid={gid}"),
            "--init-groups".to_owned(),
            "--".to_owned(),
        ]);
    }
    if let Some(umask) = command.umask {
        argv.extend(["/bin/sh", "-c", "umask \"$1\"; shift; exec \"$@\"", "sh"].map(str::to_owned));
        argv.push(format!("{umask:04o}"));
    }
    argv.extend(command.argv.iter().cloned());
    let mut words = argv.iter();
    let mut ready = std::process::Command::new(words.next().unwrap_or(program));
    ready.args(words).current_dir(cwd).process_group(0).env_clear();
    if let Some(account) = other.filter(|account| !account.grouped) {
        ready.uid(account.uid).gid(group.unwrap_or(account.gid));
    } else if let (None, Some(gid)) = (other, group) {
        ready.gid(gid);
    }
    let (home, name) = account.as_ref().map_or(("/root", "root"), |it| (it.home.as_str(), it.name.as_str()));
    ready.env("PATH", PATH).env("HOME", home).env("USER", name).env("LOGNAME", name);
    ready.env("LANG", "C.UTF-8").env("LC_ALL", "C.UTF-8").envs(&environment);
    // Guards ask whose session a run came through, so as not to end it.
    if let Some(user) = std::env::var_os("SUDO_USER") {
        ready.env("SUDO_USER", user);
    }
    let piped = |wanted: bool| if wanted { Stdio::piped() } else { Stdio::null() };
    ready.stdin(match &command.input {
        Some(path) => {
            let missing = || Fault::new(format!("`{}`: no such file", path.display()));
            Stdio::from(place::open(path)?.ok_or_else(missing)?)
        }
        None => piped(command.stdin.is_some()),
    });
    ready.stdout(piped(!command.detached)).stderr(piped(!command.detached));
    Ok(ready)
}

/// Makes sure that the program is there, since a wrapper would report that less clearly.
fn find(host: &Local, program: &str, path: &str, cwd: &Path) -> Result<()> {
    let candidates: Vec<PathBuf> = if program.contains('/') {
        vec![cwd.join(program)]
    } else {
        path.split(':').map(|folder| Path::new(folder).join(program)).collect()
    };
    for candidate in candidates {
        if let Some((_, stat)) = leads_to(host, &candidate)?
            && stat.kind == Kind::File
        {
            return Ok(());
        }
    }
    Err(Fault::new(format!("no such program: `{program}`")))
}
