//! Newer versions on the index: the one question about packages that only pip can answer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::environment::Environment;
use super::options::Options;
use super::requirement::normal;
use crate::facts::Facts;
use crate::fault::{Context as _, Fault, Result};

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    latest_version: String,
}

/// Installed and newest versions of what is outdated, by normalised name.
pub fn ask(
    facts: &Facts,
    environment: &Environment,
    options: &Options<'_>,
) -> Result<BTreeMap<String, (String, String)>> {
    let mut words = vec!["list", "--outdated", "--format=json"];
    if options.pre_releases {
        words.push("--pre");
    }
    let command = options.apply(environment.pip(words)).timeout(Duration::from_secs(600));
    let output = facts.host().ask(&command).context("could not ask pip for newer versions")?;
    if !output.success() {
        return Err(Fault::new("pip cannot tell newer versions").output(output.errors()));
    }
    let entries: Vec<Entry> = serde_json::from_slice(&output.stdout)
        .map_err(|error| Fault::new(format!("pip gave an answer that cannot be read: {error}")))?;
    let pair = |entry: Entry| (normal(&entry.name), (entry.version, entry.latest_version));
    Ok(entries.into_iter().map(pair).collect())
}
