//! The program: parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(provision::commands::main(std::env::args_os().collect()))
}
