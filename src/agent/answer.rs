//! Everyday operation: one order, one answer.

use super::aborted;
use super::emitter::Emitter;
use crate::deploy::{self, Settings};
use crate::event::{Event, Summary};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::operate;
use crate::order::{Operation, Order};

/// What is known where an operation is asked for.
pub struct Answer<'a> {
    pub order: &'a Order,
    pub settings: &'a Settings,
    pub database: operate::Database,
    pub facts: &'a Facts,
}

impl Answer<'_> {
    /// Does it, and tells what came of it.
    pub fn give(&self, operation: &Operation, emitter: &mut Emitter<'_>) -> Exit {
        let Self { order, settings, database, facts } = self;
        let project = &order.project;
        let note = |message| Event::Note { message };
        let said = match operation {
            Operation::History { limit } => {
                deploy::history(project, *limit, facts).map(|deploys| Event::History { deploys })
            }
            Operation::Lock { reason } => operate::lock(&order.operator, reason, facts).map(note),
            Operation::Unlock { .. } => operate::unlock(facts).map(note),
            Operation::Maintenance { on, cron } => operate::maintenance(project, *on, *cron, facts).map(note),
            Operation::Cron { on } => operate::cron(*on, facts).map(note),
            Operation::Restore { archive } => database.restore(archive.as_deref(), facts).map(note),
            // The states are compiled for it, which is not done here.
            Operation::Secrets => return Exit::Converged,
            Operation::Upgrade => operate::upgrade(facts).map(|packages| Event::Upgraded { packages }),
            Operation::Reboot => operate::reboot(facts).map(|()| note("the host restarts".to_owned())),
            Operation::Undo => database.undo(facts).map(note),
            Operation::Media { archive } => {
                operate::media::restore(project, archive.as_deref(), facts).map(note)
            }
            Operation::UndoMedia => operate::media::undo(project, facts).map(note),
            Operation::Wheels => deploy::wheels(settings, facts)
                .map(|count| note(format!("{count} packages run here; their wheels are gathered"))),
            Operation::Control { verb, names } => {
                let renew = |program: &str| {
                    let web = deploy::is_web(settings, program);
                    if web {
                        deploy::renew_program(settings, program, facts).map(|()| true)
                    } else {
                        Ok(false)
                    }
                };
                match operate::control(project, *verb, names, &renew, facts) {
                    Ok(controlled) => {
                        let operate::Controlled { done, unknown } = controlled;
                        if !unknown.is_empty() {
                            emitter.event(Event::Unknown { names: unknown });
                        }
                        let nothing = names.is_empty().then(|| "nothing of the project runs here".to_owned());
                        let said = if done.is_empty() { nothing } else { Some(done.join(", ")) };
                        if let Some(message) = said {
                            emitter.event(Event::Note { message });
                        }
                        return ended(emitter);
                    }
                    Err(fault) => Err(fault),
                }
            }
            Operation::Status { names } => status(project, names, settings, facts),
            Operation::Logs { lines, follow, names } => {
                let mut tell = |source: &str, text: &str| {
                    emitter.event(Event::Line { source: source.to_owned(), text: text.to_owned() });
                };
                return match operate::logs(project, *lines, *follow, names, facts, &mut tell) {
                    Ok(true) => ended(emitter),
                    Ok(false) => {
                        emitter.event(Event::Unknown { names: names.clone() });
                        ended(emitter)
                    }
                    Err(fault) => failed(&fault, emitter),
                };
            }
            Operation::Exec { argv } => {
                let mut tell =
                    |text: &str| emitter.event(Event::Line { source: String::new(), text: text.to_owned() });
                return match operate::execute(project, argv, facts, &mut tell) {
                    Ok(0) => ended(emitter),
                    Ok(code) => failed(&Fault::new(format!("it ended with exit code {code}")), emitter),
                    Err(fault) => failed(&fault, emitter),
                };
            }
        };
        match said {
            Ok(event) => finished(event, emitter),
            Err(fault) => failed(&fault, emitter),
        }
    }
}

fn status(project: &str, names: &[String], settings: &Settings, facts: &Facts) -> Result<Event> {
    let release = deploy::kept(settings, facts)?.into_iter().find(|release| release.current);
    let health = match &release {
        Some(_) => deploy::health(settings, facts)?,
        None => deploy::of_balancer(settings, facts)?,
    };
    let site = operate::Site { release, health, draining: deploy::is_draining(settings, facts)? };
    operate::status(project, names, site, facts).map(|status| Event::Status { status })
}

/// The end of an order that has one answer.
pub fn finished(answer: Event, emitter: &mut Emitter<'_>) -> Exit {
    emitter.event(answer);
    ended(emitter)
}

fn ended(emitter: &mut Emitter<'_>) -> Exit {
    emitter.event(Event::Finished { summary: Summary::default() });
    Exit::Converged
}

pub fn failed(fault: &Fault, emitter: &mut Emitter<'_>) -> Exit {
    emitter.event(aborted(fault, Exit::Failed));
    Exit::Failed
}
