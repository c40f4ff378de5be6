//! What can be asked of an environment, and what it says of itself.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{EXAMPLES, RunOptions};

// Parsed in a second pass, so that options may stand on both sides of the environment.
/// Do a task on the hosts of an environment; without a task, make them as the states say
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
    /// Make the hosts as the states say (the default)
    #[default]
    Converge,
    /// Show what a run would change, as diffs, and change nothing
    Plan,
    /// Compile everything offline and report all problems at once
    Check,
    /// Apply these state files, with what they include, instead of what the top file says
    Apply(ApplyArguments),
    /// Ship the application to the hosts
    Deploy(DeployArguments),
    /// Return to the release that ran before the current one, or to another that is kept
    ///
    /// Switches, restarts and asks the site, in seconds: nothing is built. If the site does not answer, what ran
    /// before goes on running. The database stays as it is.
    Rollback(RollbackArguments),
    /// List the releases that the hosts keep, with their commits
    Releases,
    /// List what was deployed: when, by whom, which commit, how long it took, how it ended
    History(HistoryArguments),
    /// Keep everybody else from changing the hosts, until you unlock them
    ///
    /// Others are told who locked the hosts, when and why, and get exit code 4. You go on as before.
    Lock(LockArguments),
    /// Let others change the hosts again
    Unlock(UnlockArguments),
    /// Show how the hosts do: release, health, programs and services with their memory
    Status(NamesArguments),
    /// Start programs and services
    Start(NamesArguments),
    /// Stop programs and services
    Stop(NamesArguments),
    /// Restart programs and services; web processes are renewed and refuse no request
    Restart(NamesArguments),
    /// Show the last lines of logs, of all hosts at once
    Logs(LogsArguments),
    /// Run a command on the hosts, as the project's user, in its environment, in the current release
    ///
    /// Exit code 1 where it ended with another than 0 on some host.
    Exec(ExecArguments),
    /// Run a command of manage.py on one host: the first that runs the application
    Manage(ManageArguments),
    /// Open a shell on one host, as the project's user, in its environment, in the current release
    Shell(ShellArguments),
    /// Switch the page on or off that asks visitors to come back later
    Maintenance(SwitchArguments),
    /// Switch on or off that crontabs are run; a restart of the host switches them on
    Cron(SwitchArguments),
    /// Upgrade the system's packages, one host after another, and restart those that ask for it
    ///
    /// The next host is begun when the one before is back and its site answers.
    Upgrade(UpgradeArguments),
    /// Compare the application's environment on the hosts with yours, by name, or bring it there
    #[command(subcommand)]
    Secrets(SecretsTask),
    /// Save the database here, put a dump in its place, copy it from another environment
    #[command(subcommand)]
    Db(DbTask),
    /// Show what the files come to for a host, in Salt's own shapes; needs no host
    Show(ShowArguments),
    /// Print a state file or template as it comes out for a host; needs no host
    Render(RenderArguments),
    /// Print which state waits for which, to be drawn; needs no host
    ///
    /// For a browser: provision ENV graph --format svg > states.svg
    Graph(GraphArguments),
}

/// Ship exactly the release that runs in one environment to another
///
/// The code with its static files and the wheels of its packages come from the first host that runs it there, and
/// host after host is switched as in a deploy. What ran before stays for a rollback.
#[derive(Debug, Parser)]
#[command(name = "provision", bin_name = "provision promote")]
pub struct PromoteCommand {
    /// The environment whose current release is taken, as in staging
    #[arg(value_name = "FROM")]
    pub from: String,
    /// The environment that it goes to, as in production
    #[arg(value_name = "TO")]
    pub to: String,
    /// Bring the database and the media of this environment, too, in the place of those there
    ///
    /// The site is closed meanwhile. What was there is kept: `provision TO db undo --media`. Where anything fails,
    /// it is back.
    #[arg(long, value_name = "ENV", conflicts_with = "fresh")]
    pub data_from: Option<String>,
    /// Begin with an empty database and no media; what was there is kept as with --data-from
    #[arg(long)]
    pub fresh: bool,
    /// Although FROM is production or takes only what runs elsewhere (`promote_only`)
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
    /// The file's path under the folder of states, as in nginx/site.conf or web/init.sls
    pub file: String,
    /// Show secrets, too
    #[arg(long)]
    pub reveal: bool,
}

#[derive(Clone, Debug, Args)]
pub struct GraphArguments {
    /// The language of Graphviz or of Mermaid
    #[arg(long, value_enum, default_value = "dot")]
    pub format: GraphFormat,
    /// Of these state files instead of those of the top file
    #[arg(value_name = "SLS")]
    pub sls: Vec<String>,
}

/// What draws the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// The language of Graphviz
    Dot,
    /// Flowcharts of Mermaid, which code hosts show in Markdown
    Mermaid,
    /// A drawing, for a browser
    Svg,
}

/// What can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// All states by ID, as `state.show_highstate` gives them
    High,
    /// Low chunks in execution order, as `state.show_lowstate` gives them
    Low,
    /// The host's pillar
    Pillar,
    /// What is known of the host
    Grains,
    /// The state files that the top file gives the host
    Top,
    /// One line per state, in execution order
    Order,
}

#[derive(Clone, Debug, Args)]
pub struct ShowArguments {
    /// What to show
    #[arg(value_enum)]
    pub what: Shape,
    /// Of these state files instead of those of the top file
    #[arg(value_name = "SLS")]
    pub sls: Vec<String>,
    /// Show secrets, too
    #[arg(long)]
    pub reveal: bool,
}

#[derive(Clone, Debug, Args)]
pub struct ApplyArguments {
    /// State files, as in nginx or app.config
    #[arg(value_name = "SLS", required = true, value_delimiter = ',')]
    pub sls: Vec<String>,
    /// Show what would change, as diffs, and change nothing
    #[arg(long)]
    pub plan: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub struct DeployArguments {
    /// What to deploy: a branch, tag or commit [default: `branch` of the environment]
    #[arg(long = "ref", value_name = "REV")]
    pub reference: Option<String>,
    /// Deploy your files as they are, committed or not: nobody can make such a release again
    ///
    /// What .gitignore or .deployignore names is left out.
    #[arg(long, conflicts_with = "reference")]
    pub working_tree: bool,
    /// Lock the hosts first, so that nobody else changes them until you unlock them
    #[arg(long, value_name = "REASON", num_args = 0..=1, default_missing_value = "deploying")]
    pub lock: Option<String>,
    /// Unlock the hosts when the deploy has gone well
    #[arg(long, conflicts_with = "lock")]
    pub unlock: bool,
    /// Show the maintenance page meanwhile, and deploy to all hosts at once behind the first
    ///
    /// For a release that cannot run beside the old one. The page goes away at the end, also after a failure.
    #[arg(long, conflicts_with_all = ["serial", "percent"])]
    pub full: bool,
    #[command(flatten)]
    pub pace: Pace,
}

/// How many hosts at a time. The first is always alone, and what follows a failure is left as it was.
#[derive(Clone, Debug, Default, Args)]
pub struct Pace {
    /// So many hosts at a time [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    pub serial: Option<u16>,
    /// So many of the hosts at a time, in percent
    #[arg(long, value_name = "PERCENT", conflicts_with = "serial", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub percent: Option<u16>,
    /// All hosts at once behind the first
    #[arg(long, conflicts_with_all = ["serial", "percent"])]
    pub parallel: bool,
}

impl Pace {
    /// How many of so many hosts are at work at the same time.
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
    /// So many of each host, the newest
    #[arg(short = 'n', long, default_value_t = 20, value_name = "COUNT")]
    pub count: usize,
}

#[derive(Clone, Debug, Default, Args)]
pub struct NamesArguments {
    /// Programs, as in web or worker, services, as in nginx or postgresql, roles, as in db-master or queue [default: all; of start, stop and restart: the project's programs]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct LogsArguments {
    /// Go on with what comes, until interrupted
    #[arg(short = 'f', long)]
    pub follow: bool,
    /// So many lines of each log
    #[arg(short = 'n', long, default_value_t = 20, value_name = "COUNT")]
    pub lines: usize,
    /// Programs, as in web or worker, and services, as in nginx or postgresql [default: the project's]
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
    /// What manage.py is given, as in: -- migrate --plan
    #[arg(required = true, last = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct ShellArguments {
    /// Run this instead of a shell, with a terminal, as in: -- python manage.py dbshell
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct UpgradeArguments {
    /// Leave restarts for later; `status` tells which hosts wait for one
    #[arg(long)]
    pub no_reboot: bool,
}

/// What is done with secrets, whose values are never shown.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum SecretsTask {
    /// Name what is missing on the hosts, has another value there, or is only there
    ///
    /// Exit code 5 where anything differs.
    Diff,
    /// Bring them there, and have the application's processes renewed
    Push,
}

/// What is done with the database.
#[derive(Clone, Debug, Subcommand)]
pub enum DbTask {
    /// Save the database into a file here, which only you can read
    Dump {
        /// The file [default: PROJECT-ENV-TIME.dump]
        file: Option<PathBuf>,
    },
    /// Put what a file holds in the place of the database
    ///
    /// The site shows its maintenance page meanwhile. Migrations that the file does not have yet are run, and then
    /// the commands of `db: {scrub: […]}` in the pillar. Where any of it fails, the database is as it was.
    Load {
        /// From `db dump`
        file: PathBuf,
        /// Although the environment is production
        #[arg(long)]
        i_know: bool,
    },
    /// Put the database of another environment in the place of this one's
    ///
    /// As `db dump` there and `db load` here.
    Copy {
        /// The environment that the data comes from
        #[arg(long, value_name = "ENV")]
        from: String,
        /// Although this environment is production
        #[arg(long)]
        i_know: bool,
    },
    /// Put the database back that was there before the last load
    Undo {
        /// Put the media back, too, that were there before the last promotion with data
        #[arg(long)]
        media: bool,
        /// Although the environment is production
        #[arg(long)]
        i_know: bool,
    },
}

#[derive(Clone, Debug, Args)]
pub struct SwitchArguments {
    /// Which it shall be
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
    /// Why: others are shown it
    #[arg(value_name = "REASON", required = true)]
    pub reason: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct UnlockArguments {
    /// Also where somebody else locked them
    #[arg(long)]
    pub force: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub struct RollbackArguments {
    /// As `releases` names it [default: the one before the current]
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
