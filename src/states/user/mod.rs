//! Users: accounts in this host's own files, their groups, passwords and ages. Must not touch what is in
//! their homes.

mod absent;
mod age;
mod create;
mod gecos;
mod groups;
mod password;
mod present;

pub use absent::Absent;
pub use present::Present;

use crate::host::{Action, Command};
use crate::plan::{Change, Plan};

/// One change by one program, with the user's name as its last argument.
fn run<const N: usize>(plan: &mut Plan, change: Change, argv: [&str; N], name: &str) {
    let argv = argv.into_iter().chain([name]);
    plan.push(change, Action::Run(Command::new(argv)));
}
