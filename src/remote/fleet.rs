//! The hosts of one run, at the same time: connect and push to all, gather their facts, run on all.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};

use super::connection::{Connection, has_terminal};
use super::probe::Probe;
use super::push::Program;
use super::run::Session;
use super::turns::{self, Turns};
use super::{Password, Payload, Refusal, Target, interrupt, push};
use crate::event::Event;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::order::{Order, Task};

/// The line of a program's errors that says most: rsync and tar end with one that says nothing.
fn telling(output: &str) -> &str {
    let reasons = ["No space left", "Read-only file system", "Permission denied", "Disk quota exceeded"];
    if output.contains(": Wrote only ") {
        return "no space left on the host";
    }
    let told = output.lines().find(|line| reasons.iter().any(|reason| line.contains(reason)));
    told.or_else(|| output.lines().last()).unwrap_or("").trim()
}

/// What one host is sent.
#[derive(Clone, Default)]
pub struct Freight {
    pub payload: Payload,
    /// Over standard input only: pillar files by path.
    pub secrets: BTreeMap<String, String>,
    /// The code to deploy.
    pub archive: Option<PathBuf>,
}

/// What is chosen for each host.
pub type Freights<'a> = &'a (dyn Fn(&Target) -> Result<Freight, Fault> + Sync);

/// An event of a host, by its place in the list of targets.
pub type Told = (usize, Event);

/// So many hosts at once, where nothing else is asked for.
pub const AT_ONCE: usize = 16;

/// A host that can be given its order: the session, its secrets, and where the code to deploy is on it.
type Ready = (Session, BTreeMap<String, String>, Option<PathBuf>);

/// This program, read once for all hosts.
#[derive(Default)]
struct Own(OnceLock<Result<Arc<Program>, Fault>>);

impl Own {
    fn get(&self) -> Result<Arc<Program>, Fault> {
        self.0.get_or_init(|| Program::of(std::env::consts::ARCH).map(Arc::new)).clone()
    }
}

pub struct Fleet {
    pub project: String,
    pub targets: Vec<Target>,
    pub password: Option<Password>,
    /// At most so many hosts at the same time.
    pub at_once: usize,
    /// One host first, then so many at a time, and no more after a failure. `None`: all of them, each by itself.
    pub rolling: Option<usize>,
}

/// The order as one host gets it.
fn own_order(order: &Order, at: usize, ready: &Ready) -> Order {
    let (session, secrets, archive) = ready;
    let mut own = Order {
        id: session.target.name.clone(),
        ssh_port: session.probe.port,
        secrets: secrets.clone(),
        ..order.clone()
    };
    if let Task::Deploy(deploy) = &mut own.task {
        deploy.elsewhere = at > 0;
    }
    if let Some(archive) = archive {
        own.task.set_archive(archive.clone());
    }
    own
}

impl Fleet {
    /// Runs an order on all hosts; each gets it with its own ID, its own payload and the facts of all.
    /// Events arrive at `tell` in the order they happen. A host that cannot be used does not hold up others.
    pub fn run(
        &self,
        order: &Order,
        freights: Freights<'_>,
        tell: &mut dyn FnMut(usize, Event),
    ) -> Vec<Exit> {
        let (send, events) = channel::<Told>();
        let exits = Mutex::new(vec![Exit::Converged; self.targets.len()]);
        let own = Own::default();
        std::thread::scope(|scope| {
            // Read while ssh connects.
            scope.spawn(|| own.get());
            scope.spawn(|| {
                let send = send;
                let sessions = self.each(&self.targets, |at, target| {
                    let tell = |event: Event| {
                        let _gone = send.send((at, event));
                    };
                    self.session(target, freights, &own, order.task.is_free(), &tell)
                });
                let ends = self.work(order, &sessions, &send);
                if let Ok(mut exits) = exits.lock() {
                    *exits = ends;
                }
            });
            for (at, event) in events {
                tell(at, event);
            }
        });
        exits.into_inner().unwrap_or_default()
    }

    /// Has all hosts work, each in its turn. A host that cannot be reached ends a rolling task before it begins.
    fn work(&self, order: &Order, sessions: &[Result<Ready, Refusal>], send: &Sender<Told>) -> Vec<Exit> {
        let names = self.targets.iter().map(|target| target.name.clone()).collect();
        let turns = Turns::new(names, self.at_once, self.rolling);
        let aborted = |at: usize, refusal: Refusal| {
            let Refusal { message, help, exit } = refusal;
            let _gone = send.send((at, Event::Aborted { message, help, code: exit.code() }));
            exit
        };
        for (at, session) in sessions.iter().enumerate() {
            if let Err(refusal) = session {
                turns.refuse(at, aborted(at, refusal.clone()));
            }
        }
        let stopped = turns.stopped();
        let attended = sessions.len() > 1 && !matches!(&order.task, Task::Operate(_) | Task::Releases);
        let run = |at: usize, session: &Result<Ready, Refusal>| {
            let ready = match (session, &stopped) {
                (Err(refusal), _) => return refusal.exit,
                (Ok(_), Some(stopped)) => {
                    return aborted(at, Refusal::new(turns::left(stopped)).exit(Exit::Failed));
                }
                (Ok(ready), None) => ready,
            };
            turns.begin();
            let order = Order { attended, ..own_order(order, at, ready) };
            let exit = ready.0.run(&order, &|event| turns.answer(at, event), &mut |event| {
                if !matches!(event, Event::Facts { .. }) {
                    let _gone = send.send((at, event));
                }
            });
            turns.end(at, exit);
            exit
        };
        std::thread::scope(|scope| {
            let run = &run;
            let running: Vec<_> = sessions
                .iter()
                .enumerate()
                .map(|(at, session)| scope.spawn(move || run(at, session)))
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap_or(Exit::Failed)).collect()
        })
    }

    /// Does something for each, at most `at_once` at a time, and gives the answers in order.
    fn each<'a, T: Sync, R: Send>(&self, items: &'a [T], act: impl Fn(usize, &'a T) -> R + Sync) -> Vec<R> {
        let next = std::sync::atomic::AtomicUsize::new(0);
        let answers = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..items.len().min(self.at_once.max(1)) {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        let Some(item) = items.get(at) else { break };
                        let answer = act(at, item);
                        if let Ok(mut answers) = answers.lock() {
                            answers.push((at, answer));
                        }
                    }
                });
            }
        });
        let mut answers = answers.into_inner().unwrap_or_default();
        answers.sort_by_key(|(at, _)| *at);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    fn session(
        &self,
        target: &Target,
        freights: Freights<'_>,
        own: &Own,
        free: bool,
        tell: &dyn Fn(Event),
    ) -> Result<Ready, Refusal> {
        let wrong = |fault: Fault| Refusal { message: fault.message, help: fault.help, exit: Exit::Project };
        let broken = |fault: Fault| {
            let message = match &fault.output {
                Some(output) => format!("{}: {}", fault.message, telling(output)),
                None => fault.message,
            };
            if interrupt::interrupted() {
                return Refusal::interrupted(target, false);
            }
            Refusal { message, help: fault.help, exit: Exit::Unreachable }
        };
        let progress = |message: &str| tell(Event::Progress { message: message.to_owned() });
        let Freight { payload, secrets, archive } = freights(target).map_err(wrong)?;
        progress("connecting");
        let interactive = self.targets.len() == 1 && has_terminal();
        let connection = Connection::open(target, interactive)?;
        for message in connection.accepted_keys(target) {
            tell(Event::Note { message });
        }
        let password = self.password.as_ref();
        let mut program = own.get().map_err(wrong)?;
        let mut probe = Probe::ask(&connection, target, &self.project, &program.hash, password)?;
        if probe.machine != std::env::consts::ARCH {
            program = Program::of(&probe.machine).map(Arc::new).map_err(wrong)?;
            probe = Probe::ask(&connection, target, &self.project, &program.hash, password)?;
        }
        // Who only looks does it with the files that the run at work has.
        if !(free && probe.has_binary && probe.holder.is_some()) {
            probe.refuse_if_held()?;
            progress("sending files");
            push::push(&connection, &probe, &program, &payload).map_err(broken)?;
        }
        let archive = match archive {
            Some(archive) => Some(push::archive(&connection, &probe, &archive).map_err(broken)?),
            None => None,
        };
        progress("starting");
        let hash = program.hash.clone();
        let session =
            Session { target: target.clone(), connection, probe, hash, password: self.password.clone() };
        Ok((session, secrets, archive))
    }
}
