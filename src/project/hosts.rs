//! The hosts of an environment, as its pillar names them.

use serde_json::{Map, Value};

use crate::fault::{Fault, Result};

/// A host of `hosts:` in `pillar/<env>/env.sls`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostEntry {
    /// Its key in a map, or its address.
    pub name: String,
    /// As written: `203.0.113.10`, `203.0.113.10:2222`, `ada@web1`.
    pub address: String,
    pub user: Option<String>,
    pub port: Option<u16>,
    pub roles: Vec<String>,
}

impl HostEntry {
    /// Whether it has this role; a host without roles has all.
    pub fn does(&self, role: &str) -> bool {
        self.roles.is_empty() || self.roles.iter().any(|own| own == role)
    }
}

/// Reads `hosts`: a list of addresses, or a map of names to `{address, user, port, roles}`.
pub fn hosts(pillar: &Map<String, Value>) -> Result<Vec<HostEntry>> {
    let found: Vec<HostEntry> = match pillar.get("hosts") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().map(plain).collect::<Result<_>>()?,
        Some(Value::Object(map)) => {
            map.iter().map(|(name, entry)| named(name, entry)).collect::<Result<_>>()?
        }
        Some(_) => return Err(wrong("`hosts` is neither a list nor a map")),
    };
    for (at, host) in found.iter().enumerate() {
        let same = |other: &&HostEntry| other.address == host.address && other.port == host.port;
        if let Some(twin) = found.iter().take(at).find(same) {
            return Err(Fault::new(format!(
                "`{}` and `{}` in `hosts` have the same address, `{}`",
                twin.name, host.name, host.address
            ))
            .help("one machine has one name: take one of them out, or correct its address"));
        }
    }
    Ok(found)
}

fn plain(item: &Value) -> Result<HostEntry> {
    let address = item.as_str().ok_or_else(|| wrong(&format!("`{item}` in `hosts` is no address")))?;
    Ok(HostEntry { name: address.to_owned(), address: address.to_owned(), ..HostEntry::default() })
}

fn named(name: &str, entry: &Value) -> Result<HostEntry> {
    let mut host = HostEntry { name: name.to_owned(), address: name.to_owned(), ..HostEntry::default() };
    let map = match entry {
        Value::Null => return Ok(host),
        Value::String(address) => {
            host.address.clone_from(address);
            return Ok(host);
        }
        Value::Object(map) => map,
        _ => return Err(wrong(&format!("host `{name}` is neither an address nor a map"))),
    };
    for (key, value) in map {
        let text = || {
            let text = value.as_str().map(str::to_owned);
            text.ok_or_else(|| wrong(&format!("`{key}` of host `{name}` is no text")))
        };
        match key.as_str() {
            "address" => host.address = text()?,
            "user" => host.user = Some(text()?),
            "port" => {
                let port = value.as_u64().and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
                host.port = Some(port.ok_or_else(|| wrong(&format!("`port` of host `{name}` is no port")))?);
            }
            "roles" if value.is_null() => {}
            "roles" => {
                let roles = value.as_array().and_then(|roles| {
                    roles.iter().map(|role| role.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
                });
                host.roles = roles.ok_or_else(|| {
                    Fault::new(format!("`roles` of host `{name}` is no list of names"))
                        .help("write it as in `roles: [web]`; a host without roles has all of them")
                })?;
            }
            // Whatever else is written is for the states.
            _ => {}
        }
    }
    Ok(host)
}

fn wrong(message: &str) -> Fault {
    Fault::new(message.to_owned()).help(
        "in pillar/ENV/env.sls: `hosts: [203.0.113.10]`, or `hosts: {web1: {address: 203.0.113.10, user: ada}}`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: Value) -> Result<Vec<HostEntry>> {
        hosts(json.as_object().unwrap())
    }

    #[test]
    fn hosts_are_a_list_or_a_map() {
        assert_eq!(read(serde_json::json!({})).unwrap(), []);
        let list = read(serde_json::json!({"hosts": ["192.0.2.1", "192.0.2.2:2222"]})).unwrap();
        assert_eq!(
            list.iter().map(|host| host.address.as_str()).collect::<Vec<_>>(),
            ["192.0.2.1", "192.0.2.2:2222"]
        );
        let map = read(serde_json::json!({"hosts": {"web1": {"address": "192.0.2.1", "user": "ada", "port": 2222, "roles": ["web"],
            "internal": "10.0.0.1"}, "web2": null, "web3": "192.0.2.3"}}))
        .unwrap();
        assert_eq!(
            map.first().unwrap(),
            &HostEntry {
                name: "web1".to_owned(),
                address: "192.0.2.1".to_owned(),
                user: Some("ada".to_owned()),
                port: Some(2222),
                roles: vec!["web".to_owned()],
            }
        );
        assert_eq!((map[1].address.as_str(), map[2].address.as_str()), ("web2", "192.0.2.3"));
        assert!(map[0].does("web") && !map[0].does("cache") && map[1].does("cache"));
        for wrong in [
            serde_json::json!({"hosts": "x"}),
            serde_json::json!({"hosts": [1]}),
            serde_json::json!({"hosts": {"a": {"port": 0}}}),
            serde_json::json!({"hosts": {"a": {"roles": "web"}}}),
            serde_json::json!({"hosts": {"a": "192.0.2.1", "b": {"address": "192.0.2.1"}}}),
            serde_json::json!({"hosts": ["192.0.2.1", "192.0.2.1"]}),
        ] {
            assert!(read(wrong).is_err());
        }
    }
}
