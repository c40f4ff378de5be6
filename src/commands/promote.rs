//! `provision promote FROM TO`: exactly what runs in one environment goes to another.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::cli::PromoteCommand;
use crate::deploy::Settings;
use crate::event::{Event, Release};
use crate::exit::Exit;
use crate::fault::{Context as _, Fault, Result};
use crate::order::{Checkout, Code, DeployOrder, Operation, Task};
use crate::private;

use super::data::Data;
use super::database::PRODUCTION;
use super::session::{APPLICATION, Outgoing, Session};

pub fn run(command: &PromoteCommand) -> Result<Exit> {
    let PromoteCommand { from, to, data_from, fresh, i_know, pace, options } = command;
    if from == to {
        return Err(Fault::new(format!("`{from}` cannot be promoted to itself")));
    }
    if options.local || !options.hosts.is_empty() {
        return Err(
            Fault::new("both environments' hosts are those of their pillar").help("leave --local and -H out")
        );
    }
    let (Some(source), Some(target)) = (Session::prepare(from, options)?, Session::prepare(to, options)?)
    else {
        return Ok(Exit::Project);
    };
    let takes_only = |session: &Session| session.site().promote_only;
    if !i_know && (from == PRODUCTION || (takes_only(&source) && !takes_only(&target))) {
        return Err(Fault::new(format!("`{from}` takes what runs elsewhere: promoting from it goes the wrong way"))
            .help(format!(
                "you may mean: provision promote {to} {from}; to put what `{from}` runs on `{to}` all the same, add --i-know"
            )));
    }
    let data_source = match data_from {
        Some(name) if name == to => {
            return Err(Fault::new(format!("`{to}` has its own data already")).help("leave --data-from out"));
        }
        Some(name) => match Session::prepare(name, options)? {
            Some(session) => Some(session),
            None => return Ok(Exit::Project),
        },
        None => None,
    };
    let there = match current(&source)? {
        Ok((Some(release), _)) => release,
        Ok((None, _)) => {
            return Err(Fault::new(format!("nothing is deployed in `{from}`"))
                .help(format!("deploy there first: provision {from} deploy")));
        }
        Err(exit) => return Ok(exit),
    };
    let (here, kept) = match current(&target)? {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    let settings = Settings::read(target.all_pillar())?;
    if !options.json {
        explain(&source, &there, &target, here.as_ref(), &surplus(&kept, &settings));
        explain_data(to, data_from.as_deref(), *fresh);
    }
    if !options.yes {
        confirm(&there, here.as_ref())?;
    }
    let folder = private::folder()?;
    let archive = folder.path().join("code.tar.gz");
    let root = settings.root.join("releases").join(&there.name);
    source.say(&format!("fetching the release and its packages from {from}"));
    let gathered = source.ask(Task::Operate(Operation::Wheels), &["web"]).0;
    if gathered != Exit::Converged {
        return Ok(gathered);
    }
    let exit = source.download("web", &packed(&root, &settings), private::create(&archive)?)?;
    if exit != Exit::Converged {
        return Ok(exit);
    }
    let data = match (&data_source, fresh) {
        (Some(session), _) => {
            session.say(&format!("fetching the data of {}", session.environment()));
            match Data::fetch(session, folder.path())? {
                Ok(data) => Some(data),
                Err(exit) => return Ok(exit),
            }
        }
        (None, true) => Some(Data::default()),
        (None, false) => None,
    };
    let checkout = Checkout { archive: PathBuf::new(), commit: there.commit.clone(), dirty: false };
    let deploy = DeployOrder {
        code: Code::Checkout(checkout),
        elsewhere: false,
        promoted: Some(from.clone()),
        new_data: data.as_ref().map(|_| super::database::scrub(&target)),
    };
    let (archive, pace) = (Some(archive), Some(pace.clone()));
    let deploy = || {
        let task = Task::Deploy(deploy);
        target.run(Outgoing { archive, pace, roles: APPLICATION, ..Outgoing::of(task) }).exit
    };
    match data {
        Some(data) => data.bring(&target, here.is_some(), deploy),
        None => Ok(deploy()),
    }
}

/// The current release of the first host that answers for the site, and all that it keeps.
fn current(session: &Session) -> Result<std::result::Result<(Option<Release>, Vec<Release>), Exit>> {
    let (exit, events) = session.ask(Task::Releases, &["web"]);
    let kept = events.into_iter().find_map(|event| match event {
        Event::Releases { releases } => Some(releases),
        _ => None,
    });
    match kept {
        Some(kept) if !kept.iter().all(is_plausible) => Err(Fault::new(format!(
            "a host of `{}` names releases that no deploy makes",
            session.environment()
        ))
        .help("look what stands in the folder of its releases")),
        Some(kept) => Ok(Ok((kept.iter().find(|release| release.current).cloned(), kept))),
        None if exit == Exit::Converged => Err(Fault::new("the host does not say what it runs")),
        None => Ok(Err(exit)),
    }
}

/// Whether a release is one that a host can have. Its words become parts of paths, of questions to the operator, and
/// of orders to other hosts.
fn is_plausible(release: &Release) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let Release { name, commit, .. } = release;
    let says = |commit: &String| commit.len() <= 200 && !commit.contains(char::is_control);
    (1..=64).contains(&name.len())
        && !name.starts_with(['-', '.'])
        && name.chars().all(fits)
        && commit.as_ref().is_none_or(says)
}

/// The releases that will be removed, the oldest first.
fn surplus(kept: &[Release], settings: &Settings) -> Vec<String> {
    let count = (kept.len() + 1).saturating_sub(settings.deploy.keep());
    kept.iter().filter(|release| !release.current).take(count).map(|release| release.name.clone()).collect()
}

fn explain(source: &Session, there: &Release, target: &Session, here: Option<&Release>, surplus: &[String]) {
    let shown = |release: &Release| {
        format!("{} ({})", release.name, release.commit.as_deref().unwrap_or("no commit"))
    };
    super::say(&format!("{} runs {}", source.environment(), shown(there)));
    super::say(&match here {
        Some(here) => format!("{} runs {}: it stays for a rollback", target.environment(), shown(here)),
        None => format!("{} runs nothing yet", target.environment()),
    });
    if !surplus.is_empty() {
        super::say(&format!("{} removes {}", target.environment(), surplus.join(", ")));
    }
}

fn explain_data(to: &str, data_from: Option<&str>, fresh: bool) {
    let kept = format!("what is there is kept: provision {to} db undo --media");
    if let Some(from) = data_from {
        super::say(&format!("{to} gets the database and the media of {from}; {kept}"));
    } else if fresh {
        super::say(&format!("{to} begins with an empty database and no media; {kept}"));
    }
}

/// Has a person type both names, so that nothing is promoted by mistake.
fn confirm(there: &Release, here: Option<&Release>) -> Result<()> {
    let wanted = here.map_or_else(|| there.name.clone(), |here| format!("{} {}", there.name, here.name));
    if !std::io::stdin().is_terminal() {
        return Err(Fault::new("promoting asks for the names of both releases, and there is no terminal")
            .help("add --yes where a script promotes"));
    }
    let mut out = anstream::stderr();
    write!(out, "type `{wanted}` to go on: ").and_then(|()| out.flush()).context("cannot ask")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    if answer.split_whitespace().eq(wanted.split_whitespace()) {
        return Ok(());
    }
    Err(Fault::new("that is something else: nothing was changed"))
}

/// Packs what a release was made of, without what each host makes itself, and its packages.
fn packed(root: &Path, settings: &Settings) -> Vec<String> {
    let mut argv = as_project(&settings.project);
    argv.extend(["tar", "-c", "-z", "-C"].map(str::to_owned));
    argv.push(root.display().to_string());
    for name in [".venv", ".complete", ".code", ".packages", ".wheels", "REVISION"] {
        argv.push(format!("--exclude=./{name}"));
    }
    argv.extend(settings.deploy.shared.iter().map(|name| format!("--exclude=./{name}")));
    argv.extend(["--exclude=__pycache__", "."].map(str::to_owned));
    argv.extend(["-C".to_owned(), root.join(".venv").display().to_string()]);
    argv.extend([".wheels", ".packages"].map(str::to_owned));
    argv
}

/// The beginning of a command of the application's user: root does not read by path what that user can change.
pub fn as_project(project: &str) -> Vec<String> {
    let words = ["setpriv", "--reuid", project, "--regid", project, "--init-groups", "--"];
    words.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_names_releases_and_no_paths() {
        for (name, commit, fits) in [
            ("20261121T103000Z", Some("0123abc"), true),
            ("20261121T103000Z-2", Some("not under version control"), true),
            ("20261121T103000Z", None, true),
            ("", None, false),
            ("/etc", None, false),
            ("..", None, false),
            ("-C", None, false),
            ("a b", None, false),
            ("a\u{1b}[2J", None, false),
            ("a", Some("x\nweb1 runs y"), false),
        ] {
            let release = Release { name: name.to_owned(), commit: commit.map(str::to_owned), current: true };
            assert_eq!(is_plausible(&release), fits, "{name:?} {commit:?}");
        }
    }
}
