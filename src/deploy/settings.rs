//! What a deploy has to know of the project.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::fault::{Fault, Result};
use crate::site::{Deploy, Site};

/// Of the pillar's settings, those of deploys.
#[derive(Clone, Debug, PartialEq)]
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

    /// Takes them from the pillar.
    ///
    /// # Errors
    /// The pillar has no `project_name`, or says something of deploys that cannot be meant.
    pub fn read(pillar: &Map<String, Value>) -> Result<Self> {
        let site = Site::of(pillar)?;
        let project = site.project_name.as_ref().map(|name| name.0.clone()).ok_or_else(|| {
            Fault::new("the pillar has no `project_name`").help("write it into pillar/project.sls")
        })?;
        Ok(Self {
            root: PathBuf::from("/var/www").join(&project),
            project,
            https: site.has_https(),
            balanced: site.is_balanced(),
            python: site.python.0,
            domain: site.domain.map(|domain| domain.0),
            deploy: site.deploy,
        })
    }
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
        assert_eq!((plain.deploy.keep.0, plain.https, plain.balanced), (5, true, false));
        let fleet = serde_json::json!({"project_name": "shop",
            "hosts": {"lb": {"roles": ["balancer"]}, "web": {"roles": ["web"]}}});
        assert!(read(fleet).unwrap().balanced);
        let rich = serde_json::json!({"project_name": "shop", "deploy": {"keep": 2, "health": "/health/"},
            "https": {"certificate": "none"}});
        let rich = read(rich).unwrap();
        assert_eq!((rich.deploy.keep.0, rich.deploy.health.0.as_str(), rich.https), (2, "/health/", false));
        assert!(read(serde_json::json!({})).is_err());
        let keeps = serde_json::json!({"project_name": "shop", "deploy": {"keeps": 2}});
        assert!(read(keeps).unwrap_err().message.contains("keeps"));
        let hooks =
            serde_json::json!({"project_name": "shop", "deploy": {"hooks": {"after-swich": ["true"]}}});
        assert!(read(hooks).unwrap_err().help.unwrap().contains("after-switch"));
        let elsewhere = serde_json::json!({"project_name": "shop", "deploy": {"health": ".evil.example/"}});
        assert!(read(elsewhere).unwrap_err().message.contains("is not a path"));
    }
}
