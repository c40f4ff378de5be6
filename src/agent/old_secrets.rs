//! Secrets of yesterday: after a rotation they are no longer in the pillar, and must not be seen all the same. They are
//! read from the files that are about to be replaced; what is kept on the host are names and paths, never a value.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::home::Home;
use crate::plan::{Change, MASKED, Mask};

/// What a converge found to be secret, for the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marked {
    /// Names of the process environment's variables.
    names: BTreeSet<String>,
    /// Names of states, which for files are paths.
    files: BTreeSet<String>,
}

impl Marked {
    /// What an earlier converge left; nothing where there was none.
    pub fn read(project: &str, facts: &Facts) -> Result<Self> {
        let bytes = facts.host().read(&path(project))?.unwrap_or_default();
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    pub fn has(&self, file: &str) -> bool {
        self.files.contains(file)
    }

    pub fn add(&mut self, file: &str) {
        self.files.insert(file.to_owned());
    }

    /// Remembers it with the names that are secret now. `settled`: what was secret before is nowhere on the host any
    /// more.
    pub fn remember(
        &self,
        project: &str,
        pillar: &Map<String, Value>,
        settled: bool,
        facts: &Facts,
    ) -> Result<()> {
        let known = Self::read(project, facts)?;
        let mut all = Self { files: &self.files | &known.files, ..Self::default() };
        if !settled {
            all.names.extend(known.names.iter().cloned());
        }
        all.names.extend(secrets(pillar).map(|(name, _)| name.clone()));
        if all == known {
            return Ok(());
        }
        let bytes = serde_json::to_vec(&all).map_err(|error| Fault::new(error.to_string()))?;
        Home::open(project)?.write(FILE, &bytes)
    }

    /// The values that the process environment on the host holds under names that are or were secret, or that nothing
    /// gives any more.
    pub fn values(&self, project: &str, pillar: &Map<String, Value>, facts: &Facts) -> Result<Vec<String>> {
        let bytes = facts.host().read(&crate::process_env::path(project))?.unwrap_or_default();
        let environment: Map<String, Value> = serde_json::from_slice(&bytes).unwrap_or_default();
        let now: BTreeSet<&String> = secrets(pillar).map(|(name, _)| name).collect();
        let open = pillar.get("env").and_then(Value::as_object);
        let gone = |name: &String| {
            !open.is_some_and(|open| open.contains_key(name)) && !OURS.contains(&name.as_str())
        };
        let secret = |name: &String| now.contains(name) || self.names.contains(name) || gone(name);
        let values = environment.iter().filter(|(name, _)| secret(name));
        Ok(values.filter_map(|(_, value)| value.as_str().map(str::to_owned)).collect())
    }
}

const FILE: &str = "secret-names.json";

fn path(project: &str) -> PathBuf {
    Home::folder(project).join(Path::new(FILE))
}

fn secrets(pillar: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    pillar.get("secrets").and_then(Value::as_object).into_iter().flatten()
}

/// What the base states put into the process environment by themselves (states/app/map.jinja). The broker's address
/// holds a password, which is known by its own name.
const OURS: &[&str] = &[
    "CACHE_HOST",
    "CELERY_BROKER_URL",
    "DB_HOST",
    "DB_NAME",
    "DB_PORT",
    "DB_REPLICA_HOSTS",
    "DB_USER",
    "DJANGO_SETTINGS_MODULE",
    "DOMAIN",
    "ENVIRONMENT",
    "LANG",
    "LOG_DIR",
    "MEDIA_ROOT",
    "STATIC_ROOT",
    "TMPDIR",
];

/// Hides what a change takes away where it brings a secret, or where the file held one. Gives whether it brings one,
/// and what can be learned of the old ones.
pub fn hide(change: &mut Change, mask: &Mask, marked: bool) -> (bool, Vec<String>) {
    let mut learned = Vec::new();
    let mut holds = false;
    if change.to.as_deref().is_some_and(|to| mask.finds(to)) {
        holds = true;
        if let (Some(from), Some(to)) = (&change.from, &change.to) {
            learned.extend(old(from, to, mask));
        }
    }
    if (holds || marked) && change.from.is_some() {
        change.from = Some(MASKED.to_owned());
    }
    let Some(diff) = &mut change.diff else { return (holds, learned) };
    let stays = |line: &&str| !line.starts_with('-');
    let secret = diff.lines().filter(stays).any(|line| mask.finds(line));
    holds |= secret;
    if !secret && !marked {
        return (holds, learned);
    }
    let removed: Vec<&str> = diff.lines().filter_map(|line| line.strip_prefix('-')).collect();
    let added = diff.lines().filter_map(|line| line.strip_prefix('+')).filter(|line| mask.finds(line));
    for line in added {
        learned.extend(removed.iter().filter_map(|gone| old(gone, line, mask)));
    }
    *diff = diff
        .lines()
        .map(|line| if line.starts_with('-') { format!("-{MASKED}\n") } else { format!("{line}\n") })
        .collect();
    (holds, learned)
}

/// What stood where a secret stands now: the rest of the text is the same.
fn old(gone: &str, new: &str, mask: &Mask) -> Option<String> {
    let hidden = mask.hide(new);
    let (before, behind) = hidden.split_once(MASKED)?;
    if behind.contains(MASKED) || (before.is_empty() && behind.is_empty()) {
        return None;
    }
    let value = gone.strip_prefix(before)?.strip_suffix(behind)?;
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::host::fake::{Fake, FakeKind};

    #[test]
    fn what_a_secret_replaces_is_hidden_and_known_from_then_on() {
        let mask = Mask::new(["new-secret-1"]);
        let change = |diff: &str| Change::new("content").diff(diff);
        // A diff, whether the file is marked, what is shown, and what is learned.
        let table: &[(&str, bool, &str, &[&str])] = &[
            (
                "@@ -1,2 +1,2 @@\n a\n-password=old-secret-0;\n+password=new-secret-1;\n",
                false,
                "@@ -1,2 +1,2 @@\n a\n-********\n+password=new-secret-1;\n",
                &["old-secret-0"],
            ),
            ("-a\n+b\n", false, "-a\n+b\n", &[]),
            ("-password=old\n", true, "-********\n", &[]),
            (" key new-secret-1\n-other old-one\n", false, " key new-secret-1\n-********\n", &[]),
        ];
        for (diff, marked, shown, expected) in table {
            let mut change = change(diff);
            let (_, learned) = hide(&mut change, &mask, *marked);
            assert_eq!(
                (change.diff.as_deref(), learned.as_slice()),
                (Some(*shown), &expected.iter().map(|old| (*old).to_owned()).collect::<Vec<_>>()[..])
            );
        }
        let mut change = Change::new("value").from("u:old-secret-0@h").to("u:new-secret-1@h");
        assert_eq!(hide(&mut change, &mask, false), (true, vec!["old-secret-0".to_owned()]));
        assert_eq!(change.from.as_deref(), Some(MASKED));
    }

    #[test]
    fn values_that_the_host_still_has_are_known_by_their_names() {
        let fake = Fake::debian();
        let environment = json!({"DOMAIN": "example.com", "DB_PASSWORD": "old-1", "TITLE": "Shop", "GONE": "old-2", "WAS": "old-3"});
        fake.put("/etc/provision/shop/env", FakeKind::File(environment.to_string().into_bytes()));
        let facts = Facts::new(Arc::new(fake));
        let pillar =
            json!({"env": {"TITLE": "Shop", "WAS": "public now"}, "secrets": {"DB_PASSWORD": "new-1"}});
        let marked = Marked { names: BTreeSet::from(["WAS".to_owned()]), ..Marked::default() };
        let values = marked.values("shop", pillar.as_object().unwrap(), &facts).unwrap();
        assert_eq!(values, ["old-1", "old-2", "old-3"]);
    }
}
