//! `provision sandbox …`.

use std::io::Write;

use crate::exit::Exit;
use crate::sandbox::SandboxCommand;

pub fn run(command: SandboxCommand) -> u8 {
    let say = |message: &str| {
        let _closed = writeln!(anstream::stderr(), "{message}");
    };
    match command.run(&mut anstream::stdout(), &say) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("error: {error:#}"));
            Exit::Failed.code()
        }
    }
}
