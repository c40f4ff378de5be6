//! `provision serve` and `provision renew`, on the host.

use std::io::Write;

use crate::exit::Exit;
use crate::fault::{Fault, Result};
use crate::serve::{Renewed, Site};

/// Serves until it is told to end.
pub fn run(site: &Site) -> Result<Exit> {
    crate::process_env::checked(&site.project)?;
    crate::serve::serve(site, &mut |line| {
        let _closed = writeln!(std::io::stderr(), "provision: {line}");
    })?;
    Ok(Exit::Converged)
}

/// Renews what a project serves on this host.
pub fn renew(project: &str, port: Option<u16>, if_running: bool) -> Result<Exit> {
    crate::process_env::checked(project)?;
    match crate::serve::renew(project, port) {
        Ok(Renewed::Done) => Ok(Exit::Converged),
        Ok(Renewed::NotRunning) if if_running => Ok(Exit::Converged),
        Ok(Renewed::NotRunning) => {
            super::complain(&Fault::new(format!("nothing of `{project}` runs here that could be renewed")));
            Ok(Exit::Unreachable)
        }
        Err(fault) => {
            super::complain(&fault);
            Ok(Exit::Failed)
        }
    }
}
