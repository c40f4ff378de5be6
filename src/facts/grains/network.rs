//! The host's names and addresses, from its files, its interfaces and its routes. Asks no name server.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};

use super::super::Grains;
use super::text;
use crate::fault::Result;
use crate::host::{Host, Interface};

pub(super) fn add(host: &dyn Host, grains: &mut Grains) -> Result<()> {
    let mut node = text(host, "/proc/sys/kernel/hostname")?;
    if node.is_empty() {
        node = text(host, "/etc/hostname")?;
    }
    let entries = hosts(&text(host, "/etc/hosts")?);
    let full = full_name(&node, &entries);
    let (short, domain) = full.split_once('.').unwrap_or((&full, ""));
    let interfaces = host.interfaces()?;
    let named = |four: bool| -> Vec<String> {
        let fits = |address: &&IpAddr| address.is_ipv4() == four;
        let listed = entries.iter().filter(|(_, names)| names.contains(&full)).map(|(address, _)| address);
        let mut found: Vec<String> = listed.filter(fits).map(ToString::to_string).collect();
        if found.is_empty() {
            found = all(&interfaces)
                .filter(|address| usable(address))
                .filter(fits)
                .map(ToString::to_string)
                .collect();
        }
        found
    };
    let gateway4 = gateway4(&text(host, "/proc/net/route")?);
    let gateway6 = gateway6(&text(host, "/proc/net/ipv6_route")?);
    let or_false = |gateway: &Option<String>| gateway.as_ref().map_or(json!(false), |address| json!(address));
    for (name, value) in [
        ("nodename", json!(node)),
        ("localhost", json!(node)),
        ("host", json!(short)),
        ("domain", json!(domain)),
        ("fqdn", json!(full)),
        ("id", json!(full)),
        ("fqdns", json!(if domain.is_empty() { vec![] } else { vec![&full] })),
        ("fqdn_ip4", json!(named(true))),
        ("fqdn_ip6", json!(named(false))),
        ("ip_interfaces", by_interface(&interfaces, |_| true)),
        ("ip4_interfaces", by_interface(&interfaces, IpAddr::is_ipv4)),
        ("ip6_interfaces", by_interface(&interfaces, IpAddr::is_ipv6)),
        ("hwaddr_interfaces", hardware(&interfaces)),
        ("ipv4", sorted(&interfaces, IpAddr::is_ipv4)),
        ("ipv6", sorted(&interfaces, IpAddr::is_ipv6)),
        ("ip_gw", json!(gateway4.is_some() || gateway6.is_some())),
        ("ip4_gw", or_false(&gateway4)),
        ("ip6_gw", or_false(&gateway6)),
        ("dns", resolver(&text(host, "/etc/resolv.conf")?)),
    ] {
        grains.insert(name.to_owned(), value);
    }
    Ok(())
}

/// The lines of /etc/hosts.
fn hosts(text: &str) -> Vec<(IpAddr, Vec<String>)> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let address = words.next()?.parse().ok()?;
            Some((address, words.map(str::to_owned).collect()))
        })
        .collect()
}

/// The host's name with its domain, where the host knows one.
fn full_name(node: &str, entries: &[(IpAddr, Vec<String>)]) -> String {
    if node.contains('.') {
        return node.to_owned();
    }
    let dotted = |names: &Vec<String>| {
        let own = names.iter().any(|name| name == node);
        let of_it = |name: &&String| name.split_once('.').is_some_and(|(first, _)| first == node);
        if own { names.iter().find(of_it).cloned() } else { None }
    };
    entries.iter().find_map(|(_, names)| dotted(names)).unwrap_or_else(|| node.to_owned())
}

fn all(interfaces: &[Interface]) -> impl Iterator<Item = &IpAddr> {
    interfaces.iter().flat_map(|interface| &interface.addresses)
}

/// An address that others can reach.
fn usable(address: &IpAddr) -> bool {
    !address.is_loopback()
        && match address {
            IpAddr::V4(address) => !address.is_link_local(),
            IpAddr::V6(address) => !address.is_unicast_link_local(),
        }
}

fn by_interface(interfaces: &[Interface], fits: impl Fn(&IpAddr) -> bool) -> Value {
    let entry = |interface: &Interface| {
        let addresses: Vec<String> =
            interface.addresses.iter().filter(|address| fits(address)).map(ToString::to_string).collect();
        (interface.name.clone(), json!(addresses))
    };
    Value::Object(interfaces.iter().map(entry).collect())
}

fn hardware(interfaces: &[Interface]) -> Value {
    let entry = |interface: &Interface| Some((interface.name.clone(), json!(interface.hardware.as_ref()?)));
    Value::Object(interfaces.iter().filter_map(entry).collect::<Map<_, _>>())
}

fn sorted(interfaces: &[Interface], fits: impl Fn(&IpAddr) -> bool) -> Value {
    let addresses: BTreeSet<&IpAddr> = all(interfaces).filter(|address| fits(address)).collect();
    addresses.into_iter().map(ToString::to_string).collect()
}

/// The default gateway from /proc/net/route, where numbers are as the processor stores them.
fn gateway4(table: &str) -> Option<String> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, "00000000", gateway, flags, _, _, _, "00000000", ..] = fields.as_slice() else { return None };
        // RTF_GATEWAY
        if u32::from_str_radix(flags, 16).ok()? & 2 == 0 {
            return None;
        }
        Some(Ipv4Addr::from(u32::from_str_radix(gateway, 16).ok()?.to_ne_bytes()).to_string())
    })
}

fn gateway6(table: &str) -> Option<String> {
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [network, "00", _, _, gateway, _, _, _, flags, _] = fields.as_slice() else { return None };
        if network.bytes().any(|byte| byte != b'0') || u32::from_str_radix(flags, 16).ok()? & 2 == 0 {
            return None;
        }
        Some(Ipv6Addr::from(u128::from_str_radix(gateway, 16).ok()?).to_string())
    })
}

fn resolver(text: &str) -> Value {
    let values = |name: &str| -> Vec<&str> {
        text.lines()
            .filter_map(|line| line.trim().strip_prefix(name)?.strip_prefix([' ', '\t']))
            .flat_map(str::split_whitespace)
            .collect()
    };
    let servers = values("nameserver");
    let of = |four: bool| -> Vec<&str> {
        let fits = |server: &str| server.parse().is_ok_and(|address: IpAddr| address.is_ipv4() == four);
        servers.iter().copied().filter(|server| fits(server)).collect()
    };
    json!({
        "nameservers": servers,
        "ip4_nameservers": of(true),
        "ip6_nameservers": of(false),
        "sortlist": values("sortlist"),
        "domain": values("domain").first().copied().unwrap_or_default(),
        "search": values("search"),
        "options": values("options"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_are_read_from_the_routes() {
        let table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n\
                     eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n\
                     eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n";
        assert_eq!(gateway4(table).as_deref(), Some("192.0.2.1"));
        let table = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
                     fd000000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n";
        assert_eq!(gateway6(table).as_deref(), Some("fd00::1"));
        assert_eq!((gateway4(""), gateway6("")), (None, None));
    }

    #[test]
    fn the_full_name_comes_from_the_hosts_file() {
        let entries = hosts("127.0.0.1 localhost\n127.0.1.1 web.example.com web # own\n::1 ip6-localhost\n");
        assert_eq!(full_name("web", &entries), "web.example.com");
        assert_eq!(full_name("db", &entries), "db");
        assert_eq!(full_name("db.example.org", &entries), "db.example.org");
    }
}
