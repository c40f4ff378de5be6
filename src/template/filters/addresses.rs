//! Filters on network addresses. Must not ask the network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, Value};

use super::super::List;
use super::super::python::str;
use super::wrong;

pub fn add(environment: &mut Environment<'_>) {
    environment.add_filter("is_ip", |value: Value| address(&str(&value)).is_some());
    environment.add_filter("is_ipv4", |value: Value| matches!(address(&str(&value)), Some(IpAddr::V4(_))));
    environment.add_filter("is_ipv6", |value: Value| matches!(address(&str(&value)), Some(IpAddr::V6(_))));
    environment.add_filter("ipaddr", |value: Value| chosen(&value, |_| true));
    environment.add_filter("ipv4", |value: Value| chosen(&value, |address| address.is_ipv4()));
    environment.add_filter("ipv6", |value: Value| chosen(&value, |address| address.is_ipv6()));
    environment.add_filter("ip_host", |value: Value| {
        let text = str(&value);
        interface(&text).map_or_else(|| Value::from(()), |_| Value::from(text))
    });
    environment.add_filter("network_size", |value: Value| {
        let (address, prefix) = network(&value)?;
        Ok::<Value, Error>(Value::from(1_u128.checked_shl(bits(&address) - prefix).unwrap_or(u128::MAX)))
    });
    environment.add_filter("network_hosts", network_hosts);
    environment.add_filter("ipwrap", |value: Value| match value.kind() {
        ValueKind::Seq => {
            let items = value.try_iter()?.map(|item| Value::from(wrapped(&item)));
            Ok::<Value, Error>(Value::from_object(List::new(items.collect())))
        }
        _ => Ok(Value::from(wrapped(&value))),
    });
}

fn wrapped(value: &Value) -> String {
    let text = str(value);
    match address(&text) {
        Some(IpAddr::V6(_)) => format!("[{text}]"),
        _ => text,
    }
}

fn address(text: &str) -> Option<IpAddr> {
    text.split('%').next()?.parse().ok()
}

/// An address with its prefix: `10.0.0.1/24`.
fn interface(text: &str) -> Option<(IpAddr, u32)> {
    let (host, prefix) = match text.split_once('/') {
        Some((host, prefix)) => (address(host)?, Some(prefix)),
        None => (address(text)?, None),
    };
    let prefix = match prefix {
        None => bits(&host),
        Some(prefix) => match prefix.parse::<u32>() {
            Ok(prefix) => prefix,
            Err(_) => u32::from(prefix.parse::<Ipv4Addr>().ok()?).leading_ones(),
        },
    };
    (prefix <= bits(&host)).then_some((host, prefix))
}

fn bits(address: &IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn network(value: &Value) -> Result<(IpAddr, u32), Error> {
    let text = str(value);
    interface(&text).ok_or_else(|| wrong(format!("`{text}` is no network such as `10.0.0.0/24`")))
}

/// A single address or those of a list that are wanted; None where there are none.
fn chosen(value: &Value, wanted: impl Fn(&IpAddr) -> bool) -> Result<Value, Error> {
    let fits = |text: &str| interface(text).is_some_and(|(address, _)| wanted(&address));
    if value.kind() == ValueKind::Seq {
        let items: Vec<Value> = value.try_iter()?.filter(|item| fits(&str(item))).collect();
        return Ok(Value::from_object(List::new(items)));
    }
    Ok(if fits(&str(value)) { value.clone() } else { Value::from(()) })
}

/// So many addresses are listed at most.
const MOST: u128 = 65_536;

fn network_hosts(value: Value) -> Result<Value, Error> {
    let (address, prefix) = network(&value)?;
    let width = bits(&address);
    let number = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    let size = 1_u128.checked_shl(width - prefix).unwrap_or(u128::MAX);
    if size > MOST {
        return Err(wrong(format!("`{}` has more than {MOST} addresses", str(&value))));
    }
    let first = number & !(size - 1);
    let (from, to) = match (size, address.is_ipv4()) {
        (1 | 2, _) => (first, first + size - 1),
        (_, true) => (first + 1, first + size - 2),
        (_, false) => (first + 1, first + size - 1),
    };
    let shown = |number: u128| match u32::try_from(number) {
        Ok(number) if address.is_ipv4() => Ipv4Addr::from(number).to_string(),
        _ => Ipv6Addr::from(number).to_string(),
    };
    Ok(Value::from_object(List::new((from..=to).map(|number| Value::from(shown(number))).collect())))
}
