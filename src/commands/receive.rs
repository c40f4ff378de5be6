//! The host's half of a run: an order over standard input, events over standard output.

use std::io::{BufWriter, Write, stdin, stdout};
use std::path::Path;

use crate::event::Event;
use crate::exit::Exit;
use crate::here::{self, Files};
use crate::order::{Order, Word};

pub fn run(tree: &Path) -> Exit {
    // The run goes on to its end when the connection is cut: away from the terminal's hang-up signal. It
    // fails where we lead a group already, and then there is no terminal to leave.
    let _leads_already = nix::unistd::setsid();
    let mut out = BufWriter::new(stdout());
    let mut tell = |event: Event| {
        // Nobody may be listening any more; the log on the host has it all.
        if serde_json::to_writer(&mut out, &event).is_ok() {
            let _gone = out.write_all(b"\n");
            if !matches!(&event, Event::State(state) if state.outcome == crate::event::Outcome::Unchanged) {
                let _gone = out.flush();
            }
        }
    };
    let mut input = stdin().lock();
    let order = match Order::read(&mut input) {
        Ok(order) => order,
        Err(fault) => {
            tell(here::aborted(&fault, Exit::Project));
            return Exit::Project;
        }
    };
    let exit =
        here::run(&order, &Files::pushed(tree, &order.secrets), &mut || Word::read(&mut input), &mut tell);
    let _gone = out.flush();
    exit
}
