//! Whether a host is meant by a target of a top file or of `match.*`: by its ID, grains or pillar. Must
//! not know what the target is for.

mod compound;
mod network;
mod value;

use regex::Regex;
use serde_json::{Map, Value};

pub use value::find;

/// The host that is or is not meant.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub id: &'a str,
    pub grains: &'a Map<String, Value>,
    pub pillar: &'a Map<String, Value>,
}

/// The ways to say which hosts are meant, as `match:` takes them.
pub const KINDS: &[&str] = &[
    "compound",
    "glob",
    "grain",
    "grain_pcre",
    "ipcidr",
    "list",
    "nodegroup",
    "pcre",
    "pillar",
    "pillar_exact",
    "pillar_pcre",
];

/// Why a target cannot be judged.
pub type Refusal = String;

impl Subject<'_> {
    /// Whether the host is meant. `kind` is one of [`KINDS`].
    pub fn is(&self, kind: &str, target: &str) -> Result<bool, Refusal> {
        match kind {
            "glob" => Ok(crate::glob::fits(target, self.id)),
            "list" => Ok(target.split(',').any(|id| id.trim() == self.id)),
            "pcre" => Ok(beginning(target)?.is_match(self.id)),
            "grain" => Ok(value::fits(self.grains, target, &value::glob)),
            "grain_pcre" => Ok(value::fits(self.grains, target, &value::regex(target)?)),
            "pillar" => Ok(value::fits(self.pillar, target, &value::glob)),
            "pillar_exact" => Ok(value::fits(self.pillar, target, &value::exact)),
            "pillar_pcre" => Ok(value::fits(self.pillar, target, &value::regex(target)?)),
            "ipcidr" => network::fits(self.grains, target),
            "compound" => compound::fits(self, target),
            "nodegroup" => compound::fits(self, &format!("N@{target}")),
            _ => Err(format!("`{kind}` is no way to match hosts")),
        }
    }

    /// What a node group stands for: `nodegroups` in pillar.
    fn group(&self, name: &str) -> Result<String, Refusal> {
        match self.pillar.get("nodegroups").and_then(|groups| groups.get(name)) {
            Some(Value::String(expression)) => Ok(expression.clone()),
            Some(Value::Array(words)) => {
                Ok(words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "))
            }
            _ => {
                Err(format!("there is no node group `{name}`; they are defined under `nodegroups` in pillar"))
            }
        }
    }
}

/// A regular expression that must fit from the beginning, as Python's `re.match` has it.
fn beginning(pattern: &str) -> Result<Regex, Refusal> {
    Regex::new(&format!("^(?:{pattern})")).map_err(|_| format!("`{pattern}` is no regular expression"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is(kind: &str, target: &str) -> Result<bool, Refusal> {
        let grains = json!({"os": "Debian", "osmajorrelease": 12, "roles": ["web", "db"], "ipv4": ["127.0.0.1", "10.0.3.7"],
            "systemd": {"version": "252", "features": "+PAM"}});
        let pillar = json!({"site": {"tier": "gold", "color": "blue*"}, "nodegroups": {"front": "web* and G@os:Debian",
            "all": ["N@front", "or", "db*"], "loop": "N@loop"}});
        let subject = Subject {
            id: "web1.example.com",
            grains: grains.as_object().unwrap(),
            pillar: pillar.as_object().unwrap(),
        };
        subject.is(kind, target)
    }

    #[test]
    fn every_way_to_match() {
        for (kind, target) in [
            ("glob", "web*"),
            ("glob", "*"),
            ("list", "db1,web1.example.com"),
            ("pcre", r"web\d"),
            ("grain", "os:debian"),
            ("grain", "os:Deb*"),
            ("grain", "osmajorrelease:12"),
            ("grain", "roles:web"),
            ("grain", "systemd:version:25*"),
            ("grain", "systemd:version"),
            ("grain", "systemd:*"),
            ("grain_pcre", "os:(debian|ubuntu)"),
            ("pillar", "site:tier:g?ld"),
            ("pillar_exact", "site:color:blue*"),
            ("pillar_pcre", "site:tier:^gold$"),
            ("ipcidr", "10.0.0.0/16"),
            ("ipcidr", "10.0.3.7"),
            ("compound", "web* and G@os:Debian"),
            ("compound", "db* or ( G@roles:db and not P@os:Red.* )"),
            ("compound", "not db* and S@10.0.3.0/24 and I@site:tier:gold and L@web1.example.com"),
            ("compound", "G@os:Ubuntu or E@web.*"),
            ("compound", "not ( db* or mail* )"),
            ("nodegroup", "front"),
            ("nodegroup", "all"),
        ] {
            assert_eq!(is(kind, target), Ok(true), "{kind} {target}");
        }
        for (kind, target) in [
            ("glob", "web"),
            ("list", "db1"),
            ("pcre", "example"),
            ("grain", "os:Ubuntu"),
            ("grain", "nothing:*"),
            ("pillar", "site:tier:silver"),
            ("pillar_exact", "site:tier:g*"),
            ("ipcidr", "10.1.0.0/16"),
            ("compound", "web* and not G@os:Debian"),
            ("compound", "db* or mail* and web*"),
        ] {
            assert_eq!(is(kind, target), Ok(false), "{kind} {target}");
        }
        for (kind, target) in [
            ("glob2", "*"),
            ("pcre", "("),
            ("compound", "web* and"),
            ("compound", "( web*"),
            ("compound", "and web*"),
            ("compound", "X@web"),
            ("ipcidr", "10.0.0.0/33"),
            ("nodegroup", "none"),
            ("nodegroup", "loop"),
        ] {
            assert!(is(kind, target).is_err(), "{kind} {target}");
        }
    }

    #[test]
    fn no_target_is_too_long_or_too_deep_to_be_refused() {
        let times = |part: &str| part.repeat(50_000);
        for (kind, target) in [
            ("compound", format!("{}web*", times("( "))),
            ("compound", format!("{}web*{}", times("( "), times(" )"))),
            ("compound", times("not ")),
            ("compound", times("web* and ")),
            ("compound", times("E@( or ")),
            ("pcre", times("(")),
            ("pcre", format!("{}{}", times("("), times(")"))),
            ("pcre", format!("a{}", "{1000}".repeat(50))),
            ("grain_pcre", format!("os:{}", times("["))),
            ("ipcidr", times("1.")),
        ] {
            assert!(is(kind, &target).is_err(), "{kind} {}", target.get(..40).unwrap_or_default());
        }
        let long = format!("{}web1.example.com", times("no and not "));
        for (kind, target) in [("compound", long), ("glob", times("[")), ("grain", times("os:"))] {
            assert_eq!(is(kind, &target), Ok(false), "{kind}");
        }
    }
}
