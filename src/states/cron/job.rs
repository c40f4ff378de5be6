//! `cron.present` and `cron.absent`.

use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::tab::{Entry, Job, Tab, When};
use super::{edit, root, schedule, wants};
use crate::facts::{Facts, Key};
use crate::fault::{Fault, Result};
use crate::plan::Plan;
use crate::states::{Context, Function, State};

/// A job in a user's crontab.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    name: String,
    #[serde(default = "root")]
    user: String,
    #[serde(default = "always")]
    minute: String,
    #[serde(default = "always")]
    hour: String,
    #[serde(default = "always")]
    daymonth: String,
    #[serde(default = "always")]
    month: String,
    #[serde(default = "always")]
    dayweek: String,
    comment: Option<String>,
    #[serde(default)]
    commented: bool,
    #[serde(default)]
    identifier: Identifier,
    special: Option<String>,
}

/// A job that is not in a user's crontab.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    name: String,
    #[serde(default = "root")]
    user: String,
    #[serde(default)]
    identifier: Identifier,
    special: Option<String>,
    /// When a job ran does not matter for taking it out.
    #[serde(rename = "minute")]
    _minute: Option<String>,
    #[serde(rename = "hour")]
    _hour: Option<String>,
    #[serde(rename = "daymonth")]
    _daymonth: Option<String>,
    #[serde(rename = "month")]
    _month: Option<String>,
    #[serde(rename = "dayweek")]
    _dayweek: Option<String>,
    #[serde(rename = "comment")]
    _comment: Option<String>,
}

/// The name that a job keeps when its command changes: the command itself unless the state says another,
/// or with nothing as value none at all.
#[derive(Debug, Default)]
enum Identifier {
    #[default]
    Command,
    Nothing,
    Text(String),
}

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::<String>::deserialize(deserializer)? {
            None => Self::Nothing,
            // Salt's own default, which trees spell out.
            Some(text) if text.eq_ignore_ascii_case("false") => Self::Command,
            Some(text) => Self::Text(text),
        })
    }
}

impl Identifier {
    fn of<'a>(&'a self, command: &'a str) -> Option<&'a str> {
        match self {
            Self::Command => Some(command),
            Self::Nothing => None,
            Self::Text(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
        }
    }
}

fn always() -> String {
    "*".to_owned()
}

impl State for Present {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let command = self.name.trim();
        let identifier = self.identifier.of(command);
        if command.is_empty() || command.contains('\n') || identifier.is_some_and(|text| text.contains('\n'))
        {
            return Err(Fault::new("a job's command and identifier stand on one line")
                .help("put several commands into a script, and name that"));
        }
        let times = [&self.minute, &self.hour, &self.daymonth, &self.month, &self.dayweek];
        let times = times.map(|time| time.to_lowercase());
        self.sensible(&times)?;
        let seed = seed(context.facts, &self.user, identifier.unwrap_or(command))?;
        edit(context.facts, &self.user, |tab| {
            let there = tab.jobs().find(|job| job.is(command, identifier));
            let now = match there.as_ref().map(|job| &job.when) {
                Some(When::Times(now)) => Some(now.clone()),
                _ => None,
            };
            let when = match &self.special {
                Some(special) => When::Special(special.clone()),
                None => When::Times(schedule::settle(&times, now.as_ref(), &seed)),
            };
            let comment = self.comment.as_ref().map(|comment| comment.trim_end().to_owned());
            let wanted = Job {
                when,
                command: command.to_owned(),
                comment,
                identifier: identifier.map(str::to_owned),
                commented: self.commented,
            };
            match there {
                Some(job) => {
                    // What the state does not say stays.
                    let comment = wanted.comment.clone().or_else(|| job.comment.clone());
                    let identifier = wanted.identifier.clone().or_else(|| job.identifier.clone());
                    *job = Job { comment, identifier, ..wanted };
                }
                None => tab.entries.push(Entry::Job(wanted)),
            }
            Ok(())
        })
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.user)
    }
}

impl Present {
    fn sensible(&self, times: &[String; 5]) -> Result<()> {
        if let Some(problem) = schedule::problem(times) {
            return Err(Fault::new(problem).help(
                "write a field as in a crontab (`*/5`, `1-5`), `random`, or a range to choose from (`1:5`)",
            ));
        }
        let Some(special) = &self.special else { return Ok(()) };
        if times.iter().any(|time| time != "*") {
            return Err(Fault::new("`special` says when the job runs, so the other fields cannot"));
        }
        let known =
            ["@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
        if known.contains(&special.as_str()) {
            return Ok(());
        }
        Err(Fault::new(format!("`special` cannot be `{special}`"))
            .help(format!("known are {}", known.join(", "))))
    }
}

/// What a random time follows from: the host, the user and the job.
fn seed(facts: &Facts, user: &str, job: &str) -> Result<String> {
    let host = facts.host().read(Path::new("/etc/hostname"))?.unwrap_or_default();
    Ok(format!("{}\n{user}\n{job}", String::from_utf8_lossy(&host).trim()))
}

impl State for Absent {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        let facts = context.facts;
        if facts.user(&self.user)?.is_none() {
            return Ok(Plan::nothing(format!("there is no user `{}`", self.user)));
        }
        let command = self.name.trim();
        let identifier = self.identifier.of(command);
        edit(facts, &self.user, |tab: &mut Tab| {
            tab.entries.retain(|entry| match (entry, &self.special) {
                (Entry::Job(job), None) => !job.is(command, identifier),
                (Entry::Job(job), Some(special)) => {
                    job.when != When::Special(special.clone()) || !job.is(command, identifier)
                }
                _ => true,
            });
            Ok(())
        })
    }

    fn wants(&self) -> Vec<Key> {
        wants(&self.user)
    }
}

impl Function for Present {
    const NAME: &'static str = "cron.present";
    const ABOUT: &'static str = "A job is in a user's crontab, known by its identifier or its command.";
    const EXAMPLE: &'static str = "/usr/local/bin/backup --all:\n  cron.present:\n    - identifier: backup\n    - user: root\n    - minute: random\n    - hour: 3\n";
}

impl Function for Absent {
    const NAME: &'static str = "cron.absent";
    const ABOUT: &'static str = "A job is not in a user's crontab.";
    const EXAMPLE: &'static str = "old backup:\n  cron.absent:\n    - identifier: backup\n";
}
