//! `provision serve PROJECT -- COMMAND`: a web program whose socket outlives it. New processes with today's
//! code and environment take over while those before them finish what they have begun, so that no request is
//! refused. Runs under Supervisor, as the project's user.
//!
//! The socket is handed over as systemd does (`sd_listen_fds(3)`), which Gunicorn understands.

mod control;
mod generation;

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::fault::{Context as _, Fault, Result};

pub use control::{Renewed, renew};
use generation::{Generation, HANDED_OVER};

/// How long a new generation may take until it says that it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to serve.
pub struct Site {
    pub project: String,
    /// Where the program is asked: a socket, or a port of the loopback address.
    pub socket: Option<PathBuf>,
    pub port: Option<u16>,
    /// Where it is started; a link is followed anew for each generation.
    pub directory: PathBuf,
    pub command: Vec<OsString>,
}

enum Happening {
    Signal(i32),
    /// Somebody wants a new generation and waits for what comes of it.
    Asked(UnixStream),
    /// A generation answers.
    Ready(u64),
    /// A generation's main process ended, and how.
    Ended(u64, String),
}

/// Serves until it is told to end (SIGTERM) or the program ends by itself, which is an error.
///
/// # Errors
/// The sockets cannot be made, or the program cannot be started or ended.
pub fn serve(site: &Site, log: &mut dyn FnMut(&str)) -> Result<()> {
    // Before anything else takes the descriptor at which the program looks for it.
    let listener = listen(site)?;
    let (send, happenings) = channel();
    watch_signals(send.clone())?;
    control::listen(&site.project, site.port, send.clone())?;
    // Asked now: a newer version will stand there when this one is gone.
    let program = std::env::current_exe().context("where is this program?")?;
    let mut server = Server {
        site,
        program,
        _listener: listener,
        send,
        generations: Vec::new(),
        last: 0,
        pending: None,
        log,
    };
    server.start()?;
    server.run(&happenings)
}

struct Server<'a> {
    site: &'a Site,
    /// This program's path.
    program: PathBuf,
    _listener: OwnedFd,
    send: Sender<Happening>,
    generations: Vec<Generation>,
    last: u64,
    /// The generation that shall take over.
    pending: Option<Pending>,
    log: &'a mut dyn FnMut(&str),
}

struct Pending {
    number: u64,
    until: Instant,
    asked: Option<UnixStream>,
}

impl Server<'_> {
    fn run(&mut self, happenings: &Receiver<Happening>) -> Result<()> {
        loop {
            let patience = self.pending.as_ref().map_or(Duration::from_secs(3600), |pending| {
                pending.until.saturating_duration_since(Instant::now())
            });
            match happenings.recv_timeout(patience) {
                Ok(Happening::Signal(SIGHUP)) => self.renew(None),
                Ok(Happening::Signal(signal)) => return self.end(signal, happenings),
                Ok(Happening::Asked(stream)) => self.renew(Some(stream)),
                Ok(Happening::Ready(number)) => self.ready(number),
                Ok(Happening::Ended(number, how)) => self.ended(number, &how)?,
                Err(RecvTimeoutError::Timeout) => self.late(),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn start(&mut self) -> Result<u64> {
        self.last += 1;
        let others = !self.generations.is_empty();
        self.generations.push(Generation::start(self.site, &self.program, self.last, others, &self.send)?);
        Ok(self.last)
    }

    fn renew(&mut self, asked: Option<UnixStream>) {
        if self.pending.is_some() {
            control::answer(asked, Err("a new generation is on its way already"));
            return;
        }
        match self.start() {
            Ok(number) => self.pending = Some(Pending { number, until: Instant::now() + PATIENCE, asked }),
            Err(fault) => control::answer(asked, Err(&fault.message)),
        }
    }

    /// The newest takes over: those before it finish what they have begun and end.
    fn ready(&mut self, number: u64) {
        let Some(pending) = self.pending.take_if(|pending| pending.number == number) else { return };
        (self.log)(&format!("generation {number} answers"));
        for generation in self.generations.iter_mut().filter(|generation| generation.number < number) {
            generation.end(Signal::SIGTERM);
        }
        control::answer(pending.asked, Ok(()));
    }

    fn ended(&mut self, number: u64, how: &str) -> Result<()> {
        let at = self.generations.iter().position(|generation| generation.number == number);
        let Some(gone) = at.map(|at| self.generations.remove(at)) else { return Ok(()) };
        if let Some(pending) = self.pending.take_if(|pending| pending.number == number) {
            let why = format!("the new generation {how} before it answered");
            (self.log)(&why);
            control::answer(pending.asked, Err(&why));
        }
        let serving = self.generations.iter().any(|generation| !generation.ending);
        if gone.ending || serving {
            return Ok(());
        }
        // Supervisor starts all of it again, or says that it cannot be started.
        Err(Fault::new(format!("the program {how}")))
    }

    /// The new generation does not come to answer.
    fn late(&mut self) {
        let Some(pending) = self.pending.take() else { return };
        let why = format!("the new generation did not answer within {} s", PATIENCE.as_secs());
        (self.log)(&why);
        for generation in self.generations.iter_mut().filter(|generation| generation.number == pending.number)
        {
            generation.end(Signal::SIGKILL);
        }
        control::answer(pending.asked, Err(&why));
    }

    /// Ends all generations as gently as the signal says, and waits for them.
    fn end(&mut self, signal: i32, happenings: &Receiver<Happening>) -> Result<()> {
        let signal = Signal::try_from(signal).unwrap_or(Signal::SIGTERM);
        for generation in &mut self.generations {
            generation.end(signal);
        }
        while !self.generations.is_empty() {
            match happenings.recv() {
                Ok(Happening::Ended(number, _)) => {
                    self.generations.retain(|generation| generation.number != number);
                }
                Ok(Happening::Asked(stream)) => control::answer(Some(stream), Err("it is being ended")),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        Ok(())
    }
}

/// The socket or port, at the descriptor that it is handed over by.
fn listen(site: &Site) -> Result<OwnedFd> {
    let listener = match (&site.socket, site.port) {
        (Some(path), _) => OwnedFd::from(listen_at(path)?),
        (None, Some(port)) => TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .map(OwnedFd::from)
            .context(format!("cannot listen at port {port} of 127.0.0.1"))?,
        (None, None) => return Err(Fault::new("neither a socket nor a port is given")),
    };
    if listener.as_raw_fd() != HANDED_OVER {
        return Err(Fault::new(format!("descriptor {HANDED_OVER} is taken"))
            .help("start it without inherited descriptors, as Supervisor does"));
    }
    fcntl(&listener, FcntlArg::F_SETFD(FdFlag::empty())).map_err(std::io::Error::from)?;
    Ok(listener)
}

/// Whoever may enter the socket's folder may ask.
fn listen_at(path: &Path) -> Result<UnixListener> {
    let shown = path.display();
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Fault::from(error).context(format!("`{shown}`"))),
    }
    let listener = UnixListener::bind(path).context(format!("cannot listen at `{shown}`"))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))
        .context(format!("cannot open `{shown}` to the web server"))?;
    Ok(listener)
}

fn watch_signals(send: Sender<Happening>) -> Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])
        .context("cannot take signals")?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if send.send(Happening::Signal(signal)).is_err() {
                break;
            }
        }
    });
    Ok(())
}
