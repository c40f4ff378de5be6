//! One file per verb of the command line. They put modules together and hold no logic of their own.

mod check;
mod closed;
mod converge;
mod data;
mod database;
mod deploy;
mod doc;
mod graph;
mod init;
mod migrate;
mod operate;
mod promote;
mod receive;
mod record;
mod releases;
mod sandbox;
mod serve;
mod session;
mod settings;
mod show;
mod take_over;
mod targets;
mod trial;
mod upgrade;

use std::ffi::OsString;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use clap::{CommandFactory, FromArgMatches, Parser};

use crate::agent;
use crate::cli::{
    ApplyArguments, BareCommand, Command, EnvironmentCommand, PromoteCommand, RenderCommand, RunOptions,
    ShowCommand, Task, Top,
};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::order::{Order, Verb};
use crate::report::{Json, Report, Style, Terminal, indented, one_line, sanitize};
use crate::serve::Site;

/// Where the program first went wrong by its own fault.
static BUG: Mutex<Option<String>> = Mutex::new(None);

/// Runs a command line, program name first, and gives the exit code. Only this and reports print.
pub fn main(arguments: Vec<OsString>) -> u8 {
    // A panic in one state is told as that state's failure. Only the place is kept: the words of a panic may
    // quote a secret.
    std::panic::set_hook(Box::new(|panic| {
        let mut bug = BUG.lock().unwrap_or_else(PoisonError::into_inner);
        bug.get_or_insert_with(|| panic.location().map(ToString::to_string).unwrap_or_default());
    }));
    std::panic::catch_unwind(|| run(arguments)).unwrap_or_else(|_| {
        let bug = BUG.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        complain(&Fault::new(format!("this is a bug in provision, please report it: {bug}")));
        Exit::Failed.code()
    })
}

fn run(arguments: Vec<OsString>) -> u8 {
    let parsed = command().try_get_matches_from(&arguments).and_then(|found| Top::from_arg_matches(&found));
    let top = match parsed {
        Ok(top) => top,
        Err(error) => return usage(&error),
    };
    let bare = arguments.iter().any(|word| word.to_string_lossy().starts_with("--file-root"));
    let result = match top.command {
        Some(Command::Init { dir }) => init::run(&dir),
        Some(Command::Sandbox(task)) => {
            let code = sandbox::run(task);
            crate::remote::resume_signal();
            return code;
        }
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut command(), "provision", &mut anstream::stdout());
            Ok(Exit::Converged)
        }
        Some(Command::Doc { name, markdown }) => doc::run(name.as_deref(), markdown),
        Some(Command::Migrate(arguments)) => migrate::run(&arguments),
        Some(Command::Promote { words }) => match PromoteCommand::try_parse_from(moved(&arguments, words)) {
            Ok(parsed) => promote::run(&parsed),
            Err(error) => return usage(&error),
        },
        Some(Command::Show { words }) => match ShowCommand::try_parse_from(moved(&arguments, words)) {
            Ok(parsed) => show::bare(&parsed),
            Err(error) => return usage(&error),
        },
        Some(Command::Render { words }) => match RenderCommand::try_parse_from(moved(&arguments, words)) {
            Ok(RenderCommand { render, options }) => show::rendered_of_tree(&options, &render),
            Err(error) => return usage(&error),
        },
        Some(Command::Env { project, handed_over, command }) => {
            Err(crate::process_env::exec(&project, &command, handed_over))
        }
        Some(Command::Serve { project, socket, port, directory, command }) => {
            serve::run(&Site { project, socket, port, directory, command })
        }
        Some(Command::Renew { project, port, if_running }) => serve::renew(&project, port, if_running),
        Some(Command::Receive { tree }) => return receive::run(&tree).code(),
        Some(Command::Environment(_)) | None if bare => match BareCommand::try_parse_from(&arguments) {
            Ok(parsed) => converge::bare(parsed),
            Err(error) => return usage(&error),
        },
        Some(Command::Environment(words)) if words.first().is_some_and(|word| word == "help") => {
            help(words.get(1).map(String::as_str))
        }
        Some(Command::Environment(words)) => {
            let name = words.first().map_or("", String::as_str);
            // Before what follows it is taken for its task.
            match crate::project::not_reserved(name).map(|()| environment(&arguments, &words)) {
                Ok(Ok((name, parsed))) => task(&name, parsed),
                Ok(Err(error)) => return usage(&error),
                Err(swapped) => Err(swapped),
            }
        }
        None if top.list => {
            for task in EnvironmentCommand::command().get_subcommands() {
                let about = task.get_about().map(ToString::to_string).unwrap_or_default();
                say(&format!("{:<12} {about}", task.get_name()));
            }
            Ok(Exit::Converged)
        }
        None => Err(Fault::new("which environment?").help("write it last: provision [OPTIONS] ENV [TASK]")),
    };
    // Everything is cleaned up by now: end as the signal would have ended us.
    crate::remote::resume_signal();
    match result {
        Ok(exit) => exit.code(),
        Err(fault) => {
            complain(&fault);
            Exit::Project.code()
        }
    }
}

/// What a task does, or without one everything.
fn help(task: Option<&str>) -> Result<Exit, Fault> {
    let Some(name) = task else {
        let _nobody_reads = command().print_help();
        return Ok(Exit::Converged);
    };
    if name == "promote" {
        let _nobody_reads = PromoteCommand::command().print_long_help();
        return Ok(Exit::Converged);
    }
    for mut known in [EnvironmentCommand::command(), command()] {
        known.build();
        if let Some(found) = known.find_subcommand_mut(name) {
            let _nobody_reads = found.print_long_help();
            return Ok(Exit::Converged);
        }
    }
    Err(Fault::new(format!("there is no task `{name}`")).help("`provision --list` names them"))
}

/// The options are for environments: they may stand before and behind them, but not behind `sandbox up`.
fn command() -> clap::Command {
    Top::command().mut_args(|argument| argument.global(false))
}

/// Parses again with the options that stood before the environment put behind it.
fn environment(
    arguments: &[OsString],
    words: &[String],
) -> Result<(String, EnvironmentCommand), clap::Error> {
    let name = words.first().cloned().unwrap_or_default();
    let behind = words.iter().skip(1).map(OsString::from).collect();
    Ok((name, EnvironmentCommand::try_parse_from(moved(arguments, behind))?))
}

/// A command line without the word that stands before `behind`, so that the options on both sides of it are
/// read as one.
fn moved(arguments: &[OsString], behind: Vec<OsString>) -> impl Iterator<Item = OsString> {
    let before = arguments.len().saturating_sub(behind.len() + 1);
    arguments.iter().take(before).cloned().chain(behind)
}

fn task(environment: &str, parsed: EnvironmentCommand) -> Result<Exit, Fault> {
    let EnvironmentCommand { options, task } = parsed;
    let task = task.unwrap_or_default();
    if options.take_over && !matches!(task, Task::Converge) {
        return Err(Fault::new("--take-over is for a run that converges, without a task")
            .help(format!("provision {environment} plan shows what it would change; then: provision {environment} --take-over")));
    }
    match task {
        Task::Converge => converge::run(environment, &options, &[], false),
        Task::Plan => converge::run(environment, &options, &[], true),
        Task::Apply(ApplyArguments { sls, plan }) => converge::run(environment, &options, &sls, plan),
        Task::Check => check::run(environment, &options),
        Task::Render(arguments) => show::rendered(environment, &options, &arguments),
        Task::Graph(arguments) => graph::run(environment, &options, &arguments),
        Task::Show(arguments) => show::of_environment(environment, &options, &arguments),
        Task::Deploy(arguments) => deploy::run(environment, &options, &arguments),
        Task::Rollback(arguments) => releases::rollback(environment, &options, &arguments),
        Task::Releases => releases::list(environment, &options),
        Task::Status(arguments) => operate::status(environment, &options, &arguments),
        Task::Start(arguments) => operate::control(environment, &options, Verb::Start, &arguments),
        Task::Stop(arguments) => operate::control(environment, &options, Verb::Stop, &arguments),
        Task::Restart(arguments) => operate::control(environment, &options, Verb::Restart, &arguments),
        Task::Logs(arguments) => operate::logs(environment, &options, &arguments),
        Task::Exec(arguments) => operate::exec(environment, &options, &arguments),
        Task::Manage(arguments) => operate::manage(environment, &options, &arguments),
        Task::Shell(arguments) => operate::shell(environment, &options, &arguments),
        Task::Maintenance(arguments) => operate::maintenance(environment, &options, &arguments),
        Task::Cron(arguments) => operate::cron(environment, &options, &arguments),
        Task::Upgrade(arguments) => upgrade::run(environment, &options, &arguments),
        Task::Secrets(task) => operate::secrets(environment, &options, task),
        Task::Db(task) => database::run(environment, &options, &task),
        Task::History(arguments) => operate::history(environment, &options, &arguments),
        Task::Lock(arguments) => operate::lock(environment, &options, &arguments),
        Task::Unlock(arguments) => operate::unlock(environment, &options, &arguments),
    }
}

fn usage(error: &clap::Error) -> u8 {
    // Help and version are no mistakes; nobody to read them is none either.
    let _closed = error.print();
    if error.use_stderr() { Exit::Project.code() } else { Exit::Converged.code() }
}

/// An error of the operator's side, with what to do about it. Some of its words may be a host's.
fn complain(fault: &Fault) {
    let shown = |text: &str, by: &str| {
        let mut text = text.to_owned();
        sanitize(&mut text);
        indented(&text, by)
    };
    let mut out = anstream::stderr().lock();
    let bold = anstyle::Style::new().bold();
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let _closed = writeln!(out, "{red}error{red:#}: {}", shown(&fault.message, "       "));
    if let Some(output) = &fault.output {
        let _closed = writeln!(out, "  | {}", shown(output, "  | "));
    }
    if let Some(help) = &fault.help {
        let _closed = writeln!(out, "  {bold}help{bold:#}: {}", shown(help, "        "));
    }
}

/// A line for whoever typed the command.
fn say(line: &str) {
    let mut line = line.to_owned();
    one_line(&mut line);
    let _closed = writeln!(anstream::stdout(), "{line}");
}

/// The report that the options ask for, on standard output and in files.
fn report(options: &RunOptions) -> Result<Box<dyn Report>, Fault> {
    if options.log_dir.is_none() && options.junit.is_none() {
        return Ok(shown(options));
    }
    let (folder, junit) = (options.log_dir.as_deref(), options.junit.as_deref());
    Ok(Box::new(record::Recorder::new(shown(options), folder, junit)?))
}

/// The report that people or programs read.
fn shown(options: &RunOptions) -> Box<dyn Report> {
    use std::io::IsTerminal;

    let stdout = std::io::stdout();
    if options.json {
        return Box::new(Json::new(Box::new(stdout)));
    }
    let color = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
    let live = stdout.is_terminal() && std::io::stderr().is_terminal();
    Box::new(Terminal::new(Box::new(stdout), Style { color, live, verbose: options.verbose }))
}

/// Carries out an order on this machine, shown by a report.
fn locally(order: &Order, files: &agent::Files, report: &mut dyn Report) -> Exit {
    let name = "local";
    report.host(name);
    let exit = agent::run(order, files, &mut || None, &mut |event| report.event(name, &event));
    report.finish();
    exit
}
