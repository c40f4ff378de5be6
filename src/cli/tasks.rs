//! What can be asked of an environment, and what it says of itself.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{EXAMPLES, RunOptions};

// Parsed in a second pass, so that options may stand on both sides of the environment.
/// Run a task on the hosts of an environment; without a task, converge them
#[derive(Debug, Parser)]
#[command(name = "provision", bin_name = "provision ENV", after_help = EXAMPLES, subcommand_help_heading = "Tasks", subcommand_value_name = "TASK")]
pub struct EnvironmentCommand {
    #[command(flatten)]
    pub options: RunOptions,
    #[command(subcommand)]
    pub task: Option<Task>,
}

#[derive(Clone, Debug, Default, Subcommand)]
pub enum Task {
    /// Bring the hosts to the state that the states describe (default)
    #[default]
    Converge,
    /// Show what a run would change, as diffs, without changing anything
    Plan,
    /// Check the project; no host needed, and every problem is reported at once
    Check,
    /// Apply these state files and what they include, instead of those in the top file
    Apply(ApplyArguments),
    /// Ship the application to the hosts
    Deploy(DeployArguments),
    /// Return to the release that ran before the current one, or to another kept release
    ///
    /// Switches, restarts and checks the site within seconds; nothing is built. If the site does not answer, the
    /// current release keeps running. The database is not touched.
    Rollback(RollbackArguments),
    /// List the releases on the hosts with their commits
    Releases,
    /// List past deploys: when, by whom, commit, duration and result
    History(HistoryArguments),
    /// Prevent others from changing the hosts until you unlock them
    ///
    /// Others see who locked the hosts, when and why, and get exit code 4. Your own runs are not affected.
    Lock(LockArguments),
    /// Allow others to change the hosts again
    Unlock(UnlockArguments),
    /// Show the release, health, programs, services and memory of the hosts
    Status(NamesArguments),
    /// Start programs and services
    Start(NamesArguments),
    /// Stop programs and services
    Stop(NamesArguments),
    /// Restart programs and services; web processes are renewed without dropping a request
    Restart(NamesArguments),
    /// Show the last lines of the logs of all hosts
    Logs(LogsArguments),
    /// Run a command on the hosts as the project's user, in its environment and the current release
    ///
    /// Exit code 1 if the command fails on any host.
    Exec(ExecArguments),
    /// Run a manage.py command on the first host that runs the application
    Manage(ManageArguments),
    /// Open a shell on one host as the project's user, in its environment and the current release
    Shell(ShellArguments),
    /// Turn the maintenance page for visitors on or off
    Maintenance(SwitchArguments),
    /// Turn cron jobs on or off; a reboot of the host turns them on
    Cron(SwitchArguments),
    /// Upgrade system packages host by host, and reboot hosts that require it
    ///
    /// The next host starts once the previous one is back and its site answers.
    Upgrade(UpgradeArguments),
    /// Compare the application's environment on the hosts with yours, or push yours
    #[command(subcommand)]
    Secrets(SecretsTask),
    /// Dump, load, copy or restore the database
    #[command(subcommand)]
    Db(DbTask),
    /// Show the compiled states, pillar or grains of a host in Salt's formats; no host needed
    Show(ShowArguments),
    /// Print a state file or template as rendered for a host; no host needed
    Render(RenderArguments),
    /// Print the dependency graph of the states; no host needed
    ///
    /// For a browser: provision ENV graph --format svg > states.svg
    Graph(GraphArguments),
}

/// Ship exactly the release that runs in one environment to another
///
/// Copies the code, its static files and the wheels of its packages from the first host that runs the release, then
/// switches host by host as a deploy does. The previous release is kept for a rollback.
#[derive(Debug, Parser)]
#[command(name = "provision", bin_name = "provision promote")]
pub struct PromoteCommand {
    /// The environment to take the release from, for example staging
    #[arg(value_name = "FROM")]
    pub from: String,
    /// The environment to ship it to, for example production
    #[arg(value_name = "TO")]
    pub to: String,
    /// Also replace the database and media of TO with those of this environment
    ///
    /// The site is closed meanwhile. The old data is kept (`provision TO db undo --media`), and is restored if any
    /// step fails.
    #[arg(long, value_name = "ENV", conflicts_with = "fresh")]
    pub data_from: Option<String>,
    /// Start with an empty database and no media; the old data is kept as with --data-from
    #[arg(long)]
    pub fresh: bool,
    /// Allow FROM to be production or an environment with `promote_only`
    #[arg(long)]
    pub i_know: bool,
    #[command(flatten)]
    pub pace: Pace,
    #[command(flatten)]
    pub options: RunOptions,
}

/// A tree without a project, looked at: `show WHAT --file-root DIR … [SLS…]`.
#[derive(Debug, Parser)]
#[command(name = "provision", bin_name = "provision show")]
pub struct ShowCommand {
    #[command(flatten)]
    pub show: ShowArguments,
    #[command(flatten)]
    pub options: RunOptions,
}

/// A file of a tree without a project, rendered: `render FILE --file-root DIR …`.
#[derive(Debug, Parser)]
#[command(name = "provision", bin_name = "provision render")]
pub struct RenderCommand {
    #[command(flatten)]
    pub render: RenderArguments,
    #[command(flatten)]
    pub options: RunOptions,
}

#[derive(Clone, Debug, Args)]
pub struct RenderArguments {
    /// The file's path below the state folder, for example nginx/site.conf or web/init.sls
    pub file: String,
    /// Also show secrets
    #[arg(long)]
    pub reveal: bool,
}

#[derive(Clone, Debug, Args)]
pub struct GraphArguments {
    /// The output format
    #[arg(long, value_enum, default_value = "dot")]
    pub format: GraphFormat,
    /// Use these state files instead of those in the top file
    #[arg(value_name = "SLS")]
    pub sls: Vec<String>,
}

/// What draws the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// The language of Graphviz
    Dot,
    /// A Mermaid flowchart, which code hosts render in Markdown
    Mermaid,
    /// An image for a browser
    Svg,
}

/// What can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// All states by ID, as `state.show_highstate` prints them
    High,
    /// Low chunks in execution order, as `state.show_lowstate` prints them
    Low,
    /// The host's pillar
    Pillar,
    /// The host's grains
    Grains,
    /// The state files that the top file assigns to the host
    Top,
    /// One line per state, in execution order
    Order,
}

#[derive(Clone, Debug, Args)]
pub struct ShowArguments {
    /// What to show
    #[arg(value_enum)]
    pub what: Shape,
    /// Use these state files instead of those in the top file
    #[arg(value_name = "SLS")]
    pub sls: Vec<String>,
    /// Also show secrets
    #[arg(long)]
    pub reveal: bool,
}

#[derive(Clone, Debug, Args)]
pub struct ApplyArguments {
    /// State files, for example nginx or app.config
    #[arg(value_name = "SLS", required = true, value_delimiter = ',')]
    pub sls: Vec<String>,
    /// Show what would change, as diffs, without changing anything
    #[arg(long)]
    pub plan: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub struct DeployArguments {
    /// The branch, tag or commit to deploy [default: the environment's `branch`]
    #[arg(long = "ref", value_name = "REV")]
    pub reference: Option<String>,
    /// Deploy your files as they are, committed or not; such a release cannot be reproduced
    ///
    /// Files matched by .gitignore or .deployignore are left out.
    #[arg(long, conflicts_with = "reference")]
    pub working_tree: bool,
    /// Lock the hosts first, so that nobody else can change them until you unlock them
    #[arg(long, value_name = "REASON", num_args = 0..=1, default_missing_value = "deploying")]
    pub lock: Option<String>,
    /// Unlock the hosts after a successful deploy
    #[arg(long, conflicts_with = "lock")]
    pub unlock: bool,
    /// Show the maintenance page and deploy to all hosts at once after the first
    ///
    /// Use it for a release that cannot run next to the old one. The page is removed at the end, even after a
    /// failure.
    #[arg(long, conflicts_with_all = ["serial", "percent"])]
    pub full: bool,
    #[command(flatten)]
    pub pace: Pace,
}

/// How many hosts at a time. The first is always alone, and what follows a failure is left as it was.
#[derive(Clone, Debug, Default, Args)]
pub struct Pace {
    /// Work on COUNT hosts at a time [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    pub serial: Option<u16>,
    /// Work on this percentage of the hosts at a time
    #[arg(long, value_name = "PERCENT", conflicts_with = "serial", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub percent: Option<u16>,
    /// Work on all hosts at once after the first
    #[arg(long, conflicts_with_all = ["serial", "percent"])]
    pub parallel: bool,
}

impl Pace {
    /// How many hosts, out of this number, work at the same time.
    pub fn width(&self, hosts: usize) -> usize {
        if self.parallel {
            return hosts;
        }
        let of_all = self.percent.map(|percent| (hosts * usize::from(percent)).div_ceil(100));
        self.serial.map(usize::from).or(of_all).unwrap_or(1)
    }
}

#[derive(Clone, Debug, Args)]
pub struct HistoryArguments {
    /// Show the newest COUNT entries of each host
    #[arg(short = 'n', long, default_value_t = 20, value_name = "COUNT")]
    pub count: usize,
}

#[derive(Clone, Debug, Default, Args)]
pub struct NamesArguments {
    /// Programs (web, worker), services (nginx, postgresql) or roles (db-master, queue) [default: all; for start, stop and restart: the project's programs]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct LogsArguments {
    /// Follow the logs until interrupted
    #[arg(short = 'f', long)]
    pub follow: bool,
    /// Show the last COUNT lines of each log
    #[arg(short = 'n', long, default_value_t = 20, value_name = "COUNT")]
    pub lines: usize,
    /// Programs (web, worker) and services (nginx, postgresql) [default: the project's]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct ExecArguments {
    /// The command and its arguments
    #[arg(required = true, last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct ManageArguments {
    /// The arguments of manage.py, for example: -- migrate --plan
    #[arg(required = true, last = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct ShellArguments {
    /// Run this command in a terminal instead of a shell, for example: -- python manage.py dbshell
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct UpgradeArguments {
    /// Do not reboot; `status` shows which hosts need a reboot
    #[arg(long)]
    pub no_reboot: bool,
}

/// What is done with secrets, whose values are never shown.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum SecretsTask {
    /// List variables that are missing, different or extra on the hosts (names only)
    ///
    /// Exit code 5 if anything differs.
    Diff,
    /// Push them to the hosts and renew the application's processes
    Push,
}

/// What is done with the database.
#[derive(Clone, Debug, Subcommand)]
pub enum DbTask {
    /// Save the database to a local file that only you can read
    Dump {
        /// The file [default: PROJECT-ENV-TIME.dump]
        file: Option<PathBuf>,
    },
    /// Replace the database with the contents of a file
    ///
    /// The site shows its maintenance page meanwhile. Runs the migrations that the file lacks, then the commands of
    /// `db: {scrub: […]}` in the pillar. If any step fails, the old database is restored.
    Load {
        /// A file written by `db dump`
        file: PathBuf,
        /// Allow this in production
        #[arg(long)]
        i_know: bool,
    },
    /// Replace the database with that of another environment
    ///
    /// The same as `db dump` there and `db load` here.
    Copy {
        /// The environment to copy from
        #[arg(long, value_name = "ENV")]
        from: String,
        /// Allow this in production
        #[arg(long)]
        i_know: bool,
    },
    /// Restore the database from before the last load
    Undo {
        /// Also restore the media from before the last promotion with data
        #[arg(long)]
        media: bool,
        /// Allow this in production
        #[arg(long)]
        i_know: bool,
    },
}

#[derive(Clone, Debug, Args)]
pub struct SwitchArguments {
    /// The new setting
    #[arg(value_enum)]
    pub to: Switch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

#[derive(Clone, Debug, Args)]
pub struct LockArguments {
    /// The reason, which others see
    #[arg(value_name = "REASON", required = true)]
    pub reason: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct UnlockArguments {
    /// Unlock hosts that somebody else locked
    #[arg(long)]
    pub force: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub struct RollbackArguments {
    /// A release from `releases` [default: the one before the current]
    #[arg(value_name = "RELEASE")]
    pub release: Option<String>,
    #[command(flatten)]
    pub pace: Pace,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{EnvironmentCommand, Pace};

    #[test]
    fn a_pace_is_a_number_of_hosts() {
        let width = |serial, percent, parallel| Pace { serial, percent, parallel }.width(10);
        assert_eq!(width(None, None, false), 1);
        assert_eq!(width(Some(3), None, false), 3);
        assert_eq!(width(None, Some(25), false), 3);
        assert_eq!(width(None, None, true), 10);
    }

    #[test]
    fn options_and_arguments_do_not_clash() {
        EnvironmentCommand::command().debug_assert();
    }
}
