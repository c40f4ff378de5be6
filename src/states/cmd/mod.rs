//! Commands that the user wrote: a line for a shell, or a script of the project. What they do is unknown,
//! so they run every time unless a guard (`unless`, `onlyif`, `creates`) or an `onchanges` says otherwise.

mod line;
mod script;
mod stateful;

pub use line::{Run, Wait};
pub use script::Script;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::facts::Facts;
use crate::fault::Result;
use crate::host::Command;
use crate::yaml::{Mode, OneOrMany, Pairs, Seconds};

/// A command without a `timeout` may take as long as it likes; a day is as good as for ever.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What is common to lines and scripts.
struct Setting<'a> {
    cwd: Option<&'a PathBuf>,
    runas: Option<&'a String>,
    group: Option<&'a String>,
    env: &'a Pairs<String>,
    prepend_path: Option<&'a String>,
    umask: Option<Mode>,
    success_retcodes: &'a OneOrMany<i32>,
    timeout: Option<Seconds>,
    quiet: bool,
    bg: bool,
}

impl Setting<'_> {
    /// Sets up a command; without a `cwd` it runs in the account's home, as under Salt.
    fn apply(&self, mut command: Command, facts: &Facts) -> Result<Command> {
        command.user = self.runas.cloned();
        command.group = self.group.cloned();
        command.cwd = match self.cwd {
            Some(cwd) => Some(cwd.clone()),
            None => self.home(facts)?,
        };
        command.env.extend(self.env.0.iter().cloned());
        if let Some(folder) = self.prepend_path {
            let path = command.env.get("PATH").map_or(crate::host::PATH, String::as_str);
            let path = format!("{}:{path}", folder.trim_end_matches(':'));
            command.env.insert("PATH".to_owned(), path);
        }
        command.umask = self.umask.map(|mode| mode.0);
        command.accept = std::iter::once(0).chain(self.success_retcodes.0.iter().copied()).collect();
        command.timeout = self.timeout.map_or(LONGEST, |timeout| timeout.0);
        command.secret = self.quiet;
        command.detached = self.bg;
        Ok(command)
    }

    fn home(&self, facts: &Facts) -> Result<Option<PathBuf>> {
        let home = match self.runas {
            None => PathBuf::from("/root"),
            Some(name) => match facts.user(name)? {
                Some(user) => user.home,
                None => return Ok(None),
            },
        };
        let is_there = facts.host().stat(Path::new(&home))?.is_some();
        Ok(is_there.then_some(home))
    }
}

/// `hide_output`, or `output_loglevel: quiet`: neither the line nor its output is shown.
fn is_quiet(hide_output: bool, loglevel: Option<&String>) -> bool {
    hide_output || loglevel.is_some_and(|level| level == "quiet")
}
