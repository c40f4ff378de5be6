//! The command line: what can be typed and what it says of itself. Holds no logic.

mod tasks;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::sandbox::SandboxCommand;

pub use tasks::{
    ApplyArguments, DbTask, DeployArguments, EnvironmentCommand, ExecArguments, GraphArguments, GraphFormat,
    HistoryArguments, LockArguments, LogsArguments, ManageArguments, NamesArguments, Pace, PromoteCommand,
    RenderArguments, RenderCommand, RollbackArguments, SecretsTask, Shape, ShellArguments, ShowArguments,
    ShowCommand, Switch, SwitchArguments, Task, UnlockArguments, UpgradeArguments,
};

const EXAMPLES: &str = "\
Examples:
  provision -H 33.33.33.10 -u root staging   first run: a fresh server, as root
  provision staging                          later runs: hosts from pillar, as yourself with sudo
  provision staging plan                     what would change, as diffs
  provision staging check                    check the project; no host needed
  provision staging deploy                   ship the application
  provision staging rollback                 return to the release that ran before
  provision promote staging production       ship what runs on staging to production
  provision init shop                        start a project in the folder `shop`
  provision sandbox test staging             try it all on a throw-away host

Tasks of an environment: (none) converge, plan, check, apply, deploy, rollback, releases, history, status, start, stop, restart, logs, exec, manage, shell, maintenance, cron, secrets, db, upgrade, lock, unlock, show, render, graph; `provision ENV help TASK` explains one.

Exit codes:
  0  converged: the hosts match the states
  1  a state or a deploy failed
  2  the project's files or the command line are wrong; nothing was changed
  3  a host could not be reached, or refused the login
  4  another run holds the host's lock
  5  plan: something would change";

/// Turn fresh Debian and Ubuntu hosts into running sites, and keep them that way
///
/// Pushes this program with the project's state and pillar files to the hosts of an environment, compiles the
/// states there and brings each host to the state they describe. A second run changes nothing.
#[derive(Debug, Parser)]
#[command(
    name = "provision",
    version,
    after_help = EXAMPLES,
    override_usage = "provision [OPTIONS] ENV [TASK]\n       provision init|promote|sandbox|migrate|show|render|doc|completions …",
    allow_external_subcommands = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    subcommand_help_heading = "Commands without an environment"
)]
pub struct Top {
    #[command(flatten)]
    pub options: RunOptions,
    /// List the tasks of an environment, one per line
    #[arg(long)]
    pub list: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// A tree without a project, on this machine: `--local --file-root DIR [SLS…] [plan]`.
#[derive(Debug, Parser)]
#[command(name = "provision", after_help = EXAMPLES)]
pub struct BareCommand {
    #[command(flatten)]
    pub options: RunOptions,
    /// State files to apply [default: those of the top file]; `plan` at the end shows what would change
    #[arg(value_name = "SLS")]
    pub words: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a project: pillar, states and a secrets example, with comments that explain each key
    Init {
        /// The folder; created if it does not exist
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Manage throw-away hosts on this machine for testing
    #[command(subcommand)]
    Sandbox(SandboxTask),
    /// Print a completion script for your shell
    ///
    /// For bash: provision completions bash > ~/.local/share/bash-completion/completions/provision
    Completions {
        /// The shell to print it for
        shell: clap_complete::Shell,
    },
    /// Explain a state function or a setting of the pillar, with an example
    ///
    /// All functions: provision doc. A module's: provision doc file. One: provision doc file.managed.
    /// All settings: provision doc site. One with its keys: provision doc site.deploy
    Doc {
        /// A module, a function or a setting [default: list all functions]
        name: Option<String>,
        /// Print a Markdown page
        #[arg(long)]
        markdown: bool,
    },
    /// Report what in a masterless Salt tree works as is, what needs a change, and what is not supported
    ///
    /// Finds the state and pillar folders through the minion's configuration in DIR or by their usual names, and
    /// compiles every file for the host described by --id and --grains. Changes nothing.
    ///
    /// Exit code 0: everything works as is. 2: something needs a change.
    Migrate(MigrateArguments),
    /// Ship exactly the release that runs in one environment to another: promote staging production
    ///
    /// See `provision promote --help`.
    #[command(disable_help_flag = true)]
    Promote {
        /// Both environments and the options
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FROM TO")]
        words: Vec<OsString>,
    },
    /// Show the intermediate results of a compile in Salt's formats; no host needed
    ///
    /// In a project: provision ENV show WHAT. On a bare Salt tree:
    /// provision show WHAT --file-root DIR --pillar-root DIR [--id ID] [--grains FILE] [SLS…]
    #[command(disable_help_flag = true)]
    Show {
        /// What to show, and options
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WHAT")]
        words: Vec<OsString>,
    },
    /// Print a file of a bare Salt tree after its template is rendered; no host needed
    ///
    /// In a project: provision ENV render FILE.
    #[command(disable_help_flag = true)]
    Render {
        /// The file, and options
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FILE")]
        words: Vec<OsString>,
    },
    /// Run a program in the process environment of a project on this host
    ///
    /// Reads /etc/provision/PROJECT/env and replaces itself with the program, so that no other file contains a
    /// secret.
    Env {
        /// The project's name, as in pillar/project.sls
        project: String,
        /// Hand over the descriptors that `provision serve` gives
        #[arg(long, hide = true)]
        handed_over: bool,
        /// The program and its arguments
        #[arg(required = true, last = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Run a project's web program so that it can be renewed without dropping a request
    ///
    /// Listens on a socket that outlives the program and passes it on as systemd does. Supervisor runs this.
    Serve {
        /// The project's name, as in pillar/project.sls
        project: String,
        /// The socket to listen on
        #[arg(long, value_name = "PATH", required_unless_present = "port")]
        socket: Option<PathBuf>,
        /// The port of 127.0.0.1 to listen on
        #[arg(long, value_name = "PORT", conflicts_with = "socket")]
        port: Option<u16>,
        /// The program's working directory; a symlink is resolved again for each generation
        #[arg(long, value_name = "DIR")]
        directory: PathBuf,
        /// The program and its arguments, as in .venv/bin/gunicorn shop.wsgi
        #[arg(required = true, last = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Replace the processes of a project's web program with new ones that run the current code and environment
    ///
    /// The old processes finish their requests and exit once a new one answers. If no new one answers, the old ones
    /// stay and the exit code is 1. If none was running, it is 3.
    Renew {
        /// The project's name, as in pillar/project.sls
        project: String,
        /// Only the program on this port
        #[arg(long, value_name = "PORT")]
        port: Option<u16>,
        /// If none is running, do nothing and succeed
        #[arg(long)]
        if_running: bool,
    },
    /// The host's half of a run: reads an order from standard input
    #[command(hide = true)]
    Receive {
        /// The folder with `states` and `pillar`
        #[arg(long)]
        tree: PathBuf,
    },
    #[command(external_subcommand)]
    Environment(Vec<String>),
}

#[derive(Debug, Args)]
pub struct MigrateArguments {
    /// A folder with `conf/salt` and `conf/pillar`, with a `minion` file that sets `file_roots`, or with the states
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// The minion ID that top files see [default: the configuration's]
    #[arg(long)]
    pub id: Option<String>,
    /// A JSON file of grains that override the usual ones: `salt-call --local grains.items --out=json`
    #[arg(long, value_name = "FILE")]
    pub grains: Option<PathBuf>,
    /// Write one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Throw-away hosts, and what is tried on them.
#[derive(Debug, Subcommand)]
pub enum SandboxTask {
    #[command(flatten)]
    Host(SandboxCommand),
    /// Boot a host, converge it twice, deploy, request the page, destroy the host
    ///
    /// Fails if a state fails, if the second run changes anything, or if the site does not answer. Run it in your
    /// project's root before you touch a server.
    Test(Trial),
}

#[derive(Debug, Args)]
pub struct Trial {
    /// The environment whose pillar the host gets
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// Release, such as bookworm, trixie, jammy or noble [default: this machine's, if it runs Debian]
    #[arg(long)]
    pub suite: Option<String>,
    /// Keep the host up so that you can look around
    #[arg(long)]
    pub keep: bool,
}

/// The options of everything that talks to hosts.
#[derive(Clone, Debug, Default, Args)]
pub struct RunOptions {
    /// Use this host instead of those in pillar/ENV/env.sls; repeatable
    #[arg(short = 'H', long = "host", value_name = "HOST[:PORT]", global = true)]
    pub hosts: Vec<String>,
    /// Take over hosts that belong to another project or environment; asks you to type each host's name
    ///
    /// Lists first what the old owner leaves behind. Only its site and its programs are removed.
    #[arg(long, global = true)]
    pub take_over: bool,
    /// Answer yes to all questions, for scripts
    #[arg(long, global = true)]
    pub yes: bool,
    /// Limit the run to these hosts: names, or roles such as role:web, separated by commas
    #[arg(long, value_name = "HOST,…", value_delimiter = ',', global = true)]
    pub limit: Vec<String>,
    /// Work on at most COUNT hosts at once [default: 16]
    #[arg(long, value_name = "COUNT", global = true, value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Log in as this user [default: from the pillar, then from ssh's configuration]
    #[arg(short, long, global = true)]
    pub user: Option<String>,
    /// Log in with this private key
    #[arg(short, long, value_name = "KEY", global = true)]
    pub identity: Option<PathBuf>,
    /// The port of sshd
    #[arg(short, long, global = true, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Use this ssh configuration instead of ~/.ssh/config
    #[arg(short = 'F', long, value_name = "FILE", global = true)]
    pub ssh_config: Option<PathBuf>,
    /// Use sudo on the host [default: unless the user is root]
    #[arg(long, overrides_with = "no_sudo", global = true)]
    pub sudo: bool,
    /// Do not use sudo
    #[arg(long, global = true)]
    pub no_sudo: bool,
    /// Prompt once for sudo's password
    #[arg(short = 'K', long, global = true)]
    pub ask_sudo_password: bool,
    /// Apply only the states of these SLS, separated by commas, for example nginx,app.config
    #[arg(long, value_name = "SLS", value_delimiter = ',', global = true)]
    pub only: Vec<String>,
    /// Print events as JSON, one object per line
    #[arg(long, global = true)]
    pub json: bool,
    /// Also write the events of each host to DIR/HOST.jsonl
    #[arg(long, value_name = "DIR", global = true)]
    pub log_dir: Option<PathBuf>,
    /// Also write the results of all hosts to this file as JUnit XML
    #[arg(long, value_name = "FILE", global = true)]
    pub junit: Option<PathBuf>,
    /// Also list states that are already satisfied
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// The project's root [default: the nearest parent folder that contains pillar/]
    #[arg(long, value_name = "DIR", global = true)]
    pub project: Option<PathBuf>,
    /// Only warn about mistakes that Salt would let pass
    #[arg(long, global = true)]
    pub lenient: bool,
    /// Apply to this machine instead of hosts
    #[arg(long, global = true)]
    pub local: bool,
    /// With --local or show: read states from this folder, without a project; repeatable
    #[arg(long, value_name = "DIR", global = true)]
    pub file_root: Vec<PathBuf>,
    /// With --local or show: read the pillar from this folder; repeatable
    #[arg(long, value_name = "DIR", global = true)]
    pub pillar_root: Vec<PathBuf>,
    /// With check, show and bare trees: read the host's grains from this file (one JSON object) instead of assuming a fresh Debian
    #[arg(long, value_name = "FILE", global = true)]
    pub grains: Option<PathBuf>,
    /// With --local, check and show: the ID for top files to match [default: this machine's name]
    #[arg(long, global = true)]
    pub id: Option<String>,
}
