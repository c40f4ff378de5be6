//! `at`: lines that are run once, at a time to come. The queue is read from where atd(8) keeps it, so that
//! looking starts nothing.

use std::path::Path;

use serde::Deserialize;

use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::host::{Action, Command, Host};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

const SPOOL: &str = "/var/spool/cron/atjobs";
/// How Salt marks a job, in its first line.
const MARK: &str = "### SALT: ";

/// A job in the queue.
struct Job {
    number: u32,
    uid: Option<u32>,
    /// The whole script that will be run.
    script: String,
}

impl Job {
    /// Its name is the queue's letter, the number in 5 and the minute in 8 hexadecimal digits (atd's source).
    fn read(name: &str, script: String) -> Option<Self> {
        let number = u32::from_str_radix(name.get(1..6)?, 16).ok()?;
        // Jobs that run just now have a `=` for the letter.
        if name.len() != 14 || !name.starts_with(|char: char| char.is_ascii_alphabetic()) {
            return None;
        }
        let uid = script.lines().find_map(|line| line.strip_prefix("# atrun uid="));
        let uid = uid.and_then(|rest| rest.split(' ').next()?.parse().ok());
        Some(Self { number, uid, script })
    }

    fn tag(&self) -> Option<&str> {
        self.script.lines().find_map(|line| line.strip_prefix(MARK)).map(str::trim)
    }

    /// Whether this is what the job runs: the end of its script, after all that `at` puts before it.
    fn runs(&self, job: &str) -> bool {
        let script = self.script.trim_end();
        script.strip_suffix(job.trim_end()).is_some_and(|before| before.ends_with('\n'))
    }
}

fn queue(host: &dyn Host) -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    for name in host.list(Path::new(SPOOL))?.unwrap_or_default() {
        // One that is run meanwhile is gone.
        if let Some(script) = host.read(&Path::new(SPOOL).join(&name))? {
            jobs.extend(Job::read(&name, String::from_utf8_lossy(&script).into_owned()));
        }
    }
    jobs.sort_by_key(|job| job.number);
    Ok(jobs)
}

/// A line is queued.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    name: String,
    /// When, as at(1) reads it: `23:30`, `now + 2 hours`.
    timespec: String,
    /// What to run [default: the name].
    job: Option<String>,
    /// A word that the job is known by: one with it is there already.
    tag: Option<String>,
    user: Option<String>,
    /// Has no effect: a tag is always unique.
    #[serde(default, rename = "unique_tag")]
    _unique_tag: bool,
}

impl State for Present {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let host = context.facts.host();
        if host.which("at")?.is_none() && !context.facts.packages_coming() {
            return Err(Fault::new("the host has no `at`").help("install the package `at` first"));
        }
        let user = self.user.as_deref().unwrap_or("root");
        let uid = context.facts.uid(user)?;
        if uid.is_none() && !context.facts.coming(&Key::User(user.to_owned())) {
            return Err(Fault::new(format!("no such user: `{user}`")));
        }
        if self.tag.iter().any(|tag| tag.is_empty() || tag.contains(char::is_whitespace)) {
            return Err(Fault::new("`tag` is one word"));
        }
        let job = self.job.as_ref().unwrap_or(&self.name);
        let same = |known: &Job| match &self.tag {
            Some(tag) => known.tag() == Some(tag),
            None => known.runs(job) && known.uid == uid,
        };
        let mut plan = Plan::default();
        if queue(host)?.iter().any(same) {
            return Ok(plan);
        }
        let mark = self.tag.iter().map(|tag| format!("{MARK}{tag}\n")).collect::<String>();
        let words = self.timespec.split_whitespace();
        let command = Command::new(["at"].into_iter().chain(words)).stdin(format!("{mark}{job}\n"));
        let command = self.user.iter().fold(command, |command, user| command.user(user));
        plan.push(Change::new("queued").to(&self.timespec), Action::Run(command));
        Ok(plan)
    }

    fn wants(&self) -> Vec<Key> {
        let user = self.user.clone().map(Key::User);
        [Key::Package("at".to_owned())].into_iter().chain(user).collect()
    }
}

/// No such line is queued.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    #[serde(rename = "name")]
    _name: String,
    /// The numbers that atq(1) shows.
    #[serde(default)]
    jobid: OneOrMany<u32>,
    /// The word that the job is known by.
    tag: Option<String>,
    /// Whose jobs.
    runas: Option<String>,
}

impl State for Absent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let uid = match &self.runas {
            Some(user) => Some(context.facts.uid(user)?),
            None => None,
        };
        let meant = |job: &&Job| {
            if !self.jobid.0.is_empty() {
                return self.jobid.0.contains(&job.number);
            }
            self.tag.as_deref().is_none_or(|tag| job.tag() == Some(tag))
                && uid.is_none_or(|uid| job.uid == uid)
        };
        let mut plan = Plan::default();
        for job in queue(context.facts.host())?.iter().filter(meant) {
            let tag = job.tag().map(|tag| format!(" ({tag})")).unwrap_or_default();
            let number = job.number.to_string();
            plan.push(
                Change::new(format!("job {number}{tag}")).from("queued"),
                Action::Run(Command::new(["atrm", &number])),
            );
        }
        Ok(plan)
    }
}

impl Function for Present {
    const NAME: &'static str = "at.present";
    const ABOUT: &'static str = "A line is queued to be run once. Without `tag` the same line of the same user counts as the same job.";
    const EXAMPLE: &'static str = "wake:\n  at.present:\n    - job: /usr/local/bin/wake\n    - timespec: 23:30 tomorrow\n    - tag: wake\n    - user: ada\n";
}

impl Function for Absent {
    const NAME: &'static str = "at.absent";
    const ABOUT: &'static str = "These jobs are not queued: by number, by tag, by user, or all.";
    const EXAMPLE: &'static str = "no wake:\n  at.absent:\n    - tag: wake\n";
    const LATER: &'static [&'static str] = &["hour", "minute", "day", "month", "year", "limit"];
}
