//! Looks at the host: files, accounts, packages, and commands that the project declares safe. Where there
//! is no host (`check`), nothing is there.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::Row;
use super::call::Call;
use crate::facts::Facts;
use crate::fault::Result;
use crate::host::{Command, Kind, Output};
use crate::target::find;

pub const FUNCTIONS: &[Row] = &[
    ("cmd.retcode", |call| Ok(json!(command(call)?.map_or(0, |output| output.code)))),
    ("cmd.run", stdout),
    ("cmd.run_all", whole),
    ("cmd.run_stderr", |call| {
        Ok(json!(command(call)?.map(|output| output.errors()).unwrap_or_default().trim_end_matches('\n')))
    }),
    ("cmd.run_stdout", stdout),
    ("cmd.shell", stdout),
    ("file.basename", |call| Ok(json!(parts(&call.text(0, "path")?).1))),
    ("file.directory_exists", |call| exists(call, &[Kind::Directory])),
    ("file.dirname", |call| Ok(json!(parts(&call.text(0, "path")?).0))),
    ("file.file_exists", |call| exists(call, &[Kind::File, Kind::Special])),
    ("file.is_link", is_link),
    ("file.join", join),
    ("group.info", group),
    ("pkg.version", version),
    ("provision.account", account),
    ("user.info", user),
];

pub(super) fn facts<'a>(call: &Call<'a>) -> Option<&'a Facts> {
    call.catalog.surroundings().facts.as_deref()
}

fn exists(call: &Call<'_>, kinds: &[Kind]) -> Result<Value> {
    let path = call.text(0, "path")?;
    let Some(facts) = facts(call) else { return Ok(json!(false)) };
    let mut path = Path::new(&path).to_owned();
    // Symlinks are followed, but not round and round.
    for _ in 0..20 {
        match facts.host().stat(&path)? {
            None => return Ok(json!(false)),
            Some(stat) if stat.kind == Kind::Symlink => {
                let Some(target) = facts.host().link(&path)? else { return Ok(json!(false)) };
                path = path.parent().unwrap_or(Path::new("/")).join(target);
            }
            Some(stat) => return Ok(json!(kinds.contains(&stat.kind))),
        }
    }
    Ok(json!(false))
}

fn is_link(call: &Call<'_>) -> Result<Value> {
    let path = call.text(0, "path")?;
    let stat = facts(call).map(|facts| facts.host().stat(Path::new(&path))).transpose()?.flatten();
    Ok(json!(stat.is_some_and(|stat| stat.kind == Kind::Symlink)))
}

/// The folder and the last part, as Python's os.path has it.
fn parts(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some((folder, name)) => (folder, name),
        None => ("", path),
    }
}

fn join(call: &Call<'_>) -> Result<Value> {
    let mut path = std::path::PathBuf::new();
    call.all().iter().filter_map(Value::as_str).for_each(|part| path.push(part));
    Ok(json!(path.to_string_lossy()))
}

/// The versions of packages: a text for one, a map for several; empty where one is not installed.
fn version(call: &Call<'_>) -> Result<Value> {
    let table = facts(call).map(Facts::packages).transpose()?;
    let version = |name: &str| {
        let package = table.as_ref().and_then(|table| table.installed(name));
        json!(package.map_or("", |package| package.version.as_str()))
    };
    match call.all() {
        [one] => Ok(version(one.as_str().unwrap_or_default())),
        many => {
            let names = many.iter().filter_map(Value::as_str);
            Ok(Value::Object(names.map(|name| (name.to_owned(), version(name))).collect()))
        }
    }
}

fn user(call: &Call<'_>) -> Result<Value> {
    let name = call.text(0, "name")?;
    let Some(facts) = facts(call) else { return Ok(json!({})) };
    let Some(user) = facts.user(&name)? else { return Ok(json!({})) };
    let primary = facts.group_name(user.gid)?;
    let accounts = facts.accounts()?;
    let mut groups: Vec<&str> =
        accounts.groups_of(&name).into_iter().map(|group| group.name.as_str()).collect();
    groups.push(&primary);
    groups.sort_unstable();
    groups.dedup();
    let mut gecos = user.gecos.split(',').map(str::to_owned);
    let mut part = || gecos.next().unwrap_or_default();
    Ok(json!({"name": user.name, "uid": user.uid, "gid": user.gid, "home": user.home, "shell": user.shell,
        "groups": groups, "passwd": "x", "fullname": part(), "roomnumber": part(), "workphone": part(),
        "homephone": part(), "other": part()}))
}

/// Whose an account is: `made` by provision, of `others` who were here before it, or the `system`'s. Empty: there is
/// none. What is made is only taken away from whom it was made for.
fn account(call: &Call<'_>) -> Result<Value> {
    let name = call.text(0, "name")?;
    let Some(facts) = facts(call) else { return Ok(json!("")) };
    let Some(user) = facts.user(&name)? else { return Ok(json!("")) };
    let made = call.catalog.surroundings().made.has_user(&name, user.uid);
    Ok(json!(if user.uid == 0 {
        "system"
    } else if made {
        "made"
    } else if user.uid < facts.first_uid()? {
        "system"
    } else {
        "others"
    }))
}

fn group(call: &Call<'_>) -> Result<Value> {
    let name = call.text(0, "name")?;
    let group = facts(call).map(|facts| facts.group(&name)).transpose()?.flatten();
    Ok(group.map_or_else(
        || json!({}),
        |group| json!({"name": group.name, "gid": group.gid, "members": group.members, "passwd": "x"}),
    ))
}

fn stdout(call: &Call<'_>) -> Result<Value> {
    let text = command(call)?.map(|output| output.text()).unwrap_or_default();
    Ok(json!(text.trim_end_matches('\n')))
}

/// All that is known of how a command ended.
fn whole(call: &Call<'_>) -> Result<Value> {
    let output = command(call)?.unwrap_or_default();
    let (text, errors) = (output.text(), output.errors());
    Ok(json!({"pid": output.pid, "retcode": output.code, "stdout": text.trim_end_matches('\n'),
        "stderr": errors.trim_end_matches('\n')}))
}

/// A command that the project says changes nothing: listed word for word under `safe_commands` in pillar.
fn command(call: &Call<'_>) -> Result<Option<Output>> {
    let line = call.text(0, "cmd")?;
    call.given(1, "cwd");
    let _: &Map<String, Value> = call.named();
    let safe = match find(&call.catalog.pillar(), "safe_commands") {
        Some(Value::Array(lines)) => lines.iter().any(|known| known.as_str() == Some(&line)),
        _ => false,
    };
    if !safe {
        return Err(call
            .fault(format!("`{line}` would run whenever files are compiled, also in a dry run"))
            .help(
                "if it changes nothing, list it word for word under `safe_commands` in pillar/project.sls",
            ));
    }
    let Some(facts) = facts(call) else { return Ok(None) };
    let mut command = Command::new(["/bin/sh", "-c", &line]);
    if let Some(folder) = call.named().get("cwd").or_else(|| call.given(1, "cwd")).and_then(Value::as_str) {
        command = command.cwd(folder);
    }
    if let Some(user) = call.named().get("runas").and_then(Value::as_str) {
        command = command.user(user);
    }
    facts.host().ask(&command).map(Some)
}
