//! A lock that outlives a run: one operator keeps all others from changing a host, and says why.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::fault::{Fault, Result};
use crate::host::Action;
use crate::host::home::Home;

/// Who locked the host, since when and why.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    owner: String,
    reason: String,
    since: String,
}

fn path() -> PathBuf {
    Home::root().join("locked.json")
}

fn read(facts: &Facts) -> Result<Option<Held>> {
    let Some(bytes) = facts.host().read(&path())? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Fault::new(format!("`{}` is not understood: {error}", path().display()))
            .help("provision ENV unlock --force removes it")
    })
}

/// An error where somebody else than this operator has locked the host.
pub fn held(operator: &str, facts: &Facts) -> Result<()> {
    match read(facts)? {
        Some(held) if held.owner != operator => {
            Err(Fault::new(format!("{} locked this host at {}: {}", held.owner, held.since, held.reason))
                .help("ask them to unlock it; where they cannot: provision ENV unlock --force"))
        }
        _ => Ok(()),
    }
}

/// Who has locked the host, since when and why.
pub fn shown(facts: &Facts) -> Result<Option<String>> {
    Ok(read(facts)?.map(|held| format!("{} at {}: {}", held.owner, held.since, held.reason)))
}

/// Locks the host for this operator. Says what was done.
pub fn lock(operator: &str, reason: &str, facts: &Facts) -> Result<String> {
    let held = Held {
        owner: operator.to_owned(),
        reason: reason.to_owned(),
        since: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
    };
    let content = serde_json::to_vec(&held).map_err(|error| Fault::new(error.to_string()))?;
    facts.host().perform(&Action::write(path(), content, 0o600))?;
    Ok(format!("locked by {operator}: {reason}"))
}

/// Takes the lock away. Says what was done.
pub fn unlock(facts: &Facts) -> Result<String> {
    let path = path();
    if facts.host().stat(&path)?.is_none() {
        return Ok("it was not locked".to_owned());
    }
    facts.host().perform(&Action::Remove { path })?;
    Ok("unlocked".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::Arc;

    use super::*;
    use crate::host::fake::{Fake, FakeKind};

    #[test]
    fn others_are_told_who_holds_it_and_why() {
        let fake = Fake::debian();
        fake.put("/var/lib/provision", FakeKind::Directory);
        let facts = Facts::new(Arc::new(fake));
        let held = |operator| held(operator, &facts).map_err(|fault| fault.message);
        assert_eq!(held("ada@desk"), Ok(()));
        lock("ada@desk", "counting stock", &facts).unwrap();
        assert_eq!(held("ada@desk"), Ok(()));
        let told = held("bob@desk").unwrap_err();
        assert!(told.starts_with("ada@desk locked this host at ") && told.ends_with(": counting stock"));
        assert_eq!(unlock(&facts).unwrap(), "unlocked");
        assert_eq!(unlock(&facts).unwrap(), "it was not locked");
        assert_eq!(held("bob@desk"), Ok(()));
    }
}
