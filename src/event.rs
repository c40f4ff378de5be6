//! Everything a run can tell, one JSON object per line: the contract between the engine on a host and
//! the reports on the operator's side. Plain types, no logic.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Excerpt};
use crate::plan::Change;

/// Raised whenever an older reader would misunderstand.
pub const PROTOCOL: u32 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first event of a run.
    Started {
        protocol: u32,
        environment: String,
        /// The host's ID: its name among the environment's hosts.
        id: String,
        /// A dry run: nothing will be changed.
        plan: bool,
        states: usize,
    },
    /// A problem in the project's files; a run with an error among them ends without a change.
    Problem { problem: Diagnostic },
    /// A state is being applied (not sent for states that need nothing).
    Applying {
        number: usize,
        id: String,
        function: String,
        name: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        sls: String,
    },
    /// A state is done.
    State(StateResult),
    /// What is going on besides states: packages being installed, a deploy's stage.
    Progress { message: String },
    /// What the host is. It waits for the facts of the others.
    Facts { grains: crate::facts::Grains },
    /// A release is ready to be switched to. The host waits for its turn.
    Prepared,
    /// The answer to an order that only asks which releases are kept, the oldest first.
    Releases { releases: Vec<Release> },
    /// The answer to an order that only asks what was deployed, the oldest first.
    History { deploys: Vec<Deployed> },
    /// The answer to an order that only asks how the host does.
    Status { status: Status },
    /// How the application's environment on the host differs from what it would be given: names, never values.
    Secrets { missing: Vec<String>, changed: Vec<String>, surplus: Vec<String> },
    /// Nothing on the host is meant by these names; that of others may be.
    Unknown { names: Vec<String> },
    /// The packages that have another version now.
    Upgraded { packages: Vec<String> },
    /// A line of a log, or of what a command says; `source` is the log's name.
    Line {
        #[serde(default, skip_serializing_if = "String::is_empty")]
        source: String,
        text: String,
    },
    /// Something worth reading that is no problem.
    Note { message: String },
    /// Nothing new: the host is at work, and the connection holds. It never reaches a report.
    Alive,
    /// The last event: nothing comes after it.
    Finished { summary: Summary },
    /// The run could not go on: locked, unsupported system, no right.
    Aborted { message: String, help: Option<String>, code: u8 },
}

/// A release that a host keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// When it was made: `20261121T103000Z`.
    pub name: String,
    /// The commit that it was made of, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    pub current: bool,
}

/// A deploy or a return to a release, as the host remembers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deployed {
    /// When it began: `2026-11-21T10:30:00Z`.
    pub at: String,
    /// `user@machine`.
    pub operator: String,
    /// `deploy`, `promote` or `rollback`.
    pub task: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The release holds what no commit does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dirty: bool,
    /// The stage that failed; `None`: it went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    #[serde(with = "seconds")]
    pub duration: Duration,
}

/// How a host does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The current release, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
    /// Whether the site answers as it should; otherwise what it says. `None`: there is no site here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// The last run that converged the host: when, and how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converged: Option<Converged>,
    /// Who locked the host, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<String>,
    pub maintenance: bool,
    /// Balancers send no visitors here: a deploy is at work, or has left the host with no release that works.
    pub draining: bool,
    /// An upgrade waits for the host's restart.
    pub reboot: bool,
    /// Another one after each start of the host.
    pub boot: String,
    pub processes: Vec<Process>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Answers,
    Fails(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converged {
    /// `2026-11-21T10:30:00Z`.
    pub at: String,
    pub changed: usize,
    pub failed: usize,
}

/// A program under Supervisor or a service of the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub name: String,
    /// In small letters: `running`, `stopped`, `fatal`, `active`, `failed` …
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// For so many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// In bytes, with its children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
}

impl Process {
    pub fn runs(&self) -> bool {
        ["running", "active"].contains(&self.state.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateResult {
    /// Position in the run, from 0.
    pub number: usize,
    pub id: String,
    /// `file.managed`.
    pub function: String,
    pub name: String,
    pub sls: String,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Why nothing was done, what failed, what it depends on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The last lines of a failed command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Where the state stands, for failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Excerpt>,
    #[serde(with = "seconds")]
    pub duration: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Unchanged,
    /// A dry run: it would change.
    WouldChange,
    Changed,
    Failed,
    /// Not run, and rightly so: a guard or an unmet `onchanges`/`onfail`.
    Skipped,
    /// Not run because a requisite failed: counts as a failure.
    Blocked,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub unchanged: usize,
    pub changed: usize,
    /// With a dry run: how many would change.
    pub would_change: usize,
    pub failed: usize,
    pub skipped: usize,
    #[serde(with = "seconds")]
    pub duration: Duration,
}

impl Event {
    /// Calls with the IDs and names by which a state is found in the project's files.
    pub fn each_id(&mut self, call: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Applying { id, name, .. } => [id, name].into_iter().for_each(call),
            Self::State(state) => [&mut state.id, &mut state.name].into_iter().for_each(call),
            _ => {}
        }
    }

    /// Calls with every text that the project's files, the host or a program may have had a part in.
    pub fn each_text(&mut self, call: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Started { .. }
            | Self::Finished { .. }
            | Self::Facts { .. }
            | Self::Prepared
            | Self::Alive
            | Self::Unknown { .. }
            | Self::Secrets { .. }
            | Self::Upgraded { .. } => {}
            Self::Releases { releases } => {
                releases.iter_mut().filter_map(|release| release.commit.as_mut()).for_each(call);
            }
            Self::History { deploys } => {
                for deployed in deploys {
                    call(&mut deployed.operator);
                    deployed.commit.iter_mut().chain(&mut deployed.failed).for_each(&mut *call);
                }
            }
            Self::Status { status } => {
                let fails = match &mut status.health {
                    Some(Health::Fails(why)) => Some(why),
                    _ => None,
                };
                fails.into_iter().chain(&mut status.locked).for_each(call);
            }
            Self::Line { text, .. } => call(text),
            Self::Problem { problem } => problem.each_text(call),
            Self::Applying { id, name, .. } => {
                call(id);
                call(name);
            }
            Self::State(state) => {
                call(&mut state.id);
                call(&mut state.name);
                for change in &mut state.changes {
                    call(&mut change.what);
                    [&mut change.from, &mut change.to, &mut change.diff]
                        .into_iter()
                        .flatten()
                        .for_each(&mut *call);
                }
                [&mut state.comment, &mut state.help, &mut state.output]
                    .into_iter()
                    .flatten()
                    .for_each(&mut *call);
                state.place.iter_mut().for_each(|place| call(&mut place.text));
            }
            Self::Progress { message } | Self::Note { message } => call(message),
            Self::Aborted { message, help, .. } => {
                call(message);
                help.iter_mut().for_each(call);
            }
        }
    }
}

impl Event {
    /// Calls with every text that stands in one line when it is shown: names, times, places. IDs and names of states
    /// may have several.
    pub fn each_name(&mut self, call: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Started { environment, id, .. } => [environment, id].into_iter().for_each(call),
            Self::Problem { problem } => {
                [&mut problem.label, &mut problem.state].into_iter().flatten().for_each(&mut *call);
                problem.also.iter_mut().for_each(|also| call(&mut also.label));
                problem.each_place(&mut |place| {
                    [&mut place.file, &mut place.text].into_iter().for_each(&mut *call)
                });
            }
            Self::Applying { function, sls, .. } => [function, sls].into_iter().for_each(call),
            Self::State(state) => {
                [&mut state.function, &mut state.sls].into_iter().for_each(&mut *call);
                state.place.iter_mut().for_each(|place| call(&mut place.file));
            }
            Self::Releases { releases } => releases.iter_mut().for_each(|release| release.each_name(call)),
            Self::History { deploys } => {
                for deployed in deploys {
                    [&mut deployed.at, &mut deployed.operator, &mut deployed.task]
                        .into_iter()
                        .chain(&mut deployed.release)
                        .chain(&mut deployed.commit)
                        .chain(&mut deployed.failed)
                        .for_each(&mut *call);
                }
            }
            Self::Status { status } => status.each_name(call),
            Self::Secrets { missing, changed, surplus } => {
                [missing, changed, surplus].into_iter().flatten().for_each(call);
            }
            Self::Unknown { names } => names.iter_mut().for_each(call),
            Self::Upgraded { packages } => packages.iter_mut().for_each(call),
            Self::Line { source, .. } => call(source),
            Self::Facts { .. }
            | Self::Prepared
            | Self::Alive
            | Self::Progress { .. }
            | Self::Note { .. }
            | Self::Finished { .. }
            | Self::Aborted { .. } => {}
        }
    }
}

impl Release {
    fn each_name(&mut self, call: &mut dyn FnMut(&mut String)) {
        [&mut self.name].into_iter().chain(&mut self.commit).for_each(call);
    }
}

impl Status {
    fn each_name(&mut self, call: &mut dyn FnMut(&mut String)) {
        self.release.iter_mut().for_each(|release| release.each_name(call));
        if let Some(Health::Fails(why)) = &mut self.health {
            call(why);
        }
        self.converged.iter_mut().for_each(|converged| call(&mut converged.at));
        self.locked.iter_mut().for_each(&mut *call);
        call(&mut self.boot);
        for process in &mut self.processes {
            [&mut process.name, &mut process.state].into_iter().for_each(&mut *call);
        }
    }
}

/// Durations travel as seconds with fractions.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((duration.as_secs_f64() * 10_000.0).round() / 10_000.0)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
    }
}
