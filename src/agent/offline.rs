//! What can be known without a host: pillar and states for a host of which only the usual is assumed, or
//! what was recorded of it.

use std::sync::Arc;

use serde_json::Value;

use crate::deploy;
use crate::diagnostic::{Diagnostic, Excerpt, Problems};
use crate::facts::Grains;
use crate::functions::Surroundings;
use crate::library::ProjectLibrary;
use crate::pillar::Pillar;
use crate::plan::{Mask, is_weak};
use crate::project::Project;
use crate::site::{Scope as _, Site};

use super::{Files, refuse};

/// The grains of a small fresh Debian 12 host.
const USUAL: &str = include_str!("offline/debian-12.json");

/// A host that was not asked.
pub struct Offline {
    pub pillar: Pillar,
    pub(super) surroundings: Surroundings,
}

/// The pillar of a host by its ID, with everything that is wrong with it.
pub fn offline(project: &Project, environment: &str, id: &str) -> (Offline, Problems) {
    with_grains(project, environment, id, &Grains::new())
}

/// As [`offline`], with recorded grains put over the usual ones.
pub(super) fn with_grains(
    project: &Project,
    environment: &str,
    id: &str,
    recorded: &Grains,
) -> (Offline, Problems) {
    let surroundings = unknown(environment, Some(id), recorded);
    let (pillar, problems) = Files::project(project).pillar(&surroundings);
    let problems = hidden(&Mask::new(&pillar.secrets), problems);
    (Offline { pillar, surroundings }, problems)
}

/// What is assumed of a host that was not asked; its ID, if it is not given, is among its grains.
pub(super) fn unknown(environment: &str, id: Option<&str>, recorded: &Grains) -> Surroundings {
    let mut grains: Grains = serde_json::from_str(USUAL).unwrap_or_default();
    grains.extend(recorded.clone());
    let known = grains.get("id").and_then(Value::as_str).unwrap_or_default();
    let id = id.unwrap_or(known).to_owned();
    grains.insert("id".to_owned(), Value::from(id.as_str()));
    Surroundings {
        id,
        environment: environment.to_owned(),
        plan: true,
        grains: Arc::new(grains),
        ..Surroundings::default()
    }
}

/// Compiles everything for every host that the pillar names, or for the one of this ID; the number of states,
/// and all that is wrong, each problem once. Recorded grains are put over the usual ones.
pub fn check(
    project: &Project,
    environment: &str,
    id: Option<&str>,
    recorded: &Grains,
    lenient: bool,
) -> (usize, Problems) {
    let (first, mut problems) = with_grains(project, environment, id.unwrap_or(environment), recorded);
    // States would be wrong just because of these. What the rest of the pillar says can be looked at; what it lacks
    // may be in a file that could not be read.
    if problems.fatal() {
        let (_, found) = check_site(project, &first.pillar);
        problems.extend(found.into_iter().filter(|problem| problem.place.is_some()));
        return (0, problems);
    }
    problems.extend(project.check_secrets(environment, &first.pillar.data));
    problems.extend(project.exposed_secrets());
    problems.extend(weak(environment, &first.pillar));
    let (site, found) = check_site(project, &first.pillar);
    problems.extend(found);
    problems.extend(check_people(project, &first.pillar));
    let of_code = match project.states().base_reads("app") && !deploy::is_url(&site.repo) {
        true => project.check_code(&site, &site.roles()),
        false => Problems::default(),
    };
    let named: Vec<String> = site.hosts.all.into_iter().map(|host| host.name).collect();
    let mut count = 0;
    if id.is_some() || named.is_empty() {
        count = states(project, first, lenient, &mut problems);
    } else {
        for name in named {
            let (host, found) = with_grains(project, environment, &name, recorded);
            add(&mut problems, found);
            count += states(project, host, lenient, &mut problems);
        }
    }
    problems.extend(of_code);
    (count, problems)
}

/// Secrets that anybody would guess, and that reports cannot hide. No value is shown.
fn weak(environment: &str, pillar: &Pillar) -> Problems {
    let mut problems = Problems::default();
    let names = crate::pillar::names(&pillar.data, environment);
    let secrets = pillar.data.get("secrets").and_then(Value::as_object);
    for (name, value) in secrets.into_iter().flatten() {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
            other => other.to_string(),
        };
        let what = if names.contains(text.as_str()) {
            "is a name that stands in every report"
        } else if text.len() < 4 {
            "has less than four letters"
        } else if is_weak(&text) {
            "is a single word or number"
        } else {
            continue;
        };
        let file = format!("pillar/{environment}/secrets.sls");
        problems.push(Diagnostic::warning(format!("the secret `{name}` in `{file}` {what}")).help(
            "it is easily guessed, and not hidden everywhere: take a long random one, or move it to `env`",
        ));
    }
    problems
}

/// What the pillar says about the project, and what is wrong with it.
pub fn check_site(project: &Project, pillar: &Pillar) -> (Site, Problems) {
    let (site, found) = Site::read(&pillar.node(), &project.states());
    (site, hidden(&Mask::new(&pillar.secrets), found))
}

/// What is wrong with the project's name and the people of devs.sls.
pub fn check_people(project: &Project, pillar: &Pillar) -> Problems {
    let found = refuse::problems(&project.states(), pillar, None);
    hidden(&Mask::new(&pillar.secrets), found.unwrap_or_default())
}

/// Compiles the states of one host, and adds what is wrong with its pillar or with them. Returns how many there are.
fn states(project: &Project, host: Offline, lenient: bool, problems: &mut Problems) -> usize {
    let mask = Mask::new(&host.pillar.secrets);
    // Problems of the pillar were reported at their place; where states fail because of them is noise.
    let (_, site) = check_site(project, &host.pillar);
    let people = check_people(project, &host.pillar);
    let (of_site, of_people) = (site.fatal(), people.fatal());
    add(problems, site);
    add(problems, people);
    let library = ProjectLibrary::new(Files::project(project).states, host.pillar, host.surroundings);
    match library.compile(&[], &[], lenient) {
        Ok(compiled) => {
            let found = refuse::problems_of(&compiled, &project.states(), library.pillar_data(), None);
            add(problems, hidden(&mask, found.unwrap_or_default()));
            add(problems, hidden(&mask, compiled.warnings));
            compiled.states.len()
        }
        Err(mut found) => {
            let stumbles = |place: &Excerpt| {
                (of_people && place.file.starts_with("base:users/"))
                    || (of_site && place.file.starts_with("base:"))
            };
            found.0.retain(|problem| !problem.place.as_ref().is_some_and(stumbles));
            add(problems, hidden(&mask, found));
            0
        }
    }
}

/// Adds the problems that no other host has reported already.
fn add(problems: &mut Problems, found: Problems) {
    for problem in found {
        if !problems.0.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// What is shown here ends up in the logs of those who check at every push.
pub(super) fn hidden(mask: &Mask, mut problems: Problems) -> Problems {
    for problem in &mut problems.0 {
        problem.each_text(&mut |text| mask.hide_in(text));
    }
    problems
}
