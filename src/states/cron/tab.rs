//! A crontab as text and as what stands in it, in Salt's format. Must not look at the host.

/// Salt's marker: what stands above it is not touched.
const MARKER: &str = "# Lines below here are managed by Salt, do not edit";
/// Before a job's identifier, in the comment above it.
const IDENTIFIER: &str = "SALT_CRON_IDENTIFIER";
/// Before a job that is kept but does not run.
const DISABLED: &str = "#DISABLED#";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// Other people's lines.
    above: Vec<String>,
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Env {
        name: String,
        value: String,
    },
    Job(Job),
    /// A line that is neither.
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub when: When,
    pub command: String,
    pub comment: Option<String>,
    pub identifier: Option<String>,
    pub commented: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Minute, hour, day of the month, month, day of the week.
    Times([String; 5]),
    /// `@daily`
    Special(String),
}

impl Tab {
    pub fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let above = lines.by_ref().take_while(|line| *line != MARKER).map(str::to_owned).collect();
        let mut entries = Vec::new();
        let mut comments: Vec<&str> = Vec::new();
        for line in lines {
            if line.starts_with('#') && !line.starts_with(DISABLED) {
                comments.push(line);
                continue;
            }
            if let Some(job) = job(line, &comments) {
                entries.push(Entry::Job(job));
            } else {
                entries.extend(comments.iter().map(|line| Entry::Other((*line).to_owned())));
                entries.push(env(line).unwrap_or_else(|| Entry::Other(line.to_owned())));
            }
            comments.clear();
        }
        entries.extend(comments.into_iter().map(|line| Entry::Other(line.to_owned())));
        Self { above, entries }
    }

    pub fn text(&self) -> String {
        let mut lines = self.above.clone();
        lines.push(MARKER.to_owned());
        for entry in &self.entries {
            match entry {
                Entry::Env { name, value } => lines.push(format!("{name}={}", shown(value))),
                Entry::Other(line) => lines.push(line.clone()),
                Entry::Job(job) => job.write(&mut lines),
            }
        }
        let mut text = lines.join("\n");
        text.push('\n');
        text
    }

    pub fn jobs(&mut self) -> impl Iterator<Item = &mut Job> {
        self.entries.iter_mut().filter_map(|entry| match entry {
            Entry::Job(job) => Some(job),
            _ => None,
        })
    }

    /// Sets a variable where it stands, or after the other ones: it counts for the jobs below it.
    pub fn set(&mut self, name: &str, value: &str) {
        for entry in &mut self.entries {
            if let Entry::Env { name: known, value: old } = entry
                && known == name
            {
                if shown(old) != shown(value) {
                    value.clone_into(old);
                }
                return;
            }
        }
        let last = self.entries.iter().rposition(|entry| matches!(entry, Entry::Env { .. }));
        let at = last.map_or(0, |last| last + 1);
        self.entries.insert(at, Entry::Env { name: name.to_owned(), value: value.to_owned() });
    }
}

/// Cron wants something behind the `=`.
fn shown(value: &str) -> &str {
    if value.is_empty() { "\"\"" } else { value }
}

impl Job {
    /// Whether this is the job that a state means: the one with its identifier, or one without any that
    /// runs its command.
    pub fn is(&self, command: &str, identifier: Option<&str>) -> bool {
        match (self.identifier.as_deref(), identifier) {
            (Some(own), Some(wanted)) => own == wanted,
            (None, _) => self.command == command,
            (Some(_), None) => false,
        }
    }

    fn write(&self, lines: &mut Vec<String>) {
        if self.comment.is_some() || self.identifier.is_some() {
            let mut line = "#".to_owned();
            if let Some(comment) = self.comment.as_deref().filter(|comment| !comment.is_empty()) {
                line.push_str(&format!(" {}", comment.trim_end().replace('\n', "\n# ")));
            }
            if let Some(identifier) = &self.identifier {
                line.push_str(&format!(" {IDENTIFIER}:{identifier}"));
            }
            lines.push(line);
        }
        let disabled = if self.commented { DISABLED } else { "" };
        lines.push(match &self.when {
            When::Times(times) => format!("{disabled}{} {}", times.join(" "), self.command),
            When::Special(special) => format!("{disabled}{special} {}", self.command),
        });
    }
}

fn job(line: &str, comments: &[&str]) -> Option<Job> {
    let (line, commented) = line.strip_prefix(DISABLED).map_or((line, false), |line| (line, true));
    let (when, command) = if line.starts_with('@') {
        let (special, command) = line.split_once(char::is_whitespace)?;
        (When::Special(special.to_owned()), command.trim_start())
    } else if is_env(line) {
        return None;
    } else {
        let mut rest = line.trim_start();
        let mut times: [String; 5] = Default::default();
        for time in &mut times {
            let (word, after) = rest.split_once(char::is_whitespace)?;
            word.clone_into(time);
            rest = after.trim_start();
        }
        (When::Times(times), rest)
    };
    if command.is_empty() {
        return None;
    }
    let (comment, identifier) = described(comments);
    Some(Job { when, command: command.to_owned(), comment, identifier, commented })
}

/// Salt's reading of the comments above a job.
fn described(comments: &[&str]) -> (Option<String>, Option<String>) {
    let mut texts = Vec::new();
    let mut identifier = None;
    for line in comments {
        let mut text = line.trim_start_matches(['#', ' ']);
        if let Some((before, after)) = text.split_once(IDENTIFIER) {
            text = before.trim_end();
            identifier = after.get(1..).filter(|after| !after.is_empty()).map(str::to_owned);
        }
        texts.push(text);
    }
    ((!comments.is_empty()).then(|| texts.join("\n")), identifier)
}

/// `NAME=value`, with no space before the `=`.
fn is_env(line: &str) -> bool {
    let before = line.split([' ', '\t']).next().unwrap_or_default();
    before.find('=').is_some_and(|at| at > 0)
}

fn env(line: &str) -> Option<Entry> {
    let (name, value) = line.split_once('=').filter(|_| is_env(line))?;
    Some(Entry::Env { name: name.to_owned(), value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "\
MAILTO=root
0 1 * * * theirs
# Lines below here are managed by Salt, do not edit
PATH=/usr/bin
# nightly
# run SALT_CRON_IDENTIFIER:backup
0 3 * * * /usr/local/bin/backup --all  'a  b'
#DISABLED#5 4 * * 0 weekly A=b
# SALT_CRON_IDENTIFIER:boot
@reboot /usr/local/bin/up
";

    #[test]
    fn what_salt_wrote_is_written_back_letter_for_letter() {
        let mut tab = Tab::parse(SALT);
        assert_eq!(tab.text(), SALT);
        let jobs: Vec<Job> = tab.jobs().map(|job| job.clone()).collect();
        assert_eq!(jobs[0].comment.as_deref(), Some("nightly\nrun"));
        assert_eq!(jobs[0].identifier.as_deref(), Some("backup"));
        assert!(jobs[1].commented && jobs[1].command == "weekly A=b");
        assert_eq!(jobs[2].when, When::Special("@reboot".to_owned()));
    }

    #[test]
    fn lines_that_nobody_understands_stay() {
        let text = format!("{MARKER}\n\n# a word\n\nfoo bar\nA=1\n# at the end\n");
        assert_eq!(Tab::parse(&text).text(), text);
    }
}
