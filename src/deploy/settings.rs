//! What the pillar says about deploying.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::fault::{Fault, Result};

/// Read from `project_name`, `python`, `domain`, `https` and `deploy` of the pillar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub project: String,
    pub root: PathBuf,
    pub python: String,
    pub domain: Option<String>,
    /// The site answers by HTTPS.
    pub https: bool,
    /// A balancer stands before this host.
    pub balanced: bool,
    pub deploy: Deploy,
}

/// The `deploy` map of the pillar.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deploy {
    /// Names below `shared/` that each release has a link to.
    pub shared: Vec<String>,
    /// How many releases are kept.
    pub keep: usize,
    /// A path that answers 200 when the site works.
    pub health: String,
    /// Seconds that the site may take to answer.
    pub patience: u64,
    pub requirements: String,
    /// Arguments of manage.py, one list each, run in this order before the switch.
    pub manage: Vec<Vec<String>>,
    /// Shell commands by hook, as in `after-switch`; they stand in for a program of the code's of that name.
    pub hooks: BTreeMap<String, Vec<String>>,
}

impl Default for Deploy {
    fn default() -> Self {
        let words = |line: &[&str]| line.iter().map(|word| (*word).to_owned()).collect();
        Self {
            shared: vec!["media".to_owned()],
            keep: 5,
            health: "/".to_owned(),
            patience: 30,
            requirements: "requirements.txt".to_owned(),
            manage: vec![
                words(&["migrate", "--noinput"]),
                words(&["collectstatic", "--noinput", "--verbosity", "0"]),
            ],
            hooks: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// How many stages a deploy has that goes well, hooks apart.
    pub fn stages(&self) -> usize {
        9 + self.deploy.manage.len() + self.leaving()
    }

    /// How many stages a return has that goes well.
    pub fn stages_back(&self) -> usize {
        4 + self.leaving()
    }

    fn leaving(&self) -> usize {
        if self.balanced { 2 } else { 0 }
    }

    pub fn read(pillar: &Map<String, Value>) -> Result<Self> {
        let text = |key: &str| pillar.get(key).and_then(Value::as_str).map(str::to_owned);
        let project = text("project_name").ok_or_else(|| {
            Fault::new("the pillar has no `project_name`").help("write it into pillar/project.sls")
        })?;
        let deploy = match pillar.get("deploy") {
            None | Some(Value::Null) => Deploy::default(),
            Some(value) => Deploy::deserialize(value)
                .map_err(|error| Fault::new(format!("`deploy` in the pillar: {error}")))?,
        };
        if !deploy.health.starts_with('/') {
            return Err(Fault::new(format!(
                "`deploy: {{health: {}}}` in the pillar is no path",
                deploy.health
            ))
            .help("write it with a slash first, as in `health: /health/`"));
        }
        let certificate =
            pillar.get("https").and_then(|https| https.get("certificate")).and_then(Value::as_str);
        let settings = Self {
            root: PathBuf::from("/var/www").join(&project),
            project,
            python: text("python").unwrap_or_else(|| "python3".to_owned()),
            domain: text("domain"),
            https: certificate != Some("none"),
            balanced: balanced(pillar),
            deploy,
        };
        super::hooks::checked(&settings)?;
        Ok(settings)
    }
}

/// Whether one of the environment's hosts is a balancer.
fn balanced(pillar: &Map<String, Value>) -> bool {
    let hosts = pillar.get("hosts").and_then(Value::as_object);
    hosts.into_iter().flat_map(|hosts| hosts.values()).any(|host| {
        let roles = host.get("roles").and_then(Value::as_array);
        roles.is_some_and(|roles| roles.iter().any(|role| role == "balancer"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: Value) -> Result<Settings> {
        Settings::read(json.as_object().unwrap())
    }

    #[test]
    fn the_pillar_may_say_little_or_much() {
        let plain = read(serde_json::json!({"project_name": "shop"})).unwrap();
        assert_eq!((plain.deploy.keep, plain.https, plain.balanced), (5, true, false));
        let fleet = serde_json::json!({"project_name": "shop",
            "hosts": {"lb": {"roles": ["balancer"]}, "web": {"roles": ["web"]}}});
        assert!(read(fleet).unwrap().balanced);
        let rich = serde_json::json!({"project_name": "shop", "deploy": {"keep": 2, "health": "/health/"},
            "https": {"certificate": "none"}});
        let rich = read(rich).unwrap();
        assert_eq!((rich.deploy.keep, rich.deploy.health.as_str(), rich.https), (2, "/health/", false));
        assert!(read(serde_json::json!({})).is_err());
        assert!(
            read(serde_json::json!({"project_name": "shop", "deploy": {"keeps": 2}}))
                .unwrap_err()
                .message
                .contains("keeps")
        );
        let hooks =
            serde_json::json!({"project_name": "shop", "deploy": {"hooks": {"after-swich": ["true"]}}});
        assert!(read(hooks).unwrap_err().help.unwrap().contains("after-switch"));
        let elsewhere = serde_json::json!({"project_name": "shop", "deploy": {"health": ".evil.example/"}});
        assert!(read(elsewhere).unwrap_err().message.ends_with("is no path"));
    }
}
