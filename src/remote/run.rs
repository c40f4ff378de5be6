//! Starts the host's half of a run, gives it its order and passes on the events it writes.

use std::time::{Duration, Instant};

use super::connection::Connection;
use super::killed::{Doing, Ended, told};
use super::probe::Probe;
use super::talk::{Input, Reply};
use super::{Password, Refusal, Target, interrupt};
use crate::diagnostic::Severity;
use crate::event::Event;
use crate::exit::Exit;
use crate::fault::{Fault, Result as Heard};
use crate::order::{Order, Task, Word};

/// A host that is connected, probed and has our files.
pub struct Session {
    pub target: Target,
    pub connection: Connection,
    pub probe: Probe,
    pub hash: String,
    pub password: Option<Password>,
    /// After so long without a line, the host counts as lost.
    pub silence: Duration,
}

/// Far more than any run says, besides lines of logs and commands, which people wait for.
const MOST_LINES: usize = 1_000_000;
const MOST_BYTES: usize = 256 << 20;
/// Of an event that tells neither of a state nor of the project's files, nor has a line of text.
const LARGEST: usize = 1 << 20;

/// What a run may still say.
struct Budget {
    lines: usize,
    bytes: usize,
    /// Lines of text are without an end.
    prints: bool,
}

impl Budget {
    fn of(task: &Task) -> Self {
        Self { lines: MOST_LINES, bytes: MOST_BYTES, prints: matches!(task, Task::Operate(_)) }
    }

    fn take(&mut self, length: usize, event: Option<&Event>) -> Heard<()> {
        let large =
            matches!(event, None | Some(Event::State(_) | Event::Problem { .. } | Event::Line { .. }));
        if !large && length > LARGEST {
            return Err(Fault::new(format!("the host told of one thing in more than {LARGEST} bytes")));
        }
        if self.prints && matches!(event, Some(Event::Line { .. } | Event::Alive)) {
            return Ok(());
        }
        match (self.lines.checked_sub(1), self.bytes.checked_sub(length)) {
            (Some(lines), Some(bytes)) => {
                (self.lines, self.bytes) = (lines, bytes);
                Ok(())
            }
            _ => Err(Fault::new(format!(
                "the host said more than {MOST_LINES} lines or {} MB",
                MOST_BYTES >> 20
            ))),
        }
    }
}

impl Session {
    /// What sudo reads first on the host.
    pub(super) fn password_line(&self) -> Vec<u8> {
        self.password.as_ref().filter(|_| self.probe.needs_password).map(Password::line).unwrap_or_default()
    }

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
        let mut input = self.password_line();
        let broken = |fault: Fault| Refusal::new(fault.message);
        order.write(&mut input).map_err(broken)?;
        let begun = Instant::now();
        let mut ended = false;
        let mut doing = Doing::default();
        let mut budget = Budget::of(&order.task);
        let mut asked = Asked::default();
        let mut hear = |line: &str, reply: &Reply| {
            // What is no event comes from the login shell's start-up files.
            let event = serde_json::from_str::<Event>(line).ok();
            budget.take(line.len(), event.as_ref())?;
            let Some(event) = event.filter(|event| *event != Event::Alive) else { return Ok(()) };
            doing.hear(&event);
            ended |= match &event {
                Event::Finished { .. } | Event::Aborted { .. } => true,
                // With wrong files, the problems are all that is said.
                Event::Problem { problem } => problem.severity == Severity::Error,
                _ => false,
            };
            let question = asked.first(&event).then(|| event.clone());
            tell(event);
            if let Some(word) = question.and_then(|event| answer(&event)) {
                reply.say(&word.line());
            }
            Ok(())
        };
        let answer = self.connection.talk(self.silence, &argv, &input, order.attended, &mut hear);
        let host = self.target.shown();
        let answer = answer.map_err(|fault| {
            if interrupt::interrupted() {
                return Refusal::interrupted(&self.target, true);
            }
            Refusal::new(format!("the run on `{host}` was given up: {}", fault.message))
                .help("the host may go on by itself to the end; look what it is busy with, then run it again")
        })?;
        let exit = answer.code.and_then(|code| u8::try_from(code).ok()).and_then(Exit::from_code);
        if let Some(exit) = exit.filter(|_| ended) {
            return Ok(exit);
        }
        if interrupt::interrupted() {
            return Err(Refusal::interrupted(&self.target, true));
        }
        let reason =
            |text: &str| text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned);
        let killed = |signal| Ended::Killed { signal, memory: self.out_of_memory(begun.elapsed()) };
        let ended = match answer.code {
            // ssh says the same of a lost connection and of a command that a signal ended.
            Some(255)
                if self.connection.ask(&["true"], Input::Bytes(b"")).is_ok_and(|it| it.code == Some(0)) =>
            {
                killed(None)
            }
            None | Some(255) => {
                Ended::Lost(reason(&super::hostkey::without_details(&self.connection.said())))
            }
            Some(code @ 129..) => killed(Some(code - 128)),
            Some(_) => Ended::Silent(reason(&answer.stderr)),
        };
        let (sentence, help) = told(&host, &ended, &doing);
        Err(Refusal::new(sentence).help(help))
    }
}

/// The questions of a run that were answered: each is asked once.
#[derive(Default)]
struct Asked {
    facts: bool,
    turn: bool,
}

impl Asked {
    /// Whether it is a question, and comes for the first time.
    fn first(&mut self, event: &Event) -> bool {
        match event {
            Event::Facts { .. } => !std::mem::replace(&mut self.facts, true),
            Event::Prepared => !std::mem::replace(&mut self.turn, true),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Operation;

    #[test]
    fn a_run_ends_that_says_more_than_any_run_does() {
        let note = Event::Note { message: String::new() };
        let line = Event::Line { source: String::new(), text: String::new() };
        let logs = Task::Operate(Operation::Logs { lines: 1, follow: true, names: Vec::new() });
        for (task, length, event, times) in [
            (&Task::Converge, 10, Some(&note), Some(MOST_LINES)),
            (&Task::Converge, 10, Some(&Event::Alive), Some(MOST_LINES)),
            (&Task::Converge, 10, None, Some(MOST_LINES)),
            (&Task::Converge, 8 << 20, Some(&line), Some(32)),
            (&Task::Converge, LARGEST + 1, Some(&note), Some(0)),
            (&logs, 8 << 20, Some(&line), None),
            (&logs, 10, Some(&Event::Alive), None),
            (&logs, 10, Some(&note), Some(MOST_LINES)),
            (&logs, 8 << 20, None, Some(32)),
        ] {
            let mut budget = Budget::of(task);
            let ended = (0..=MOST_LINES).find(|_| budget.take(length, event).is_err());
            assert_eq!(ended, times, "{task:?} {event:?}");
        }
    }

    #[test]
    fn a_question_is_answered_once() {
        let facts = Event::Facts { grains: crate::facts::Grains::new() };
        let mut asked = Asked::default();
        let first: Vec<bool> = [&facts, &facts, &Event::Prepared, &Event::Alive, &Event::Prepared]
            .map(|event| asked.first(event))
            .to_vec();
        assert_eq!(first, [true, false, true, false, false]);
    }
}
