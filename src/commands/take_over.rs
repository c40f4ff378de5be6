//! `--take-over`: hosts of another project or environment become this one's, when a person has said so.

use std::io::{IsTerminal, Write};

use crate::exit::Exit;
use crate::fault::{Context as _, Fault, Result};
use crate::owner::Standing;

use super::session::Session;

/// Tells whose the hosts are and what stays there, and has a person type each host's name. An exit code: it ends here.
pub fn confirmed(session: &Session, yes: bool) -> Result<Option<Exit>> {
    for (target, found) in session.standings() {
        let (standing, leavings) = match found {
            Ok(found) => found,
            Err(refusal) => return Ok(Some(super::session::refused(refusal))),
        };
        let claim = session.claim_of(&target);
        let Some(sentence) = standing.sentence(&claim) else { continue };
        if standing == Standing::Nobodys {
            continue;
        }
        session.say(&format!("{}: {sentence}", target.name));
        if !leavings.0.is_empty() {
            session.say("its site and its programs end; what else it leaves there stays:");
            leavings.0.iter().for_each(|left| session.say(&format!("  {left}")));
        }
        if !yes {
            ask(&target.name, &standing)?;
        }
    }
    Ok(None)
}

fn ask(name: &str, standing: &Standing) -> Result<()> {
    if !std::io::stdin().is_terminal() {
        return Err(Fault::new(format!(
            "`{name}` is not ours yet, and there is no terminal to ask for its name at"
        ))
        .help("add --yes where a script takes a host over"));
    }
    let from = match standing {
        Standing::Others(owner) => format!(" from {}", owner.shown()),
        _ => String::new(),
    };
    let mut out = anstream::stderr();
    write!(out, "type `{name}` to take it over{from}: ").and_then(|()| out.flush()).context("cannot ask")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    if answer.trim() == name {
        return Ok(());
    }
    Err(Fault::new("that is something else: nothing was changed"))
}
