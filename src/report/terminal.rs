//! What a person reads: a line per changed or failed state with its changes, a live counter, a summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::sanitize::{indented, name, one_line, sanitize};
use super::sum::Sum;
use super::{Report, lists, state, status};
use crate::diagnostic;
use crate::event::{Event, Outcome, StateResult, Status, Summary};

/// How it shall look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    pub color: bool,
    /// A live line per host on standard error.
    pub live: bool,
    /// States that need nothing are listed too.
    pub verbose: bool,
}

impl Style {
    pub(super) fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

pub struct Terminal {
    out: Box<dyn Write + Send>,
    style: Style,
    bars: MultiProgress,
    hosts: BTreeMap<String, Host>,
    order: Vec<String>,
    width: usize,
    /// Shown together at the end.
    statuses: BTreeMap<String, Status>,
    sum: Sum,
}

struct Host {
    bar: Option<ProgressBar>,
    done: usize,
    states: usize,
    plan: bool,
    deploys: bool,
    /// A release was made, and not only switched to.
    makes: bool,
    /// There were to be states or stages.
    started: bool,
}

/// Stands as function of a deploy's stages.
pub(super) const DEPLOY: &str = "deploy";
/// A state that only says something.
pub(super) const NOTIFICATION: &str = "test.show_notification";
/// Further places of a problem that are shown.
const PLACES: usize = 16;
pub(super) const GREEN: &str = "32";
pub(super) const YELLOW: &str = "33";
pub(super) const RED: &str = "31";
pub(super) const CYAN: &str = "36";
pub(super) const DIM: &str = "2";
pub(super) const BOLD: &str = "1";

/// Tell the lines of hosts from one another.
const HOSTS: [&str; 5] = [CYAN, "35", "34", "96", "95"];

impl Terminal {
    pub fn new(out: Box<dyn Write + Send>, style: Style) -> Self {
        let target =
            if style.live { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        Self {
            out,
            style,
            bars: MultiProgress::with_draw_target(target),
            hosts: BTreeMap::new(),
            order: Vec::new(),
            width: 0,
            statuses: BTreeMap::new(),
            sum: Sum::default(),
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        self.style.paint(code, text)
    }

    /// Prints whole lines above the live ones, each behind its host's name where there are several.
    fn print(&mut self, host: &str, text: &str) {
        let mut lines = String::new();
        let at = self.order.iter().position(|name| name == host).unwrap_or(0);
        let color = HOSTS.get(at % HOSTS.len()).copied().unwrap_or(CYAN);
        for line in text.lines() {
            if self.order.len() > 1 {
                let name = format!("{host:<width$}", width = self.width);
                let _infallible = write!(lines, "{} ", self.paint(color, &name));
            }
            lines.push_str(line.trim_end());
            lines.push('\n');
        }
        let out = &mut self.out;
        self.bars.suspend(|| {
            // A reader that has gone away is no reason to stop converging.
            let _gone = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
        });
    }

    fn state(&mut self, host: &str, state: &StateResult) {
        if let Some(known) = self.hosts.get_mut(host) {
            known.done = known.done.max(state.number.saturating_add(1));
            known.deploys |= state.function == DEPLOY;
            known.makes |= state.function == DEPLOY && state.id == "code";
            if let Some(bar) = &known.bar {
                bar.set_position(u64::try_from(known.done).unwrap_or(0));
                if state.outcome != Outcome::Unchanged {
                    bar.set_message(String::new());
                }
            }
        }
        // What a tree wants to be told is told in every run.
        let quiet =
            matches!(state.outcome, Outcome::Unchanged | Outcome::Skipped) && state.function != NOTIFICATION;
        if quiet && !self.style.verbose {
            return;
        }
        let plan = self.hosts.get(host).is_some_and(|known| known.plan);
        let text = state::text(state, plan, self.style);
        self.print(host, &text);
    }

    fn summary(&mut self, host: &str, summary: &Summary) {
        let known = self.hosts.get(host);
        // A single answer needs no sum.
        if known.is_some_and(|known| !known.started) {
            self.clear(host);
            return;
        }
        let plan = known.is_some_and(|known| known.plan);
        if known.is_some_and(|known| known.deploys) && summary.failed == 0 {
            let made = known.is_some_and(|known| known.makes);
            let done = self.paint(GREEN, if made { "deployed" } else { "switched" });
            self.end(host, &format!("{done} in {}", time(summary.duration)));
            return;
        }
        let mut parts = vec![format!("{} unchanged", summary.unchanged)];
        if plan {
            parts.push(self.count(summary.would_change, "would change", YELLOW));
        } else {
            parts.push(self.count(summary.changed, "changed", GREEN));
        }
        if summary.failed > 0 || !plan {
            parts.push(self.count(summary.failed, "failed", RED));
        }
        parts.push(format!("{} skipped", summary.skipped));
        self.end(host, &format!("{} in {}", parts.join(", "), time(summary.duration)));
    }

    /// How it ended for a host; of several hosts that is told together.
    fn end(&mut self, host: &str, line: &str) {
        self.clear(host);
        if self.order.len() > 1 {
            self.sum.end(host, line);
        } else {
            let line = format!("{}: {line}", self.paint(BOLD, host));
            self.print(host, &line);
        }
    }

    fn count(&self, count: usize, what: &str, color: &str) -> String {
        let text = format!("{count} {what}");
        if count > 0 { self.paint(color, &text) } else { text }
    }

    fn clear(&mut self, host: &str) {
        if let Some(bar) = self.hosts.get_mut(host).and_then(|known| known.bar.take()) {
            bar.finish_and_clear();
        }
    }

    fn message(&mut self, host: &str, mut message: String) {
        name(&mut message);
        if let Some(bar) = self.hosts.get(host).and_then(|known| known.bar.as_ref()) {
            bar.set_message(message);
        }
    }
}

impl Report for Terminal {
    fn host(&mut self, name: &str) {
        let name = &called(name);
        let bar = self.style.live.then(|| {
            let bar = self.bars.add(ProgressBar::new_spinner());
            let template = "{spinner:.cyan} {prefix} {wide_msg:.dim}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
            }
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        self.width = self.width.max(name.chars().count());
        self.order.push(name.to_owned());
        let known =
            Host { bar, done: 0, states: 0, plan: false, deploys: false, makes: false, started: false };
        self.hosts.insert(name.to_owned(), known);
    }

    fn event(&mut self, host: &str, event: &Event) {
        let host = &called(host);
        let mut event = event.clone();
        event.each_name(&mut name);
        event.each_text(&mut sanitize);
        match &event {
            Event::Started { plan, states, .. } => {
                if let Some(known) = self.hosts.get_mut(host) {
                    known.started = true;
                    known.plan = *plan;
                    known.states = *states;
                    if let Some(bar) = &known.bar {
                        bar.set_length(u64::try_from(*states).unwrap_or(u64::MAX));
                        let template = "{spinner:.cyan} {prefix} {pos}/{len} {elapsed:.dim} {wide_msg}";
                        if let Ok(style) = ProgressStyle::with_template(template) {
                            bar.set_style(style.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
                        }
                    }
                }
            }
            Event::Problem { problem } => {
                let mut problem = problem.clone();
                problem.also.truncate(PLACES);
                problem.message = indented(&problem.message, "  ");
                let text = diagnostic::render(&problem, self.style.color);
                self.print(host, &text);
            }
            Event::Applying { id, function, name, .. } => {
                self.message(host, format!("{function} {}", state::subject(function, id, name)));
            }
            Event::State(state) => self.state(host, state),
            Event::Progress { message } => self.message(host, message.clone()),
            Event::Facts { .. } | Event::Alive => {}
            Event::Prepared => self.message(host, "ready, and waits for its turn".to_owned()),
            Event::Releases { releases } => self.print(host, &lists::releases(releases, self.style)),
            Event::History { deploys } => self.print(host, &lists::history(deploys, self.style)),
            Event::Status { status } => {
                self.statuses.insert(host.to_owned(), status.clone());
            }
            Event::Unknown { names } => {
                let text = self.paint(DIM, &format!("not here: {}", names.join(", ")));
                self.print(host, &text);
            }
            Event::Upgraded { packages } if packages.is_empty() => self.print(host, "nothing to upgrade"),
            Event::Upgraded { packages } => {
                self.print(host, &format!("{} upgraded: {}", packages.len(), packages.join(", ")));
            }
            Event::Secrets { missing, changed, surplus } => {
                self.print(host, &lists::secrets(missing, changed, surplus, self.style));
            }
            Event::Line { source, text } => {
                let source = if source.is_empty() { String::new() } else { format!("{source}: ") };
                let mut text = text.clone();
                one_line(&mut text);
                let line = format!("{}{text}", self.paint(DIM, &source));
                self.print(host, if line.is_empty() { " " } else { &line });
            }
            Event::Note { message } => self.print(host, &indented(message, "  ")),
            Event::Finished { summary } => self.summary(host, summary),
            Event::Aborted { message, help, .. } => {
                let shown = indented(message, "       ");
                let mut text = format!("{} {shown}\n", self.paint(RED, "error:"));
                if let Some(help) = help {
                    let help = indented(help, "        ");
                    let _infallible = writeln!(text, "  {} {help}", self.paint(BOLD, "help:"));
                }
                self.print(host, &text);
                self.clear(host);
                self.sum.abort(host, message);
            }
        }
    }

    fn finish(&mut self) {
        for host in self.order.clone() {
            self.clear(&host);
        }
        let sum = std::mem::take(&mut self.sum).text(&self.order, self.style);
        let _gone = self.out.write_all(sum.as_bytes()).and_then(|()| self.out.flush());
        let statuses = std::mem::take(&mut self.statuses);
        let found =
            |name: &String| statuses.get_key_value(name).map(|(name, status)| (name.as_str(), status));
        let hosts: Vec<_> = self.order.iter().filter_map(found).collect();
        if !hosts.is_empty() {
            let text = status::tables(&hosts, jiff::Timestamp::now(), self.style);
            let _gone = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        }
    }
}

/// A host's name, as it is shown.
fn called(host: &str) -> String {
    let mut host = host.to_owned();
    name(&mut host);
    host
}

/// `3 ms`, `1.2 s`, `2 min 5 s`.
pub(super) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        format!("{} ms", duration.as_millis())
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::plan::Change;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn state(outcome: Outcome, changes: Vec<Change>, comment: Option<&str>) -> Event {
        Event::State(StateResult {
            number: 0,
            id: "site".to_owned(),
            function: "file.managed".to_owned(),
            name: "/etc/site.conf".to_owned(),
            sls: "web".to_owned(),
            outcome,
            changes,
            comment: comment.map(str::to_owned),
            help: None,
            output: None,
            place: None,
            duration: Duration::from_millis(12),
        })
    }

    fn shown(hosts: &[&str], events: &[Event]) -> String {
        let out = Shared::default();
        let mut terminal = Terminal::new(Box::new(out.clone()), Style::default());
        hosts.iter().for_each(|host| terminal.host(host));
        events.iter().for_each(|event| terminal.event(hosts[0], event));
        terminal.finish();
        String::from_utf8(out.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn changed_states_show_what_changed_and_unchanged_ones_are_counted() {
        let events = [
            Event::Started {
                protocol: 1,
                environment: "staging".to_owned(),
                id: "web1".to_owned(),
                plan: false,
                states: 2,
            },
            state(Outcome::Unchanged, vec![], None),
            state(
                Outcome::Changed,
                vec![
                    Change::new("content").diff("@@ -1 +1 @@\n-a\n+b\n"),
                    Change::new("mode").from("0644").to("0600"),
                ],
                None,
            ),
            Event::Finished {
                summary: Summary {
                    unchanged: 1,
                    changed: 1,
                    duration: Duration::from_millis(1500),
                    ..Summary::default()
                },
            },
        ];
        assert_eq!(
            shown(&["web1"], &events),
            "changed  file.managed site (/etc/site.conf)  12 ms\n    content\n      @@ -1 +1 @@\n      -a\n      +b\n    \
             mode: 0644 → 0600\nweb1: 1 unchanged, 1 changed, 0 failed, 0 skipped in 1.5 s\n"
        );
    }

    #[test]
    fn lines_of_several_hosts_bear_their_names() {
        let text = shown(&["a", "web2"], &[state(Outcome::Failed, vec![], Some("no such user `x`"))]);
        assert_eq!(
            text,
            "a    failed   file.managed site (/etc/site.conf)  12 ms\na        no such user `x`\n"
        );
    }

    #[test]
    fn a_long_new_file_is_shown_in_part_by_a_run() {
        let long: String = (0..40).map(|line| format!("+line {line}\n")).collect();
        let text = shown(
            &["web1"],
            &[state(Outcome::Changed, vec![Change::new("created").diff(long.clone())], None)],
        );
        assert!(text.contains("+line 11\n      … 28 more lines (-v shows them)\n"), "{text}");
        let changed = format!("{long}-old\n");
        let text =
            shown(&["web1"], &[state(Outcome::Changed, vec![Change::new("content").diff(changed)], None)]);
        assert!(text.contains("+line 39\n      -old\n"), "{text}");
    }

    #[test]
    fn times_read_well() {
        assert_eq!(time(Duration::from_millis(3)), "3 ms");
        assert_eq!(time(Duration::from_millis(1234)), "1.2 s");
        assert_eq!(time(Duration::from_secs(125)), "2 min 5 s");
    }
}
