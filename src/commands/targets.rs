//! Which hosts a task is for and how they are reached: from the command line and the pillar.

use crate::cli::RunOptions;
use crate::fault::{Fault, Result};
use crate::remote::{Login, Target};
use crate::site::{self, HostEntry, Site};

/// The hosts of the command line, else those of the pillar. An address of the command line that the pillar
/// knows gets the name that it has there.
pub fn targets(known: &[HostEntry], options: &RunOptions, login: &Login) -> Result<Vec<Target>> {
    let entry = |host: &HostEntry| {
        let own = Login { user: host.user.clone(), port: host.port, ..Login::default() };
        let target = Target::parse(&host.address, &own).map_err(wrong)?;
        Ok(over(Target { name: host.name.clone(), ..target }, login))
    };
    if options.hosts.is_empty() {
        return known.iter().map(entry).collect();
    }
    let given = options.hosts.iter().map(|text| {
        let target = Target::parse(text, &Login::default()).map_err(wrong)?;
        let host = known.iter().find(|host| {
            host.name == target.address
                || Target::parse(&host.address, &Login::default())
                    .is_ok_and(|known| known.address == target.address)
        });
        let named = match host {
            Some(host) => over(entry(host)?, &target.login),
            None => target,
        };
        Ok(over(named, login))
    });
    given.collect()
}

/// The hosts that `--limit` names, by their names or roles; all where it names none.
pub fn limited(targets: Vec<Target>, limit: &[String], site: &Site) -> Result<Vec<Target>> {
    if limit.is_empty() || targets.is_empty() {
        return Ok(targets);
    }
    let known = &site.hosts.all;
    let meant = |word: &String, target: &Target| match word.strip_prefix("role:") {
        Some(role) => known.iter().any(|host| host.name == target.name && site.does(host, role)),
        None => *word == target.name || *word == target.address,
    };
    if let Some(word) = limit.iter().find(|word| !targets.iter().any(|target| meant(word, target))) {
        let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        if let Some(role) = word.strip_prefix("role:")
            && site::role(role).is_none()
            && !known.iter().any(|host| host.roles.iter().any(|own| own == role))
        {
            let problem = site::unknown_role(role);
            return Err(
                Fault::new(format!("--limit: {}", problem.message)).help(problem.help.unwrap_or_default())
            );
        }
        return Err(Fault::new(format!("--limit: `{word}` means none of the hosts"))
            .help(format!("there are {}, and roles as in role:web", names.join(", "))));
    }
    Ok(targets.into_iter().filter(|target| limit.iter().any(|word| meant(word, target))).collect())
}

/// The command line may name a host twice, by its address and by its name, and a second run would meet the lock
/// of the first.
pub fn once_each(targets: Vec<Target>) -> Vec<Target> {
    let mut seen = std::collections::BTreeSet::new();
    targets.into_iter().filter(|target| seen.insert((target.address.clone(), target.login.port))).collect()
}

/// What is wrong about the way in can be told before anybody is asked.
pub fn check_options(options: &RunOptions) -> Result<()> {
    if let Some(key) = &options.identity
        && !key.is_file()
    {
        return Err(Fault::new(format!("there is no private key `{}`", key.display()))
            .help("give the path of a private key with -i, or leave it out to use your agent's"));
    }
    if let Some(config) = &options.ssh_config
        && !config.is_file()
        && config.as_os_str() != "none"
    {
        return Err(Fault::new(format!("there is no ssh configuration `{}`", config.display()))
            .help("give its path with -F, or leave it out to use ~/.ssh/config"));
    }
    if options.user.as_ref().is_some_and(|user| user.is_empty() || user.starts_with('-')) {
        return Err(Fault::new("-u names no user").help("write the user that logs in, as in -u root"));
    }
    Ok(())
}

fn wrong(message: String) -> Fault {
    Fault::new(message)
}

/// The target with what is given put over what it had.
pub fn over(mut target: Target, login: &Login) -> Target {
    let own = target.login;
    target.login = Login {
        user: login.user.clone().or(own.user),
        port: login.port.or(own.port),
        identity: login.identity.clone().or(own.identity),
        config: login.config.clone().or(own.config),
        sudo: login.sudo.or(own.sudo),
    };
    target
}
