//! The host's half of a run, or a whole local one: facts, pillar, compile, converge or deploy, events.
//! Must not know ssh or terminals.

mod answer;
mod emitter;
mod files;
mod inspect;
mod offline;
mod old_secrets;
mod ours;
mod own_facts;
mod owning;
mod refuse;
mod secrets;

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use crate::compile::Compiled;
use crate::converge::Converge;
use crate::deploy;
use crate::diagnostic::Diagnostic;
use crate::event::{Event, PROTOCOL};
use crate::exit::Exit;
use crate::facts::Facts;
use crate::fault::Fault;
use crate::host::home::{Home, install_program};
use crate::host::{Host, Local, Overlay, Pending};
use crate::library::ProjectLibrary;
use crate::operate;
use crate::order::{Operation, Order, Task, Word};
use crate::owner::{Manners, Standing};
use crate::plan::Mask;

use self::emitter::Emitter;
use self::old_secrets::Marked;

pub use files::Files;
pub use inspect::Inspection;
pub use offline::{Offline, check, check_people, check_site, offline};

/// The next word for an attended order; `None` if the operator's side has gone.
pub type Listen<'a> = &'a mut dyn FnMut() -> Option<Word>;

/// Carries out an order on this machine. The last event is `Finished` or `Aborted`, or the last `Problem`.
pub fn run(order: &Order, files: &Files, listen: Listen<'_>, tell: &mut dyn FnMut(Event)) -> Exit {
    match carry_out(order, files, listen, tell) {
        Ok(exit) => exit,
        Err((fault, exit)) => {
            tell(aborted(&fault, exit));
            exit
        }
    }
}

/// A run that cannot go on.
pub fn aborted(fault: &Fault, exit: Exit) -> Event {
    let message = match &fault.output {
        Some(output) => format!("{}: {}", fault.message, output.trim_end()),
        None => fault.message.clone(),
    };
    Event::Aborted { message, help: fault.help.clone(), code: exit.code() }
}

fn carry_out(
    order: &Order,
    files: &Files,
    listen: Listen<'_>,
    tell: &mut dyn FnMut(Event),
) -> Result<Exit, (Fault, Exit)> {
    let wrong = |fault: Fault| (fault, Exit::Project);
    let broken = |fault: Fault| (fault, Exit::Failed);
    if order.protocol != PROTOCOL {
        return Err(wrong(Fault::new("the two sides are different versions of provision")));
    }
    let of_a_project = !order.project.is_empty();
    let real: Arc<dyn Host> = Arc::new(if of_a_project { Local::keeping_list() } else { Local::new() });
    let host: Arc<dyn Host> = if order.plan { Arc::new(Overlay::new(real)) } else { real };
    let facts = Arc::new(Facts::new(host));
    facts.supported().map_err(wrong)?;
    if of_a_project && users::get_effective_uid() != 0 {
        return Err(wrong(Fault::new("only root may do this").help("run it with sudo")));
    }
    let mut surroundings = files::surroundings(order, &files.states, &facts).map_err(wrong)?;
    if order.attended {
        tell(Event::Facts { grains: surroundings.grains.as_ref().clone() });
        match listen() {
            Some(Word::Facts(facts)) => surroundings.know(facts),
            _ => {
                let message = "the connection was cut before anything was begun";
                return Err((Fault::new(message), Exit::Unreachable));
            }
        }
    }
    let mut log = None;
    let mut _held = None;
    let mut standing = Standing::Ours;
    if of_a_project && !order.plan && !order.task.is_free() {
        let home = Home::open(&order.project).map_err(broken)?;
        let since = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC");
        match home.lock(&format!("{} since {since}", order.operator)).map_err(broken)? {
            Ok(lock) => _held = Some(lock),
            Err(holder) => {
                let fault = Fault::new(format!("another run holds this host's lock: {holder}"));
                return Err((fault.help("wait for it to end, then run again"), Exit::Locked));
            }
        }
        if !matches!(order.task, Task::Operate(Operation::Unlock { force: true })) {
            operate::held(&order.operator, &facts).map_err(|fault| (fault, Exit::Locked))?;
        }
        // The operator's side has asked before; now nobody else can come between.
        standing = owning::standing(order, &facts).map_err(wrong)?;
        install_program().map_err(broken)?;
        log = Some(home.log().map_err(broken)?);
    } else if of_a_project {
        standing = owning::standing(order, &facts).map_err(wrong)?;
    }
    let (pillar, problems) = files.pillar(&surroundings);
    let mut mask = Mask::new(&pillar.secrets);
    let mut marked = Marked::default();
    if of_a_project {
        marked = Marked::read(&order.project, &facts).map_err(broken)?;
        mask.learn(marked.values(&order.project, &pillar.data, &facts).map_err(broken)?);
    }
    let mut emitter = Emitter::new(mask, marked, log, tell);
    let looks = order.task.manners(order.plan) == Manners::Looks && standing != Standing::Nobodys;
    if let Some(sentence) = standing.sentence(&order.claim()).filter(|_| looks) {
        emitter.event(Event::Problem { problem: Diagnostic::warning(sentence) });
    }
    if emitter.problems(problems) {
        return Ok(Exit::Project);
    }
    let compares = matches!(order.task, Task::Operate(Operation::Secrets));
    if !matches!(order.task, Task::Converge) && !compares {
        let settings = match deploy::Settings::read(&pillar.data) {
            Ok(settings) => settings,
            Err(fault) => {
                emitter.event(aborted(&fault, Exit::Project));
                return Ok(Exit::Project);
            }
        };
        return Ok(match &order.task {
            Task::Operate(operation) => {
                let database = operate::Database::read(&order.project, &pillar.data);
                let answer = answer::Answer { order, settings: &settings, database, facts: &facts };
                answer.give(operation, &mut emitter)
            }
            _ => ship(order, &settings, &facts, listen, &mut emitter),
        });
    }
    let guard = refuse::Guard { order, states: &files.states, facts: &facts };
    let guard = (of_a_project && !compares).then_some(guard);
    let mut list = None;
    if let Some(guard) = &guard {
        match guard.before(&pillar, &mut emitter) {
            Ok(kept) => {
                surroundings.made = kept.made();
                list = Some(kept);
            }
            Err(exit) => return Ok(exit),
        }
    }
    let library = ProjectLibrary::new(files.states.clone(), pillar, surroundings);
    match library.compile(&order.sls, &order.only, order.lenient) {
        Ok(mut compiled) => {
            emitter.problems(std::mem::take(&mut compiled.warnings));
            if let (Some(guard), Some(list)) = (&guard, list)
                && let Err(exit) = guard.compiled(&compiled, library.pillar_data(), list, &mut emitter)
            {
                return Ok(exit);
            }
            if compares {
                return Ok(match secrets::compare(&order.project, &compiled, &facts) {
                    Ok((event, exit)) => {
                        answer::finished(event, &mut emitter);
                        exit
                    }
                    Err(fault) => answer::failed(&fault, &mut emitter),
                });
            }
            let acts = of_a_project && !order.plan;
            if acts {
                owning::take(order, &facts).map_err(broken)?;
                // Before the files: a run that is killed must not leave secrets that nobody knows to be some.
                emitter
                    .marked()
                    .remember(&order.project, &library.pillar_data().data, false, &facts)
                    .map_err(broken)?;
            }
            let exit = converge(order, &compiled, &facts, &library, &mut emitter);
            if acts {
                let settled = exit == Exit::Converged && order.sls.is_empty() && order.only.is_empty();
                emitter
                    .marked()
                    .remember(&order.project, &library.pillar_data().data, settled, &facts)
                    .map_err(broken)?;
            }
            Ok(exit)
        }
        Err(problems) => {
            emitter.problems(problems);
            Ok(Exit::Project)
        }
    }
}

/// Whatever is about releases.
fn ship(
    order: &Order,
    settings: &deploy::Settings,
    facts: &Facts,
    listen: Listen<'_>,
    emitter: &mut Emitter<'_>,
) -> Exit {
    let deploys = deploy::Deploys { settings, facts, operator: &order.operator };
    let listen = RefCell::new(listen);
    let turn = || match (listen.borrow_mut())() {
        Some(Word::Go) => Ok(()),
        Some(Word::Leave(why)) => Err(Fault::new(why)),
        _ => Err(Fault::new("left as it was, since the connection was cut")),
    };
    let turn: Option<deploy::Turn<'_>> = if order.attended { Some(&turn) } else { None };
    match &order.task {
        Task::Deploy(wanted) => {
            let scrubs = wanted.new_data.as_ref().map_or(0, Vec::len);
            emitter.event(started(order, settings.stages() + scrubs));
            deploys.deploy(wanted, turn, &mut |event| emitter.event(event))
        }
        Task::Rollback { release } => {
            emitter.event(started(order, settings.stages_back()));
            deploys.rollback(release.as_deref(), turn, &mut |event| emitter.event(event))
        }
        Task::Releases => match deploy::kept(settings, facts) {
            Ok(releases) => answer::finished(Event::Releases { releases }, emitter),
            Err(fault) => answer::failed(&fault, emitter),
        },
        Task::Converge | Task::Operate(_) => Exit::Converged,
    }
}

fn converge(
    order: &Order,
    compiled: &Compiled,
    facts: &Facts,
    library: &ProjectLibrary,
    emitter: &mut Emitter<'_>,
) -> Exit {
    emitter.event(started(order, compiled.states.len()));
    let pending =
        (!order.project.is_empty()).then(|| Mutex::new(Pending::read(Home::pending(&order.project))));
    let run = Converge { compiled, facts, library, plan: order.plan, pending };
    let summary = run.run(&mut |event| emitter.event(event));
    if !order.project.is_empty()
        && !order.plan
        && summary.changed + summary.failed > 0
        && let Err(fault) = ours::update(facts)
    {
        return answer::failed(&fault, emitter);
    }
    let exit = if summary.failed > 0 {
        Exit::Failed
    } else if summary.would_change > 0 {
        Exit::WouldChange
    } else {
        Exit::Converged
    };
    emitter.event(Event::Finished { summary });
    exit
}

fn started(order: &Order, states: usize) -> Event {
    Event::Started {
        protocol: PROTOCOL,
        environment: order.environment.clone(),
        id: order.id.clone(),
        plan: order.plan,
        states,
    }
}
