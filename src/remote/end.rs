//! The end of a program that was started here: waited for, and not for ever.

use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use crate::fault::{Fault, Result};

const PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Waits for a program's end; `objection` is asked again and again whether it may go on.
pub fn wait(child: &mut Child, objection: &mut dyn FnMut() -> Option<Fault>) -> Result<ExitStatus> {
    let mut pause = PAUSE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if let Some(fault) = objection() {
            let _already_gone = child.kill();
            child.wait()?;
            return Err(fault);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits no longer than this.
pub fn wait_within(child: &mut Child, limit: Duration, what: &str) -> Result<ExitStatus> {
    let deadline = Instant::now() + limit;
    wait(child, &mut || {
        let late = Instant::now() > deadline;
        late.then(|| Fault::new(format!("{what} did not end within {} s", limit.as_secs())))
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let begun = Instant::now();
        let mut child = Command::new("sleep").arg("100").spawn().unwrap();
        let fault = wait_within(&mut child, Duration::from_millis(20), "`sleep`").unwrap_err();
        assert_eq!(fault.message, "`sleep` did not end within 0 s");
        assert!(begun.elapsed() < Duration::from_secs(50));
        let mut child = Command::new("false").spawn().unwrap();
        assert_eq!(wait_within(&mut child, Duration::from_secs(60), "").unwrap().code(), Some(1));
    }
}
