//! What was deployed to the host: who, what, when, with what result.

use std::path::PathBuf;

use crate::event::Deployed;
use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::Action;
use crate::host::home::Home;

/// So many deploys are remembered.
const REMEMBERED: usize = 500;

fn path(project: &str) -> PathBuf {
    Home::folder(project).join("deploys.jsonl")
}

/// The last deploys, the oldest first.
pub fn history(project: &str, limit: usize, facts: &Facts) -> Result<Vec<Deployed>> {
    let lines = lines(project, facts)?;
    let from = lines.len().saturating_sub(limit);
    // A line of another version of this program is passed over, not the end of all.
    Ok(lines.iter().skip(from).filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Adds a deploy.
pub fn remember(project: &str, deployed: &Deployed, facts: &Facts) -> Result<()> {
    let mut lines = lines(project, facts)?;
    lines.push(serde_json::to_string(deployed).map_err(|error| Fault::new(error.to_string()))?);
    let from = lines.len().saturating_sub(REMEMBERED);
    let content: String = lines.iter().skip(from).flat_map(|line| [line.as_str(), "\n"]).collect();
    facts.host().perform(&Action::write(path(project), content, 0o600))?;
    Ok(())
}

fn lines(project: &str, facts: &Facts) -> Result<Vec<String>> {
    let bytes = facts.host().read(&path(project))?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
}
