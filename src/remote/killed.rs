//! Why a run ended without its last word: what it was doing, and what the host's kernel says about memory.

use std::collections::VecDeque;
use std::time::Duration;

use super::run::Session;
use super::talk::Input;
use crate::event::Event;

/// States that are applied beside one another.
const BESIDE: usize = 16;

/// What a run was doing last.
#[derive(Clone, Debug, Default)]
pub struct Doing {
    /// By their numbers, the last one last.
    states: VecDeque<(usize, String)>,
    progress: Option<String>,
}

impl Doing {
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::Applying { number, id, function, name, sls } => {
                let name = if name == id { String::new() } else { format!(" ({})", first_line(name)) };
                let from = if sls.is_empty() { String::new() } else { format!(" of `{sls}`") };
                let state = format!("`{function}` `{}`{name}{from}", first_line(id));
                self.states.truncate(BESIDE);
                self.states.push_back((*number, state));
            }
            Event::State(state) => {
                self.states.retain(|(number, _)| *number != state.number);
                self.progress = None;
            }
            Event::Progress { message } => self.progress = Some(first_line(message)),
            _ => {}
        }
    }

    /// What it was at, as part of a sentence.
    fn at(&self) -> Option<String> {
        let state = self.states.back().map(|(_, state)| format!("{state} was being applied"));
        state.or_else(|| self.progress.as_ref().map(|progress| format!("it was at `{progress}`")))
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

/// How a run ended that did not end by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    Killed {
        /// Where it is known.
        signal: Option<i32>,
        /// What the kernel says that it ended for want of memory.
        memory: Option<String>,
    },
    /// The connection to the host is gone; why, where ssh says it.
    Lost(Option<String>),
    /// With an exit code that means nothing, and these last words.
    Silent(Option<String>),
}

/// The sentence, and what to do.
pub fn told(host: &str, ended: &Ended, doing: &Doing) -> (String, String) {
    let at = doing.at();
    let during = at.as_ref().map(|at| format!(" while {at}")).unwrap_or_default();
    let again = "what was done is kept: run it again";
    match ended {
        Ended::Killed { signal, memory } => {
            let signal = signal.map(|signal| format!(" by signal {signal}")).unwrap_or_default();
            let sentence = format!("the run on `{host}` was killed there{signal}{during}");
            match (memory, at) {
                (Some(memory), _) => (
                    format!("{sentence}; memory ran out there, says the kernel: {memory}"),
                    format!("give the host more memory or swap, or have it do less at once; {again}"),
                ),
                (None, Some(_)) => (sentence, format!("that may be what ended it; {again}")),
                (None, None) => (sentence, format!("somebody or something on the host ended it; {again}")),
            }
        }
        Ended::Lost(why) => {
            let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let help = "the host goes on by itself to the end; run it again to see what is left to do";
            let help = match at {
                Some(_) => format!("if that is what cut it, it is in the way of all that follows; {help}"),
                None => help.to_owned(),
            };
            (format!("the connection to `{host}` was lost during the run{during}{why}"), help)
        }
        Ended::Silent(why) => {
            let why = why.as_deref().unwrap_or("no reason given");
            (format!("the run on `{host}` ended without a word{during}: {why}"), again.to_owned())
        }
    }
}

/// Fixed text: how long the host is up, then what its kernel says of memory. Both ways to its log give the seconds
/// since then at the beginning of a line.
const SCRIPT: &str = "cut -d \" \" -f 1 /proc/uptime; \
{ dmesg || journalctl -k -o short-monotonic --no-pager -n 2000; } 2>/dev/null | \
grep -i -e \"out of memory: kill\" -e \"oom-kill:\" | tail -n 20 | cut -c 1-400";

impl Session {
    /// What the kernel says that it ended for want of memory since the run began. Nothing where it cannot be asked.
    pub(super) fn out_of_memory(&self, run: Duration) -> Option<String> {
        let mut argv: Vec<&str> = self.probe.sudo.iter().map(String::as_str).collect();
        argv.extend(["/bin/sh", "-c", SCRIPT]);
        let input = self.password_line();
        let answer = self.connection.ask(&argv, Input::Bytes(&input)).ok()?;
        ran_out(&answer.stdout, run)
    }
}

/// The last line of the answer that is not older than the run.
fn ran_out(answer: &str, run: Duration) -> Option<String> {
    let mut lines = answer.lines();
    let up: f64 = lines.find_map(|line| line.trim().parse().ok())?;
    // Clocks differ a little, and the run began before it was heard of.
    let since = up - run.as_secs_f64() - 5.0;
    let recent = lines.rev().find_map(|line| {
        let (time, said) = line.trim_start().strip_prefix('[')?.split_once(']')?;
        let time: f64 = time.trim().parse().ok()?;
        (since..=up + 5.0).contains(&time).then(|| said.trim())
    })?;
    // From the journal, the host and `kernel:` stand before it.
    let said = recent.split_once("kernel: ").map_or(recent, |(_, said)| said);
    Some(said.chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applying(number: usize, id: &str, sls: &str) -> Event {
        Event::Applying {
            number,
            id: id.to_owned(),
            function: "cmd.run".to_owned(),
            name: "make all\nmake install".to_owned(),
            sls: sls.to_owned(),
        }
    }

    fn done(number: usize) -> Event {
        let text = format!(
            "{{\"event\":\"state\",\"number\":{number},\"id\":\"\",\"function\":\"\",\"name\":\"\",\"sls\":\"\",\
             \"outcome\":\"changed\",\"duration\":0}}"
        );
        serde_json::from_str(&text).unwrap()
    }

    fn doing(events: &[Event]) -> Doing {
        let mut doing = Doing::default();
        events.iter().for_each(|event| doing.hear(event));
        doing
    }

    #[test]
    fn a_run_that_is_cut_off_says_what_it_was_doing() {
        let killed =
            |signal, memory: Option<&str>| Ended::Killed { signal, memory: memory.map(str::to_owned) };
        let nothing = doing(&[]);
        let building = doing(&[applying(0, "a", "x"), done(0), applying(1, "build", "web.app")]);
        let deploying = doing(&[Event::Progress { message: "packages".to_owned() }]);
        let done_with = doing(&[Event::Progress { message: "packages".to_owned() }, done(0)]);
        let beside = doing(&[applying(0, "a", ""), applying(1, "b", ""), done(1)]);
        let lost = Ended::Lost(Some("Connection reset".to_owned()));
        for (ended, doing, sentence, help) in [
            (
                killed(Some(9), None),
                &building,
                "the run on `web1` was killed there by signal 9 while `cmd.run` `build` (make all) of `web.app` was \
                 being applied",
                "that may be what ended it; what was done is kept: run it again",
            ),
            (
                killed(None, None),
                &deploying,
                "the run on `web1` was killed there while it was at `packages`",
                "that may be what ended it; what was done is kept: run it again",
            ),
            (
                killed(None, None),
                &done_with,
                "the run on `web1` was killed there",
                "somebody or something on the host ended it; what was done is kept: run it again",
            ),
            (
                killed(Some(9), Some("Out of memory: Killed process 7 (cc1)")),
                &beside,
                "the run on `web1` was killed there by signal 9 while `cmd.run` `a` (make all) was being applied; \
                 memory ran out there, says the kernel: Out of memory: Killed process 7 (cc1)",
                "give the host more memory or swap, or have it do less at once; what was done is kept: run it again",
            ),
            (
                lost.clone(),
                &nothing,
                "the connection to `web1` was lost during the run: Connection reset",
                "the host goes on by itself to the end; run it again to see what is left to do",
            ),
            (
                lost,
                &deploying,
                "the connection to `web1` was lost during the run while it was at `packages`: Connection reset",
                "if that is what cut it, it is in the way of all that follows; the host goes on by itself to the end; \
                 run it again to see what is left to do",
            ),
            (
                Ended::Silent(Some("exec format error".to_owned())),
                &nothing,
                "the run on `web1` ended without a word: exec format error",
                "what was done is kept: run it again",
            ),
            (
                Ended::Silent(None),
                &deploying,
                "the run on `web1` ended without a word while it was at `packages`: no reason given",
                "what was done is kept: run it again",
            ),
        ] {
            assert_eq!(told("web1", &ended, doing), (sentence.to_owned(), help.to_owned()));
        }
    }

    #[test]
    fn a_host_that_speaks_for_ever_is_remembered_in_bounds() {
        let many: Vec<Event> = (0..1000).map(|number| applying(number, &"x".repeat(999), "")).collect();
        let doing = doing(&many);
        assert!(doing.states.len() <= BESIDE + 1 && doing.at().unwrap().len() < 500);
    }

    #[test]
    fn memory_is_named_where_the_kernel_does_and_only_for_this_run() {
        let kernel = "[  700.25] Out of memory: Killed process 7 (cc1) total-vm:1kB";
        let said = Some("Out of memory: Killed process 7 (cc1) total-vm:1kB");
        for (answer, run, expected) in [
            (format!("1000.00\n{kernel}\n"), 400, said),
            (format!("\n1000.00\n[  100.00] Out of memory: Killed process 1 (x)\n{kernel}\n"), 400, said),
            (format!("1000.00\n{}\n", kernel.replace("] ", "] web1 kernel: ")), 400, said),
            // Another run's.
            (format!("1000.00\n{kernel}\n"), 200, None),
            // Another clock's, as in a container.
            (format!("10.00\n{kernel}\n"), 400, None),
            (kernel.to_owned(), 400, None),
            ("1000.00\n".to_owned(), 400, None),
            (String::new(), 400, None),
        ] {
            assert_eq!(ran_out(&answer, Duration::from_secs(run)).as_deref(), expected, "{answer}");
        }
    }
}
