//! Plans, actions and problems as a case file shows them.

use provision::diagnostic::Diagnostic;
use provision::fault::Fault;
use provision::host::{Action, Archive, Command, Extraction, Makes, Owner, Packages};
use provision::plan::Plan;

/// Longer contents are only counted.
const MOST_LINES: usize = 60;

pub fn plan(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for step in &plan.steps {
        let change = &step.change;
        lines.push(match (&change.from, &change.to) {
            (None, None) => change.what.clone(),
            (Some(from), Some(to)) => format!("{}: {from} → {to}", change.what),
            (None, Some(to)) => format!("{}: → {to}", change.what),
            (Some(from), None) => format!("{}: {from} →", change.what),
        });
        lines.extend(change.diff.iter().flat_map(|diff| diff.lines()).map(|line| format!("  {line}")));
        lines.extend(action(&step.action).lines().map(|line| format!("    {line}")));
        lines.extend(step.makes.iter().map(|makes| format!("    {}", made(makes))));
    }
    if plan.is_empty() {
        lines.push("nothing".to_owned());
    }
    lines.extend(plan.notes.iter().map(|note| format!("note: {note}")));
    visible(&lines)
}

/// What the host's list of what provision made gets.
fn made(makes: &Makes) -> String {
    match makes {
        Makes::User(name) => format!("makes user {name}"),
        Makes::Group(name) => format!("makes group {name}"),
        Makes::Role(name) => format!("makes role {name}"),
        Makes::Database(name) => format!("makes database {name}"),
    }
}

pub fn fault(fault: &Fault) -> String {
    let mut lines = vec![fault.message.clone()];
    lines.extend(fault.help.iter().map(|help| format!("help: {help}")));
    lines.extend(fault.output.iter().map(|output| format!("output: {output}")));
    visible(&lines)
}

pub fn problems(problems: &[Diagnostic]) -> String {
    let mut lines = Vec::new();
    for problem in problems {
        let at = problem
            .place
            .as_ref()
            .map(|place| format!(" (at `{}`)", pointed(&place.text, place.column, place.width)));
        lines.push(format!("{}{}", problem.message, at.unwrap_or_default()));
        lines.extend(problem.label.iter().map(|label| format!("  label: {label}")));
        lines.extend(problem.help.iter().map(|help| format!("  help: {help}")));
    }
    visible(&lines)
}

/// The stretch of a line that a problem points at.
fn pointed(line: &str, column: u32, width: u32) -> String {
    let skip = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    line.chars().skip(skip).take(usize::try_from(width).unwrap_or(1)).collect()
}

/// Control characters escaped, no white space at ends of lines: what a block of YAML can hold.
fn visible(lines: &[String]) -> String {
    let lines: Vec<String> = lines
        .iter()
        .flat_map(|line| line.split('\n'))
        .map(|line| {
            let shown = line.chars().fold(String::new(), |mut text, letter| {
                if letter.is_control() {
                    text.extend(letter.escape_default());
                } else {
                    text.push(letter);
                }
                text
            });
            shown.trim_end().to_owned()
        })
        .collect();
    lines.join("\n").trim_end().to_owned()
}

pub fn action(action: &Action) -> String {
    match action {
        Action::WriteFile { path, content, mode, owner, validate, backup, temporary } => {
            let mut line = format!("write {}{}", path.display(), attributes(*mode, owner));
            if let Some(argv) = validate {
                line.push_str(&format!(", validated by `{}`", shell_words::join(argv)));
            }
            if let Some(backup) = backup {
                line.push_str(&format!(", backup {}", backup.display()));
            }
            if let Some((folder, ending)) = temporary {
                line.push_str(&format!(", temporary {}/*{ending}", folder.display()));
            }
            format!("{line}\n{}", block(content))
        }
        Action::MakeDirectory { path, mode, owner } => {
            format!("make directory {}{}", path.display(), attributes(*mode, owner))
        }
        Action::SetMode { path, mode } => {
            format!("set {}{}", path.display(), attributes(Some(*mode), &Owner::default()))
        }
        Action::SetOwner { path, owner } => format!("set {}{}", path.display(), attributes(None, owner)),
        Action::Symlink { path, target, owner } => {
            format!("symlink {} → {}{}", path.display(), target.display(), attributes(None, owner))
        }
        Action::Hardlink { path, target } => format!("hardlink {} → {}", path.display(), target.display()),
        Action::Remove { path } => format!("remove {}", path.display()),
        Action::Rename { from, to } => format!("rename {} → {}", from.display(), to.display()),
        Action::Copy { from, to, owner, mode } => {
            format!("copy {} → {}{}", from.display(), to.display(), attributes(*mode, owner))
        }
        Action::Touch { path, accessed, modified } => {
            let time = |time: &Option<i64>| time.map_or("now".to_owned(), |time| time.to_string());
            format!("touch {}, accessed {}, modified {}", path.display(), time(accessed), time(modified))
        }
        Action::Download { url, hash, path, mode, owner } => {
            let hash = hash.as_ref().map(|hash| format!(", {} {}", hash.kind, hash.hex)).unwrap_or_default();
            format!("download {url} → {}{hash}{}", path.display(), attributes(*mode, owner))
        }
        Action::Extract(Extraction { archive, format, into, options, owner, one_top, record: _ }) => {
            let archive = match archive {
                Archive::Bytes(bytes) => format!("({} bytes)", bytes.len()),
                Archive::File(path) => path.display().to_string(),
                Archive::Url(url, None) => url.clone(),
                Archive::Url(url, Some(hash)) => format!("{url}, {} {}", hash.kind, hash.hex),
            };
            let options: String = options.iter().map(|option| format!(" {option}")).collect();
            let one_top = if *one_top { ", one folder at its top" } else { "" };
            let owner = attributes(None, owner);
            format!("extract {format:?}{options} {archive} → {}{owner}{one_top}", into.display())
        }
        Action::Run(command) => run(command),
        Action::Packages(request) => packages(request),
        Action::Nothing => "no action".to_owned(),
        Action::Fail(message) => format!("fail: {message}"),
    }
}

fn attributes(mode: Option<u32>, owner: &Owner) -> String {
    let mut text = mode.map(|mode| format!(", mode {mode:04o}")).unwrap_or_default();
    if let Some(user) = &owner.user {
        text.push_str(&format!(", user {user}"));
    }
    if let Some(group) = &owner.group {
        text.push_str(&format!(", group {group}"));
    }
    text
}

fn block(content: &[u8]) -> String {
    match std::str::from_utf8(content) {
        Ok(text) if text.lines().count() <= MOST_LINES => {
            let mut lines: Vec<String> = text.lines().map(|line| format!("| {line}")).collect();
            if !text.is_empty() && !text.ends_with('\n') {
                lines.push("(no newline at the end)".to_owned());
            }
            lines.join("\n")
        }
        _ => format!("({} bytes)", content.len()),
    }
}

fn run(command: &Command) -> String {
    let mut text = format!("run {}", command.line());
    let usual = Command::new(["x"]);
    for (label, value) in [
        ("user", command.user.clone()),
        ("group", command.group.clone()),
        ("cwd", command.cwd.as_ref().map(|path| path.display().to_string())),
        ("umask", command.umask.map(|umask| format!("{umask:04o}"))),
        ("timeout", (command.timeout != usual.timeout).then(|| format!("{:?}", command.timeout))),
        ("accept", (command.accept != usual.accept).then(|| format!("{:?}", command.accept))),
    ] {
        if let Some(value) = value {
            text.push_str(&format!(", {label} {value}"));
        }
    }
    for (flag, set) in [("secret", command.secret), ("detached", command.detached)] {
        if set {
            text.push_str(&format!(", {flag}"));
        }
    }
    for (name, value) in &command.env {
        text.push_str(&format!("\n  env {name}={value}"));
    }
    if let Some(stdin) = &command.stdin {
        text.push_str(&format!("\n  stdin\n{}", without_salt(&block(stdin))));
    }
    text
}

/// What Postgres stores of a password is salted, so it is another text every time.
fn without_salt(text: &str) -> String {
    match text.split_once("SCRAM-SHA-256$") {
        Some((before, after)) => {
            let rest = after.find('\'').map_or("", |end| &after[end..]);
            format!("{before}SCRAM-SHA-256$…{rest}")
        }
        None => text.to_owned(),
    }
}

fn packages(request: &Packages) -> String {
    let mut lines = vec!["packages".to_owned()];
    let install: Vec<String> = request
        .install
        .iter()
        .map(|package| match (&package.version, &package.file) {
            (_, Some(file)) => file.display().to_string(),
            (Some(version), None) => format!("{}={version}", package.name),
            (None, None) => package.name.clone(),
        })
        .collect();
    for (label, list) in [
        ("install", &install),
        ("remove", &request.remove),
        ("purge", &request.purge),
        ("hold", &request.hold),
        ("unhold", &request.unhold),
        ("debconf", &request.debconf),
    ] {
        if !list.is_empty() {
            lines.push(format!("  {label} {}", list.join(" ")));
        }
    }
    for (label, value) in [
        ("refresh lists older than", request.refresh.map(|seconds| format!("{seconds} s"))),
        ("upgrade", request.upgrade.map(|full| if full { "full" } else { "safe" }.to_owned())),
        ("recommends", request.recommends.map(|yes| yes.to_string())),
        ("release", request.release.clone()),
        ("only upgrade", request.only_upgrade.then(|| "true".to_owned())),
        ("reinstall", request.reinstall.then(|| "true".to_owned())),
        ("skip verify", request.skip_verify.then(|| "true".to_owned())),
    ] {
        if let Some(value) = value {
            lines.push(format!("  {label} {value}"));
        }
    }
    lines.join("\n")
}
