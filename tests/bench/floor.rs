//! The floor under a run with nothing to change: a program that makes the same system calls and renders the
//! same template as a workload needs, and has no language, no plans and no events. It shows what the
//! machine takes; it must not become clever.
//!
//! `floor WORKLOAD TREE TARGET [guards|write]`: `guards` runs the guards' shells too; `write` puts the files
//! in place where they are not.

mod workload;

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, context};
use workload::Workload;

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, tree, target, more @ ..] = arguments.as_slice() else {
        return Err("floor WORKLOAD TREE TARGET [guards|write]".into());
    };
    let workload = Workload::find(name)?;
    let target = Path::new(target);
    let more = more.first().map(String::as_str);
    if !workload.packages.is_empty() {
        packages(workload)?;
        accounts(workload)?;
    }
    if workload.files > 0 {
        files(workload, Path::new(tree), target, more == Some("write"))?;
    }
    for number in 0..workload.directories {
        let meta = fs::symlink_metadata(target.join(format!("folder-{number}")))?;
        same(meta.is_dir() && meta.mode() & 0o7777 == 0o750 && meta.uid() == 0, "a folder")?;
    }
    for number in 0..workload.links {
        let link = fs::read_link(target.join(format!("link-{number}")))?;
        same(link.as_os_str() == format!("service-{number}.conf").as_str(), "a link")?;
    }
    if more == Some("guards") {
        for number in 0..workload.guards {
            let line = format!("test -e {}/guarded-{number}", target.display());
            same(Command::new("/bin/sh").args(["-c", &line]).output()?.status.success(), "a guard")?;
        }
    }
    writeln!(std::io::stdout(), "{} states", workload.states())?;
    Ok(())
}

fn same(holds: bool, what: &str) -> Done {
    if holds { Ok(()) } else { Err(format!("{what} is not as it should be: apply the tree first").into()) }
}

fn files(workload: &Workload, tree: &Path, target: &Path, write: bool) -> Done {
    let template = fs::read_to_string(tree.join("states/bench/file.conf"))?;
    let pillar: serde_json::Value =
        serde_yaml::from_str(&fs::read_to_string(tree.join("pillar/bench.sls"))?)?;
    let pillar = minijinja::Value::from(Serde(pillar));
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).build()?);
    environment.add_template("file.conf", &template)?;
    let template = environment.get_template("file.conf")?;
    if write {
        fs::create_dir_all(target)?;
    }
    let mut written = Vec::new();
    for index in 0..workload.files {
        let path = target.join(format!("service-{index}.conf"));
        let text = template.render(context! { pillar => pillar.clone(), index => index })?;
        if write {
            let temporary = target.join(format!(".service-{index}.conf.new"));
            fs::write(&temporary, text)?;
            written.push((temporary, path));
            continue;
        }
        let meta = fs::symlink_metadata(&path)?;
        let right = meta.is_file() && meta.mode() & 0o7777 == 0o644 && meta.uid() == 0 && meta.gid() == 0;
        same(right && meta.len() == text.len() as u64 && fs::read(&path)? == text.as_bytes(), "a file")?;
    }
    if write {
        // All of them are flushed at once, before any takes its place.
        nix::unistd::syncfs(File::open(target)?)?;
    }
    for (temporary, path) in written {
        fs::rename(temporary, path)?;
    }
    Ok(())
}

fn packages(workload: &Workload) -> Done {
    let status = fs::read_to_string("/var/lib/dpkg/status")?;
    let mut installed = HashMap::new();
    let mut name = "";
    let mut there = false;
    for line in status.lines() {
        if let Some(value) = line.strip_prefix("Package: ") {
            name = value;
        } else if let Some(value) = line.strip_prefix("Status: ") {
            there = value.ends_with(" ok installed");
        } else if let Some(value) = line.strip_prefix("Version: ")
            && there
        {
            installed.insert(name, value);
        }
    }
    same(workload.packages.iter().all(|package| installed.contains_key(package)), "a package")
}

fn accounts(workload: &Workload) -> Done {
    let passwd = fs::read_to_string("/etc/passwd")?;
    let users: HashMap<&str, Vec<&str>> = passwd.lines().filter_map(fields).collect();
    let group = fs::read_to_string("/etc/group")?;
    let groups: HashMap<&str, Vec<&str>> = group.lines().filter_map(fields).collect();
    let shadow = fs::read_to_string("/etc/shadow")?;
    let shadows: HashMap<&str, Vec<&str>> = shadow.lines().filter_map(fields).collect();
    for number in 0..workload.groups {
        let gid = (4200 + number).to_string();
        let entry = groups.get(format!("bench-group-{number}").as_str());
        same(entry.and_then(|entry| entry.get(1)) == Some(&gid.as_str()), "a group")?;
    }
    for number in 0..workload.users {
        let name = format!("bench-user-{number}");
        let entry = users.get(name.as_str()).ok_or("a user is missing")?;
        let members =
            groups.get(format!("bench-group-{}", number % 2).as_str()).and_then(|entry| entry.last());
        let member = members.is_some_and(|members| members.split(',').any(|member| member == name));
        same(entry.last() == Some(&"/bin/bash") && member && shadows.contains_key(name.as_str()), "a user")?;
        let home = entry.get(4).ok_or("a home is missing")?;
        let keys = fs::read_to_string(Path::new(home).join(".ssh/authorized_keys"))?;
        let keys: HashSet<&str> = keys.lines().filter_map(|line| line.split(' ').nth(1)).collect();
        let right = (0..2).all(|key| keys.contains(workload::key(number, key).as_str()));
        same(right, "a key")?;
    }
    Ok(())
}

/// A line's name and its other fields.
fn fields(line: &str) -> Option<(&str, Vec<&str>)> {
    let mut parts = line.split(':');
    Some((parts.next()?, parts.collect()))
}
