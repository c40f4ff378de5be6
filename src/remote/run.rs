//! Starts the host's half of a run, gives it its order and passes on the events it writes.

use super::connection::Connection;
use super::probe::Probe;
use super::talk::{Input, Reply};
use super::{Password, Refusal, Target, interrupt};
use crate::diagnostic::Severity;
use crate::event::Event;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::order::{Order, Word};

/// A host that is connected, probed and has our files.
pub struct Session {
    pub target: Target,
    pub connection: Connection,
    pub probe: Probe,
    pub hash: String,
    pub password: Option<Password>,
}

impl Session {
    /// Runs an order to its end. Events go to `tell` as they come; `answer` has what is said to one of them, and may
    /// take its time.
    pub fn run(
        &self,
        order: &Order,
        answer: &dyn Fn(&Event) -> Option<Word>,
        tell: &mut dyn FnMut(Event),
    ) -> Exit {
        match self.stream(order, answer, tell) {
            Ok(exit) => exit,
            Err(refusal) => {
                let Refusal { message, help, exit } = refusal;
                tell(Event::Aborted { message, help, code: exit.code() });
                exit
            }
        }
    }

    fn stream(
        &self,
        order: &Order,
        answer: &dyn Fn(&Event) -> Option<Word>,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Exit, Refusal> {
        let base = &self.probe.base;
        let program = format!("{base}/bin/{}/provision", self.hash);
        let tree = format!("{base}/tree");
        let mut argv: Vec<&str> = self.probe.sudo.iter().map(String::as_str).collect();
        argv.extend([program.as_str(), "receive", "--tree", tree.as_str()]);
        let mut input = Vec::new();
        if self.probe.needs_password
            && let Some(password) = &self.password
        {
            input.extend(password.line());
        }
        let broken = |fault: Fault| Refusal::new(fault.message);
        order.write(&mut input).map_err(broken)?;
        let mut ended = false;
        let mut hear = |line: &str, reply: &Reply| {
            // What is no event comes from the login shell's start-up files.
            if let Ok(event) = serde_json::from_str::<Event>(line) {
                ended |= match &event {
                    Event::Finished { .. } | Event::Aborted { .. } => true,
                    // With wrong files, the problems are all that is said.
                    Event::Problem { problem } => problem.severity == Severity::Error,
                    _ => false,
                };
                let asks = matches!(event, Event::Facts { .. } | Event::Prepared).then(|| event.clone());
                tell(event);
                if let Some(word) = asks.and_then(|event| answer(&event)) {
                    reply.say(&word.line());
                }
            }
        };
        let answer = match order.attended {
            true => self.connection.converse(&argv, &input, &mut hear),
            false => {
                let nobody = Reply::default();
                self.connection.talk(&argv, Input::Bytes(&input), &mut |line| hear(line, &nobody))
            }
        };
        let answer = answer.map_err(broken)?;
        let exit = answer.code.and_then(|code| u8::try_from(code).ok()).and_then(Exit::from_code);
        if let Some(exit) = exit.filter(|_| ended) {
            return Ok(exit);
        }
        if interrupt::interrupted() {
            return Err(Refusal::interrupted(&self.target, true));
        }
        let host = self.target.shown();
        let reason =
            |text: &str| text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned);
        Err(match answer.code {
            // ssh says the same of a lost connection and of a command that a signal ended.
            Some(255)
                if self.connection.ask(&["true"], Input::Bytes(b"")).is_ok_and(|it| it.code == Some(0)) =>
            {
                Refusal::new(format!("the run on `{host}` was killed there"))
                    .help("out of memory? see `dmesg` there; then run it again: what was done is kept")
            }
            None | Some(255) => {
                let said = super::hostkey::without_details(&self.connection.said());
                let why = reason(&said).map(|why| format!(": {why}")).unwrap_or_default();
                Refusal::new(format!("the connection to `{host}` was lost during the run{why}"))
                    .help("the host goes on by itself to the end; run it again to see what is left to do")
            }
            Some(code @ 129..) => {
                Refusal::new(format!("the run on `{host}` was killed there by signal {}", code - 128))
                    .help("out of memory? see `dmesg` there; then run it again: what was done is kept")
            }
            Some(_) => Refusal::new(format!(
                "the run on `{host}` ended without a word: {}",
                reason(&answer.stderr).unwrap_or_else(|| "no reason given".to_owned())
            ))
            .help("run it again; what was done is kept"),
        })
    }
}
