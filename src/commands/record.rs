//! What a run leaves in files here: a log for each host, results for those who read JUnit's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::event::{Event, Outcome, StateResult};
use crate::fault::{Context as _, Fault, Result};
use crate::private;
use crate::report::{Report, sanitize};

/// Passes events on to another report, and writes them down.
pub struct Recorder {
    report: Box<dyn Report>,
    /// Where each host has a file `HOST.jsonl`.
    folder: Option<PathBuf>,
    logs: BTreeMap<String, BufWriter<File>>,
    junit: Option<File>,
    suites: BTreeMap<String, Suite>,
}

/// One host's results.
#[derive(Default)]
struct Suite {
    states: Vec<StateResult>,
    aborted: Option<String>,
}

impl Recorder {
    /// Files that cannot be written are an error now, and not after the run.
    pub fn new(report: Box<dyn Report>, folder: Option<&Path>, junit: Option<&Path>) -> Result<Self> {
        if let Some(folder) = folder {
            private::make_folder(folder)?;
        }
        // For a CI server, which may be another user.
        let create = |path: &Path| File::create(path).context(format!("cannot write `{}`", path.display()));
        Ok(Self {
            report,
            folder: folder.map(Path::to_owned),
            logs: BTreeMap::new(),
            junit: junit.map(create).transpose()?,
            suites: BTreeMap::new(),
        })
    }
}

impl Report for Recorder {
    fn host(&mut self, name: &str) {
        self.suites.insert(name.to_owned(), Suite::default());
        // A host's name is part of a path.
        let file =
            self.folder.as_ref().map(|folder| folder.join(format!("{}.jsonl", name.replace('/', "_"))));
        // What hosts say is not for everybody, and others may have put something in its place.
        match file.map(|file| private::replace(&file)) {
            Some(Ok(file)) => {
                self.logs.insert(name.to_owned(), BufWriter::new(file));
            }
            Some(Err(fault)) => super::complain(&fault.context(format!("there is no log of `{name}`"))),
            None => {}
        }
        self.report.host(name);
    }

    fn event(&mut self, host: &str, event: &Event) {
        if let Some(log) = self.logs.get_mut(host)
            && serde_json::to_writer(&mut *log, event).is_ok()
        {
            // A full disk here is no reason to stop converging there.
            let _full = log.write_all(b"\n").and_then(|()| log.flush());
        }
        let suite = self.suites.entry(host.to_owned()).or_default();
        match event {
            Event::State(state) if self.junit.is_some() => {
                suite.states.push(StateResult { changes: Vec::new(), place: None, ..state.clone() });
            }
            Event::Aborted { message, .. } => suite.aborted = Some(message.clone()),
            _ => {}
        }
        self.report.event(host, event);
    }

    fn finish(&mut self) {
        if let Some(mut file) = self.junit.take()
            && let Err(error) = file.write_all(junit(&self.suites).as_bytes())
        {
            super::complain(&Fault::new(format!("the results could not be written: {error}")));
        }
        self.report.finish();
    }
}

/// As CI servers read it: a suite for each host, a case for each state. (The format has no standard; this is what
/// Jenkins' schema and GitLab's page have in common.)
fn junit(suites: &BTreeMap<String, Suite>) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for (host, suite) in suites {
        let failed = |state: &&StateResult| matches!(state.outcome, Outcome::Failed | Outcome::Blocked);
        let failures = suite.states.iter().filter(failed).count();
        let errors = usize::from(suite.aborted.is_some());
        let _infallible = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\">",
            escaped(host),
            suite.states.len() + errors
        );
        for state in &suite.states {
            let _infallible = write!(
                text,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
                escaped(&state.sls),
                escaped(&format!("{} {}", state.function, state.id)),
                state.duration.as_secs_f64()
            );
            let inside = match state.outcome {
                Outcome::Failed | Outcome::Blocked => format!(
                    "<failure message=\"{}\">{}</failure>",
                    escaped(state.comment.as_deref().unwrap_or("failed")),
                    escaped(state.output.as_deref().unwrap_or_default())
                ),
                Outcome::Skipped => "<skipped/>".to_owned(),
                _ => String::new(),
            };
            let end = if inside.is_empty() { "/>".to_owned() } else { format!(">{inside}</testcase>") };
            let _infallible = writeln!(text, "{end}");
        }
        if let Some(why) = &suite.aborted {
            let why = escaped(why);
            let _infallible =
                writeln!(text, "    <testcase name=\"run\"><error message=\"{why}\"/></testcase>");
        }
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

/// For XML's attributes and text; what XML 1.0 cannot say at all is left out.
fn escaped(text: &str) -> String {
    let mut shown = text.to_owned();
    sanitize(&mut shown);
    let mut out = String::with_capacity(shown.len());
    for letter in shown.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => {}
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn xml_is_not_broken_by_what_hosts_say() {
        for (text, shown) in [
            ("a<b>&\"\u{1b}[1m\n", "a&lt;b&gt;&amp;&quot;&#10;"),
            ("]]>\u{0}\u{ffff}", "]]&gt;\\u{0}"),
            ("\u{202e}x\u{85}", "\\u{202e}x\\u{85}"),
        ] {
            assert_eq!(escaped(text), shown);
        }
    }
}
