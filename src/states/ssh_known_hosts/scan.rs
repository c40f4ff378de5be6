//! What a host says its keys are. That is a word of the network: it has to be compared with something.

use std::time::Duration;

use super::entry::Entry;
use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::Command;

pub struct Question<'a> {
    pub name: &'a str,
    pub port: Option<u16>,
    pub kind: Option<&'a str>,
    pub timeout: u64,
}

/// The keys as kind and letters.
pub fn scan(facts: &Facts, question: &Question<'_>) -> Result<Vec<(String, String)>> {
    let mut argv = vec!["ssh-keyscan".to_owned(), "-T".to_owned(), question.timeout.to_string()];
    if let Some(port) = question.port {
        argv.extend(["-p".to_owned(), port.to_string()]);
    }
    if let Some(kind) = question.kind {
        argv.extend(["-t".to_owned(), kind.to_owned()]);
    }
    argv.extend(["--".to_owned(), question.name.to_owned()]);
    let limit = Duration::from_secs(question.timeout.saturating_mul(6).saturating_add(30));
    let output = facts.host().ask(&Command::new(argv).timeout(limit))?;
    let keys: Vec<(String, String)> =
        output.text().lines().filter_map(Entry::parse).map(|entry| (entry.kind, entry.key)).collect();
    if keys.is_empty() {
        return Err(Fault::new(format!("`{}` told no host key", question.name))
            .help("is it reachable from here, at this port? or write its `key`, with `enc`")
            .output(output.errors()));
    }
    Ok(keys)
}
