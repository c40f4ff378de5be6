//! Templates that were written to do harm: each ends in an error with its place, in a small stack and with little
//! memory. A template stands in one line, where `‹COUNT PART›` is the part so many times; what is told of it stands
//! in the next. With UPDATE=1 these are written anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// In kilobytes: the stack of a thread, and all addresses of the program.
const STACK: usize = 2048;
const ADDRESSES: usize = 1_500_000;

/// The text that a line stands for.
fn unfolded(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('‹') {
        let (part, after) = after.split_once('›').unwrap();
        let (count, part) = part.split_once(' ').unwrap();
        out += before;
        out += &part.repeat(count.parse().unwrap());
        rest = after;
    }
    out + rest
}

/// What is told of a template: its second line is the one that does harm.
fn told(folder: &Path, template: &str) -> String {
    fs::write(folder.join("case.txt"), format!("first line\n{template}\n")).unwrap();
    fs::write(folder.join("big.txt"), "text ".repeat(20_000)).unwrap();
    fs::write(folder.join("self.txt"), "{% include 'self.txt' %}").unwrap();
    let program = env!("CARGO_BIN_EXE_provision");
    let limits = format!("ulimit -c 0; ulimit -s {STACK}; ulimit -v {ADDRESSES}; exec \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limits, "sh", program, "render", "case.txt", "--file-root"])
        .arg(folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let mut lines = errors.lines();
    let message = lines.next().unwrap_or_default();
    let place = lines.next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let line = place.split(':').take(2).collect::<Vec<_>>().join(":");
    format!("{line}: {message} ({})", output.status.code().unwrap_or(-1))
}

#[test]
fn no_template_crashes_the_program_or_takes_the_memory() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/templates.txt");
    let text = fs::read_to_string(&file).unwrap();
    let mut cases: Vec<(&str, &str)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("    "), cases.last_mut()) {
            (Some(expected), Some(last)) => last.1 = expected,
            _ => cases.push((line, "")),
        }
    }
    let next = AtomicUsize::new(0);
    let found = Mutex::new(vec![String::new(); cases.len()]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let folder = tempfile::tempdir().unwrap();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((template, _)) = cases.get(at) else { return };
                    let told = told(folder.path(), &unfolded(template));
                    found.lock().unwrap().splice(at..=at, [told]);
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    if std::env::var_os("UPDATE").is_some() {
        let lines = cases.iter().zip(&found).map(|((template, _), told)| format!("{template}\n    {told}\n"));
        fs::write(&file, lines.collect::<String>()).unwrap();
        return;
    }
    let mut wrong = String::new();
    for ((template, expected), told) in cases.iter().zip(&found) {
        if told != expected || !told.ends_with("(2)") {
            wrong += &format!("{template}\n    {told}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(cases.len() > 90, "the cases were found");
}
