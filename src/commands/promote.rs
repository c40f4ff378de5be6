//! `provision promote FROM TO`: exactly what runs in one environment goes to another.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::cli::PromoteCommand;
use crate::deploy::Settings;
use crate::event::{Event, Release};
use crate::exit::Exit;
use crate::fault::{Context as _, Fault, Result};
use crate::order::{Checkout, Code, DeployOrder, Promoted, Task};

use super::session::{APPLICATION, Outgoing, Session};

pub fn run(command: &PromoteCommand) -> Result<Exit> {
    let PromoteCommand { from, to, yes, pace, options } = command;
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
    }
    if !yes {
        confirm(&there, here.as_ref())?;
    }
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let archive = folder.path().join("code.tar.gz");
    let root = settings.root.join("releases").join(&there.name);
    let exit = source.download("web", &packed(&root, &settings), create(&archive)?)?;
    if exit != Exit::Converged {
        return Ok(exit);
    }
    let list = folder.path().join("packages");
    let folder_there = root.display().to_string();
    let freeze = ["env", "-C", &folder_there, ".venv/bin/python", "-m", "pip", "freeze", "--local"];
    let exit = source.download("web", &freeze.map(str::to_owned), create(&list)?)?;
    if exit != Exit::Converged {
        return Ok(exit);
    }
    let packages = std::fs::read_to_string(&list).context("cannot read the list of packages")?;
    // What came from a folder or an address is named by the requirements themselves.
    let packages =
        packages.lines().filter(|line| line.contains("==")).flat_map(|line| [line, "\n"]).collect();
    let checkout = Checkout { archive: PathBuf::new(), commit: there.commit.clone(), dirty: false };
    let deploy = DeployOrder {
        code: Code::Checkout(checkout),
        elsewhere: false,
        promoted: Some(Promoted { environment: from.clone(), packages }),
        lock: None,
        unlock: false,
    };
    let (archive, pace) = (Some(archive), Some(pace.clone()));
    Ok(target.run(Outgoing { archive, pace, roles: APPLICATION, ..Outgoing::of(Task::Deploy(deploy)) }).exit)
}

/// The current release of the first host that answers for the site, and all that it keeps.
fn current(session: &Session) -> Result<std::result::Result<(Option<Release>, Vec<Release>), Exit>> {
    let (exit, events) = session.ask(Task::Releases, &["web"]);
    let kept = events.into_iter().find_map(|event| match event {
        Event::Releases { releases } => Some(releases),
        _ => None,
    });
    match kept {
        Some(kept) => Ok(Ok((kept.iter().find(|release| release.current).cloned(), kept))),
        None if exit == Exit::Converged => Err(Fault::new("the host does not say what it runs")),
        None => Ok(Err(exit)),
    }
}

/// The releases that will be removed, the oldest first.
fn surplus(kept: &[Release], settings: &Settings) -> Vec<String> {
    let count = (kept.len() + 1).saturating_sub(settings.deploy.keep.max(1));
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

/// Packs what a release was made of, without what each host makes itself.
fn packed(root: &Path, settings: &Settings) -> Vec<String> {
    let mut argv = ["tar", "-c", "-z", "-C"].map(str::to_owned).to_vec();
    argv.push(root.display().to_string());
    for name in [".venv", ".complete", ".code", ".packages", "REVISION"] {
        argv.push(format!("--exclude=./{name}"));
    }
    argv.extend(settings.deploy.shared.iter().map(|name| format!("--exclude=./{name}")));
    argv.extend(["--exclude=__pycache__", "."].map(str::to_owned));
    argv
}

fn create(path: &Path) -> Result<std::fs::File> {
    std::fs::File::create_new(path).context(format!("cannot write `{}`", path.display()))
}
