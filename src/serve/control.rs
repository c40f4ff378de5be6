//! The socket by which a new generation is asked for: one line there, one line back. It stays as it is from
//! version to version: what runs may be older than who asks.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::{Happening, PATIENCE};
use crate::fault::{Context as _, Fault, Result};

const QUESTION: &str = "renew";
const DONE: &str = "done";
const LONGEST: u64 = 4096;

/// What came of asking for a new generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    Done,
    /// Nothing runs that could be renewed.
    NotRunning,
}

const NAME: &str = "control";
const ENDING: &str = ".sock";

fn folder(project: &str) -> PathBuf {
    Path::new("/run").join(project)
}

/// Each port has its own; a program that is asked at a socket has no port.
fn path(project: &str, port: Option<u16>) -> PathBuf {
    let port = port.map(|port| format!("-{port}")).unwrap_or_default();
    folder(project).join(format!("{NAME}{port}{ENDING}"))
}

/// Takes questions from now on. Only the project's user and root may ask.
pub fn listen(project: &str, port: Option<u16>, send: Sender<Happening>) -> Result<()> {
    let path = path(project, port);
    let shown = path.display();
    let _not_there = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).context(format!("cannot listen at `{shown}`"))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .context(format!("cannot close `{shown}` to others"))?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _patience = stream.set_read_timeout(Some(Duration::from_secs(5)));
            if line(&stream).is_ok_and(|line| line == QUESTION)
                && send.send(Happening::Asked(stream)).is_err()
            {
                break;
            }
        }
    });
    Ok(())
}

/// Tells whoever asked; who has gone away need not know.
pub fn answer(stream: Option<UnixStream>, result: Result<(), &str>) {
    if let Some(mut stream) = stream {
        let _gone = writeln!(stream, "{}", result.err().unwrap_or(DONE));
    }
}

/// Asks for new processes of a project's web programs, one after another, or of that at a port, and waits until
/// they answer.
///
/// # Errors
/// They do not come to answer; what ran goes on running.
pub fn renew(project: &str, port: Option<u16>) -> Result<Renewed> {
    if port.is_some() {
        return renew_at(&path(project, port));
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder(project))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(NAME) && name.ends_with(ENDING)
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    let mut all = Renewed::NotRunning;
    for path in found {
        if renew_at(&path)? == Renewed::Done {
            all = Renewed::Done;
        }
    }
    Ok(all)
}

fn renew_at(path: &Path) -> Result<Renewed> {
    let Ok(mut stream) = UnixStream::connect(path) else { return Ok(Renewed::NotRunning) };
    // The other side gives up first.
    stream.set_read_timeout(Some(PATIENCE + Duration::from_secs(10))).context("cannot wait")?;
    writeln!(stream, "{QUESTION}").context(format!("cannot ask at `{}`", path.display()))?;
    match line(&stream).context(format!("no answer at `{}`", path.display()))?.as_str() {
        DONE => Ok(Renewed::Done),
        "" => Err(Fault::new("the program ended while it was asked")),
        why => Err(Fault::new(why).help("its log says more; what ran before goes on running")),
    }
}

fn line(stream: &UnixStream) -> std::io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST)).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
