//! `provision sandbox …`.

use std::io::Write;

use crate::cli::SandboxTask;
use crate::exit::Exit;

use super::trial;

pub fn run(task: SandboxTask) -> u8 {
    let say = |message: &str| {
        let _closed = writeln!(anstream::stderr(), "{message}");
    };
    let result = match task {
        SandboxTask::Host(command) => command.run(&mut anstream::stdout(), &say),
        SandboxTask::Test(trial) => trial::run(&trial, &say).map(Exit::code),
    };
    result.unwrap_or_else(|error| {
        say(&format!("error: {error:#}"));
        Exit::Failed.code()
    })
}
