//! `network.*` from the host's grains, and `mine.get` from those of its peers.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::Row;
use super::call::Call;
use crate::facts::Grains;
use crate::fault::Result;
use crate::target::Subject;

pub const FUNCTIONS: &[Row] = &[
    ("mine.get", mine),
    ("network.default_route", |call| Ok(default_route(own(call), call.text_or(0, "family", "")?.as_str()))),
    ("network.get_fqdn", |call| Ok(own(call).get("fqdn").cloned().unwrap_or_default())),
    ("network.get_hostname", |call| Ok(own(call).get("host").cloned().unwrap_or_default())),
    ("network.hw_addr", hw_addr),
    ("network.interface_ip", interface_ip),
    ("network.interfaces", |call| Ok(interfaces(own(call)))),
    ("network.is_loopback", |call| Ok(json!(address(call)?.is_some_and(|address| address.is_loopback())))),
    ("network.is_private", |call| Ok(json!(address(call)?.is_some_and(|address| private(&address))))),
    ("network.ip_addrs", |call| ip_addrs(call, true)),
    ("network.ip_addrs6", |call| ip_addrs(call, false)),
    ("network.ipaddrs", |call| ip_addrs(call, true)),
    ("network.ipaddrs6", |call| ip_addrs(call, false)),
];

fn own<'a>(call: &Call<'a>) -> &'a Grains {
    &call.catalog.surroundings().grains
}

fn address(call: &Call<'_>) -> Result<Option<IpAddr>> {
    Ok(call.text(0, "ip_addr")?.parse().ok())
}

/// The addresses of each interface, by interface.
fn addresses(grains: &Grains, four: bool) -> Vec<(&str, IpAddr)> {
    let key = if four { "ip4_interfaces" } else { "ip6_interfaces" };
    let all = grains.get(key).and_then(Value::as_object).into_iter().flatten();
    all.flat_map(|(name, list)| {
        list.as_array().into_iter().flatten().map(move |address| (name.as_str(), address))
    })
    .filter_map(|(name, address)| Some((name, address.as_str()?.parse().ok()?)))
    .collect()
}

/// As Salt shows them: `{eth0: {up, hwaddr, inet: [{address, label}], inet6: [{address}]}}`.
fn interfaces(grains: &Grains) -> Value {
    let hardware = grains.get("hwaddr_interfaces");
    let names = grains.get("ip_interfaces").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let list = |name: &str, four: bool| -> Vec<Value> {
        let own = addresses(grains, four).into_iter().filter(|(other, _)| *other == name);
        own.map(|(name, address)| {
            let address = address.to_string();
            if four { json!({"address": address, "label": name}) } else { json!({"address": address}) }
        })
        .collect()
    };
    let entries = names.map(|name| {
        let mut entry = json!({"up": true, "inet": list(name, true), "inet6": list(name, false)});
        if let (Some(entry), Some(address)) = (entry.as_object_mut(), hardware.and_then(|all| all.get(name)))
        {
            entry.insert("hwaddr".to_owned(), address.clone());
        }
        (name.clone(), entry)
    });
    Value::Object(entries.collect())
}

fn ip_addrs(call: &Call<'_>, four: bool) -> Result<Value> {
    let interface = call.text_or(0, "interface", "")?;
    let loopback = call.flag(1, "include_loopback", false)?;
    let network = call.text_or(2, "cidr", "")?;
    let kind = if four { call.text_or(3, "type", "")? } else { String::new() };
    let grains = own(call);
    let mut found: Vec<String> = Vec::new();
    for (name, address) in addresses(grains, four) {
        let text = address.to_string();
        let wanted = (interface.is_empty() || name == interface)
            && (loopback || !address.is_loopback())
            && (network.is_empty() || within(call, &text, &network)?)
            && (kind.is_empty() || (kind == "private") == private(&address));
        if wanted && !found.contains(&text) {
            found.push(text);
        }
    }
    found.sort();
    Ok(json!(found))
}

/// Judges one address as if it were all that a host has.
fn within(call: &Call<'_>, address: &str, network: &str) -> Result<bool> {
    let mut grains = Grains::new();
    for key in ["ipv4", "ipv6"] {
        grains.insert(key.to_owned(), json!([address]));
    }
    let subject = Subject { id: "", grains: &grains, pillar: &Map::new() };
    subject.is("ipcidr", network).map_err(|refusal| call.fault(refusal))
}

fn private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// The routes that lead everywhere else, as Salt shows them.
fn default_route(grains: &Grains, family: &str) -> Value {
    let all = [("inet", "ip4_gw", "0.0.0.0", "0.0.0.0"), ("inet6", "ip6_gw", "::/0", "")];
    let routes = all.into_iter().filter(|(name, ..)| family.is_empty() || family == *name);
    let routes = routes.filter_map(|(name, key, destination, mask)| {
        let gateway = grains.get(key)?.as_str()?;
        Some(json!({"addr_family": name, "destination": destination, "gateway": gateway, "netmask": mask, "flags": "UG",
            "interface": grains.get(&format!("{key}_interface")).cloned().unwrap_or_else(|| json!(""))}))
    });
    routes.collect()
}

fn hw_addr(call: &Call<'_>) -> Result<Value> {
    let name = call.text(0, "iface")?;
    let found = own(call).get("hwaddr_interfaces").and_then(|all| all.get(&name));
    found.cloned().ok_or_else(|| call.fault(format!("there is no interface `{name}`")))
}

fn interface_ip(call: &Call<'_>) -> Result<Value> {
    let name = call.text(0, "iface")?;
    let first = addresses(own(call), true).into_iter().find(|(other, _)| *other == name);
    first
        .map(|(_, address)| json!(address.to_string()))
        .ok_or_else(|| call.fault(format!("there is no interface `{name}` with an address")))
}

/// What other hosts of the environment know of themselves.
fn mine(call: &Call<'_>) -> Result<Value> {
    let target = call.text(0, "tgt")?;
    let function = call.text(1, "fun")?;
    let kind = call.text_or(2, "tgt_type", "glob")?;
    call.given(3, "exclude_minion");
    let mut found = Map::new();
    for (id, grains) in call.catalog.surroundings().mine.iter() {
        let subject = Subject { id, grains, pillar: &Map::new() };
        if subject.is(&kind, &target).map_err(|refusal| call.fault(refusal))? {
            found.insert(id.clone(), known(call, grains, &function)?);
        }
    }
    Ok(Value::Object(found))
}

/// What a function would have said on another host.
fn known(call: &Call<'_>, grains: &Grains, function: &str) -> Result<Value> {
    let listed = |four: bool| {
        let mut all: Vec<String> = addresses(grains, four)
            .into_iter()
            .filter(|(_, address)| !address.is_loopback())
            .map(|(_, address)| address.to_string())
            .collect();
        all.sort();
        json!(all)
    };
    Ok(match function {
        "grains.items" => Value::Object(grains.clone()),
        "network.interfaces" => interfaces(grains),
        "network.ip_addrs" | "network.ipaddrs" => listed(true),
        "network.ip_addrs6" | "network.ipaddrs6" => listed(false),
        "network.default_route" => default_route(grains, ""),
        "network.get_hostname" => grains.get("host").cloned().unwrap_or_default(),
        "network.get_fqdn" => grains.get("fqdn").cloned().unwrap_or_default(),
        "test.ping" => json!(true),
        name => match grains.get(name) {
            Some(value) => value.clone(),
            None => {
                return Err(call.fault(format!("nothing is known of `{name}` on other hosts")).help(
                    "there are grains.items, network.ip_addrs, network.interfaces, and any grain by its name",
                ));
            }
        },
    })
}
