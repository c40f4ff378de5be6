//! `10.0.0.0/8` or one address against the host's addresses.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::Refusal;

pub fn fits(grains: &Map<String, Value>, target: &str) -> Result<bool, Refusal> {
    let wrong = || format!("`{target}` is no address and no network");
    let (address, bits) = match target.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| wrong())?)),
        None => (target, None),
    };
    let network: IpAddr = address.parse().map_err(|_| wrong())?;
    let longest = if network.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(longest);
    if bits > longest {
        return Err(wrong());
    }
    let own = ["ipv4", "ipv6"].into_iter().filter_map(|key| grains.get(key)?.as_array()).flatten();
    let addresses = own.filter_map(Value::as_str).filter_map(|text| text.parse::<IpAddr>().ok());
    let shift = longest - bits;
    let head = |address: IpAddr| number(address).checked_shr(shift).unwrap_or(0);
    Ok(addresses.into_iter().any(|own| own.is_ipv4() == network.is_ipv4() && head(own) == head(network)))
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}
