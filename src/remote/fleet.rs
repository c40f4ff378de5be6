//! The hosts of one run, at the same time: connect and push to all, gather their facts, run on all.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use super::connection::{Connection, has_terminal};
use super::leavings::{self, Leavings};
use super::probe::Probe;
use super::push::Program;
use super::run::Session;
use super::turns::{self, Turns};
use super::{Password, Payload, Refusal, Target, interrupt, push};
use crate::event::Event;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::order::{Order, Task};
use crate::owner::{Claim, Standing};

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
    /// The same files with every value taken out, for a look at a host that is somebody else's.
    pub hollow: BTreeMap<String, String>,
    /// The code to deploy.
    pub archive: Option<PathBuf>,
}

/// What is chosen for each host.
pub type Freights<'a> = &'a (dyn Fn(&Target) -> Result<Freight, Fault> + Sync);

/// An event of a host, by its place in the list of targets.
pub type Told = (usize, Event);

/// So many events wait to be shown; then their hosts wait.
const WAITING: usize = 64;

/// So many hosts at once, where nothing else is asked for.
pub const AT_ONCE: usize = 16;

/// A host that can be given its order: the session, its secrets, and where the code to deploy is on it.
type Ready = (Session, BTreeMap<String, String>, Option<PathBuf>);

/// A host that was asked, and sent nothing yet.
struct Asked {
    connection: Connection,
    probe: Probe,
    program: Arc<Program>,
}

/// This program, read once for all hosts.
#[derive(Default)]
struct Own(OnceLock<Result<Arc<Program>, Fault>>);

impl Own {
    fn get(&self) -> Result<Arc<Program>, Fault> {
        self.0.get_or_init(|| Program::of(std::env::consts::ARCH).map(Arc::new)).clone()
    }
}

pub struct Fleet {
    /// Who comes; the name is that of each target.
    pub claim: Claim,
    pub targets: Vec<Target>,
    pub password: Option<Password>,
    /// At most so many hosts at the same time.
    pub at_once: usize,
    /// One host first, then so many at a time, and no more after a failure. `None`: all of them, each by itself.
    pub rolling: Option<usize>,
    /// After so long without a sign of life, a run counts as lost.
    pub silence: Duration,
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
        let (send, events) = sync_channel::<Told>(WAITING);
        let exits = Mutex::new(vec![Exit::Converged; self.targets.len()]);
        let own = Own::default();
        std::thread::scope(|scope| {
            // Read while ssh connects.
            scope.spawn(|| own.get());
            scope.spawn(|| {
                let send = send;
                let tell = |at: usize, event: Event| {
                    let _gone = send.send((at, event));
                };
                let asked =
                    self.each(&self.targets, |at, target| self.ask(target, &own, &|event| tell(at, event)));
                // Nothing is sent to any host before it is known that all are ours.
                let asked = self.admitted(order, asked);
                let sessions = self.each(&asked, |at, asked| {
                    let Some((target, asked)) = self.targets.get(at).zip(asked.as_ref().ok()) else {
                        return Err(asked
                            .as_ref()
                            .err()
                            .cloned()
                            .unwrap_or_else(|| Refusal::new("no such host")));
                    };
                    self.session(target, asked, freights, order, &|event| tell(at, event))
                });
                let sessions: Vec<_> = sessions
                    .into_iter()
                    .zip(asked)
                    .map(|(sent, asked)| {
                        let ((secrets, archive), (target, asked)) = (sent?, asked?);
                        let Asked { connection, probe, program } = asked;
                        let hash = program.hash.clone();
                        let password = self.password.clone();
                        let silence = self.silence;
                        let session = Session { target, connection, probe, hash, password, silence };
                        Ok((session, secrets, archive))
                    })
                    .collect();
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
    fn work(&self, order: &Order, sessions: &[Result<Ready, Refusal>], send: &SyncSender<Told>) -> Vec<Exit> {
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

    /// Connects to a host and asks what it is.
    fn ask(&self, target: &Target, own: &Own, tell: &dyn Fn(Event)) -> Result<Asked, Refusal> {
        tell(Event::Progress { message: "connecting".to_owned() });
        let interactive = self.targets.len() == 1 && has_terminal();
        let connection = Connection::open(target, interactive)?;
        for message in connection.accepted_keys(target) {
            tell(Event::Note { message });
        }
        let password = self.password.as_ref();
        let project = &self.claim.project;
        let mut program = own.get().map_err(wrong)?;
        let mut probe = Probe::ask(&connection, target, project, &program.hash, password)?;
        if probe.machine != std::env::consts::ARCH {
            program = Program::of(&probe.machine).map(Arc::new).map_err(wrong)?;
            probe = Probe::ask(&connection, target, project, &program.hash, password)?;
        }
        Ok(Asked { connection, probe, program })
    }

    /// Refuses all hosts where one of them is somebody else's, or the same as another one.
    fn admitted(
        &self,
        order: &Order,
        asked: Vec<Result<Asked, Refusal>>,
    ) -> Vec<Result<(Target, Asked), Refusal>> {
        let manners = order.task.manners(order.plan);
        let mut refusals: BTreeMap<usize, Refusal> = BTreeMap::new();
        for (at, (target, answer)) in self.targets.iter().zip(&asked).enumerate() {
            let Ok(Asked { probe, .. }) = answer else { continue };
            if let Err(refusal) = probe.admit(&self.claim_of(target), manners, order.take_over) {
                refusals.insert(at, refusal);
            }
            let same = |other: &Asked| {
                !probe.machine_id.is_empty()
                    && other.probe.machine_id == probe.machine_id
                    && other.probe.instance == probe.instance
            };
            let twin =
                asked.iter().position(|other| other.as_ref().is_ok_and(same)).filter(|twin| *twin < at);
            if let Some(twin) = twin.and_then(|twin| self.targets.get(twin)) {
                let message = format!("`{}` and `{}` are one and the same machine", twin.name, target.name);
                let refusal = Refusal::new(message).exit(Exit::Project);
                refusals
                    .insert(at, refusal.help("take one of the names out of `hosts`, or correct its address"));
            }
        }
        let first =
            refusals.keys().next().and_then(|at| self.targets.get(*at)).map(|target| target.name.clone());
        asked
            .into_iter()
            .zip(&self.targets)
            .enumerate()
            .map(|(at, (answer, target))| match (refusals.remove(&at), &first) {
                (Some(refusal), _) => Err(refusal),
                (None, Some(first)) if answer.is_ok() => {
                    let message = format!("nothing was sent here: see `{first}`");
                    Err(Refusal::new(message).exit(Exit::Project))
                }
                _ => answer.map(|asked| (target.clone(), asked)),
            })
            .collect()
    }

    fn claim_of(&self, target: &Target) -> Claim {
        Claim { name: target.name.clone(), ..self.claim.clone() }
    }

    /// What is found on the hosts, before anything is done there.
    pub fn standings(&self) -> Vec<Result<(Standing, Leavings), Refusal>> {
        let own = Own::default();
        self.each(&self.targets, |_, target| {
            let asked = self.ask(target, &own, &|_| {})?;
            let claim = self.claim_of(target);
            let standing = claim.standing(asked.probe.owner.as_ref(), &asked.probe.machine_id);
            let leavings = match &standing {
                Standing::Others(owner) => {
                    leavings::ask(&asked.connection, &asked.probe, &owner.project, self.password.as_ref())?
                }
                _ => Leavings::default(),
            };
            Ok((standing, leavings))
        })
    }

    /// Sends a host what it lacks. Gives its secrets, and where the code to deploy is on it.
    fn session(
        &self,
        target: &Target,
        (_, asked): &(Target, Asked),
        freights: Freights<'_>,
        order: &Order,
        tell: &dyn Fn(Event),
    ) -> Result<(BTreeMap<String, String>, Option<PathBuf>), Refusal> {
        let Asked { connection, probe, program } = asked;
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
        let Freight { payload, secrets, hollow, archive } = freights(target).map_err(wrong)?;
        // Who only looks does it with the files that the run at work has.
        if !(order.task.is_free() && probe.has_binary && probe.holder.is_some()) {
            probe.refuse_if_held()?;
            progress("sending files");
            push::push(connection, probe, program, &payload).map_err(broken)?;
        }
        let archive = match archive {
            Some(archive) => Some(push::archive(connection, probe, &archive).map_err(broken)?),
            None => None,
        };
        progress("starting");
        let claim = self.claim_of(target);
        let standing = claim.standing(probe.owner.as_ref(), &probe.machine_id);
        let ours = order.take_over || matches!(standing, Standing::Ours | Standing::Nobodys);
        Ok((if ours { secrets } else { hollow }, archive))
    }
}

fn wrong(fault: Fault) -> Refusal {
    Refusal { message: fault.message, help: fault.help, exit: Exit::Project }
}
