//! Looks at what the host has besides files and accounts: programs, services, packages, mounts, settings of
//! the kernel; and reads files, also those of the state tree. Where there is no host, nothing is there.

use std::cmp::Ordering;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::Row;
use super::call::Call;
use super::host::facts;
use crate::facts::{Facts, compare_versions};
use crate::fault::Result;
use crate::host::PATH;

pub const FUNCTIONS: &[Row] = &[
    ("cmd.has_exec", |call| Ok(json!(which(call)?.is_some()))),
    ("cmd.which", |call| Ok(json!(which(call)?))),
    ("cp.get_file_str", tree_file),
    ("cp.list_master", tree_files),
    ("environ.get", environment),
    ("file.contains", contains),
    ("file.get_mode", mode),
    ("file.read", read),
    ("file.readdir", names),
    ("file.readlink", link),
    ("mount.is_mounted", mounted),
    ("pkg.list_pkgs", packages),
    ("pkg.version_cmp", compared),
    ("service.available", |call| Ok(json!(unit(call)?.is_some_and(|unit| unit.load == "loaded")))),
    ("service.enabled", |call| Ok(json!(unit(call)?.is_some_and(|unit| unit.file_state == "enabled")))),
    ("service.missing", |call| Ok(json!(unit(call)?.is_none_or(|unit| unit.load == "not-found")))),
    ("service.status", |call| Ok(json!(unit(call)?.is_some_and(|unit| unit.active == "active")))),
    ("sysctl.get", setting),
    ("timezone.get_zone", zone),
    ("user.list_groups", groups),
    ("user.list_users", users),
];

fn which(call: &Call<'_>) -> Result<Option<String>> {
    let name = call.text(0, "cmd")?;
    let path = facts(call).map(|facts| facts.host().which(&name)).transpose()?.flatten();
    Ok(path.map(|path| path.display().to_string()))
}

fn text(call: &Call<'_>, path: &str) -> Result<Option<String>> {
    let bytes = facts(call).map(|facts| facts.host().read(Path::new(path))).transpose()?.flatten();
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// The text of a file; an error where there is none, as in Salt.
fn read(call: &Call<'_>) -> Result<Value> {
    let path = call.text(0, "path")?;
    match text(call, &path)? {
        Some(text) => Ok(json!(text)),
        None if facts(call).is_none() => Ok(json!("")),
        None => Err(call.fault(format!("there is no file `{path}`")).help("ask file.file_exists first")),
    }
}

/// The names in a folder, behind `.` and `..`; an error where there is none, as in Salt.
fn names(call: &Call<'_>) -> Result<Value> {
    let path = call.text(0, "path")?;
    let found = facts(call).map(|facts| facts.host().list(Path::new(&path))).transpose()?.flatten();
    if found.is_none() && facts(call).is_some() {
        return Err(call
            .fault(format!("there is no folder `{path}`"))
            .help("ask file.directory_exists first"));
    }
    let own = [".", ".."].map(str::to_owned).into_iter();
    Ok(json!(own.chain(found.unwrap_or_default()).collect::<Vec<_>>()))
}

fn contains(call: &Call<'_>) -> Result<Value> {
    let (path, wanted) = (call.text(0, "path")?, call.text(1, "text")?);
    Ok(json!(text(call, &path)?.is_some_and(|text| text.contains(wanted.trim()))))
}

fn link(call: &Call<'_>) -> Result<Value> {
    let path = call.text(0, "path")?;
    let target = facts(call).map(|facts| facts.host().link(Path::new(&path))).transpose()?.flatten();
    Ok(json!(target.map(|target| target.display().to_string()).unwrap_or_default()))
}

fn mode(call: &Call<'_>) -> Result<Value> {
    let path = call.text(0, "path")?;
    let stat = facts(call).map(|facts| facts.host().stat(Path::new(&path))).transpose()?.flatten();
    Ok(json!(stat.map(|stat| format!("{:04o}", stat.mode)).unwrap_or_default()))
}

/// What commands see of the environment; the operator's own does not reach the host.
fn environment(call: &Call<'_>) -> Result<Value> {
    let key = call.text(0, "key")?;
    let otherwise = call.text_or(1, "default", "")?;
    Ok(json!(match key.as_str() {
        "PATH" => PATH,
        "HOME" => "/root",
        "USER" | "LOGNAME" => "root",
        "LANG" | "LC_ALL" => "C.UTF-8",
        _ => otherwise.as_str(),
    }))
}

fn mounted(call: &Call<'_>) -> Result<Value> {
    let name = call.text(0, "name")?;
    let mounts = text(call, "/proc/self/mounts")?.unwrap_or_default();
    Ok(json!(mounts.lines().filter_map(|line| line.split(' ').nth(1)).any(|path| path == name)))
}

/// Installed packages with their versions.
fn packages(call: &Call<'_>) -> Result<Value> {
    let _: &Map<String, Value> = call.named();
    let Some(facts) = facts(call) else { return Ok(json!({})) };
    let table = facts.packages()?;
    let installed = table.packages.iter().filter(|(_, package)| package.installed);
    Ok(Value::Object(installed.map(|(name, package)| (name.clone(), json!(package.version))).collect()))
}

/// -1, 0 or 1, as dpkg orders versions.
fn compared(call: &Call<'_>) -> Result<Value> {
    let _: &Map<String, Value> = call.named();
    Ok(json!(match compare_versions(&call.text(0, "pkg1")?, &call.text(1, "pkg2")?) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}

fn unit(call: &Call<'_>) -> Result<Option<crate::facts::Unit>> {
    let name = call.text(0, "name")?;
    let _: &Map<String, Value> = call.named();
    Ok(facts(call).map(|facts| facts.unit(&name)).transpose()?.flatten())
}

fn setting(call: &Call<'_>) -> Result<Value> {
    let name = call.text(0, "name")?;
    let path = format!("/proc/sys/{}", name.replace('.', "/"));
    Ok(json!(text(call, &path)?.unwrap_or_default().trim_end()))
}

fn zone(call: &Call<'_>) -> Result<Value> {
    let path = Path::new("/etc/localtime");
    let target = facts(call).map(|facts| facts.host().link(path)).transpose()?.flatten();
    let target = target.map(|target| target.display().to_string()).unwrap_or_default();
    Ok(json!(target.split_once("zoneinfo/").map_or("UTC", |(_, zone)| zone)))
}

fn groups(call: &Call<'_>) -> Result<Value> {
    let name = call.text(0, "name")?;
    let Some(facts) = facts(call) else { return Ok(json!([])) };
    let Some(user) = facts.user(&name)? else { return Ok(json!([])) };
    let accounts = facts.accounts()?;
    let mut names: Vec<String> =
        accounts.groups_of(&name).into_iter().map(|group| group.name.clone()).collect();
    names.push(facts.group_name(user.gid)?);
    names.sort_unstable();
    names.dedup();
    Ok(json!(names))
}

fn users(call: &Call<'_>) -> Result<Value> {
    let accounts = facts(call).map(Facts::accounts).transpose()?;
    Ok(json!(accounts.iter().flat_map(|accounts| accounts.users.keys()).collect::<Vec<_>>()))
}

/// The text of a file of the state tree; false where there is none.
fn tree_file(call: &Call<'_>) -> Result<Value> {
    let path = call.text(0, "path")?;
    let path = path.strip_prefix("salt://").unwrap_or(&path);
    let _: &Map<String, Value> = call.named();
    let file = call.catalog.files.as_ref().map(|files| files.read(path)).transpose()?.flatten();
    Ok(file.map_or_else(|| json!(false), |file| json!(String::from_utf8_lossy(&file.bytes))))
}

/// The files of the state tree under a prefix.
fn tree_files(call: &Call<'_>) -> Result<Value> {
    call.given(0, "saltenv");
    let prefix = call.text_or(1, "prefix", "")?;
    let files = call.catalog.files.as_ref().map(|files| files.files("")).transpose()?.flatten();
    Ok(json!(
        files.unwrap_or_default().into_iter().filter(|path| path.starts_with(&prefix)).collect::<Vec<_>>()
    ))
}
