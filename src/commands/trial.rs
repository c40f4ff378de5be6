//! `provision sandbox test ENV`: the whole life of a site on a throw-away host.

use anyhow::{Result, bail};

use crate::cli::{DeployArguments, RunOptions, Trial};
use crate::deploy::Settings;
use crate::exit::Exit;
use crate::order::Task;
use crate::private;
use crate::sandbox::{self, Guard, Options, page};

use super::session::{Outgoing, Session};

pub fn run(trial: &Trial, say: &dyn Fn(&str)) -> Result<Exit> {
    let environment = &trial.environment;
    let mut options = RunOptions { user: Some("root".to_owned()), ..RunOptions::default() };
    // All that can be wrong without a host is told before one is booted.
    options.hosts = vec!["sandbox".to_owned()];
    if Session::prepare(environment, &options)?.is_none() {
        return Ok(Exit::Project);
    }
    let wanted = Options { suite: trial.suite.clone(), ..Options::default() };
    let guard = if trial.keep { None } else { Some(Guard::up(&wanted, say)?) };
    let host = match &guard {
        Some(guard) => (**guard).clone(),
        None => sandbox::up(&wanted, say)?,
    };
    let folder = private::folder()?;
    let config = folder.path().join("ssh_config");
    private::write(&config, host.ssh_config().as_bytes())?;
    options.hosts = vec![host.name.clone()];
    options.ssh_config = Some(config);
    let Some(session) = Session::prepare(environment, &options)? else { return Ok(Exit::Project) };
    let converge = || Outgoing::of(Task::Converge);

    say("first run");
    let first = session.run(converge());
    if first.exit != Exit::Converged {
        return Ok(first.exit);
    }
    say("second run: nothing may change");
    let second = session.run(converge());
    if second.exit != Exit::Converged {
        return Ok(second.exit);
    }
    if second.changed > 0 {
        bail!("the second run changed {} states", second.changed);
    }
    say("deploy");
    let exit = super::deploy::run_in(&session, &DeployArguments::default())?;
    if exit != Exit::Converged {
        return Ok(exit);
    }
    let settings = Settings::read(session.all_pillar())?;
    if let Some(domain) = &settings.domain {
        let (status, _) = page::fetch(host.address, domain, settings.https, &settings.deploy.health)?;
        if status != 200 {
            bail!("{domain}{} answers {status}", settings.deploy.health);
        }
        say(&format!("{domain}{} answers 200", settings.deploy.health));
    }
    if trial.keep {
        say(&format!(
            "look around: provision sandbox ssh {0}; destroy it: provision sandbox down {0}",
            host.name
        ));
    }
    Ok(Exit::Converged)
}
