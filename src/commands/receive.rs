//! The host's half of a run: an order over standard input, events over standard output.

use std::io::{BufWriter, Write, stdin, stdout};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::agent::{self, Files};
use crate::event::{Event, Outcome};
use crate::exit::Exit;
use crate::order::{Order, Word};

/// How often the host says that it is still at work: the operator's side gives up a host that is silent for long.
const PULSE: Duration = Duration::from_secs(10);

/// Where events go, line by line, from all who have some.
struct Told<W: Write>(Mutex<BufWriter<W>>);

impl<W: Write> Told<W> {
    fn tell(&self, event: &Event) -> std::io::Result<()> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_writer(&mut *out, event)?;
        out.write_all(b"\n")?;
        if matches!(event, Event::State(state) if state.outcome == Outcome::Unchanged) {
            return Ok(());
        }
        out.flush()
    }

    fn flush(&self) -> std::io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

/// Gives a sign of life again and again, until this process ends or nobody is there any more.
fn beat<W: Write + Send + 'static>(told: &Arc<Told<W>>, pulse: Duration) {
    let told = Arc::clone(told);
    std::thread::spawn(move || {
        std::thread::sleep(pulse);
        while told.tell(&Event::Alive).is_ok() {
            std::thread::sleep(pulse);
        }
    });
}

pub fn run(tree: &Path) -> Exit {
    // The run goes on to its end when the connection is cut: away from the terminal's hang-up signal. It
    // fails where we lead a group already, and then there is no terminal to leave.
    let _leads_already = nix::unistd::setsid();
    let told = Arc::new(Told(Mutex::new(BufWriter::new(stdout()))));
    beat(&told, PULSE);
    let mut tell = |event: Event| {
        // Nobody may be listening any more; the log on the host has it all.
        let _gone = told.tell(&event);
    };
    let mut input = stdin().lock();
    let order = match Order::read(&mut input) {
        Ok(order) => order,
        Err(fault) => {
            tell(agent::aborted(&fault, Exit::Project));
            return Exit::Project;
        }
    };
    let exit =
        agent::run(&order, &Files::pushed(tree, &order.secrets), &mut || Word::read(&mut input), &mut tell);
    let _gone = told.flush();
    exit
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    #[test]
    fn signs_of_life_stand_between_events_and_never_in_them() {
        let (reader, writer) = std::io::pipe().unwrap();
        let told = Arc::new(Told(Mutex::new(BufWriter::new(writer))));
        beat(&told, Duration::from_millis(1));
        let note = Event::Note { message: "x".repeat(20_000) };
        let (mut signs, mut notes) = (0, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| (0..50).all(|_| told.tell(&note).is_ok()));
            for line in BufReader::new(reader).lines() {
                match serde_json::from_str::<Event>(&line.unwrap()).unwrap() {
                    Event::Alive => signs += 1,
                    event => notes += usize::from(event == note),
                }
                if signs > 3 && notes == 50 {
                    break;
                }
            }
        });
    }
}
