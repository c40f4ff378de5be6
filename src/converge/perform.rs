//! Performs plans through the host's door, and merges the package requests of several states.

use crate::facts::Facts;
use crate::fault::Result;
use crate::host::{Action, Host, Output, Packages, Performed};
use crate::plan::{Plan, Step};

/// Performs a plan's steps in order and gives what its commands wrote. Package requests of one plan go to
/// the package manager together, where the first of them stands.
pub fn perform(plan: &Plan, facts: &Facts) -> Result<Vec<Output>> {
    let mut outputs = Vec::new();
    let mut packages = merged(std::iter::once(plan));
    let mut files_only = true;
    let result = (|| {
        for step in &plan.steps {
            let performed = match &step.action {
                Action::Nothing => continue,
                Action::Packages(_) => match packages.take() {
                    Some(all) => {
                        files_only = false;
                        facts.host().perform(&Action::Packages(all))?
                    }
                    None => continue,
                },
                action => {
                    files_only &= only_files(action);
                    act(step, action, facts.host())?
                }
            };
            outputs.extend(performed.output);
        }
        Ok(outputs)
    })();
    if !files_only {
        facts.forget();
    }
    result
}

/// Performs a step's action; what it makes is noted before it is there, and what came of it after.
fn act(step: &Step, action: &Action, host: &dyn Host) -> Result<Performed> {
    let Some(makes) = &step.makes else { return host.perform(action) };
    host.note_making(makes)?;
    let performed = host.perform(action);
    host.note_made(makes, performed.is_ok())?;
    performed
}

/// Whether every action of the plan is a request to install packages, so that it may be merged with others.
pub fn only_installs(plan: &Plan) -> bool {
    !plan.is_empty()
        && plan.steps.iter().all(|step| match &step.action {
            Action::Packages(packages) => {
                packages.remove.is_empty()
                    && packages.purge.is_empty()
                    && packages.upgrade.is_none()
                    && packages.release.is_none()
                    && !packages.only_upgrade
                    && !packages.reinstall
                    && !packages.skip_verify
            }
            Action::Nothing => true,
            _ => false,
        })
}

/// What the plan's packages want of recommended packages: only those that want the same share a transaction.
pub fn recommends(plan: &Plan) -> Option<bool> {
    plan.steps.iter().find_map(|step| match &step.action {
        Action::Packages(packages) => packages.recommends,
        _ => None,
    })
}

/// One request out of those of several plans; `None` where there is none.
pub fn merged<'a>(plans: impl Iterator<Item = &'a Plan>) -> Option<Packages> {
    let mut all: Option<Packages> = None;
    for step in plans.flat_map(|plan| &plan.steps) {
        if let Action::Packages(packages) = &step.action {
            match &mut all {
                None => all = Some(packages.clone()),
                Some(all) => merge(all, packages),
            }
        }
    }
    all
}

fn merge(all: &mut Packages, more: &Packages) {
    fn add<T: PartialEq + Clone>(list: &mut Vec<T>, more: &[T]) {
        for item in more {
            if !list.contains(item) {
                list.push(item.clone());
            }
        }
    }
    all.refresh = match (all.refresh, more.refresh) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    add(&mut all.install, &more.install);
    add(&mut all.remove, &more.remove);
    add(&mut all.purge, &more.purge);
    add(&mut all.hold, &more.hold);
    add(&mut all.unhold, &more.unhold);
    add(&mut all.debconf, &more.debconf);
    all.upgrade = all.upgrade.or(more.upgrade);
    all.recommends = all.recommends.or(more.recommends);
    all.only_upgrade |= more.only_upgrade;
    all.reinstall |= more.reinstall;
    all.skip_verify |= more.skip_verify;
    if all.release.is_none() {
        all.release.clone_from(&more.release);
    }
}

/// Whether an action can change files only, so that snapshots of accounts, packages and units stay right.
fn only_files(action: &Action) -> bool {
    if matches!(action, Action::Nothing | Action::Fail(_)) {
        return true;
    }
    // An archive or a command may bring anything.
    let Some(path) = action.path() else { return false };
    const WATCHED: [&str; 7] = [
        "/etc/passwd",
        "/etc/group",
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/systemd",
        "/lib/systemd",
        "/usr/lib/systemd",
    ];
    !WATCHED.iter().any(|watched| path.starts_with(watched))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::PackageRequest;
    use crate::plan::Change;

    fn request(name: &str, refresh: Option<u64>) -> Plan {
        let install = vec![PackageRequest { name: name.to_owned(), version: None, file: None }];
        let mut plan = Plan::default();
        plan.push(
            Change::new(format!("package {name}")),
            Action::Packages(Packages { install, refresh, ..Packages::default() }),
        );
        plan
    }

    #[test]
    fn packages_of_several_states_become_one_request() {
        let plans = [request("nginx", Some(3600)), request("memcached", Some(0)), request("nginx", None)];
        let all = merged(plans.iter()).unwrap();
        let names: Vec<&str> = all.install.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["nginx", "memcached"]);
        assert_eq!(all.refresh, Some(0));
        assert!(plans.iter().all(only_installs));
        assert!(merged([Plan::default()].iter()).is_none());
    }

    #[test]
    fn what_packages_recommend_is_part_of_a_request() {
        let mut plan = request("nginx", None);
        assert_eq!(recommends(&plan), None);
        if let Some(Action::Packages(packages)) = plan.steps.first_mut().map(|step| &mut step.action) {
            packages.recommends = Some(false);
        }
        assert_eq!(recommends(&plan), Some(false));
    }
}
