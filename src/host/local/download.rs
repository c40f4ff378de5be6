//! Fetches URLs through a program of the host (which also keeps name look-ups out of this process) and
//! puts them in place only if their hash is right.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use super::place::Place;
use super::write::{New, apply_metadata, persist, temporary};
use super::{Local, at, program};
use crate::fault::{Fault, Result};
use crate::host::digest::digest;
use crate::host::{Command, Hash, Host, Owner};

pub(super) fn download(
    host: &Local,
    url: &str,
    hash: Option<&Hash>,
    path: &Path,
    mode: Option<u32>,
    owner: &Owner,
) -> Result<()> {
    let shown = without_password(url);
    if url.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return Err(Fault::new(format!("`{shown}`: a URL without white space was expected")));
    }
    if !["http://", "https://", "ftp://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(Fault::new(format!("`{shown}`: only http, https and ftp URLs are fetched")));
    }
    let place = Place::of(path)?;
    let mut file = temporary(&place)?;
    // Into a folder of ours first: the program would follow what others put in the place of its file.
    let folder = private_folder().map_err(at(path))?;
    let fetched = folder.path().join("fetched");
    fetch(host, url, &shown, &fetched)?;
    if let Some(hash) = hash {
        let found = digest(&hash.kind, File::open(&fetched).map_err(at(path))?)?;
        if found != hash.hex {
            return Err(Fault::new(format!("`{shown}`: its {} is {found}, not {}", hash.kind, hash.hex))
                .help("nothing was written; check `source_hash`, or whether somebody changed the file"));
        }
    }
    let mut fetched = File::open(&fetched).map_err(at(path))?;
    std::io::copy(&mut fetched, &mut file).map_err(at(path))?;
    apply_metadata(host, &New { path, mode, owner }, &place, &file)?;
    persist(file, &place)
}

/// A folder that only root sees into, where large things have room.
pub(super) fn private_folder() -> std::io::Result<tempfile::TempDir> {
    let private = std::fs::Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix(".provision-").permissions(private).tempdir_in("/var/tmp")
}

/// Tries the programs that are there, best first; what the first one said is the error.
fn fetch(host: &Local, url: &str, shown: &str, to: &Path) -> Result<()> {
    let to = to.to_string_lossy().into_owned();
    let limit = Duration::from_secs(1800);
    let mut first: Option<Fault> = None;
    let mut commands = Vec::new();
    // A URL may hold a password: it goes over standard input, not into the list of processes.
    if host.which("curl")?.is_some() {
        let config = format!("url = \"{}\"\n", url.replace('\\', "\\\\").replace('"', "\\\""));
        let argv = [
            "curl",
            "--fail",
            "--silent",
            "--show-error",
            "--location",
            "--globoff",
            "--connect-timeout",
            "30",
            "--retry",
            "2",
            "--proto",
            "=http,https,ftp",
            "--output",
            &to,
            "--config",
            "-",
        ];
        commands.push(Command::new(argv).stdin(config).timeout(limit));
    }
    if host.which("wget")?.is_some() {
        let document = format!("--output-document={to}");
        let argv = ["wget", "--no-verbose", "--timeout=30", "--tries=3", &document, "--input-file=-"];
        commands.push(Command::new(argv).stdin(format!("{url}\n")).timeout(limit));
    }
    let apt = "/usr/lib/apt/apt-helper";
    if host.stat(Path::new(apt))?.is_some() && shown == url {
        commands
            .push(Command::new([apt, "-o", "Acquire::Retries=3", "download-file", url, &to]).timeout(limit));
    }
    for command in commands {
        let output = program::run(host, &command)?;
        if output.success() {
            return Ok(());
        }
        first.get_or_insert_with(|| {
            let lines = program::last_lines(&output).replace(url, shown);
            Fault::new(format!("`{shown}`: could not be fetched")).output(lines)
        });
    }
    Err(first.unwrap_or_else(|| {
        Fault::new(format!("`{shown}`: no program to fetch it with"))
            .help("install the package `curl` before")
    }))
}

/// A URL as people may see it.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (place, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
    match place.rsplit_once('@') {
        Some((_, server)) => format!("{scheme}://{server}{path}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_not_shown() {
        for (url, shown) in [
            ("https://u:p@example.com/a@b", "https://example.com/a@b"),
            ("https://example.com/a@b", "https://example.com/a@b"),
            ("http://u:p@host", "http://host"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn odd_urls_are_refused_before_a_program_sees_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for url in ["file:///etc/shadow", "http://a/\nurl = \"file:///etc/shadow\"", "-o"] {
            assert!(download(&Local::new(), url, None, &path, None, &Owner::default()).is_err(), "{url}");
        }
        assert!(!path.exists());
    }
}
