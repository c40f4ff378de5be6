//! Whose a host is: what is written on it, and what that means for whoever comes with an order. Decides by what both
//! sides say; must not look at hosts or files.

use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// On the host; everybody may read it, so that the question needs no rights.
pub const PATH: &str = "/etc/provision/owner.json";
/// The folder in which each project of the host has its own.
pub const FOLDER: &str = "/etc/provision";
/// So many former owners are remembered.
const REMEMBERED: usize = 10;

/// The project and environment that a host belongs to, written by its first converge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub project: String,
    pub environment: String,
    /// The host's name among the environment's hosts, or its address.
    #[serde(default)]
    pub name: String,
    /// The machine that it was written on, as machine-id(5) has it. Another one: this disk is a copy.
    #[serde(default)]
    pub machine: String,
    /// `2026-11-21T10:30:00Z`.
    #[serde(default)]
    pub since: String,
    /// Whose it was before, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Owner>,
}

impl Owner {
    /// From what stands on the host. What is not understood is somebody's, too.
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text)
            .unwrap_or_else(|_| Self { project: format!("(not understood: {PATH})"), ..Self::default() })
    }

    /// For sentences: `shop`, staging.
    pub fn shown(&self) -> String {
        match self.environment.as_str() {
            "" => format!("project `{}`", self.project),
            environment => format!("project `{}`, environment `{environment}`", self.project),
        }
    }

    /// The projects, but this one, that had the host before.
    pub fn former_projects(&self, project: &str) -> Vec<String> {
        let all = self.before.iter().chain([self]).map(|owner| owner.project.clone());
        let mut found: Vec<String> = all.filter(|name| name != project && !name.is_empty()).collect();
        found.sort();
        found.dedup();
        found
    }
}

/// Who comes with an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    pub project: String,
    pub environment: String,
    /// What the host is called; empty: it is not known here.
    pub name: String,
    /// The names of all hosts of the environment.
    pub names: Vec<String>,
}

/// What an order does to a host that is somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Makes it the project's: a converge.
    Begins,
    /// Only says how it is, or what a converge would do: no data leaves the host, no secret comes.
    Looks,
    /// Everything else.
    Acts,
}

/// What is found on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Nobodys,
    Ours,
    /// Of another project or environment.
    Others(Owner),
    /// Ours, but written on another machine: the disk is a copy.
    Copied(Owner),
    /// Ours, and known by the name of another one of our hosts.
    Named(Owner),
}

impl Claim {
    /// What an owner's note and the machine that it was found on mean.
    pub fn standing(&self, owner: Option<&Owner>, machine: &str) -> Standing {
        let Some(owner) = owner else { return Standing::Nobodys };
        // A note that only says the project was not written by a converge of this version.
        let environment = owner.environment.is_empty() || owner.environment == self.environment;
        if owner.project != self.project || !environment {
            return Standing::Others(owner.clone());
        }
        let known = |id: &str| !id.is_empty();
        if known(&owner.machine) && known(machine) && owner.machine != machine {
            return Standing::Copied(owner.clone());
        }
        if !self.name.is_empty() && owner.name != self.name && self.names.contains(&owner.name) {
            return Standing::Named(owner.clone());
        }
        Standing::Ours
    }

    /// This claim as an owner, on a machine, after another one.
    pub fn owner(&self, machine: &str, since: String, before: Option<&Owner>) -> Owner {
        let mut former = before.map(|owner| owner.before.clone()).unwrap_or_default();
        let ours = |owner: &Owner| owner.project == self.project && owner.environment == self.environment;
        former.extend(
            before.filter(|owner| !ours(owner)).map(|owner| Owner { before: Vec::new(), ..owner.clone() }),
        );
        let from = former.len().saturating_sub(REMEMBERED);
        let name = match (self.name.as_str(), before) {
            ("", Some(owner)) if ours(owner) => owner.name.clone(),
            (name, _) => name.to_owned(),
        };
        let since =
            match before.filter(|owner| ours(owner) && owner.machine == machine && !owner.since.is_empty()) {
                Some(owner) => owner.since.clone(),
                None => since,
            };
        Owner {
            project: self.project.clone(),
            environment: self.environment.clone(),
            name,
            machine: machine.to_owned(),
            since,
            before: former.split_off(from),
        }
    }

    fn shown(&self) -> String {
        format!("project `{}`, environment `{}`", self.project, self.environment)
    }
}

impl Standing {
    /// Why an order ends here, if it does.
    pub fn refusal(&self, claim: &Claim, manners: Manners, take_over: bool) -> Option<Fault> {
        let taken = take_over && manners == Manners::Begins && !matches!(self, Self::Named(_));
        if manners == Manners::Looks || taken {
            return None;
        }
        let environment = &claim.environment;
        let fault = Fault::new(self.sentence(claim)?);
        Some(match self {
            Self::Ours => return None,
            Self::Nobodys if manners == Manners::Begins => return None,
            Self::Nobodys => fault.help(format!(
                "if it is a new machine for {environment}, provision it first: provision {environment}"
            )),
            Self::Others(owner) if owner.environment == claim.environment => fault.help(format!(
                "is the address right? If you have renamed the project, or the host is to be yours: provision \
                 {environment} --take-over"
            )),
            Self::Others(_) => fault.help(format!(
                "is the address right, and the environment? If the host is to be {environment}'s: provision \
                 {environment} --take-over"
            )),
            Self::Copied(_) => fault.help(format!(
                "if this machine takes the place of the other one: provision {environment} --take-over"
            )),
            Self::Named(owner) => fault.help(format!(
                "one machine has one name: take `{}` or `{}` out of `hosts` in pillar/{environment}/env.sls, or correct \
                 its address",
                owner.name, claim.name
            )),
        })
    }

    /// What is to be known before anything is done or read; `None`: all is as it should be.
    pub fn sentence(&self, claim: &Claim) -> Option<String> {
        let since = |owner: &Owner| match owner.since.get(..10) {
            Some(day) => format!(" since {day}"),
            None => String::new(),
        };
        Some(match self {
            Self::Ours => return None,
            Self::Nobodys => {
                format!("this host is nobody's yet: no converge of {} has been here", claim.shown())
            }
            Self::Others(owner) => {
                let called = match owner.name.as_str() {
                    "" => String::new(),
                    name => format!(", where it is called `{name}`"),
                };
                format!(
                    "this host belongs to {}{called},{} and not to {}",
                    owner.shown(),
                    since(owner),
                    claim.shown()
                )
            }
            Self::Copied(owner) => format!(
                "this host's disk is a copy of that of `{}` ({}): it was another machine that was provisioned{}",
                owner.name,
                owner.shown(),
                since(owner)
            ),
            Self::Named(owner) => {
                format!("this host is `{}` of {}, and not `{}`", owner.name, owner.shown(), claim.name)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(project: &str, environment: &str, name: &str, machine: &str) -> Owner {
        let text = |text: &str| text.to_owned();
        Owner {
            project: text(project),
            environment: text(environment),
            name: text(name),
            machine: text(machine),
            since: text("2026-11-21T10:30:00Z"),
            before: Vec::new(),
        }
    }

    #[test]
    fn a_host_knows_whose_it_is() {
        let claim = Claim {
            project: "shop".to_owned(),
            environment: "staging".to_owned(),
            name: "web1".to_owned(),
            names: ["web1", "web2"].map(str::to_owned).to_vec(),
        };
        // The owner's note, and what a converge and a deploy are told.
        type Row<'a> = (Option<Owner>, Option<&'a str>, Option<&'a str>);
        let table: Vec<Row<'_>> = vec![
            (None, None, Some("is nobody's yet")),
            (Some(owner("shop", "staging", "web1", "m")), None, None),
            // A name that the environment does not have any more was changed.
            (Some(owner("shop", "staging", "203.0.113.10", "m")), None, None),
            (
                Some(owner("shop", "production", "www", "m")),
                Some("environment `production`"),
                Some("`production`"),
            ),
            (Some(owner("blog", "staging", "web1", "m")), Some("belongs to project `blog`"), Some("`blog`")),
            (Some(owner("blog", "", "", "")), Some("belongs to project `blog`"), Some("`blog`")),
            (Some(owner("shop", "", "", "")), None, None),
            (Some(owner("shop", "staging", "web1", "other")), Some("disk is a copy"), Some("is a copy")),
            (Some(owner("shop", "staging", "web2", "m")), Some("is `web2`"), Some("and not `web1`")),
            (Some(Owner::read("{")), Some("not understood"), Some("not understood")),
        ];
        for (note, begins, acts) in table {
            let standing = claim.standing(note.as_ref(), "m");
            for (manners, told) in [(Manners::Begins, begins), (Manners::Acts, acts)] {
                let refusal = standing.refusal(&claim, manners, false);
                match told {
                    None => assert_eq!(refusal, None, "{note:?}"),
                    Some(told) => {
                        let refusal = refusal.unwrap_or_else(|| panic!("{note:?} {manners:?}"));
                        assert!(refusal.message.contains(told), "{}", refusal.message);
                        assert!(refusal.help.is_some());
                    }
                }
            }
            assert_eq!(standing.refusal(&claim, Manners::Looks, false), None);
            // One machine under two names cannot be taken over: the next run would meet the other name.
            let twice = matches!(standing, Standing::Named(_));
            assert_eq!(standing.refusal(&claim, Manners::Begins, true).is_some(), twice);
        }
    }

    #[test]
    fn who_had_it_before_is_remembered() {
        let claim = |project: &str| Claim { project: project.to_owned(), ..Claim::default() };
        let mut now = claim("a").owner("m", "1".to_owned(), None);
        for project in ["b", "b", "c"] {
            now = claim(project).owner("m", "2".to_owned(), Some(&now));
        }
        assert_eq!(now.former_projects("c"), ["a", "b"]);
        assert_eq!(now.before.len(), 2);
        // The same owner stays since when it was.
        assert_eq!(claim("c").owner("m", "3".to_owned(), Some(&now)).since, "2");
    }
}
