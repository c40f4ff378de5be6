//! Finding a /24 that nothing on this machine uses.
//! It must not change the network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// A range of IPv4 addresses: an address and how many of its leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    address: Ipv4Addr,
    bits: u8,
}

impl Subnet {
    const fn of_24(a: u8, b: u8, c: u8) -> Self {
        Self { address: Ipv4Addr::new(a, b, c, 0), bits: 24 }
    }

    pub fn single(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => Some(Self { address, bits: 32 }),
            IpAddr::V6(_) => None,
        }
    }

    /// The bridge has the first, guests the others.
    pub fn host(&self, number: u8) -> Ipv4Addr {
        let [a, b, c, _] = self.address.octets();
        Ipv4Addr::new(a, b, c, number)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let bits = self.bits.min(other.bits);
        let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
        self.address.to_bits() & mask == other.address.to_bits() & mask
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.bits)
    }
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    addr_info: Vec<Address>,
}
#[derive(Deserialize)]
struct Address {
    family: String,
    local: Option<String>,
    #[serde(default)]
    prefixlen: u8,
}
#[derive(Deserialize)]
struct Route {
    dst: String,
}

/// What `ip -j addr` and `ip -j route show table all` say is in use.
pub fn in_use(addresses: &str, routes: &str) -> Result<Vec<Subnet>> {
    let links: Vec<Link> =
        serde_json::from_str(addresses).context("failed to read what `ip -j addr` says")?;
    let routes: Vec<Route> =
        serde_json::from_str(routes).context("failed to read what `ip -j route` says")?;
    let of_links = links
        .iter()
        .flat_map(|link| &link.addr_info)
        .filter(|address| address.family == "inet")
        .filter_map(|address| Some((address.local.as_deref()?, address.prefixlen)))
        .filter_map(|(local, bits)| Some(Subnet { address: local.parse().ok()?, bits }));
    // A default route covers everything and so says nothing; an address of IPv6 does not parse.
    let of_routes = routes.iter().filter_map(|route| {
        let (address, bits) = route.dst.split_once('/').unwrap_or((&route.dst, "32"));
        Some(Subnet { address: address.parse().ok()?, bits: bits.parse().ok()? })
    });
    Ok(of_links.chain(of_routes).filter(|subnet| subnet.bits > 0).collect())
}

pub fn free(used: &[Subnet]) -> Result<Subnet> {
    let ten = (77..=254).flat_map(|b| (0..=255).map(move |c| Subnet::of_24(10, b, c)));
    // For those whose private network at work covers all of 10.0.0.0/8.
    let others =
        (0..=255).map(|c| Subnet::of_24(172, 31, c)).chain((100..=254).map(|c| Subnet::of_24(192, 168, c)));
    match ten.chain(others).find(|candidate| !used.iter().any(|other| other.overlaps(candidate))) {
        Some(subnet) => Ok(subnet),
        None => bail!("no free private subnet for sandboxes; see `ip route` for what covers them all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESSES: &str = r#"[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"],"mtu":65536,"addr_info":[
        {"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host","label":"lo"},
        {"family":"inet6","local":"::1","prefixlen":128,"scope":"host"}]},
        {"ifindex":3,"ifname":"ifb1","flags":["BROADCAST","NOARP"],"addr_info":[]},
        {"ifindex":4,"ifname":"eth0","addr_info":[
        {"family":"inet","local":"10.77.0.15","prefixlen":24,"broadcast":"10.77.0.255","scope":"global"},{}]}]"#;
    const ROUTES: &str = r#"[{"dst":"default","gateway":"10.77.0.1","dev":"eth0","flags":[]},
        {"dst":"10.77.0.0/24","dev":"eth0","protocol":"kernel","scope":"link"},
        {"type":"local","dst":"10.77.1.9","dev":"eth0","table":"local"},
        {"dst":"fe80::/64","dev":"eth0"},
        {"dst":"10.77.2.0/23","dev":"tun0","scope":"link","flags":[]}]"#;

    #[test]
    fn the_first_free_subnet_is_taken() {
        let addresses = ADDRESSES.replace(",{}]", "]");
        let used = in_use(&addresses, ROUTES).unwrap();
        assert_eq!(free(&used).unwrap().to_string(), "10.77.4.0/24");
        assert_eq!(free(&in_use("[]", "[]").unwrap()).unwrap().host(2).to_string(), "10.77.0.2");
    }

    #[test]
    fn a_network_that_covers_all_of_ten_is_avoided() {
        let used = in_use("[]", r#"[{"dst":"10.0.0.0/8","dev":"tun0"}]"#).unwrap();
        assert_eq!(free(&used).unwrap().to_string(), "172.31.0.0/24");
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        assert!(in_use(ADDRESSES, ROUTES).is_err(), "an address without family");
        assert!(in_use("", "[]").is_err());
    }
}
