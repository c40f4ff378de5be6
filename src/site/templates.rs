//! The settings as templates see them: `site`, with every default filled in, and what follows from the hosts.

use serde_json::{Map, Value, json};

use super::hosts::HostEntry;
use super::model::Site;
use super::roles::default_roles;

impl Site {
    /// All settings by their keys. `hosts` is a list of `{name, address, roles}`: the address at which its peers reach
    /// a host, and the roles that it has; a list of mere addresses counts as none, since nothing says that those hosts
    /// are to know of one another. `default_roles` are those of a host without any.
    pub fn for_templates(&self) -> Value {
        let mut all = match serde_json::to_value(self) {
            Ok(Value::Object(all)) => all,
            _ => Map::new(),
        };
        let hosts = self.hosts.all.iter().filter(|_| self.hosts.are_named());
        let hosts = hosts.map(
            |host| json!({"name": host.name, "address": peer_address(host), "roles": self.roles_of(host)}),
        );
        // A template that needs one of these fails where it is not said, and does not write `None`.
        for key in ["domain", "settings_module", "wsgi"] {
            if all.get(key).is_some_and(Value::is_null) {
                all.remove(key);
            }
        }
        all.insert("hosts".to_owned(), hosts.collect());
        all.insert("default_roles".to_owned(), json!(default_roles(self.celery.is_some())));
        Value::Object(all)
    }
}

/// The address at which other hosts reach one: that of its internal network, else that of ssh, without its port and user.
fn peer_address(host: &HostEntry) -> &str {
    let address = host.internal.as_deref().unwrap_or(&host.address);
    let address = address.split_once('@').map_or(address, |(_, rest)| rest);
    if let Some((address, _)) = address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    match address.split_once(':') {
        Some((name, port)) if !port.contains(':') => name,
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_reach_one_another_without_ports() {
        for (address, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:2222", "192.0.2.1"),
            ("ada@web1", "web1"),
            ("[2001:db8::1]:22", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            let host = HostEntry { address: address.to_owned(), ..HostEntry::default() };
            assert_eq!(peer_address(&host), expected);
            let internal = HostEntry { internal: Some("10.0.0.1".to_owned()), ..host };
            assert_eq!(peer_address(&internal), "10.0.0.1");
        }
    }

    #[test]
    fn templates_see_every_default() {
        let pillar = json!({"hosts": {"a": {"address": "192.0.2.1:22", "roles": ["web"]}, "b": null}, "deploy": {"keep": 2}});
        let site = Site::of(pillar.as_object().unwrap()).unwrap().for_templates();
        assert_eq!(
            site["hosts"],
            json!([{"name": "a", "address": "192.0.2.1", "roles": ["web"]},
                {"name": "b", "address": "b", "roles": ["web", "db-master", "cache"]}])
        );
        assert_eq!((&site["deploy"]["keep"], &site["deploy"]["health"]), (&json!(2), &json!("/")));
        assert_eq!((&site["celery"], &site["https"]["certificate"]), (&Value::Null, &json!("self-signed")));
        let list = json!({"hosts": ["192.0.2.1", "192.0.2.2"]});
        assert_eq!(Site::of(list.as_object().unwrap()).unwrap().for_templates()["hosts"], json!([]));
    }
}
