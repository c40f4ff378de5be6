//! Filters on network addresses. Must not ask the network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, Value};

use super::super::List;
use super::super::python::str;
use super::keywords::by_place;
use super::{making, wrong};

pub fn add(environment: &mut Environment<'_>) {
    let kinds: [(_, _, fn(&IpAddr) -> bool); 3] = [
        ("is_ip", "ipaddr", |_| true),
        ("is_ipv4", "ipv4", IpAddr::is_ipv4),
        ("is_ipv6", "ipv6", IpAddr::is_ipv6),
    ];
    for (is, filter, kind) in kinds {
        by_place(environment, is, &["options"], move |value: Value, options: Option<String>| {
            address(&str(&value)).is_some_and(|address| kind(&address) && has(&address, options.as_deref()))
        });
        by_place(environment, filter, &["options"], move |value: Value, options: Option<String>| {
            chosen(&value, |address| kind(address) && has(address, options.as_deref()))
        });
    }
    making(environment, "ip_host", |value: Value| {
        let text = str(&value);
        interface(&text).map_or_else(|| Value::from(()), |_| Value::from(text))
    });
    making(environment, "network_size", |value: Value| {
        let (address, prefix) = network(&value)?;
        Ok::<Value, Error>(Value::from(1_u128.checked_shl(bits(&address) - prefix).unwrap_or(u128::MAX)))
    });
    making(environment, "network_hosts", network_hosts);
    making(environment, "ipwrap", |value: Value| match value.kind() {
        ValueKind::Seq => {
            let items = value.try_iter()?.map(|item| Value::from(wrapped(&item)));
            Ok::<Value, Error>(Value::from_object(List::new(items.collect())))
        }
        _ => Ok(Value::from(wrapped(&value))),
    });
}

/// Whether an address is of one of the kinds that are named, parted by commas (Salt: `salt.utils.network`).
fn has(address: &IpAddr, options: Option<&str>) -> bool {
    let Some(options) = options else { return true };
    let local = match address {
        IpAddr::V4(four) => four.is_private() || four.is_link_local(),
        IpAddr::V6(six) => six.is_unique_local() || six.is_unicast_link_local(),
    };
    let private = local || address.is_loopback() || address.is_unspecified();
    options.split(',').any(|option| match option.trim() {
        "private" => private,
        "global" | "public" => !private && !address.is_multicast(),
        "loopback" | "lo" => address.is_loopback(),
        "link-local" | "linklocal" | "ll" => match address {
            IpAddr::V4(four) => four.is_link_local(),
            IpAddr::V6(six) => six.is_unicast_link_local(),
        },
        "multicast" => address.is_multicast(),
        "unspecified" => address.is_unspecified(),
        _ => false,
    })
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
