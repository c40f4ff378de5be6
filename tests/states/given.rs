//! What a case gives: files, accounts, packages, units, answers to commands, put on a fake host.

use std::path::Path;

use provision::facts::{Key, full_name};
use provision::host::fake::{Answer, Fake, FakeKind, FakePath};
use provision::host::{Host, Output};
use provision::yaml::Node;

use crate::library::CaseLibrary;

type Done = Result<(), String>;

/// Refuses fields that a map may not have.
pub fn only(node: &Node, fields: &[&str]) -> Done {
    for (key, _) in node.map().unwrap_or_default() {
        let name = key.text().unwrap_or_default();
        if !fields.contains(&name) {
            return Err(format!("{}: `{name}` is none of {}", key.place, fields.join(", ")));
        }
    }
    Ok(())
}

/// Puts everything on the host and into the library.
pub fn lay(given: &Node, fake: &Fake, library: &mut CaseLibrary) -> Done {
    for (key, value) in given.map().ok_or("`given` and `after` are maps")? {
        match key.text().unwrap_or_default() {
            // Files last: their owners have to be there.
            "files" | "coming" => {}
            "passwd" => accounts(value, fake)?,
            "group" => lines(value, fake, "/etc/group")?,
            "shadow" => lines(value, fake, "/etc/shadow")?,
            "packages" => packages(value, fake)?,
            "units" => units(value, fake)?,
            "commands" => commands(value, fake)?,
            "programs" => {
                for name in value.list().unwrap_or_default() {
                    fake.program(name.text().unwrap_or_default());
                }
            }
            "downloads" => {
                for (url, content) in value.map().unwrap_or_default() {
                    fake.download(text(url), text(content));
                }
            }
            "systemd" => fake.take("/run/systemd/system"),
            "pillar" => library.pillar = value.to_json(),
            "grains" => library.grains = value.to_json(),
            "library" => {
                for (path, file) in value.map().unwrap_or_default() {
                    library.put(&text(path), file)?;
                }
            }
            other => return Err(format!("{}: nothing is called `{other}` here", key.place)),
        }
    }
    for (path, file) in given.get("files").and_then(Node::map).unwrap_or_default() {
        put(&text(path), file, fake)?;
    }
    Ok(())
}

/// `package nginx`, `user app`, `path /srv/app` …
pub fn coming(given: &Node) -> Result<Vec<Key>, String> {
    let items = given.get("coming").and_then(Node::list).unwrap_or_default();
    items
        .iter()
        .map(|item| {
            let text = text(item);
            let (kind, name) = text.split_once(' ').ok_or("`coming` holds lines such as `user app`")?;
            let name = name.to_owned();
            Ok(match kind {
                "path" => Key::Path(name.into()),
                "user" => Key::User(name),
                "group" => Key::Group(name),
                "package" => Key::Package(name),
                "unit" => Key::Unit(name),
                "role" => Key::Role(name),
                "database" => Key::Database(name),
                "environment" => Key::Environment(name.into()),
                _ => return Err(format!("`{kind}` cannot be coming")),
            })
        })
        .collect()
}

pub fn text(node: &Node) -> String {
    node.text().unwrap_or_default().to_owned()
}

fn field<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.get(name).and_then(Node::text)
}

fn number(node: &Node, name: &str) -> Result<Option<u32>, String> {
    field(node, name)
        .map(|text| text.parse().map_err(|_| format!("{}: `{name}` is a number", node.place)))
        .transpose()
}

pub fn mode(node: &Node) -> Result<Option<u32>, String> {
    field(node, "mode")
        .map(|text| u32::from_str_radix(text, 8).map_err(|_| format!("{}: a mode is octal", node.place)))
        .transpose()
}

/// `path: content`, `path/:` for a folder, or a map; nothing takes a file away.
fn put(path: &str, node: &Node, fake: &Fake) -> Done {
    let folder = path.len() > 1 && path.ends_with('/');
    let path = if folder { path.trim_end_matches('/') } else { path };
    if node.map().is_none() {
        if folder {
            fake.put(path, FakeKind::Directory);
        } else if node.is_null() {
            fake.take(path);
        } else {
            fake.put(path, FakeKind::File(text(node).into()));
        }
        return Ok(());
    }
    only(node, &["content", "base64", "mode", "user", "group", "kind", "link", "modified"])?;
    let kind = match (field(node, "link"), field(node, "kind")) {
        (Some(target), _) => FakeKind::Symlink(target.into()),
        (None, Some("directory")) => FakeKind::Directory,
        (None, Some("special")) => FakeKind::Special,
        (None, None | Some("file")) if !folder => match field(node, "base64") {
            Some(text) => {
                use base64ct::Encoding;
                FakeKind::File(base64ct::Base64::decode_vec(text).map_err(|error| error.to_string())?)
            }
            None => FakeKind::File(field(node, "content").unwrap_or_default().into()),
        },
        (None, None) => FakeKind::Directory,
        (None, Some(other)) => return Err(format!("{}: no kind of file is called `{other}`", node.place)),
    };
    let plain = FakePath::from(kind);
    let item = FakePath {
        mode: mode(node)?.unwrap_or(plain.mode),
        uid: id(fake, "/etc/passwd", field(node, "user"))?,
        gid: id(fake, "/etc/group", field(node, "group"))?,
        modified: field(node, "modified").and_then(|text| text.parse().ok()).unwrap_or(plain.modified),
        ..plain
    };
    fake.put(path, item);
    Ok(())
}

fn id(fake: &Fake, file: &str, name: Option<&str>) -> Result<u32, String> {
    let Some(name) = name else { return Ok(0) };
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    content(fake, file)
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.split(':').nth(1)?.parse().ok())
        .ok_or_else(|| format!("`{name}` is not in {file}"))
}

fn content(fake: &Fake, file: &str) -> String {
    String::from_utf8(fake.read(Path::new(file)).unwrap().unwrap_or_default()).unwrap()
}

/// Lines of an account file; one of the same name is replaced, a name alone takes the line away.
fn lines(node: &Node, fake: &Fake, file: &str) -> Done {
    for item in node.list().unwrap_or_default() {
        let line = text(item);
        let name = line.split(':').next().unwrap_or_default().to_owned();
        let mut kept: Vec<String> = content(fake, file)
            .lines()
            .filter(|other| other.split(':').next() != Some(&name))
            .map(str::to_owned)
            .collect();
        if line.contains(':') {
            kept.push(line);
        }
        let mode = fake.stat(Path::new(file)).unwrap().map_or(0o644, |stat| stat.mode);
        let bytes = format!("{}\n", kept.join("\n")).into_bytes();
        fake.put(file, FakePath { mode, ..FakeKind::File(bytes).into() });
    }
    Ok(())
}

/// Lines of passwd; each gets a line in shadow with a locked password.
fn accounts(node: &Node, fake: &Fake) -> Done {
    lines(node, fake, "/etc/passwd")?;
    let shadow = content(fake, "/etc/shadow");
    let mut added = shadow.clone();
    for item in node.list().unwrap_or_default() {
        let line = text(item);
        let name = line.split(':').next().unwrap_or_default();
        if !shadow.lines().any(|other| other.split(':').next() == Some(name)) {
            added.push_str(&format!("{name}:!:20000:0:99999:7:::\n"));
        }
    }
    fake.put("/etc/shadow", FakePath { mode: 0o640, ..FakeKind::File(added.into()).into() });
    Ok(())
}

/// `name: version`, or a map with `version`, `status`, `architecture`, `provides`.
fn packages(node: &Node, fake: &Fake) -> Done {
    let mut status = content(fake, "/var/lib/dpkg/status");
    for (name, package) in node.map().unwrap_or_default() {
        only(package, &["version", "status", "architecture", "provides"])?;
        let name = text(name);
        // A later word on a package replaces the earlier one.
        status = status
            .split_inclusive("\n\n")
            .filter(|block| !block.starts_with(&format!("Package: {name}\n")))
            .collect();
        if package.is_null() {
            continue;
        }
        let version = package.text().or_else(|| field(package, "version")).unwrap_or("1.0");
        status.push_str(&format!(
            "Package: {name}\nStatus: {}\nArchitecture: {}\nVersion: {version}\n",
            field(package, "status").unwrap_or("install ok installed"),
            field(package, "architecture").unwrap_or("amd64"),
        ));
        if let Some(provides) = field(package, "provides") {
            status.push_str(&format!("Provides: {provides}\n"));
        }
        status.push('\n');
    }
    fake.put("/var/lib/dpkg/status", FakeKind::File(status.into()));
    Ok(())
}

/// `nginx:` with `active`, `file` (its file's state), `load`, `reload`, `pid`, `stale`.
fn units(node: &Node, fake: &Fake) -> Done {
    for (name, unit) in node.map().unwrap_or_default() {
        only(unit, &["active", "file", "load", "reload", "pid", "stale", "names"])?;
        let name = full_name(&text(name));
        let yes = |key: &str, usual: &str| {
            field(unit, key).unwrap_or(usual).replace("true", "yes").replace("false", "no")
        };
        let value = |key: &str, usual: &str| field(unit, key).unwrap_or(usual).to_owned();
        let active = value("active", "active");
        let pid = if active == "active" { "100" } else { "0" };
        let properties = [
            ("Names", value("names", &name)),
            ("LoadState", value("load", "loaded")),
            ("UnitFileState", value("file", "enabled")),
            ("CanReload", yes("reload", "no")),
            ("MainPID", value("pid", pid)),
            ("NeedDaemonReload", yes("stale", "no")),
            ("ActiveState", active),
        ];
        fake.unit(name, properties.map(|(property, value)| (property.to_owned(), value)));
    }
    Ok(())
}

/// A list of maps: `argv` (a list, or a line split as a shell would), `stdin`, `user`, `code`, `stdout`, `stderr`.
fn commands(node: &Node, fake: &Fake) -> Done {
    for item in node.list().unwrap_or_default() {
        only(item, &["argv", "stdin", "user", "code", "stdout", "stderr"])?;
        let argv = item.get("argv").ok_or_else(|| format!("{}: a command has an `argv`", item.place))?;
        let argv = match argv.list() {
            Some(words) => words.iter().map(text).collect(),
            None => shell_words::split(&text(argv)).map_err(|error| error.to_string())?,
        };
        fake.answer(Answer {
            argv,
            stdin: field(item, "stdin").map(|text| text.as_bytes().to_vec()),
            user: field(item, "user").map(str::to_owned),
            output: Output {
                code: number(item, "code")?.unwrap_or(0).cast_signed(),
                stdout: field(item, "stdout").unwrap_or_default().into(),
                stderr: field(item, "stderr").unwrap_or_default().into(),
                pid: 100,
            },
        });
    }
    Ok(())
}
