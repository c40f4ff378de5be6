//! Grains: what kind of host this is, by Salt's names. Read from files and the kernel only, so that no
//! program starts and no name is looked up.

mod hardware;
mod network;
mod release;

use std::path::Path;

use serde_json::{Value, json};

pub(super) use release::supported;

use super::Grains;
use crate::fault::Result;
use crate::host::{Host, PATH};

/// The release of Salt whose documented behaviour is followed; trees ask for it.
const SALT: &str = "3008.0";

pub(super) fn read(host: &dyn Host) -> Result<Grains> {
    let mut grains = Grains::new();
    release::add(host, &mut grains)?;
    hardware::add(host, &mut grains)?;
    network::add(host, &mut grains)?;
    process(host, &mut grains)?;
    grains.sort_keys();
    Ok(grains)
}

/// A small file's text without the white space around it; empty where there is none.
fn text(host: &dyn Host, path: &str) -> Result<String> {
    // A file that this account may not read is a grain less and no reason to stop.
    let bytes = host.read(Path::new(path)).ok().flatten().unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).trim_matches(['\0', '\n', ' ']).to_owned())
}

fn exists(host: &dyn Host, path: &str) -> Result<bool> {
    Ok(host.stat(Path::new(path))?.is_some())
}

/// `NAME=value` lines as shells read them, quotes taken off.
fn assignments(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| {
            let words = shell_words::split(value).unwrap_or_default();
            (name.trim().to_owned(), words.into_iter().next().unwrap_or_default())
        })
        .collect()
}

/// What concerns this process and its account.
fn process(host: &dyn Host, grains: &mut Grains) -> Result<()> {
    let own = host.stat(Path::new("/proc/self"))?;
    let (uid, gid) = own.map_or((0, 0), |stat| (stat.uid, stat.gid));
    let accounts = super::accounts::read(host, false)?;
    let user = accounts.user_by_id(uid).map(|user| user.name.as_str());
    let group = accounts.group_by_id(gid).map(|group| group.name.as_str());
    let locale = assignments(&text(host, "/etc/default/locale")?);
    let lang = locale.iter().find(|(name, _)| name == "LANG").map_or("C.UTF-8", |(_, value)| value);
    let (language, encoding) = lang.split_once('.').unwrap_or((lang, "UTF-8"));
    let systempath: Vec<&str> = PATH.split(':').collect();
    for (name, value) in [
        ("uid", json!(uid)),
        ("gid", json!(gid)),
        ("username", json!(user)),
        ("groupname", json!(group)),
        ("pid", json!(std::process::id())),
        ("cwd", json!("/")),
        ("path", json!(PATH)),
        ("systempath", json!(systempath)),
        ("shell", json!("/bin/sh")),
        ("ps", json!("ps -efHww")),
        ("saltversion", json!(SALT)),
        ("saltversioninfo", Value::Array(numbers(SALT))),
        (
            "locale_info",
            json!({
                "defaultlanguage": language,
                "defaultencoding": encoding,
                "detectedencoding": "utf-8",
                "timezone": timezone(host)?,
            }),
        ),
    ] {
        grains.insert(name.to_owned(), value);
    }
    Ok(())
}

/// `22.04` as `[22, 4]`.
fn numbers(version: &str) -> Vec<Value> {
    version.split('.').filter_map(|part| part.parse::<u64>().ok()).map(Value::from).collect()
}

fn timezone(host: &dyn Host) -> Result<String> {
    if let Some(target) = host.link(Path::new("/etc/localtime"))?
        && let Some((_, zone)) = target.to_string_lossy().rsplit_once("zoneinfo/")
    {
        return Ok(zone.to_owned());
    }
    let zone = text(host, "/etc/timezone")?;
    Ok(if zone.is_empty() { "UTC".to_owned() } else { zone })
}
