//! `ufw.allow`, `ufw.deny`, `ufw.reject`, `ufw.limit` and `ufw.delete`: rules that are there, or are not.

use std::path::Path;

use serde::Deserialize;

use super::network::Network;
use super::rule::Rule;
use super::tuple::{self, Tuple};
use super::{file, package, run, variable};
use crate::facts::Key;
use crate::fault::{Fault, Result};
use crate::plan::{Change, Plan};
use crate::states::{Context, Function, State};
use crate::yaml::OneOrMany;

/// The arguments of every rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Packets {
    /// Where nothing else says what the rule is about: `22`, `22/tcp`, `ssh`, or an application profile.
    name: String,
    /// One or several, each its own rule: `22`, `ssh`, `80,443`, `6000:6007`.
    #[serde(default, alias = "ports", alias = "to_port")]
    port: OneOrMany<String>,
    #[serde(alias = "protocol")]
    proto: Option<String>,
    #[serde(alias = "from_addr")]
    from: Option<String>,
    from_port: Option<String>,
    #[serde(alias = "to_addr")]
    to: Option<String>,
    app: Option<String>,
    interface: Option<String>,
    direction: Option<String>,
    comment: Option<String>,
    /// Only for `ufw.delete`: rules that do this, where not all.
    action: Option<String>,
}

macro_rules! rules {
    ($($(#[$about:meta])* $name:ident)*) => {$(
        $(#[$about])*
        #[derive(Debug, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Packets);
    )*};
}

rules! {
    /// Such packets are let through.
    Allow
    /// Such packets are dropped.
    Deny
    /// Such packets are refused.
    Reject
    /// Such packets are let through unless there are too many.
    Limit
    /// There is no rule for such packets.
    Delete
}

/// ufw's notes.
struct Notes {
    v4: Vec<Tuple>,
    v6: Vec<Tuple>,
    has_v6: bool,
}

impl Notes {
    fn read(context: &Context<'_>) -> Result<Self> {
        let rules = |path| -> Result<Vec<Tuple>> {
            Ok(file(context, path)?.map(|text| tuple::all(&text)).unwrap_or_default())
        };
        let settings = file(context, "/etc/default/ufw")?;
        let has_v6 = settings.is_none_or(|text| variable(&text, "IPV6") == Some("yes"));
        let v6 = if has_v6 { rules("/etc/ufw/user6.rules")? } else { Vec::new() };
        Ok(Self { v4: rules("/etc/ufw/user.rules")?, v6, has_v6 })
    }

    /// For each family that a rule is for, what is noted about the same packets.
    fn about<'a>(&'a self, rule: &Rule) -> Vec<Vec<&'a Tuple>> {
        let of = |tuples: &'a [Tuple]| tuples.iter().filter(|tuple| rule.is_about(tuple)).collect();
        match rule.is_v6() {
            Some(true) => vec![of(&self.v6)],
            None if self.has_v6 => vec![of(&self.v4), of(&self.v6)],
            _ => vec![of(&self.v4)],
        }
    }
}

impl Packets {
    fn rules(&self, context: &Context<'_>) -> Result<Vec<Rule>> {
        let is_about_nothing = self.port.0.is_empty()
            && self.app.is_none()
            && self.from.is_none()
            && self.to.is_none()
            && self.interface.is_none();
        let network = |text: &Option<String>| match text {
            None => Ok(Network::Any),
            Some(text) => Network::parse(text).ok_or_else(|| {
                Fault::new(format!("`{text}` is no address or network")).help("write `10.0.0.0/8` or `any`")
            }),
        };
        let direction = self.direction.as_deref().unwrap_or("in");
        if !matches!(direction, "in" | "out") {
            return Err(
                Fault::new(format!("`{direction}` is no direction of a rule")).help("write `in` or `out`")
            );
        }
        let rule = Rule {
            proto: self.proto.clone().unwrap_or_else(|| "any".to_owned()),
            to_port: "any".to_owned(),
            to: network(&self.to)?,
            from_port: self.from_port.clone().unwrap_or_else(|| "any".to_owned()),
            from: network(&self.from)?,
            app: self.app.clone(),
            direction: direction.to_owned(),
            interface: self.interface.clone(),
            comment: self.comment.clone(),
        };
        let ports: Vec<&str> = if is_about_nothing {
            vec![&self.name]
        } else {
            self.port.0.iter().map(String::as_str).collect()
        };
        if ports.is_empty() {
            return Ok(vec![rule]);
        }
        let mut rules = Vec::new();
        for port in ports {
            let (port, proto) =
                port.split_once('/').map_or((port, None), |(port, proto)| (port, Some(proto)));
            let mut rule = rule.clone();
            if let Some(proto) = proto {
                rule.proto = proto.to_owned();
            }
            if is_ports(port) {
                rule.to_port = port.to_owned();
            } else if let Some((number, proto)) = service(context, port)? {
                rule.to_port = number;
                if rule.proto == "any" {
                    rule.proto = proto;
                }
            } else if is_about_nothing && !self.name.contains('/') {
                rule.app = Some(port.to_owned());
            } else {
                return Err(Fault::new(format!("`{port}` is no port"))
                    .help("write a number or a name of /etc/services"));
            }
            if rule.app.is_none() && rule.proto == "any" && rule.to_port.contains([',', ':']) {
                return Err(Fault::new(format!("several ports (`{}`) need a `proto`", rule.to_port))
                    .help("add `proto: tcp` or `proto: udp`"));
            }
            rules.push(rule);
        }
        Ok(rules)
    }

    fn present(&self, context: &Context<'_>, action: &str) -> Result<Plan> {
        if self.action.is_some() {
            return Err(Fault::new("`action` is for `ufw.delete` only"));
        }
        let notes = Notes::read(context)?;
        let mut plan = Plan::default();
        for rule in self.rules(context)? {
            let same_comment = |tuple: &Tuple| rule.comment.is_none() || rule.comment == tuple.comment;
            let noted = notes.about(&rule);
            let is = noted
                .iter()
                .all(|tuples| tuples.iter().any(|tuple| tuple.action == action && same_comment(tuple)));
            if is {
                continue;
            }
            let mut change = Change::new(rule.title()).to(action);
            if let Some(other) = noted.iter().flatten().find(|tuple| tuple.action != action) {
                change = change.from(&other.action);
            }
            let mut words = rule.words(action);
            if let Some(comment) = &rule.comment {
                words.extend(["comment".to_owned(), comment.clone()]);
            }
            plan.push(change, run(words.iter().map(String::as_str)));
        }
        Ok(plan)
    }

    fn absent(&self, context: &Context<'_>) -> Result<Plan> {
        let notes = Notes::read(context)?;
        let mut plan = Plan::default();
        for rule in self.rules(context)? {
            let noted = notes.about(&rule);
            let mut actions: Vec<&str> = noted.iter().flatten().map(|tuple| tuple.action.as_str()).collect();
            actions.retain(|is| self.action.as_ref().is_none_or(|action| action == is));
            actions.sort_unstable();
            actions.dedup();
            for action in actions {
                let words = rule.words(action);
                let words = ["--force", "delete"].into_iter().chain(words.iter().map(String::as_str));
                plan.push(Change::new(rule.title()).from(action).to("no rule"), run(words));
            }
        }
        Ok(plan)
    }
}

/// `22`, `80,443`, `6000:6007`.
fn is_ports(text: &str) -> bool {
    text.split([',', ':']).all(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Port and protocol (`any` where it has several) of a service in /etc/services, as ufw looks it up.
fn service(context: &Context<'_>, name: &str) -> Result<Option<(String, String)>> {
    let Some(bytes) = context.facts.host().read(Path::new("/etc/services"))? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    let mut found: Option<(String, String)> = None;
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        if words.next() != Some(name) {
            continue;
        }
        let Some((port, proto)) = words.next().and_then(|word| word.split_once('/')) else { continue };
        if !matches!(proto, "tcp" | "udp") {
            continue;
        }
        found = match found {
            None => Some((port.to_owned(), proto.to_owned())),
            Some((port, _)) => Some((port, "any".to_owned())),
        };
    }
    Ok(found)
}

macro_rules! states {
    ($($name:ident $action:literal)*) => {$(
        impl State for $name {
            fn check(&self, context: &Context<'_>) -> Result<Plan> {
                self.0.present(context, $action)
            }

            fn wants(&self) -> Vec<Key> {
                package()
            }
        }
    )*};
}

states! { Allow "allow" Deny "deny" Reject "reject" Limit "limit" }

impl State for Delete {
    fn check(&self, context: &Context<'_>) -> Result<Plan> {
        self.0.absent(context)
    }

    fn wants(&self) -> Vec<Key> {
        package()
    }
}

impl Function for Allow {
    const NAME: &'static str = "ufw.allow";
    const ABOUT: &'static str = "The firewall lets such packets through: a port or several (each its own \
        rule) or an application profile, from and to where, on which interface.";
    const EXAMPLE: &'static str = "the site may be reached:\n  ufw.allow:\n    - port: [80, 443]\n    - proto: tcp\n    - comment: nginx\ndatabase for the app hosts:\n  ufw.allow:\n    - port: 5432\n    - proto: tcp\n    - from: 10.0.0.0/24\nOpenSSH:\n  ufw.allow\n";
}

impl Function for Deny {
    const NAME: &'static str = "ufw.deny";
    const ABOUT: &'static str = "The firewall drops such packets without an answer.";
    const EXAMPLE: &'static str = "no telnet:\n  ufw.deny:\n    - port: 23\n    - proto: tcp\n";
}

impl Function for Reject {
    const NAME: &'static str = "ufw.reject";
    const ABOUT: &'static str = "The firewall refuses such packets with an answer.";
    const EXAMPLE: &'static str = "no ident:\n  ufw.reject:\n    - port: 113\n    - proto: tcp\n";
}

impl Function for Limit {
    const NAME: &'static str = "ufw.limit";
    const ABOUT: &'static str = "The firewall lets such packets through, but not more than six new connections in half a minute from one address.";
    const EXAMPLE: &'static str =
        "ssh is not hammered:\n  ufw.limit:\n    - port: ssh\n    - interface: eth0\n";
}

impl Function for Delete {
    const NAME: &'static str = "ufw.delete";
    const ABOUT: &'static str = "The firewall has no rule for such packets, or none that does `action`.";
    const EXAMPLE: &'static str =
        "nothing about mail:\n  ufw.delete:\n    - port: 25\n    - proto: tcp\n    - action: allow\n";
}
