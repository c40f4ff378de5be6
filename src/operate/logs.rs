//! The logs of a project's programs and of the services that it stands on.

use std::path::{Path, PathBuf};

use crate::facts::Facts;
use crate::fault::Result;
use crate::host::{Command, streams};

use super::meant;

/// Shows the last lines of logs, each with its log's name; with `follow` all that come, until nobody listens.
/// False: there is no log of these names here.
pub fn logs(
    project: &str,
    lines: usize,
    follow: bool,
    names: &[String],
    facts: &Facts,
    tell: &mut dyn FnMut(&str, &str),
) -> Result<bool> {
    let files = files(project, names, facts)?;
    if files.is_empty() {
        return Ok(false);
    }
    // The application's user may put a symlink in the place of its logs: it is that user who reads them.
    let own = folder(project);
    let (own, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.starts_with(&own));
    let mut commands = Vec::new();
    for (files, user) in [(own, Some(project)), (others, None)] {
        if files.is_empty() {
            continue;
        }
        let mut command = Command::new(["tail".to_owned(), "-v".to_owned(), format!("-n{lines}")]);
        command.argv.extend(follow.then(|| "-F".to_owned()));
        command.argv.push("--".to_owned());
        command.argv.extend(files.iter().map(|path| path.display().to_string()));
        command.user = user.map(str::to_owned);
        commands.push(command);
    }
    let mut readers = [Headers::default(), Headers::default()];
    streams(&commands, &mut |at, line| {
        if let Some(reader) = readers.get_mut(at) {
            for line in reader.take(line) {
                tell(&reader.source, &line);
            }
        }
    })?;
    Ok(true)
}

/// Where the application writes its logs.
fn folder(project: &str) -> PathBuf {
    Path::new("/var/www").join(project).join("shared/log")
}

/// Files that one of the names means: by the file's name, or by the folder of a service.
fn files(project: &str, names: &[String], facts: &Facts) -> Result<Vec<PathBuf>> {
    let own = folder(project);
    let mut found = Vec::new();
    for (folder, of_project) in [
        (own.as_path(), true),
        (Path::new("/var/log/supervisor"), false),
        (Path::new("/var/log/nginx"), false),
        (Path::new("/var/log/postgresql"), false),
        (Path::new("/var/log/redis"), false),
        (Path::new("/var/log/rabbitmq"), false),
    ] {
        let service = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        for name in facts.host().list(folder)?.unwrap_or_default() {
            let Some(stem) = name.strip_suffix(".log") else { continue };
            let ours = of_project || stem.starts_with(&format!("{project}-"));
            let web = ours && stem == "gunicorn" && names.iter().any(|name| name == "web");
            let wanted = if names.is_empty() {
                ours || name == "error.log"
            } else {
                web || meant(project, stem, names) || (!ours && names.contains(&service))
            };
            if wanted {
                found.push(folder.join(name));
            }
        }
    }
    Ok(found)
}

/// Takes tail's headers out of what it writes, with the empty line before each.
#[derive(Default)]
struct Headers {
    source: String,
    empty: usize,
}

impl Headers {
    fn take(&mut self, line: &str) -> Vec<String> {
        if line.is_empty() {
            self.empty += 1;
            return Vec::new();
        }
        if let Some(path) = line.strip_prefix("==> ").and_then(|rest| rest.strip_suffix(" <==")) {
            self.empty = 0;
            let stem = Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let stem = stem.unwrap_or_default();
            let service = path.strip_prefix("/var/log/").and_then(|rest| rest.split_once('/'));
            self.source = match service {
                Some((service, _)) if service != "supervisor" => format!("{service} {stem}"),
                _ => stem,
            };
            return Vec::new();
        }
        let mut lines = vec![String::new(); std::mem::take(&mut self.empty)];
        lines.push(line.to_owned());
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_what_follows() {
        let mut headers = Headers::default();
        let mut told = Vec::new();
        for line in [
            "==> /var/log/nginx/error.log <==",
            "one",
            "",
            "two",
            "",
            "==> /var/www/a/shared/log/web.log <==",
            "three",
        ] {
            for line in headers.take(line) {
                told.push(format!("{}: {line}", headers.source));
            }
        }
        assert_eq!(told, ["nginx error: one", "nginx error: ", "nginx error: two", "web: three"]);
    }
}
